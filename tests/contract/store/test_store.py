"""Transactions: all or nothing, one after the other, and over when they end."""

import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from fairway.core.access.user import User
from fairway.drivers.sqlalchemy.store import SqlStore
from fairway.kits.errors import Unavailable
from tests.contract.store.conftest import START


def make_user(name: str) -> User:
    return User(name=name, groups=frozenset(), created_at=START)


def list_names(store: SqlStore) -> list[str]:
    with store.read() as transaction:
        return [user.name for user in transaction.users.list_users()]


def test_a_block_that_raises_changes_nothing(store: SqlStore) -> None:
    def fail() -> None:
        with store.write() as transaction:
            transaction.users.put(make_user("ana"))
            raise ValueError

    with pytest.raises(ValueError):
        fail()
    assert list_names(store) == []


def test_a_read_cannot_write(store: SqlStore) -> None:
    with pytest.raises(Exception, match=r"read-?only|readonly"), store.read() as transaction:
        transaction.users.put(make_user("ana"))
    assert list_names(store) == []


def test_a_read_sees_one_state(store: SqlStore, open_again: Callable[[], SqlStore]) -> None:
    other = open_again()
    with store.read() as transaction:
        assert transaction.users.list_users() == ()
        with other.write() as writing:
            writing.users.put(make_user("ana"))
        assert transaction.users.list_users() == ()
    assert list_names(store) == ["ana"]


def test_a_transaction_is_over_after_its_block(store: SqlStore) -> None:
    with store.write() as transaction:
        pass
    with pytest.raises(sa.exc.ResourceClosedError):
        transaction.users.list_users()


def test_a_write_within_a_write_is_a_bug_and_not_a_deadlock(store: SqlStore) -> None:
    with pytest.raises(RuntimeError, match="already"), store.write(), store.write():
        pass
    with store.write() as transaction:
        transaction.users.put(make_user("ana"))
    assert list_names(store) == ["ana"]


def test_writes_follow_each_other(store: SqlStore, open_again: Callable[[], SqlStore]) -> None:
    """Each reads what is there and adds one: with a lost update there would be fewer."""

    def add(writer: SqlStore) -> None:
        for _ in range(10):
            with writer.write() as transaction:
                number = len(transaction.users.list_users())
                transaction.users.put(make_user(f"user-{number:03}"))

    writers = [threading.Thread(target=add, args=(target,)) for target in (store, open_again())]
    writers += [threading.Thread(target=add, args=(store,))]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert list_names(store) == [f"user-{number:03}" for number in range(30)]


def test_a_store_that_stays_locked_is_busy(
    store: SqlStore, url: str, backend: str, open_again: Callable[[], SqlStore]
) -> None:
    impatient = open_again()
    for engine in {impatient._database.engines.writer}:
        sa.event.listen(engine, "connect", lambda connection, _: _shorten(connection, backend))
    with store.write(), pytest.raises(Unavailable) as caught:
        _write_in_thread(impatient)
    assert caught.value.code == "STORE-BUSY"


def _shorten(connection: object, backend: str) -> None:
    statement = "PRAGMA busy_timeout = 50" if backend == "sqlite" else "SET lock_timeout = 50"
    connection.execute(statement)  # type: ignore[attr-defined]  # a driver's connection
    if backend == "postgresql":
        connection.commit()  # type: ignore[attr-defined]


def _write_in_thread(store: SqlStore) -> None:
    """Write from another thread, and raise here what it raised."""
    errors: list[BaseException] = []

    def write() -> None:
        try:
            with store.write() as transaction:
                transaction.users.put(make_user("ana"))
        except Unavailable as error:
            errors.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    writer.join()
    for error in errors:
        raise error
