"""What becomes of entities that their repository no longer describes.

Belongs here: telling those that others depend on, which stay as orphans, from those that go.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from fairway.core.catalog.relation import make_relations
from fairway.ports.store.entities import EntityQuery, StoredEntity
from fairway.ports.store.store import Transaction
from fairway.usecases.catalog import apply_entities, managed_location
from fairway.usecases.catalog.apply_entities import EntityChange
from fairway.usecases.catalog.managed_location import SourcePlace

_PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """What changed, and the refs of all orphans that the repository has now."""

    changes: tuple[EntityChange, ...]
    orphans: tuple[str, ...]


def leave(
    tx: Transaction, place: SourcePlace, described: Collection[str], *, actor: str, at: datetime
) -> Leaving:
    """Remove what `place` manages and no longer describes; keep as orphans what is depended on."""
    left = {item.entity.ref: item for item in _list_ours(tx, place)}
    left = {ref: item for ref, item in left.items() if ref not in described}
    needed = _find_needed(tx, left)
    gone = sorted(left.keys() - needed)
    tx.entities.remove(gone, actor=actor, at=at)
    changes = [
        EntityChange(ref=ref, action="deleted", revision=left[ref].revision + 1) for ref in gone
    ]
    for ref in sorted(needed):
        stored = left[ref]
        if managed_location.is_orphan(stored.entity):
            continue
        annotations = {**stored.entity.annotations, managed_location.ORPHAN: "true"}
        entity = managed_location.with_annotations(stored.entity, annotations)
        (kept,) = tx.entities.put_many([entity], actor=actor, at=at, location=stored.location)
        changes.append(EntityChange(ref=ref, action="orphaned", revision=kept.revision))
    return Leaving(changes=tuple(changes), orphans=tuple(sorted(needed)))


def _list_ours(tx: Transaction, place: SourcePlace) -> Iterator[StoredEntity]:
    path = f"metadata.annotations.{managed_location.REPOSITORY}"
    query = EntityQuery(filters={path: (place.repository.name,)}, limit=_PAGE)
    page = tx.entities.query(query)
    while True:
        yield from (item for item in page.items if place.is_ours(item))
        if page.next_cursor is None:
            return
        query = EntityQuery(filters=query.filters, limit=_PAGE, cursor=page.next_cursor)
        page = tx.entities.query(query)


def _find_needed(tx: Transaction, left: Mapping[str, StoredEntity]) -> set[str]:
    """Return those of `left` that something which stays depends on, however indirectly."""
    users = {ref: _list_referrers(tx, ref) for ref in left}
    needed = {ref for ref, item in left.items() if _is_in_use(tx, item)}
    while True:
        more = {
            ref
            for ref in left.keys() - needed
            if any(user not in left or user in needed for user in users[ref])
        }
        if not more:
            return needed
        needed |= more


def _list_referrers(tx: Transaction, ref: str) -> set[str]:
    """Return the entities whose own documents name `ref`."""
    others = tx.entities.find_many(relation.target for relation in tx.entities.list_relations(ref))
    return {
        other
        for other, stored in others.items()
        if other != ref and any(ref == item.target for item in make_relations(stored.entity))
    }


def _is_in_use(tx: Transaction, stored: StoredEntity) -> bool:
    entity = stored.entity
    if entity.kind == "Component" and tx.deployments.list_all(component=entity.name):
        return True
    return bool(apply_entities.list_users(tx, stored))
