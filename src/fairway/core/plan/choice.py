"""Choosing what happens to one wanted node.

Belongs here: create, update, replace, keep or unknown, and the reasons. Never here: order,
other nodes. Start at `choose`.
"""

from dataclasses import dataclass
from typing import Literal

from fairway.core.graph.live import LiveNode, NodeId
from fairway.core.graph.node import Node
from fairway.core.plan import diff
from fairway.core.plan.plan import Change, Reason
from fairway.core.plan.scope import Traits
from fairway.kits import digest, quantity
from fairway.kits.canonical import JsonObject
from fairway.kits.digest import Digest

_Difference = tuple[diff.Path, object, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """A wanted node with its inputs filled as far as they are known, secrets redacted."""

    node: Node
    redacted: JsonObject
    digest: Digest
    unknown: tuple[tuple[str, NodeId], ...]
    traits: Traits
    environment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What happens to a node, why, and what differs."""

    action: Literal["create", "update", "replace", "keep", "unknown"]
    reasons: tuple[Reason, ...]
    changes: tuple[Change, ...] = ()


def choose(desired: Desired, existing: LiveNode | None) -> Choice:
    """Return what must happen so that `existing` becomes `desired`."""
    if existing is None:
        return _choose_create(desired)
    if existing.state == "missing":
        reason = Reason(code="missing", text="it was made, but is not there any more")
        return Choice(action="create", reasons=(reason,))
    if existing.driver != desired.node.driver:
        return _choose_other_driver(desired, existing)
    if existing.spec_digest == desired.digest:
        return _choose_equal(desired, existing)
    return _choose_different(desired, existing)


def _choose_create(desired: Desired) -> Choice:
    location = desired.node.origin.get_location()
    text = f"new in {location}" if location else "new"
    return Choice(action="create", reasons=(Reason(code="new", text=text, at=location or ""),))


def _choose_other_driver(desired: Desired, existing: LiveNode) -> Choice:
    node = desired.node
    text = f"driver {existing.driver} → {node.driver} (provisioner {node.provisioner})"
    return Choice(action="replace", reasons=(Reason(code="driver", text=text),))


def _choose_equal(desired: Desired, existing: LiveNode) -> Choice:
    node = desired.node
    if existing.state != "present":
        reason = Reason(code=existing.state, text=_STATES[existing.state])
        return Choice(action="update", reasons=(reason,))
    if (existing.provisioner, existing.on_delete) != (node.provisioner, node.on_delete):
        text = f"provisioner {existing.provisioner} → {node.provisioner}"
        if existing.provisioner == node.provisioner:
            text = f"on delete {existing.on_delete} → {node.on_delete}"
        return Choice(action="update", reasons=(Reason(code="provisioner", text=text),))
    if set(existing.needs) != set(node.needs):
        return Choice(action="update", reasons=(_explain_needs(existing, node),))
    return Choice(action="keep", reasons=())


def _explain_needs(existing: LiveNode, node: Node) -> Reason:
    """Say which needs came and went: what is left behind may only go after this step."""
    moved = [f"+{need}" for need in sorted(set(node.needs) - set(existing.needs))]
    moved += [f"-{need}" for need in sorted(set(existing.needs) - set(node.needs))]
    return Reason(code="needs", text=f"needs {' '.join(moved)}")


_STATES = {
    "drifted": "it was changed outside the platform",
    "unknown": "its last step was cut off",
}


def _choose_different(desired: Desired, existing: LiveNode) -> Choice:
    differences = tuple(diff.list_differences(existing.spec, desired.redacted))
    known = tuple(item for item in differences if not diff.is_unknown(item[2]))
    changes = tuple(diff.make_change(*item) for item in differences)
    if not known and existing.state != "present":
        moved = Reason(code=existing.state, text=_STATES[existing.state])
        return Choice(action="update", reasons=(moved,), changes=changes)
    if not known:
        after = ", ".join(sorted({node for _, node in desired.unknown}))
        later = Reason(code="unknown", text=f"may change: known after {after}")
        return Choice(action="unknown", reasons=(later,), changes=changes)
    forced = tuple(reason for item in known if (reason := _find_forced(item, desired.traits)))
    if forced:
        return Choice(action="replace", reasons=forced, changes=changes)
    explained = tuple(_explain(item, desired) for item in known)
    return Choice(action="update", reasons=explained, changes=changes)


def _find_forced(difference: _Difference, traits: Traits) -> Reason | None:
    """Return why this difference cannot be made in place, or None."""
    path, before, after = difference
    name = ".".join(path)
    change = diff.make_change(path, before, after)
    if name in traits.immutable:
        text = f"{path[-1]} cannot change: {change.before} → {change.after}"
        return Reason(code="immutable", text=text)
    if name in traits.grow_only and _is_smaller(after, before):
        text = f"{path[-1]} cannot shrink: {change.before} → {change.after}"
        return Reason(code="shrink", text=text)
    return None


def _is_smaller(after: object, before: object) -> bool:
    try:
        return quantity.parse_bytes(str(after)) < quantity.parse_bytes(str(before))
    except ValueError:
        return False


def _explain(difference: _Difference, desired: Desired) -> Reason:
    path, before, after = difference
    change = diff.make_change(path, before, after)
    moved = f"{change.before or '-'} → {change.after or '-'}"
    match path:
        case ("artifact",):
            return Reason(
                code="artifact",
                text=f"artifact {_short(change.before)} → {_short(change.after)}",
            )
        case ("release",):
            return Reason(code="release", text=f"release {moved}")
        case ("replicas",):
            text = f"replicas {moved} (environment {desired.environment})"
            return Reason(code="replicas", text=text)
        case ("inputs", *rest):
            text = f"{'.'.join(rest)} {moved} (provisioner {desired.node.provisioner})"
            return Reason(code="provisioner", text=text)
        case _:
            location = desired.node.origin.get_location(_make_pointer(path)) or ""
            return Reason(code="changed", text=f"{'.'.join(path)} {moved}", at=location)


def _make_pointer(path: diff.Path) -> str:
    parts = ("service", *path) if path[:1] == ("ports",) else path
    return "".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in parts)


def _short(value: str | None) -> str:
    return "-" if value is None else f"sha256:{digest.shorten(value)}…"
