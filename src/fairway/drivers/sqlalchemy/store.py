"""The store: start here.

Belongs here: opening the database, and the transaction that holds all nouns.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.engine import Connection

from fairway.drivers.sqlalchemy.catalog.entities import SqlEntities
from fairway.drivers.sqlalchemy.database import BUSY_TIMEOUT_SECONDS, Database
from fairway.drivers.sqlalchemy.dialect import Dialect
from fairway.drivers.sqlalchemy.migration import ledger
from fairway.drivers.sqlalchemy.record.audit_log import SqlAuditLog
from fairway.drivers.sqlalchemy.record.deployments import SqlDeployments
from fairway.drivers.sqlalchemy.record.golden_paths import SqlGoldenPaths
from fairway.drivers.sqlalchemy.record.idempotency import SqlIdempotencyKeys
from fairway.drivers.sqlalchemy.record.nodes import SqlNodes
from fairway.drivers.sqlalchemy.record.plans import SqlPlans
from fairway.drivers.sqlalchemy.record.platform_seal import SqlPlatformSeal
from fairway.drivers.sqlalchemy.record.releases import SqlReleases
from fairway.drivers.sqlalchemy.record.repositories import SqlRepositories
from fairway.drivers.sqlalchemy.record.runs import SqlRuns
from fairway.drivers.sqlalchemy.record.users import SqlUsers
from fairway.drivers.sqlalchemy.wakeup import Wakeup
from fairway.drivers.sqlalchemy.work_queue import SqlMarker, SqlWorkQueue
from fairway.ports.clock import Clock
from fairway.ports.store.store import Store, Transaction


class SqlTransaction(Transaction):
    """All nouns on one connection, which refuses once its transaction has ended."""

    def __init__(self, connection: Connection, dialect: Dialect, clock: Clock) -> None:
        self.audit = SqlAuditLog(connection)
        self.deployments = SqlDeployments(connection, dialect)
        self.entities = SqlEntities(connection, dialect)
        self.golden_paths = SqlGoldenPaths(connection, dialect)
        self.idempotency = SqlIdempotencyKeys(connection)
        self.nodes = SqlNodes(connection, dialect)
        self.plans = SqlPlans(connection, dialect)
        self.platform_seal = SqlPlatformSeal(connection)
        self.queue: SqlMarker = SqlMarker(connection, dialect, clock)
        self.releases = SqlReleases(connection, dialect)
        self.repositories = SqlRepositories(connection, dialect)
        self.runs = SqlRuns(connection, dialect)
        self.users = SqlUsers(connection, dialect)


class SqlStore(Store):
    """The store and its work queue; close it to leave no connection and no thread behind."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._wakeup = Wakeup(database)
        self.queue = SqlWorkQueue(database, clock, self._wakeup)

    @contextmanager
    def read(self) -> Iterator[SqlTransaction]:
        with self._database.read() as connection:
            yield SqlTransaction(connection, self._database.dialect, self._clock)

    @contextmanager
    def write(self) -> Iterator[SqlTransaction]:
        with self._database.write() as connection:
            transaction = SqlTransaction(connection, self._database.dialect, self._clock)
            yield transaction
            if transaction.queue.has_marked:
                self._database.dialect.notify(connection)
        if transaction.queue.has_marked:
            self._wakeup.wake()

    def close(self) -> None:
        """Wake all waiters, end the listening thread, close all connections."""
        self._wakeup.close()
        self._database.close()


def open_store(
    url: str, clock: Clock, *, busy_timeout_seconds: float = BUSY_TIMEOUT_SECONDS
) -> SqlStore:
    """Open the store at `url`, bringing its schema up to date.

    `url` is `sqlite:////folder/file.db` or `postgresql://user@host/database`.

    Raises:
        Refused: STORE-URL, STORE-NEWER, STORE-READ-ONLY, STORE-ACCESS, STORE-DAMAGED.
        Unavailable: STORE-AWAY, STORE-BUSY, DISK-FULL.
    """
    database = Database(url, busy_timeout_seconds=busy_timeout_seconds)
    try:
        ledger.upgrade(database)
    except BaseException:
        database.close()
        raise
    return SqlStore(database, clock)
