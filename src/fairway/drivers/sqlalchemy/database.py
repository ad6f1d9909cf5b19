"""Transactions on either database, and their errors in people's words.

Belongs here: opening, committing, translating. Never here: a table.
"""

import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.engine import URL, Connection

from fairway.drivers.sqlalchemy.dialect import Dialect
from fairway.drivers.sqlalchemy.postgresql import PostgresqlDialect
from fairway.drivers.sqlalchemy.sqlite import SqliteDialect
from fairway.kits.errors import Refused, Unavailable

BUSY_TIMEOUT_SECONDS = 20.0


class Database:
    """Opens transactions; thread-safe. `name` is the URL without its password."""

    def __init__(self, url: str, *, busy_timeout_seconds: float = BUSY_TIMEOUT_SECONDS) -> None:
        parsed, self.dialect = _choose(url)
        self.name = _make_name(parsed)
        self.engines = self.dialect.make_engines(parsed, busy_timeout_seconds=busy_timeout_seconds)
        self._thread = threading.local()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a transaction that sees one state and cannot write."""
        with self._translated(), self.engines.reader.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a transaction that happens before or after every other of its kind."""
        with self._translated(), self._unnested(), self.engines.writer.begin() as connection:
            yield connection

    @contextmanager
    def step(self) -> Iterator[Connection]:
        """Open a transaction for a single statement of the queue."""
        with self._translated(), self._unnested(), self.engines.stepper.begin() as connection:
            yield connection

    def close(self) -> None:
        self.engines.dispose()

    @contextmanager
    def _unnested(self) -> Iterator[None]:
        """Turn what would be a thread's wait for itself into an error."""
        if getattr(self._thread, "is_writing", False):
            raise RuntimeError("this thread has a write transaction open already")
        self._thread.is_writing = True
        try:
            yield
        finally:
            self._thread.is_writing = False

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (exc.DBAPIError, self.dialect.driver_error) as error:
            cause = error.orig if isinstance(error, exc.DBAPIError) else error
            problem = self.dialect.make_problem(cause, self.name) if cause else None
            if problem is None:
                raise
            raise problem from error
        except exc.TimeoutError as error:
            raise Unavailable(
                "STORE-BUSY",
                what=f"cannot use store '{self.name}'",
                why="all of its connections are in use",
                fix="try again",
            ) from error


def _choose(url: str) -> tuple[URL, Dialect]:
    try:
        parsed = sa.make_url(url)
    except exc.ArgumentError as error:
        # The text may hold a password: it is not repeated.
        raise _make_url_problem("it is not a URL") from error
    backend = parsed.get_backend_name()
    if backend == "sqlite" and parsed.database not in (None, "", ":memory:"):
        return parsed.set(drivername="sqlite+pysqlite"), SqliteDialect()
    if backend in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg"), PostgresqlDialect()
    raise _make_url_problem(f"'{parsed.render_as_string(hide_password=True)}' names neither")


def _make_name(url: URL) -> str:
    """Return `url` as people write it, without its password."""
    plain = url.set(drivername=url.get_backend_name())
    return urllib.parse.unquote(plain.render_as_string(hide_password=True))


def _make_url_problem(why: str) -> Refused:
    return Refused(
        "STORE-URL",
        what="cannot open the store",
        why=why,
        fix="set FAIRWAY_DATABASE_URL to sqlite:////folder/file.db or "
        "postgresql://user@host/database",
    )
