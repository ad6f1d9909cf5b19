"""Entities to definitions."""

from fairway.core.catalog.entity import Entity
from fairway.core.definition.definition import (
    ApprovalRule,
    Environment,
    ProvisionerDefinition,
    ResourceType,
    ResourceTypeVersion,
    TargetDefinition,
)
from fairway.core.definition.make import make_definitions
from fairway.kits.canonical import JsonObject


def _entity(kind: str, spec: JsonObject, title: str | None = None) -> Entity:
    metadata: JsonObject = {"name": "it"} | ({"title": title} if title else {})
    return Entity(
        {"apiVersion": "fairway.dev/v1", "kind": kind, "metadata": metadata, "spec": spec}
    )


def test_an_environment_is_made_with_all_its_rules() -> None:
    spec: JsonObject = {
        "type": "production",
        "target": "here",
        "promotesFrom": ["dev"],
        "approval": {
            "required": 2,
            "from": ["platform", "group:default/ops", "group:asia/ops"],
            "notAuthor": False,
        },
        "requires": {"tests": True},
        "drift": "repair",
        "defaults": {"replicas": 3},
    }
    made = make_definitions([(_entity("Environment", spec, "It"), 7)])
    assert made.environments["it"] == Environment(
        name="it",
        title="It",
        type="production",
        target="here",
        promotes_from=("dev",),
        approval=ApprovalRule(
            required=2,
            groups=("group:platform", "group:ops", "group:asia/ops"),
            is_author_excluded=False,
        ),
        is_test_required=True,
        drift="repair",
        defaults={"replicas": 3},
        revision=7,
    )


def test_an_approval_is_never_the_authors_unless_said() -> None:
    spec: JsonObject = {"type": "x", "target": "y", "approval": {"required": 1}}
    made = make_definitions([(_entity("Environment", spec), 1)])
    assert made.environments["it"].approval == ApprovalRule(required=1, is_author_excluded=True)


def test_every_kind_is_made() -> None:
    version: JsonObject = {"name": "v1", "outputs": {"type": "object"}}
    made = make_definitions(
        [
            (_entity("Target", {"driver": "process", "config": {"a": 1}}), 1),
            (_entity("ResourceType", {"owner": "group:platform", "versions": [version]}), 2),
            (
                _entity(
                    "Provisioner",
                    {"type": "pg", "match": {"class": "ha"}, "driver": "x", "onDelete": "keep"},
                ),
                3,
            ),
            (_entity("Component", {}), 4),
        ]
    )
    assert made.targets["it"] == TargetDefinition(name="it", driver="process", config={"a": 1})
    assert made.resource_types["it"] == ResourceType(
        name="it",
        title="it",
        owner="group:platform",
        versions=(
            ResourceTypeVersion(
                name="v1", classes=("default",), params={}, outputs={"type": "object"}
            ),
        ),
        revision=2,
    )
    assert made.provisioners["it"] == ProvisionerDefinition(
        name="it", type="pg", match={"class": "ha"}, driver="x", on_delete="keep", revision=3
    )
    assert made.environments == {}
