"""Entities to definitions.

Belongs here: reading Fairway's own kinds into typed values. Never here: validation of one
document (`fairway.formats`), checks across them (`check` beside this file). Start at
`make_definitions`.
"""

from collections.abc import Iterable
from typing import Any, cast

from fairway.core.catalog.entity import DEFAULT_NAMESPACE, Entity
from fairway.core.catalog.ref import parse_entity_ref
from fairway.core.definition.definition import (
    ApprovalRule,
    Definitions,
    Environment,
    ProvisionerDefinition,
    ResourceType,
    ResourceTypeVersion,
    TargetDefinition,
)

KINDS = ("Environment", "Target", "ResourceType", "Provisioner")


def make_definitions(entities: Iterable[tuple[Entity, int]]) -> Definitions:
    """Return the definitions among valid entities, each given with its revision.

    Entities of other kinds are left out; of two with one name the later counts.
    """
    environments: dict[str, Environment] = {}
    targets: dict[str, TargetDefinition] = {}
    resource_types: dict[str, ResourceType] = {}
    provisioners: dict[str, ProvisionerDefinition] = {}
    for entity, revision in entities:
        match entity.kind:
            case "Environment":
                environments[entity.name] = _make_environment(entity, revision)
            case "Target":
                targets[entity.name] = _make_target(entity, revision)
            case "ResourceType":
                resource_types[entity.name] = _make_resource_type(entity, revision)
            case "Provisioner":
                provisioners[entity.name] = _make_provisioner(entity, revision)
    return Definitions(
        environments=environments,
        targets=targets,
        resource_types=resource_types,
        provisioners=provisioners,
    )


def _get_spec(entity: Entity) -> dict[str, Any]:
    # The schema of its kind has said what is in it.
    return cast("dict[str, Any]", entity.spec)


def _make_environment(entity: Entity, revision: int) -> Environment:
    spec = _get_spec(entity)
    approval = spec.get("approval")
    return Environment(
        name=entity.name,
        title=entity.title or entity.name,
        type=spec["type"],
        target=spec["target"],
        promotes_from=tuple(spec.get("promotesFrom", ())),
        approval=None if approval is None else _make_approval(approval),
        is_test_required=spec.get("requires", {}).get("tests", False),
        drift=spec.get("drift", "report"),
        defaults=spec.get("defaults", {}),
        revision=revision,
    )


def _make_approval(value: dict[str, Any]) -> ApprovalRule:
    return ApprovalRule(
        required=int(value["required"]),
        groups=tuple(_render_group(text) for text in value.get("from", ())),
        is_author_excluded=value.get("notAuthor", True),
    )


def _render_group(text: str) -> str:
    """Return a group as users have it: `group:platform`, with its namespace if not the default."""
    ref = parse_entity_ref(text, default_kind="Group")
    return str(ref).replace(f":{DEFAULT_NAMESPACE}/", ":", 1)


def _make_target(entity: Entity, revision: int) -> TargetDefinition:
    spec = _get_spec(entity)
    return TargetDefinition(
        name=entity.name, driver=spec["driver"], config=spec.get("config", {}), revision=revision
    )


def _make_resource_type(entity: Entity, revision: int) -> ResourceType:
    spec = _get_spec(entity)
    return ResourceType(
        name=entity.name,
        title=entity.title or entity.name,
        owner=spec.get("owner"),
        versions=tuple(_make_version(version) for version in spec["versions"]),
        revision=revision,
    )


def _make_version(value: dict[str, Any]) -> ResourceTypeVersion:
    return ResourceTypeVersion(
        name=value["name"],
        classes=tuple(value.get("classes", ("default",))),
        params=value.get("params", {}),
        outputs=value["outputs"],
    )


def _make_provisioner(entity: Entity, revision: int) -> ProvisionerDefinition:
    spec = _get_spec(entity)
    return ProvisionerDefinition(
        name=entity.name,
        type=spec["type"],
        match=spec.get("match", {}),
        driver=spec["driver"],
        inputs=spec.get("inputs", {}),
        on_delete=spec.get("onDelete", "delete"),
        revision=revision,
    )
