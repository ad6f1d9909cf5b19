"""Every test of this folder runs on SQLite and on PostgreSQL."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fairway.drivers.sqlalchemy.store import SqlStore, open_store
from fairway.ports.clock import Clock
from tests.servers import PostgresServer, start_postgresql

START = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


class SteppedClock(Clock):
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self._now = START

    def now(self) -> datetime:
        return self._now

    def step(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresServer]:
    with start_postgresql() as server:
        yield server


@pytest.fixture(scope="session")
def template(postgresql: PostgresServer) -> str:
    """The name of a database that has the schema: a copy is cheaper than migrating again."""
    url = postgresql.create_database()
    open_store(url, SteppedClock()).close()
    return url.partition("@/")[2].partition("?")[0]


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def url(backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """An empty store's URL."""
    if backend == "sqlite":
        return f"sqlite:///{tmp_path}/fairway.db"
    server: PostgresServer = request.getfixturevalue("postgresql")
    return server.create_database(template=request.getfixturevalue("template"))


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture
def open_again(url: str, clock: SteppedClock) -> Iterator[Callable[[], SqlStore]]:
    """Open one more store on the same database, as another process would."""
    opened: list[SqlStore] = []

    def open_one() -> SqlStore:
        opened.append(open_store(url, clock, busy_timeout_seconds=5))
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
def store(open_again: Callable[[], SqlStore]) -> SqlStore:
    return open_again()
