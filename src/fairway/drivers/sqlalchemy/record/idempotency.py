"""Answers that were given, by actor and key."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from fairway.drivers.sqlalchemy.codec import make_row
from fairway.drivers.sqlalchemy.schema import idempotency_keys
from fairway.ports.store.idempotency import IdempotencyKeys, RememberedAnswer


class SqlIdempotencyKeys(IdempotencyKeys):
    """The table `idempotency_keys`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, actor: str, key: str) -> RememberedAnswer | None:
        query = sa.select(idempotency_keys).where(
            idempotency_keys.c.actor == actor, idempotency_keys.c.key == key
        )
        row = self._connection.execute(query).mappings().one_or_none()
        return RememberedAnswer(**row) if row else None

    def put(self, answer: RememberedAnswer) -> None:
        self._connection.execute(sa.insert(idempotency_keys), make_row(answer))

    def remove_before(self, at: datetime) -> int:
        statement = sa.delete(idempotency_keys).where(idempotency_keys.c.at < at)
        return self._connection.execute(statement).rowcount
