"""Small worlds for tests of graph and plan: definitions, releases, and a machine that obeys.

`apply_plan` carries a plan out on live nodes as the platform would, without any driver.
"""

import dataclasses
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import cast

from fairway.core.definition.definition import (
    Definitions,
    Environment,
    ProvisionerDefinition,
    ResourceType,
    ResourceTypeVersion,
    TargetDefinition,
)
from fairway.core.graph import expression
from fairway.core.graph.expression import Output, OutputReference, Secret, Unknown
from fairway.core.graph.live import LiveNode, NodeId, SealedValue
from fairway.core.graph.make import Graph, Member, make_graph
from fairway.core.plan.make import make_plan
from fairway.core.plan.plan import Plan, PlanStep
from fairway.core.plan.scope import Scope, Traits
from fairway.core.release.release import Artifact, Commit, Release
from fairway.core.workload.workload import Container, ResourceRequest, Workload
from fairway.kits import digest
from fairway.kits.canonical import JsonObject, JsonValue
from fairway.kits.digest import Digest

OUTPUTS: Mapping[str, tuple[str, ...]] = {
    "postgres": ("host", "url"),
    "dns": ("host",),
    "route": ("url",),
    "volume": ("source",),
}
SECRETS = frozenset({("postgres", "url")})
TRAITS = {"volume-driver": Traits(grow_only=frozenset({"params.size"}))}


def make_type(name: str) -> ResourceType:
    """Return a resource type of `OUTPUTS`."""
    properties: JsonObject = {
        output: {"type": "string", "format": "password"}
        if (name, output) in SECRETS
        else {"type": "string"}
        for output in OUTPUTS[name]
    }
    version = ResourceTypeVersion(
        name="v1",
        classes=("default", "shared"),
        params={"type": "object"},
        outputs={"type": "object", "properties": properties},
    )
    return ResourceType(name=name, title=name, owner="group:platform", versions=(version,))


def make_definitions(*provisioners: ProvisionerDefinition, **changes: object) -> Definitions:
    """Return definitions with environment `dev`; by default one provisioner per type."""
    made = provisioners or tuple(
        ProvisionerDefinition(name=f"{name}-local", type=name, match={}, driver=f"{name}-driver")
        for name in OUTPUTS
    )
    environment = Environment(name="dev", title="Development", type="development", target="machine")
    return Definitions(
        environments={"dev": dataclasses.replace(environment, **changes)},  # type: ignore[arg-type]  # fields of Environment by name
        targets={"machine": TargetDefinition(name="machine", driver="process")},
        resource_types={name: make_type(name) for name in OUTPUTS},
        provisioners={item.name: item for item in made},
    )


def make_release(
    name: str = "orders",
    number: int = 1,
    *,
    resources: Mapping[str, ResourceRequest] | None = None,
    variables: Mapping[str, str] | None = None,
    **changes: object,
) -> Release:
    """Return a release of a workload with one container."""
    workload = Workload(
        name=name,
        metadata={"name": name},
        containers={"main": Container(image=".", variables=variables or {})},
        resources=resources or {},
    )
    artifact = Artifact(
        digest=Digest(f"sha256:{number:064}"),
        component=name,
        source=Digest(f"sha256:{number:064}"),
        layers=(),
    )
    return Release(
        component=name,
        number=number,
        artifact=artifact,
        workload=dataclasses.replace(workload, **changes),  # type: ignore[arg-type]  # fields of Workload by name
        document={},
        commit=Commit(id="-", subject=""),
        author="ana",
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def make_dev_graph(*releases: Release, definitions: Definitions | None = None) -> Graph:
    """Return the graph of `releases` in `dev`."""
    members = [Member(release=release) for release in releases]
    return make_graph("dev", members, definitions or make_definitions())


def plan_component(
    graph: Graph, live: Mapping[NodeId, LiveNode], component: str = "orders"
) -> Plan:
    """Return the plan of one component on its graph."""
    node = graph.nodes.get(NodeId(f"workload/{component}"))
    release = int(str(node.inputs["release"])) if node else None
    return make_plan(graph, live, Scope(component=component, release=release), traits=TRAITS)


def apply_plan(
    plan: Plan, live: Mapping[NodeId, LiveNode], *, salt: str = ""
) -> dict[NodeId, LiveNode]:
    """Return what is live after carrying out `plan` in its order.

    Fails where a step comes before what it needs, as a real driver would.
    """
    after = dict(live)
    done: set[str] = set()
    for step in plan.steps:
        assert set(step.needs) <= done
        _apply_step(step, after, plan.environment, salt=salt)
        done.add(step.id)
    return after


def _apply_step(
    step: PlanStep, after: dict[NodeId, LiveNode], environment: str, *, salt: str
) -> None:
    recipe = step.recipe
    if recipe is None:
        if step.node in after:
            kept = dataclasses.replace(after[step.node], consumers=frozenset(step.consumers))
            after[step.node] = kept
        return
    if step.action == "delete":
        users = [node.id for node in after.values() if step.node in node.needs]
        assert not users, f"{step.node} is removed while {users} need it"
        del after[step.node]
        return
    known = after.get(step.node)
    redacted = expression.redact(cast("JsonObject", recipe.inputs), make_lookup(after))
    assert not expression.list_unknown_paths(redacted)
    after[step.node] = LiveNode(
        environment=environment,
        id=step.node,
        kind=recipe.kind,
        type=recipe.type,
        component=recipe.component,
        driver=recipe.driver,
        provisioner=recipe.provisioner,
        provisioner_revision=recipe.provisioner_revision,
        spec=cast("JsonObject", redacted),
        spec_digest=digest.make_value_digest(redacted),
        **_make_outputs(step.node, recipe.type, salt),  # type: ignore[arg-type]  # two fields by name
        consumers=frozenset(step.consumers),
        needs=recipe.needs,
        on_delete=recipe.on_delete,
        revision=(known.revision if known else 0) + 1,
    )


def _make_outputs(node: NodeId, node_type: str, salt: str) -> dict[str, object]:
    names = OUTPUTS.get(node_type, ())
    plain: dict[str, JsonValue] = {
        name: f"{name}-{node}{salt}" for name in names if (node_type, name) not in SECRETS
    }
    secrets = {
        name: SealedValue(sealed="•", fingerprint=f"{name}-{node}{salt}")
        for name in names
        if (node_type, name) in SECRETS
    }
    return {"outputs": plain, "secrets": secrets}


def make_lookup(live: Mapping[NodeId, LiveNode]) -> expression.Lookup:
    """Return the lookup of outputs in `live`."""

    def lookup(reference: OutputReference) -> Output:
        found = live.get(reference.node)
        if found is None:
            return Unknown(node=reference.node)
        secret = found.secrets.get(reference.output)
        if secret is not None:
            return Secret(fingerprint=secret.fingerprint)
        return expression.read_output(found.outputs, reference.output)

    return lookup
