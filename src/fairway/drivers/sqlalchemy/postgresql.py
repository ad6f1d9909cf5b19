"""PostgreSQL, by psycopg 3.

Belongs here: PostgreSQL's answers to `dialect`.

How writes are serialised: every write transaction takes one advisory lock first, at READ
COMMITTED. Each of its statements then sees all earlier writes, none has to be repeated for a
serialisation failure, and the order of the audit log's sequence is the order of commit. The
queue's own steps take no such lock; rows are enough for them.
"""

import json
import os
import select
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import sql
from sqlalchemy import event, exc
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import URL, Connection, Engine

from fairway.drivers.sqlalchemy.dialect import Dialect, Engines, Listener, Test, bind_rows
from fairway.kits.errors import Problem, Refused, Unavailable

# Trigrams in an array under a GIN index: what pg_trgm does, without asking for an extension.
_TEXTS = sa.Table(
    "entity_texts",
    sa.MetaData(),
    sa.Column("id", sa.BigInteger),
    sa.Column("text", sa.Text),
    sa.Column("trigrams", postgresql.ARRAY(sa.Text)),
)
_TRIGRAM = 3
_CHANNEL = "fairway_work"
_WRITE_LOCK = 7480_0001
_CONNECT_SECONDS = 10
# A process that was stopped within a write must not stop all others for ever.
_IDLE_WRITE_SECONDS = 60
_RECONNECT_SECONDS = (0.1, 0.5, 1.0, 2.0, 5.0)


class PostgresqlDialect(Dialect):
    """Waiters are told of marks by NOTIFY."""

    poll_seconds = None
    driver_error = psycopg.Error

    def make_engines(self, url: URL, *, busy_timeout_seconds: float) -> Engines:
        reader = _make_engine(url, busy_timeout_seconds)
        writer = _make_engine(url, busy_timeout_seconds)
        stepper = _make_engine(url, busy_timeout_seconds)
        limits = (
            f"SET lock_timeout = {int(busy_timeout_seconds * 1000)}",
            f"SET idle_in_transaction_session_timeout = '{_IDLE_WRITE_SECONDS}s'",
        )
        event.listen(reader, "connect", _set_up_reader)
        event.listen(writer, "connect", lambda connection, _: _set_up(connection, limits))
        event.listen(stepper, "connect", lambda connection, _: _set_up(connection, limits))
        event.listen(stepper, "connect", _set_up_stepper)
        event.listen(writer, "begin", _take_write_lock)
        return Engines(reader=reader, writer=writer, stepper=stepper)

    def make_problem(self, error: BaseException, store: str) -> Problem | None:
        if not isinstance(error, psycopg.Error):
            return None
        state = error.sqlstate or ""
        cause = (str(error).strip() or type(error).__name__).splitlines()[0]
        for states, make in _PROBLEMS:
            if state.startswith(states):
                return make(store, cause)
        if not state and isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
            return _make_away(store, cause)
        return None

    def make_insert(self, table: sa.Table) -> postgresql.Insert:
        return postgresql.insert(table)

    def insert_many(
        self, connection: Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]
    ) -> None:
        names = sql.SQL(", ").join(map(sql.Identifier, rows[0]))
        copy_in = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table.name), names)
        with _get_driver(connection).cursor().copy(copy_in) as copy:
            for values in bind_rows(connection, table, rows):
                copy.write_row(values)

    def refresh_statistics(self, connection: Connection, tables: Sequence[sa.Table]) -> None:
        connection.exec_driver_sql(f"ANALYZE {', '.join(table.name for table in tables)}")

    def notify(self, connection: Connection) -> None:
        connection.exec_driver_sql(f"NOTIFY {_CHANNEL}")

    def listen(self, engine: Engine, wake: Callable[[], None]) -> Listener | None:
        return _PostgresqlListener(engine, wake)

    def put_texts(self, connection: Connection, texts: Mapping[int, str]) -> None:
        rows = [
            {"id": id_, "text": text, "trigrams": _list_trigrams(text)}
            for id_, text in texts.items()
        ]
        self.insert_many(connection, _TEXTS, rows)

    def remove_texts(self, connection: Connection, ids: Sequence[int]) -> None:
        connection.execute(sa.delete(_TEXTS).where(_TEXTS.c.id.in_(ids)))

    def select_texts(self, words: Sequence[str]) -> sa.Select[int]:
        query = sa.select(_TEXTS.c.id)
        if trigrams := [trigram for word in words for trigram in _list_trigrams(word)]:
            query = query.where(_TEXTS.c.trigrams.contains(trigrams))
        return query.where(*(sa.func.strpos(_TEXTS.c.text, word) > 0 for word in words))

    def make_json_condition(
        self, document: sa.ColumnElement[Any], path: Sequence[str], holds: Test | None
    ) -> sa.ColumnElement[bool]:
        pointer = "$" + "".join(f".{json.dumps(part)}" for part in path) + "[*]"
        items = sa.func.jsonb_path_query(
            _parse(document), sa.cast(pointer, postgresql.JSONPATH), type_=postgresql.JSONB
        ).column_valued("item")
        shown = sa.func.lower(items.op("#>>")(sa.text("'{}'")))
        found = sa.select(items)
        return (found.where(holds(shown)) if holds else found).exists()

    def make_json_text(
        self, document: sa.ColumnElement[Any], path: Sequence[str]
    ) -> sa.ColumnElement[Any]:
        keys = sa.cast(list(path), postgresql.ARRAY(sa.Text))
        text = sa.func.lower(
            sa.func.coalesce(_parse(document).op("#>>", return_type=sa.Text())(keys), "")
        )
        return sa.collate(text, "C")


