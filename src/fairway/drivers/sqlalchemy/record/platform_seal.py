"""The seal of the platform that the store belongs to."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from fairway.core.graph.live import SealedValue
from fairway.drivers.sqlalchemy.schema import platform_seal
from fairway.ports.store.platform_seal import PlatformSeal


class SqlPlatformSeal(PlatformSeal):
    """The table `platform_seal`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self) -> SealedValue | None:
        found: SealedValue | None = self._connection.execute(
            sa.select(platform_seal.c.value)
        ).scalar_one_or_none()
        return found

    def put(self, seal: SealedValue) -> None:
        self._connection.execute(sa.insert(platform_seal).values(id=1, value=seal))
