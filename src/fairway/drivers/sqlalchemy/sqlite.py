"""SQLite: one file, many readers beside one writer.

Belongs here: SQLite's answers to `dialect`. Connections are in autocommit mode as far as Python's
module is concerned, so that a transaction begins exactly where we say so and how we say so.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.pool import QueuePool

from fairway.drivers.sqlalchemy.dialect import Dialect, Engines, Listener, Test, bind_rows
from fairway.kits.errors import Problem, Refused, Unavailable

# FULL and not NORMAL: in WAL mode NORMAL keeps the file sound after a power cut but may lose the
# last commits, and a journalled key that was lost would let an external effect happen twice.
_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -16384",
    # 16 MiB instead of 4: pages that are written again and again are copied and synced less often.
    "PRAGMA wal_autocheckpoint = 4000",
)
# An FTS5 table with the trigram tokenizer: it finds any three characters in a row, not just words.
_TEXTS = sa.table("entity_texts", sa.column("rowid", sa.Integer), sa.column("text", sa.Text))
_TRIGRAM = 3
_READERS = 8
_WAITING_READERS = 32


class SqliteDialect(Dialect):
    """One writing connection: threads of this process take turns at it.

    Only other processes are waited for by SQLite's own polling, which is less fair.
    """

    poll_seconds = 1.0
    driver_error = sqlite3.Error

    def make_engines(self, url: URL, *, busy_timeout_seconds: float) -> Engines:
        _create_private(url)
        writer = _make_engine(url, busy_timeout_seconds, pool_size=1, max_overflow=0)
        reader = _make_engine(
            url, busy_timeout_seconds, pool_size=_READERS, max_overflow=_WAITING_READERS
        )
        event.listen(reader, "connect", _forbid_writes)
        event.listen(reader, "begin", _begin_read)
        event.listen(writer, "begin", _begin_write)
        return Engines(reader=reader, writer=writer, stepper=writer)

    def make_problem(self, error: BaseException, store: str) -> Problem | None:
        if not isinstance(error, sqlite3.Error):
            return None
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        make = _PROBLEMS.get(code)
        return make(store, str(error)) if make else None

    def make_insert(self, table: sa.Table) -> sqlite.Insert:
        return sqlite.insert(table)

    def insert_many(
        self, connection: Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]
    ) -> None:
        names = ", ".join(f'"{name}"' for name in rows[0])
        places = ", ".join("?" * len(rows[0]))
        # SQLAlchemy's own way of many rows takes twice the time.
        connection.exec_driver_sql(
            f'INSERT INTO "{table.name}" ({names}) VALUES ({places})',  # noqa: S608  # our own names
            [tuple(values) for values in bind_rows(connection, table, rows)],
        )

    def refresh_statistics(self, connection: Connection, tables: Sequence[sa.Table]) -> None:
        """SQLite plans these queries well without, and some worse with."""

    def notify(self, connection: Connection) -> None:
        """SQLite tells nobody; waiters of other processes poll."""

    def listen(self, engine: Engine, wake: Callable[[], None]) -> Listener | None:  # noqa: ARG002  # the port's names
        return None

    def put_texts(self, connection: Connection, texts: Mapping[int, str]) -> None:
        rows = [{"rowid": id_, "text": text} for id_, text in texts.items()]
        connection.execute(sa.insert(_TEXTS), rows)

    def remove_texts(self, connection: Connection, ids: Sequence[int]) -> None:
        statement = sa.delete(_TEXTS).where(_TEXTS.c.rowid == sa.bindparam("id"))
        connection.execute(statement, [{"id": id_} for id_ in ids])

    def select_texts(self, words: Sequence[str]) -> sa.Select[int]:
        query = sa.select(_TEXTS.c.rowid)
        if long := [word for word in words if len(word) >= _TRIGRAM]:
            phrases = " AND ".join('"' + word.replace('"', '""') + '"' for word in long)
            query = query.where(sa.literal_column("entity_texts").op("MATCH")(phrases))
        short = (word for word in words if len(word) < _TRIGRAM)
        return query.where(*(sa.func.instr(_TEXTS.c.text, word) > 0 for word in short))

    def make_json_condition(
        self, document: sa.ColumnElement[Any], path: Sequence[str], holds: Test | None
    ) -> sa.ColumnElement[bool]:
        item = _list_items(document, path)
        ways = [_exists((item,), item, holds)]
        for index in range(1, len(path)):
            # A list on the way: the rest of the path starts at each of its items.
            outer = _list_items(document, path[:index])
            is_object = outer.c.type == "object"
            inner = _list_items(sa.case((is_object, outer.c.value), else_="{}"), path[index:])
            is_list = sa.func.json_type(document, _make_pointer(path[:index])) == "array"
            ways.append(is_list & _exists((outer, inner), inner, holds))
        return sa.or_(*ways)

    def make_json_text(
        self, document: sa.ColumnElement[Any], path: Sequence[str]
    ) -> sa.ColumnElement[Any]:
        text = sa.func.json_extract(document, _make_pointer(path), type_=sa.Text)
        return sa.func.lower(sa.func.coalesce(text, ""))


def _make_pointer(path: Sequence[str]) -> str:
    return "$" + "".join(f'."{part}"' for part in path)


def _list_items(document: sa.ColumnElement[Any], path: Sequence[str]) -> sa.TableValuedAlias:
    items = sa.func.json_each(document, _make_pointer(path))
    return items.table_valued("value", "type", joins_implicitly=True)


def _exists(
    tables: tuple[sa.TableValuedAlias, ...], item: sa.TableValuedAlias, holds: Test | None
) -> sa.ColumnElement[bool]:
    # SQLite gives 1 and 0 for what JSON calls true and false.
    is_truth = item.c.type.in_(("true", "false"))
    shown = sa.case((is_truth, item.c.type), else_=sa.func.lower(item.c.value))
    exists = sa.exists().select_from(*tables)
    return exists.where(holds(shown)) if holds else exists


def _create_private(url: URL) -> None:
    """Create the file readable by its owner only; SQLite gives its journals the same mode."""
    try:
        Path(url.database or "").touch(mode=0o600)
    except OSError:
        return  # opening it says what is wrong, in the store's words


def _make_engine(url: URL, timeout: float, *, pool_size: int, max_overflow: int) -> Engine:
    engine = sa.create_engine(
        url,
        poolclass=QueuePool,
        pool_size=pool_size,
        max_overflow=max_overflow,
        pool_timeout=timeout,
        connect_args={"timeout": timeout, "check_same_thread": False, "isolation_level": None},
    )
    event.listen(engine, "connect", _set_up)
    return engine


def _set_up(connection: Any, _record: object) -> None:
    for pragma in _PRAGMAS:
        connection.execute(pragma)


def _forbid_writes(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA query_only = ON")


def _begin_read(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _begin_write(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _make_busy(store: str, cause: str) -> Problem:
    return Unavailable(
        "STORE-BUSY",
        what=f"cannot write to store '{store}'",
        why=f"another process holds its lock ({cause})",
        fix="try again, or find the process that keeps the file locked",
    )


def _make_read_only(store: str, cause: str) -> Problem:
    return Refused(
        "STORE-READ-ONLY",
        what=f"cannot write to store '{store}'",
        why=f"the file or its folder is read-only ({cause})",
        fix="make the state folder writable for this user, or set FAIRWAY_HOME to one that is",
        status=503,
    )


def _make_full(store: str, cause: str) -> Problem:
    return Unavailable(
        "DISK-FULL",
        what=f"cannot write to store '{store}'",
        why=f"no space is left on its disk ({cause})",
        fix="free some space; nothing was changed",
        delay_seconds=10.0,
    )


def _make_away(store: str, cause: str) -> Problem:
    return Unavailable(
        "STORE-AWAY",
        what=f"cannot open store '{store}'",
        why=cause,
        fix="check that its folder exists and is readable for this user",
    )


def _make_damaged(store: str, cause: str) -> Problem:
    return Refused(
        "STORE-DAMAGED",
        what=f"cannot read store '{store}'",
        why=cause,
        fix="restore the file from a backup, or move it away to start anew",
        status=503,
    )


_PROBLEMS: dict[int, Callable[[str, str], Problem]] = {
    sqlite3.SQLITE_BUSY: _make_busy,
    sqlite3.SQLITE_LOCKED: _make_busy,
    sqlite3.SQLITE_READONLY: _make_read_only,
    sqlite3.SQLITE_PERM: _make_read_only,
    sqlite3.SQLITE_FULL: _make_full,
    sqlite3.SQLITE_IOERR: _make_away,
    sqlite3.SQLITE_CANTOPEN: _make_away,
    sqlite3.SQLITE_CORRUPT: _make_damaged,
    sqlite3.SQLITE_NOTADB: _make_damaged,
}
