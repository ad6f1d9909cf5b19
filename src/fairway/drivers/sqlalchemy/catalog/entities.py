"""The catalog: start here."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from fairway.core.catalog.entity import Entity
from fairway.core.catalog.relation import Relation
from fairway.drivers.sqlalchemy.catalog import edge
from fairway.drivers.sqlalchemy.catalog.change import Change, Origin
from fairway.drivers.sqlalchemy.catalog.count import FacetCount
from fairway.drivers.sqlalchemy.catalog.page import read_page
from fairway.drivers.sqlalchemy.catalog.row import CURRENT, find_rows, make_stored
from fairway.drivers.sqlalchemy.dialect import Dialect
from fairway.drivers.sqlalchemy.schema import entities, entity_revisions
from fairway.ports.store.entities import Entities, EntityPage, EntityQuery, StoredEntity


class SqlEntities(Entities):
    """The tables whose names begin with `entit`."""

    def __init__(self, connection: Connection, dialect: Dialect) -> None:
        self._connection = connection
        self._dialect = dialect

    def put_many(
        self, wanted: Iterable[Entity], *, actor: str, at: datetime, location: str
    ) -> tuple[StoredEntity, ...]:
        origin = Origin(actor=actor, at=at, location=location)
        return tuple(Change(self._connection, self._dialect).put(wanted, origin))

    def remove(self, refs: Iterable[str], *, actor: str, at: datetime) -> None:
        origin = Origin(actor=actor, at=at, location="")
        Change(self._connection, self._dialect).remove(sorted(set(refs)), origin)

    def find(self, ref: str) -> StoredEntity | None:
        row = find_rows(self._connection, [ref]).get(ref)
        return make_stored(row) if row else None

    def find_many(self, refs: Iterable[str]) -> Mapping[str, StoredEntity]:
        rows = find_rows(self._connection, sorted(set(refs)))
        return {ref: make_stored(row) for ref, row in rows.items()}

    def list_by_kind(
        self, api_version_prefix: str, kinds: Iterable[str]
    ) -> tuple[StoredEntity, ...]:
        query = CURRENT.where(
            entities.c.kind.in_({kind.lower() for kind in kinds}),
            entities.c.api_version.startswith(api_version_prefix.lower(), autoescape=True),
        ).order_by(entities.c.ref)
        return tuple(make_stored(row) for row in self._connection.execute(query).mappings())

    def query(self, query: EntityQuery) -> EntityPage:
        return read_page(self._connection, self._dialect, query)

    def count_facets(
        self, facets: Iterable[str], query: EntityQuery
    ) -> Mapping[str, Mapping[str, int]]:
        return FacetCount(self._connection, self._dialect, query).count(list(facets))

    def list_history(self, ref: str) -> tuple[StoredEntity, ...]:
        query = (
            sa.select(entity_revisions)
            .where(entity_revisions.c.ref == ref)
            .order_by(entity_revisions.c.revision.desc())
        )
        return tuple(make_stored(row) for row in self._connection.execute(query).mappings())

    def list_relations(self, ref: str) -> tuple[Relation, ...]:
        return edge.list_relations(self._connection, ref)

    def list_relations_of(self, refs: Iterable[str]) -> Mapping[str, tuple[Relation, ...]]:
        return edge.list_relations_of(self._connection, sorted(set(refs)))

    def list_dangling(self) -> tuple[Relation, ...]:
        return edge.list_dangling(self._connection)
