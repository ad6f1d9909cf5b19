"""The types of a platform's definitions.

Belongs here: values only. Never here: making them from documents (`make_definitions` beside
this file), choosing among them (`fairway.core.graph`). Start at `Definitions`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from fairway.kits.canonical import JsonObject

DriftAction = Literal["report", "repair"]
DeleteAction = Literal["delete", "keep", "snapshot"]
Criterion = Literal[
    "id", "component", "system", "environment", "environmentType", "class", "targetDriver"
]
# Most telling first: two candidates are compared criterion by criterion in this order.
CRITERIA: tuple[Criterion, ...] = (
    "id",
    "component",
    "system",
    "environment",
    "environmentType",
    "class",
    "targetDriver",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRule:
    """How many people must say yes to a plan; `groups` empty means anybody who may approve."""

    required: int
    groups: tuple[str, ...] = ()
    is_author_excluded: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """A place in the promotion order; `revision` is that of its document."""

    name: str
    title: str
    type: str
    target: str
    promotes_from: tuple[str, ...] = ()
    approval: ApprovalRule | None = None
    is_test_required: bool = False
    drift: DriftAction = "report"
    defaults: JsonObject = field(default_factory=dict)
    revision: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetDefinition:
    """A place that runs workloads: the driver's name and its configuration."""

    name: str
    driver: str
    config: JsonObject = field(default_factory=dict)
    revision: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceTypeVersion:
    """One version of a contract; `params` and `outputs` are JSON Schemas (2020-12)."""

    name: str
    classes: tuple[str, ...]
    params: JsonObject
    outputs: JsonObject

    def list_secret_outputs(self) -> frozenset[str]:
        """Return the names of outputs that are secrets: those with `format: password`."""
        properties = self.outputs.get("properties", {})
        if not isinstance(properties, Mapping):
            return frozenset()
        return frozenset(
            name
            for name, schema in properties.items()
            if isinstance(schema, Mapping) and schema.get("format") == "password"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceType:
    """The contract of something that a workload may ask for; the last version is the newest."""

    name: str
    title: str
    owner: str | None
    versions: tuple[ResourceTypeVersion, ...]
    revision: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionerDefinition:
    """How a resource type becomes real where `match` holds."""

    name: str
    type: str
    match: Mapping[Criterion, str]
    driver: str
    inputs: JsonObject = field(default_factory=dict)
    on_delete: DeleteAction = "delete"
    revision: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Definitions:
    """All definitions of a platform, by name."""

    environments: Mapping[str, Environment] = field(default_factory=dict)
    targets: Mapping[str, TargetDefinition] = field(default_factory=dict)
    resource_types: Mapping[str, ResourceType] = field(default_factory=dict)
    provisioners: Mapping[str, ProvisionerDefinition] = field(default_factory=dict)
