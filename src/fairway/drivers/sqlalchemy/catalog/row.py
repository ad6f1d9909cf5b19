"""Rows of the catalog as entities."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from fairway.core.catalog.entity import Entity
from fairway.drivers.sqlalchemy.schema import entities, entity_revisions
from fairway.ports.store.entities import StoredEntity

# A current entity with its document: what `make_stored` reads, and its id.
CURRENT = sa.select(entities.c.id, *entity_revisions.c).join_from(
    entities,
    entity_revisions,
    (entity_revisions.c.ref == entities.c.ref)
    & (entity_revisions.c.revision == entities.c.revision),
)
# Databases limit the number of parameters of a statement.
_BATCH = 1000


def find_rows(connection: Connection, refs: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
    """Return the current entities among `refs`, by ref."""
    found: dict[str, Mapping[str, Any]] = {}
    for start in range(0, len(refs), _BATCH):
        query = CURRENT.where(entities.c.ref.in_(refs[start : start + _BATCH]))
        found |= {row["ref"]: dict(row) for row in connection.execute(query).mappings()}
    return found


def make_stored(row: Mapping[Any, Any]) -> StoredEntity:
    """Return a row of `CURRENT` or of `entity_revisions` as what it holds."""
    return StoredEntity(
        entity=Entity(row["document"]),
        uid=row["uid"],
        revision=row["revision"],
        digest=row["digest"],
        location=row["location"],
        updated_at=row["updated_at"],
        updated_by=row["updated_by"],
        is_deleted=row["is_deleted"],
    )
