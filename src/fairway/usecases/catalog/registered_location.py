"""Registered locations: what the catalog was told to read, as entities of kind Location.

Belongs here: their form, which is Backstage's, adding and listing them. A repository's catalog
file is registered by its first push; one elsewhere may be registered and is recorded only.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from fairway.core.catalog.entity import Entity
from fairway.kits.errors import Refused
from fairway.ports.store.entities import EntityPage, EntityQuery, Matches, StoredEntity
from fairway.ports.store.store import Transaction
from fairway.usecases.catalog import apply_entities, managed_location
from fairway.usecases.platform import Actor, Platform

_PREFIX = "generated-"
_IS_REGISTERED = Matches(path="metadata.name", values=(_PREFIX,), how="prefix")


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A location; `uid` is empty for one that was only tried. `is_known`: it was there before."""

    entity: Entity
    uid: str
    is_known: bool


def make_location(*, type_: str, target: str) -> Entity:
    """Return the entity of a location; equal locations have equal names."""
    ref = f"{type_}:{target}"
    name = f"{_PREFIX}{hashlib.sha1(ref.encode(), usedforsecurity=False).hexdigest()}"
    annotations: Mapping[str, str] = {
        managed_location.MANAGED_BY: ref,
        managed_location.ORIGIN: ref,
    }
    return Entity(
        {
            "apiVersion": "backstage.io/v1alpha1",
            "kind": "Location",
            "metadata": {"name": name, "annotations": annotations},
            "spec": {"type": type_, "target": target},
        }
    )


def add_location(
    platform: Platform,
    actor: Actor,
    *,
    type_: str,
    target: str,
    is_tried: bool = False,
    is_known_allowed: bool = False,
) -> Registration:
    """Record a location, unless it is only tried.

    Raises:
        Refused: LOCATION-KNOWN, it is registered already, and that is not allowed.
    """
    entity = make_location(type_=type_, target=target)
    with platform.store.read() as tx:
        known = tx.entities.find(entity.ref)
    if is_tried or (known is not None and is_known_allowed):
        return Registration(
            entity=entity, uid=known.uid if known else "", is_known=known is not None
        )
    if known is not None:
        raise Refused(
            "LOCATION-KNOWN",
            what=f"cannot register the location '{type_}:{target}'",
            why=f"it is registered as '{entity.ref}'",
            fix="remove it first, or leave it",
            status=409,
        )
    apply_entities.apply_entities(platform, actor, [entity], location=f"user:{actor.name}")
    with platform.store.read() as tx:
        stored = apply_entities.get_entity(tx, entity.ref)
    return Registration(entity=entity, uid=stored.uid, is_known=False)


def list_locations(tx: Transaction, *, limit: int, cursor: str | None = None) -> EntityPage:
    """Return a page of registered locations."""
    return tx.entities.query(
        EntityQuery(kind="location", where=_IS_REGISTERED, limit=limit, cursor=cursor)
    )


def get_location(tx: Transaction, uid: str) -> StoredEntity:
    """Return the location whose entity has this uid.

    Raises:
        Refused: LOCATION-UNKNOWN.
    """
    page = tx.entities.query(
        EntityQuery(kind="location", filters={"metadata.uid": (uid,)}, where=_IS_REGISTERED)
    )
    if not page.items:
        raise Refused(
            "LOCATION-UNKNOWN",
            what=f"cannot find the location '{uid}'",
            why="there is no such location",
            fix="see those there are: GET /api/catalog/locations",
            status=404,
        )
    return page.items[0]


def find_location_of(tx: Transaction, stored: StoredEntity) -> StoredEntity | None:
    """Return the registered location that an entity comes from, or None."""
    type_, _, target = stored.entity.annotations.get(managed_location.ORIGIN, "").partition(":")
    if not target:
        return None
    return tx.entities.find(make_location(type_=type_, target=target).ref)
