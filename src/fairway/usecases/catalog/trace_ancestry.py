"""What an entity came from: the locations that led to it, up to the registered one.

Belongs here: reading that off the locations of its repository.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from fairway.formats import catalog_source
from fairway.ports.store.entities import EntityQuery, StoredEntity
from fairway.ports.store.store import Transaction
from fairway.usecases.catalog import apply_entities, managed_location

_MOST_LOCATIONS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Ancestor:
    """An entity, and the refs of the locations that led to it."""

    stored: StoredEntity
    parents: tuple[str, ...]


def trace_ancestry(tx: Transaction, ref: str) -> tuple[Ancestor, ...]:
    """Return the entity, first, and all that led to it.

    Raises:
        Refused: ENTITY-UNKNOWN.
    """
    waiting = [apply_entities.get_entity(tx, ref)]
    locations = _list_locations(tx, waiting[0])
    found: dict[str, Ancestor] = {}
    while waiting:
        stored = waiting.pop(0)
        parents = {
            other: location
            for other, location in locations.items()
            if other != stored.entity.ref and _leads_to(location, stored)
        }
        found[stored.entity.ref] = Ancestor(stored=stored, parents=tuple(parents))
        waiting += [
            location
            for other, location in parents.items()
            if other not in found and location not in waiting
        ]
    return tuple(found.values())


def _list_locations(tx: Transaction, stored: StoredEntity) -> Mapping[str, StoredEntity]:
    repository = stored.entity.annotations.get(managed_location.REPOSITORY)
    if repository is None:
        return {}
    path = f"metadata.annotations.{managed_location.REPOSITORY}"
    page = tx.entities.query(
        EntityQuery(kind="location", filters={path: (repository,)}, limit=_MOST_LOCATIONS)
    )
    return {item.entity.ref: item for item in page.items}


def _leads_to(location: StoredEntity, stored: StoredEntity) -> bool:
    """Return whether a target of `location` is the file that describes `stored`."""
    url = stored.entity.annotations.get(managed_location.MANAGED_BY)
    targets = catalog_source.list_targets(location.entity)
    if any(catalog_source.is_remote(target) for target in targets):
        return location.location == stored.location and url in [f"url:{item}" for item in targets]
    beside = managed_location.get_file(location)
    return managed_location.get_file(stored) in [
        catalog_source.find_path(target, beside=beside) for target in targets
    ]
