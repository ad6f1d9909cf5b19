"""Writing entities: their revisions, and all that is indexed of them.

Belongs here: inserting, replacing and removing, in batches. Never here: reading pages of them.
"""

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from fairway.core.catalog.entity import Entity
from fairway.drivers.sqlalchemy.catalog import edge
from fairway.drivers.sqlalchemy.catalog.index import Index, make_index
from fairway.drivers.sqlalchemy.catalog.row import find_rows, make_stored
from fairway.drivers.sqlalchemy.codec import make_row
from fairway.drivers.sqlalchemy.dialect import Columns, Dialect
from fairway.drivers.sqlalchemy.schema import (
    entities,
    entity_facets,
    entity_relations,
    entity_revisions,
    entity_terms,
)
from fairway.kits.digest import make_value_digest
from fairway.ports.store.entities import StoredEntity

_BATCH = 500
# By its whole key: what is taken back was indexed from the same document.
_DELETE_TERM = sa.delete(entity_terms).where(
    entity_terms.c.path == sa.bindparam("its_path"),
    entity_terms.c.value == sa.bindparam("its_value"),
    entity_terms.c.id == sa.bindparam("its_id"),
)
_TABLES = (entities, entity_revisions, entity_relations, entity_terms, entity_facets)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Who changes entities, when, and where their documents come from."""

    actor: str
    at: datetime
    location: str


@dataclass(slots=True)
class _Changes:
    """The rows that one batch writes."""

    replaced: dict[int, str] = field(default_factory=dict)
    forgotten_terms: list[dict[str, Any]] = field(default_factory=list)
    revisions: list[dict[str, Any]] = field(default_factory=list)
    entities: list[dict[str, Any]] = field(default_factory=list)
    relations: list[dict[str, Any]] = field(default_factory=list)
    terms: list[dict[str, Any]] = field(default_factory=list)
    texts: dict[int, str] = field(default_factory=dict)
    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    shown: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def forget(self, id_: int, ref: str, entity: Entity) -> None:
        """Take back what is indexed of `entity`."""
        index = make_index(entity)
        self.replaced[id_] = ref
        self.forgotten_terms += [
            {"its_path": path, "its_value": value, "its_id": id_} for path, value, _ in index.terms
        ]
        self._count(index, -1)

    def add(self, id_: int, stored: StoredEntity) -> None:
        """Write `stored` as the current revision."""
        index = make_index(stored.entity)
        ref = stored.entity.ref
        self.revisions.append(_make_revision(stored))
        self.entities.append(
            {
                "id": id_,
                "ref": ref,
                "revision": stored.revision,
                "uid": stored.uid,
                "updated_at": stored.updated_at,
                **index.columns,
            }
        )
        self.relations += edge.list_edges(ref, index.relations)
        self.terms += [
            {"path": path, "value": value, "id": id_, "shown": shown}
            for path, value, shown in index.terms
        ]
        self.texts[id_] = index.text
        self._count(index, 1)

    def _count(self, index: Index, by: int) -> None:
        kind = index.columns["kind"]
        for path, value, shown in index.facets:
            self.counts[path, kind, value] += by
            self.shown[path, kind, value] = shown


class Change:
    """Writes within one transaction."""

    def __init__(self, connection: Connection, dialect: Dialect) -> None:
        self._connection = connection
        self._dialect = dialect

    def put(self, wanted: Iterable[Entity], origin: Origin) -> Iterator[StoredEntity]:
        """Insert or update each entity; one that is given twice is updated twice."""
        batches = 0
        for batch in _split(wanted):
            yield from self._put_batch(batch, origin)
            batches += 1
        if batches > 1:
            self._dialect.refresh_statistics(self._connection, _TABLES)

    def remove(self, refs: Sequence[str], origin: Origin) -> None:
        """Remove the entities that exist, each ended by a revision that says so."""
        for start in range(0, len(refs), _BATCH):
            changes = _Changes()
            for row in find_rows(self._connection, refs[start : start + _BATCH]).values():
                stored = make_stored(row)
                changes.forget(row["id"], stored.entity.ref, stored.entity)
                changes.revisions.append(
                    {
                        **_make_revision(stored),
                        "revision": stored.revision + 1,
                        "updated_at": origin.at,
                        "updated_by": origin.actor,
                        "is_deleted": True,
                    }
                )
            self._write(changes)

    def _put_batch(self, batch: Mapping[str, Entity], origin: Origin) -> list[StoredEntity]:
        current = find_rows(self._connection, list(batch))
        ended = self._find_last_revisions([ref for ref in batch if ref not in current])
        next_id = self._find_last_id() + 1
        changes = _Changes()
        result: list[StoredEntity] = []
        for ref, entity in batch.items():
            row = current.get(ref)
            digest = make_value_digest(entity.document)
            if row is not None and row["digest"] == digest:
                result.append(self._with_location(make_stored(row), origin.location))
                continue
            id_, uid, revision = next_id, str(uuid.uuid4()), ended.get(ref, 0) + 1
            if row is not None:
                id_, uid, revision = row["id"], row["uid"], row["revision"] + 1
                changes.forget(id_, ref, make_stored(row).entity)
            next_id += row is None
            stored = StoredEntity(
                entity=entity,
                uid=uid,
                revision=revision,
                digest=digest,
                location=origin.location,
                updated_at=origin.at,
                updated_by=origin.actor,
            )
            changes.add(id_, stored)
            result.append(stored)
        self._write(changes)
        return result

    def _write(self, changes: _Changes) -> None:
        self._forget(changes)
        self._insert(entity_revisions, changes.revisions)
        self._insert(entities, changes.entities)
        self._insert(entity_relations, changes.relations)
        self._insert(entity_terms, changes.terms)
        if changes.texts:
            self._dialect.put_texts(self._connection, changes.texts)
        self._count(changes)

    def _insert(self, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            self._dialect.insert_many(self._connection, table, rows)

    def _forget(self, changes: _Changes) -> None:
        if not changes.replaced:
            return
        edge.delete_edges(self._connection, list(changes.replaced.values()))
        if changes.forgotten_terms:
            self._connection.execute(_DELETE_TERM, changes.forgotten_terms)
        self._dialect.remove_texts(self._connection, list(changes.replaced))
        self._connection.execute(sa.delete(entities).where(entities.c.id.in_(changes.replaced)))

    def _count(self, changes: _Changes) -> None:
        rows: list[dict[str, Any]] = [
            {"path": key[0], "kind": key[1], "value": key[2], "shown": shown, "count": count}
            for key, shown in changes.shown.items()
            if (count := changes.counts[key])
        ]
        if not rows:
            return
        self._connection.execute(self._dialect.make_put(entity_facets, change=_add_count), rows)
        if any(row["count"] < 0 for row in rows):
            self._connection.execute(sa.delete(entity_facets).where(entity_facets.c.count == 0))

    def _with_location(self, stored: StoredEntity, location: str) -> StoredEntity:
        """Move an entity whose document is unchanged: that is no revision."""
        if stored.location == location:
            return stored
        self._connection.execute(
            sa.update(entity_revisions)
            .where(
                entity_revisions.c.ref == stored.entity.ref,
                entity_revisions.c.revision == stored.revision,
            )
            .values(location=location)
        )
        return replace(stored, location=location)

    def _find_last_id(self) -> int:
        return self._connection.execute(sa.select(sa.func.max(entities.c.id))).scalar() or 0

    def _find_last_revisions(self, refs: Sequence[str]) -> Mapping[str, int]:
        """Return the last revision of each removed entity among `refs`."""
        if not refs:
            return {}
        query = (
            sa.select(entity_revisions.c.ref, sa.func.max(entity_revisions.c.revision))
            .where(entity_revisions.c.ref.in_(refs))
            .group_by(entity_revisions.c.ref)
        )
        return dict(self._connection.execute(query).all())


def _split(wanted: Iterable[Entity]) -> Iterator[Mapping[str, Entity]]:
    """Yield the entities by ref in batches, none of which has one twice."""
    batch: dict[str, Entity] = {}
    for entity in wanted:
        ref = entity.ref
        if ref in batch or len(batch) == _BATCH:
            yield batch
            batch = {}
        batch[ref] = entity
    if batch:
        yield batch


def _make_revision(stored: StoredEntity) -> dict[str, Any]:
    row = make_row(stored)
    del row["entity"]
    return {"ref": stored.entity.ref, "document": stored.entity.document, **row}


def _add_count(old: Columns, new: Columns) -> Mapping[str, object]:
    return {"count": old["count"] + new["count"], "shown": new["shown"]}
