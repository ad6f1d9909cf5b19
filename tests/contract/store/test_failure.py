"""A database that is away, full, locked up or not ours: people are told, and nothing changes."""

import ctypes
import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from fairway.drivers.sqlalchemy.store import SqlStore, open_store
from fairway.kits.errors import Problem, Refused, Unavailable
from tests.contract.store.conftest import SteppedClock
from tests.contract.store.test_store import list_names, make_user
from tests.servers import PostgresServer, start_postgresql


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A server that a test may stop."""
    with start_postgresql() as server:
        yield server


def open_and_fail(url: str) -> Problem:
    with pytest.raises(Problem) as caught:
        open_store(url, SteppedClock(), busy_timeout_seconds=1)
    return caught.value


@pytest.mark.parametrize(
    "url", ["", "x", "mysql://u:geheim@h/d", "sqlite://", "sqlite:///:memory:"]
)
def test_what_names_no_store_is_refused_without_its_password(url: str) -> None:
    problem = open_and_fail(url)
    assert isinstance(problem, Refused)
    assert problem.code == "STORE-URL"
    assert "geheim" not in str(problem) + problem.fix


def test_a_server_that_is_not_there_is_away() -> None:
    problem = open_and_fail("postgresql://u:geheim@127.0.0.1:1/d")
    assert isinstance(problem, Unavailable)
    assert problem.code == "STORE-AWAY"
    assert "geheim" not in str(problem) + problem.fix


def test_a_database_that_is_not_there_is_refused(postgresql: PostgresServer) -> None:
    problem = open_and_fail(postgresql.get_url("none"))
    assert problem.code in ("STORE-ACCESS", "STORE-AWAY")
    assert "none" in problem.why


def test_a_folder_that_is_not_there_is_away(tmp_path: Path) -> None:
    assert open_and_fail(f"sqlite:///{tmp_path}/none/fairway.db").code == "STORE-AWAY"


def test_a_file_that_is_no_database_is_refused_and_untouched(tmp_path: Path) -> None:
    path = tmp_path / "fairway.db"
    path.write_text("these are my notes, and I want to keep them " * 100)
    before = path.read_bytes()
    problem = open_and_fail(f"sqlite:///{path}")
    assert isinstance(problem, Refused)
    assert problem.code == "STORE-DAMAGED"
    assert path.read_bytes() == before


def test_the_file_is_its_owners_alone(tmp_path: Path, clock: SteppedClock) -> None:
    store = open_store(f"sqlite:///{tmp_path}/fairway.db", clock)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    store.close()
    assert modes == {0o600}


def test_a_server_that_goes_and_comes_back_is_away_meanwhile(
    own_server: PostgresServer, clock: SteppedClock
) -> None:
    store = open_store(own_server.create_database(), clock)
    try:
        with store.write() as transaction:
            transaction.users.put(make_user("ana"))
            transaction.queue.mark("run", "1")
        own_server.stop()
        for use in (list_names, _write, _claim):
            with pytest.raises(Unavailable) as caught:
                use(store)
            assert caught.value.code == "STORE-AWAY"
        own_server.start()
        assert list_names(store) == ["ana"]
        assert len(store.queue.claim(["run"], owner="w", lease_seconds=9)) == 1
    finally:
        store.close()


def test_a_server_that_goes_in_mid_write_leaves_nothing_behind(
    own_server: PostgresServer, clock: SteppedClock
) -> None:
    store = open_store(own_server.create_database(), clock)
    try:
        with pytest.raises(Unavailable) as caught:
            _write_two(store, between=own_server.stop)
        assert caught.value.code == "STORE-AWAY"
        own_server.start()
        assert list_names(store) == []
    finally:
        store.close()


def test_a_waiter_hears_of_marks_again_after_the_server_came_back(
    own_server: PostgresServer, clock: SteppedClock
) -> None:
    url = own_server.create_database()
    store, other = open_store(url, clock), open_store(url, clock)
    try:
        store.queue.wait(0.1)
        own_server.stop()
        own_server.start()
        _write(other)
        deadline = time.monotonic() + 20
        while not store.queue.claim(["run"], owner="w", lease_seconds=9):
            assert time.monotonic() < deadline
            store.queue.wait(10)
    finally:
        store.close()
        other.close()


def test_a_full_disk_says_so_and_the_store_goes_on_afterwards(
    tmp_path: Path, clock: SteppedClock
) -> None:
    store = open_store(f"sqlite:///{tmp_path}/fairway.db", clock)
    # SQLite's own quota gives the error that a full disk gives.
    with store._database.write() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(Unavailable) as caught:
        _write_two(store, second="x" * 1_000_000)
    assert caught.value.code == "DISK-FULL"
    assert list_names(store) == []
    with store._database.write() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 100000")
    _write(store)
    assert list_names(store) == ["ana"]
    store.close()


def test_a_read_only_folder_is_refused(tmp_path: Path, clock: SteppedClock) -> None:
    path = tmp_path / "fairway.db"
    open_store(f"sqlite:///{path}", clock).close()
    path.chmod(0o444)
    tmp_path.chmod(0o555)
    try:
        assert "STORE-READ-ONLY" in _open_unprivileged(path)
    finally:
        tmp_path.chmod(0o755)


def test_a_standby_server_is_refused(postgresql: PostgresServer, clock: SteppedClock) -> None:
    store = open_store(postgresql.create_database(), clock)
    sa.event.listen(store._database.engines.writer, "begin", _be_standby)
    with pytest.raises(Refused) as caught:
        _write(store)
    assert caught.value.code == "STORE-READ-ONLY"
    store.close()


def _be_standby(connection: sa.Connection) -> None:
    connection.exec_driver_sql("SET TRANSACTION READ ONLY")


def _write(store: SqlStore) -> None:
    with store.write() as transaction:
        transaction.users.put(make_user("ana"))
        transaction.queue.mark("run", "1")


def _write_two(
    store: SqlStore, *, second: str = "bob", between: Callable[[], None] = lambda: None
) -> None:
    with store.write() as transaction:
        transaction.users.put(make_user("ana"))
        between()
        transaction.users.put(make_user(second))


def _claim(store: SqlStore) -> None:
    store.queue.claim(["run"], owner="w", lease_seconds=9)


def _open_unprivileged(path: Path) -> str:
    """Open and write a store as a user whom file modes bind, and return what it says."""
    script = (
        "import sys\n"
        "from fairway.drivers.sqlalchemy.store import open_store\n"
        "from fairway.drivers.system.clock import SystemClock\n"
        "from fairway.kits.errors import Problem\n"
        "try:\n"
        "    with open_store(sys.argv[1], SystemClock()).write() as transaction:\n"
        "        transaction.queue.mark('run', '1')\n"
        "except Problem as problem:\n"
        "    print(problem.code, problem)\n"
    )
    code = [sys.executable, "-c", script, f"sqlite:///{path}"]
    done = subprocess.run(code, capture_output=True, text=True, check=False, preexec_fn=_drop)
    return done.stdout + done.stderr


def _drop() -> None:
    """Give up the right to ignore file modes, and no other: the code must stay readable."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        cap_dac_override, pr_capbset_drop = 1, 24
        libc.prctl(pr_capbset_drop, cap_dac_override, 0, 0, 0)