def _parse(document: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    # PostgreSQL's own JSON cannot hold the character NUL; a document with one has no match.
    holds_nul = sa.func.strpos(sa.cast(document, sa.Text), "\\u0000") > 0
    return sa.case((holds_nul, None), else_=sa.cast(document, postgresql.JSONB))


class _PostgresqlListener(Listener):
    """A thread with a connection of its own, which it renews for as long as it lives."""

    def __init__(self, engine: Engine, wake: Callable[[], None]) -> None:
        self._engine = engine
        self._wake = wake
        self._is_closed = threading.Event()
        self._ear, self._mouth = os.pipe()
        self._thread = threading.Thread(target=self._run, name="store-listener", daemon=True)
        self._thread.start()

    def close(self) -> None:
        if self._is_closed.is_set():
            return
        self._is_closed.set()
        os.write(self._mouth, b".")
        self._thread.join()
        os.close(self._ear)
        os.close(self._mouth)

    def _run(self) -> None:
        failures = 0
        while not self._is_closed.is_set():
            try:
                self._listen()
                failures = 0
            except (psycopg.Error, exc.SQLAlchemyError, OSError):
                self._is_closed.wait(_RECONNECT_SECONDS[min(failures, len(_RECONNECT_SECONDS) - 1)])
                failures += 1
            # What was marked while nobody listened must not wait for the next mark.
            self._wake()

    def _listen(self) -> None:
        pooled = self._engine.raw_connection()
        connection: psycopg.Connection[Any] = pooled.driver_connection  # type: ignore[assignment]  # psycopg's
        pooled.detach()
        with connection:
            connection.execute(f"LISTEN {_CHANNEL}")
            self._wake()
            while not self._is_closed.is_set():
                select.select([connection.fileno(), self._ear], [], [])
                if any(True for _ in connection.notifies(timeout=0)):
                    self._wake()


def _get_driver(connection: Connection) -> psycopg.Connection[Any]:
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver


def _list_trigrams(text: str) -> list[str]:
    return sorted({text[start : start + _TRIGRAM] for start in range(len(text) - _TRIGRAM + 1)})


def _make_engine(url: URL, timeout: float) -> Engine:
    engine = sa.create_engine(
        url,
        pool_size=8,
        max_overflow=8,
        pool_timeout=timeout,
        connect_args={"connect_timeout": _CONNECT_SECONDS, "application_name": "fairway"},
    )
    event.listen(engine, "checkout", _check_alive)
    return engine


def _check_alive(connection: psycopg.Connection[Any], _record: object, _proxy: object) -> None:
    """Replace connections whose server went away while they were idle.

    An idle server says nothing, so that a socket with something to read has lost its peer. This
    costs microseconds, where asking the server would cost a round trip.
    """
    poll = select.poll()
    poll.register(connection.pgconn.socket, select.POLLIN)
    if poll.poll(0):
        raise exc.InvalidatePoolError("the server ended the connection")


def _set_up_reader(connection: psycopg.Connection[Any], _record: object) -> None:
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.read_only = True


def _set_up(connection: psycopg.Connection[Any], statements: tuple[str, ...]) -> None:
    for statement in statements:
        connection.execute(statement.encode())
    connection.commit()


def _set_up_stepper(connection: psycopg.Connection[Any], _record: object) -> None:
    connection.autocommit = True


def _take_write_lock(connection: Connection) -> None:
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITE_LOCK})")


def _make_away(store: str, cause: str) -> Problem:
    return Unavailable(
        "STORE-AWAY",
        what=f"cannot reach store '{store}'",
        why=cause,
        fix="start the database, or correct FAIRWAY_DATABASE_URL",
    )


def _make_busy(store: str, cause: str) -> Problem:
    return Unavailable(
        "STORE-BUSY",
        what=f"cannot write to store '{store}'",
        why=cause,
        fix="try again, or find the session that holds the lock in pg_stat_activity",
    )


def _make_full(store: str, cause: str) -> Problem:
    return Unavailable(
        "DISK-FULL",
        what=f"cannot write to store '{store}'",
        why=cause,
        fix="free some space on the database's disk; nothing was changed",
        delay_seconds=10.0,
    )


def _make_read_only(store: str, cause: str) -> Problem:
    return Refused(
        "STORE-READ-ONLY",
        what=f"cannot write to store '{store}'",
        why=cause,
        fix="point FAIRWAY_DATABASE_URL at the primary server",
        status=503,
    )


def _make_forbidden(store: str, cause: str) -> Problem:
    return Refused(
        "STORE-ACCESS",
        what=f"cannot use store '{store}'",
        why=cause,
        fix="correct FAIRWAY_DATABASE_URL, or grant its role what is missing",
        status=503,
    )


# By the beginning of the error's SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html
_PROBLEMS: tuple[tuple[tuple[str, ...], Callable[[str, str], Problem]], ...] = (
    (("53100",), _make_full),
    (("25006",), _make_read_only),
    (("40001", "40P01", "55P03", "57014"), _make_busy),
    (("28", "3D000", "42501"), _make_forbidden),
    (("08", "53", "57P", "25P03"), _make_away),
)
