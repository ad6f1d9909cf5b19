"""Applying documents: all of them or none.

Belongs here: comparing with what is stored, checking definitions as a whole, storing with one
audit event per change. Start at `apply_entities`.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from fairway.core.audit.event import AuditEvent
from fairway.core.catalog.entity import Entity
from fairway.core.definition import check as definition_check
from fairway.core.definition import make as definition_make
from fairway.core.plan import diff
from fairway.core.plan.plan import Change
from fairway.kits import digest
from fairway.kits.canonical import JsonObject
from fairway.kits.errors import Refused
from fairway.ports.store.entities import StoredEntity
from fairway.ports.store.store import Transaction
from fairway.usecases.catalog import check_drivers, managed_location
from fairway.usecases.delivery import planning
from fairway.usecases.platform import Actor, Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityChange:
    """What applying does to one entity; `revision` is the one that results."""

    ref: str
    action: Literal["created", "updated", "unchanged", "orphaned", "deleted"]
    revision: int
    changes: tuple[Change, ...] = ()


def diff_entities(platform: Platform, entities: Sequence[Entity]) -> tuple[EntityChange, ...]:
    """Return what applying `entities` would change; changes nothing.

    Raises:
        Refused: as `apply_entities`.
    """
    with platform.store.read() as tx:
        return compare_entities(tx, entities)


def apply_entities(
    platform: Platform,
    actor: Actor,
    entities: Sequence[Entity],
    *,
    location: str,
    expected: Mapping[str, int] | None = None,
) -> tuple[EntityChange, ...]:
    """Store `entities`, all or none, and return what changed, in their order.

    `expected` holds by ref the revision that the caller last saw, 0 for none.

    Raises:
        Refused: ENTITY-TWICE, ENTITY-MANAGED-ELSEWHERE, REVISION-MOVED, ACCESS-DENIED,
            DRIVER-INPUTS, and what `check_definitions` finds, by its code.
    """
    now = platform.clock.now()
    check_drivers.check_drivers(platform, _list_definitions(entities))
    with platform.store.write() as tx:
        changes = compare_entities(tx, entities)
        moved = {change.ref: change for change in changes if change.action != "unchanged"}
        check_access(actor, moved)
        changed = [entity for entity in entities if entity.ref in moved]
        managed_location.check_by_hand(changed, tx.entities.find_many(moved))
        _check_expected(tx, expected or {})
        check_definitions(tx, entities)
        tx.entities.put_many(changed, actor=actor.name, at=now, location=location)
        tx.audit.append(
            *(
                AuditEvent(
                    type=f"entity.{change.action}",
                    subject=f"entity/{change.ref}",
                    actor=actor.name,
                    at=now,
                    data={"revision": change.revision, "location": location},
                )
                for change in moved.values()
            )
        )
    return changes


def delete_entity(
    platform: Platform, actor: Actor, ref: str, *, expected: int | None = None
) -> EntityChange:
    """Remove an entity; its history stays.

    Raises:
        Refused: ENTITY-UNKNOWN, ENTITY-IN-USE, REVISION-MOVED, ACCESS-DENIED.
    """
    now = platform.clock.now()
    with platform.store.write() as tx:
        stored = get_entity(tx, ref)
        check_access(actor, [ref])
        _check_expected(tx, {ref: stored.revision if expected is None else expected})
        _check_unused(tx, stored)
        tx.entities.remove([ref], actor=actor.name, at=now)
        tx.audit.append(
            AuditEvent(
                type="entity.deleted",
                subject=f"entity/{ref}",
                actor=actor.name,
                at=now,
                data={"revision": stored.revision + 1},
            )
        )
    return EntityChange(ref=ref, action="deleted", revision=stored.revision + 1)


def get_entity(tx: Transaction, ref: str) -> StoredEntity:
    """Return the entity.

    Raises:
        Refused: ENTITY-UNKNOWN.
    """
    stored = tx.entities.find(ref)
    if stored is None:
        kind, _, name = ref.partition(":")
        raise Refused(
            "ENTITY-UNKNOWN",
            what=f"cannot find {kind} '{name.removeprefix('default/')}'",
            why="there is no such entity",
            fix=f"see those there are with: fairway list {kind}",
            status=404,
        )
    return stored


def check_access(actor: Actor, refs: Iterable[str]) -> None:
    """Refuse changes of definitions to all but administrators and the platform's owners.

    Raises:
        Refused: ACCESS-DENIED.
    """
    kinds = {kind.lower() for kind in planning.DEFINITION_KINDS} | {"group", "goldenpath"}
    guarded = sorted(ref for ref in refs if ref.partition(":")[0] in kinds)
    if guarded and not actor.is_admin:
        raise Refused(
            "ACCESS-DENIED",
            what=f"cannot change '{guarded[0]}'",
            why=f"'{actor.name}' is not an administrator",
            fix="ask an administrator of the platform to apply it",
            status=403,
        )


def compare_entities(tx: Transaction, entities: Sequence[Entity]) -> tuple[EntityChange, ...]:
    refs = [entity.ref for entity in entities]
    twice = sorted(ref for ref, count in Counter(refs).items() if count > 1)
    if twice:
        raise Refused(
            "ENTITY-TWICE",
            what=f"cannot apply '{twice[0]}'",
            why="it is given more than once",
            fix="keep one of the documents",
        )
    known = tx.entities.find_many(refs)
    return tuple(_make_change(entity, known.get(entity.ref)) for entity in entities)


def _make_change(entity: Entity, known: StoredEntity | None) -> EntityChange:
    if known is None:
        return EntityChange(ref=entity.ref, action="created", revision=1)
    if digest.make_value_digest(entity.document) == known.digest:
        return EntityChange(ref=entity.ref, action="unchanged", revision=known.revision)
    return EntityChange(
        ref=entity.ref,
        action="updated",
        revision=known.revision + 1,
        changes=_list_changes(known.entity.document, entity.document),
    )


def _list_changes(before: JsonObject, after: JsonObject) -> tuple[Change, ...]:
    return tuple(diff.make_change(*item) for item in diff.list_differences(before, after))


def _check_expected(tx: Transaction, expected: Mapping[str, int]) -> None:
    for ref, revision in sorted(expected.items()):
        stored = tx.entities.find(ref)
        current = stored.revision if stored else 0
        if current != revision:
            raise Refused(
                "REVISION-MOVED",
                what=f"cannot change '{ref}'",
                why=f"it is at revision {current}, not {revision}",
                fix=f"look at what changed with: fairway history {ref}, then apply again",
                status=412,
            )


def _list_definitions(entities: Iterable[Entity]) -> list[Entity]:
    return [entity for entity in entities if entity.kind in planning.DEFINITION_KINDS]


def check_definitions(tx: Transaction, entities: Sequence[Entity]) -> None:
    """Refuse a set of definitions that would not hold together after this change."""
    if not any(entity.api_version.startswith(planning.DEFINITION_API) for entity in entities):
        return
    stored = tx.entities.list_by_kind(planning.DEFINITION_API, planning.DEFINITION_KINDS)
    merged = {item.entity.ref: (item.entity, item.revision) for item in stored}
    merged |= {entity.ref: (entity, 0) for entity in entities}
    wanted = [pair for pair in merged.values() if pair[0].kind in planning.DEFINITION_KINDS]
    findings = definition_check.check_definitions(definition_make.make_definitions(wanted))
    denied = [finding for finding in findings if finding.level == "deny"]
    if denied:
        first = denied[0]
        raise Refused(
            first.code, what="cannot apply the definitions", why=first.text, fix=first.fix
        )


def _check_unused(tx: Transaction, stored: StoredEntity) -> None:
    """Refuse to remove a definition that something stands on."""
    if users := list_users(tx, stored):
        raise Refused(
            "ENTITY-IN-USE",
            what=f"cannot delete {stored.entity.kind.lower()} '{stored.entity.name}'",
            why=f"it is used by {', '.join(sorted(users)[:5])}",
            fix="remove or move these first",
            status=409,
        )


def list_users(tx: Transaction, stored: StoredEntity) -> list[str]:
    """Return what stands on a definition."""
    name = stored.entity.name
    match stored.entity.kind:
        case "Environment":
            return [item.component for item in tx.deployments.list_all(environment=name)]
        case "Target":
            environments = planning.read_definitions(tx).environments.values()
            return [f"environment {item.name}" for item in environments if item.target == name]
        case "ResourceType":
            return [str(node.id) for node in tx.nodes.list_all() if node.type == name]
        case "Provisioner":
            return [str(node.id) for node in tx.nodes.list_all() if node.provisioner == name]
    return []
