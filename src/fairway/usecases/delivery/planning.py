"""Making the plan of one component in one environment from what the store holds now.

Belongs here: gathering what `core.plan.make_plan` needs, and what the environment's rules say.
Never here: choosing steps, storing the plan. Start at `make_deployment_plan`.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from fairway.core.catalog.entity import Entity
from fairway.core.definition import make as definition_make
from fairway.core.definition.definition import Definitions, Environment
from fairway.core.finding.finding import Finding
from fairway.core.graph import expression
from fairway.core.graph import make as graph_make
from fairway.core.graph.live import LiveNode, NodeId
from fairway.core.graph.make import Graph, Member
from fairway.core.plan import make as plan_make
from fairway.core.plan import plan as plans
from fairway.core.plan.plan import Plan
from fairway.core.plan.scope import Scope
from fairway.core.policy import environment_rule
from fairway.core.policy.environment_rule import Facts
from fairway.core.release.release import Release
from fairway.kits.errors import Refused
from fairway.ports.store.store import Transaction
from fairway.usecases.delivery import node_spec
from fairway.usecases.platform import Platform

DEFINITION_KINDS = ("Environment", "Target", "ResourceType", "Provisioner")
DEFINITION_API = "fairway.dev/"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest:
    """`release` None removes the component. `is_return` retains nodes and skips the rules that

    a release passed before: it is the way back to what ran already.
    """

    environment: str
    component: str
    release: Release | None
    is_return: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A plan with the graph and the definitions that it was made from."""

    plan: Plan
    graph: Graph
    definitions: Definitions


def read_definitions(tx: Transaction) -> Definitions:
    """Return the platform's definitions as they are now."""
    stored = tx.entities.list_by_kind(DEFINITION_API, DEFINITION_KINDS)
    return definition_make.make_definitions((item.entity, item.revision) for item in stored)


def get_environment(tx: Transaction, name: str) -> Environment:
    """Return the environment.

    Raises:
        Refused: ENV-UNKNOWN, naming those there are.
    """
    environments = read_definitions(tx).environments
    if name not in environments:
        known = ", ".join(f"'{other}'" for other in sorted(environments)) or "none yet"
        raise Refused(
            "ENV-UNKNOWN",
            what=f"cannot use environment '{name}'",
            why=f"there is no such environment; the environments are {known}",
            fix="use one of these, or apply an Environment of that name",
            status=404,
        )
    return environments[name]


def make_deployment_plan(platform: Platform, request: PlanRequest) -> Planned:
    """Return the plan that brings `request.component` to `request.release`.

    Changes nothing. Drivers are asked only for what deleting would lose.

    Raises:
        Refused: the graph cannot be made; see `core.graph.make`.
    """
    platform.planner.trim()
    with platform.store.read() as tx:
        definitions = read_definitions(tx)
        graph = _make_graph(platform, tx, request, definitions)
        live = _read_live(tx, request, graph)
        facts = _read_facts(tx, request)
        base = _read_base(tx, request)
    scope = Scope(
        component=request.component,
        release=request.release.number if request.release else None,
        is_retaining=request.is_return,
        base=base,
    )
    plan = _plan(platform, graph, live, scope=scope)
    losses = _preview_losses(platform, plan, live)
    if losses:
        scope = dataclasses.replace(scope, losses=losses)
        plan = _plan(platform, graph, live, scope=scope)
    findings = list(plan.findings)
    if not request.is_return:
        findings += environment_rule.check_release(request.release, graph.environment, facts)
        findings += _check_params(platform, graph, definitions)
    digests = tuple(plans.make_step_digest(step) for step in plan.steps)
    sealed = plans.seal_plan(plan, findings=tuple(sorted(findings)), step_digests=digests)
    return Planned(plan=sealed, graph=graph, definitions=definitions)


def list_moved(tx: Transaction, plan: Plan) -> tuple[str, ...]:
    """Return what `plan` read and is no longer at the revision that it saw, for people."""
    moved = []
    for name, seen in plan.base.items():
        current = _read_revision(tx, name)
        if current != seen:
            moved.append(f"{name} (revision {seen} → {current})")
    return tuple(sorted(moved))


def find_system(entity: Entity | None) -> str:
    """Return the name of the system that a component belongs to, empty for none."""
    value = entity.spec.get("system") if entity else None
    return str(value).rpartition("/")[2].rpartition(":")[2] if value else ""


def _make_graph(
    platform: Platform, tx: Transaction, request: PlanRequest, definitions: Definitions
) -> Graph:
    members = []
    if request.release is not None:
        stored = tx.entities.find(f"component:default/{request.component}")
        system = find_system(stored.entity if stored else None)
        members.append(Member(release=request.release, system=system))
    return graph_make.make_graph(
        request.environment, members, definitions, fragments=platform.planner.fragments
    )


def _read_live(tx: Transaction, request: PlanRequest, graph: Graph) -> Mapping[NodeId, LiveNode]:
    ours = tx.nodes.list_all(environment=request.environment, consumer=request.component)
    wanted = tx.nodes.find_many(request.environment, graph.nodes)
    return {node.id: node for node in (*ours, *wanted)}


def _read_facts(tx: Transaction, request: PlanRequest) -> Facts:
    if request.release is None:
        return Facts()
    ran = {
        environment: frozenset(
            rollout.artifact
            for rollout in tx.deployments.list_rollouts(environment, request.component)
        )
        for environment in _list_sources(tx, request.environment)
    }
    return Facts(artifacts_by_environment=ran)


def _list_sources(tx: Transaction, environment: str) -> tuple[str, ...]:
    found = read_definitions(tx).environments.get(environment)
    return found.promotes_from if found else ()


def _read_base(tx: Transaction, request: PlanRequest) -> Mapping[str, int]:
    names = (
        f"deployment/{request.environment}/{request.component}",
        f"entity/component:default/{request.component}",
    )
    return {name: _read_revision(tx, name) for name in names}


def _read_revision(tx: Transaction, name: str) -> int:
    """Return the present revision of something that a plan's base names, 0 when it is gone."""
    kind, _, rest = name.partition("/")
    if kind == "node":
        environment, _, node = rest.partition("/")
        found = tx.nodes.find(environment, NodeId(node))
        return found.revision if found else 0
    if kind == "deployment":
        environment, _, component = rest.partition("/")
        deployment = tx.deployments.find(environment, component)
        return deployment.revision if deployment else 0
    ref = rest if kind == "entity" else f"{kind}:default/{rest}"
    stored = tx.entities.find(ref)
    return stored.revision if stored and not stored.is_deleted else 0


def _plan(
    platform: Platform, graph: Graph, live: Mapping[NodeId, LiveNode], *, scope: Scope
) -> Plan:
    return plan_make.make_plan(
        graph, live, scope, traits=platform.traits, memo=platform.planner.memo
    )


def _preview_losses(
    platform: Platform, plan: Plan, live: Mapping[NodeId, LiveNode]
) -> Mapping[NodeId, str]:
    """Return what each deleting or replacing step would lose, asking the drivers."""
    losses = {}
    for step in plan.steps:
        if step.action not in ("delete", "replace") or step.node not in live:
            continue
        node = live[step.node]
        driver = platform.provisioners.get(node.driver)
        if node.kind == "resource" and driver is not None and node.on_delete != "keep":
            loss = driver.preview_delete(node_spec.make_live_spec(platform, node, key=""))
            if loss is not None:
                losses[step.node] = loss.summary
    return losses


def _check_params(platform: Platform, graph: Graph, definitions: Definitions) -> list[Finding]:
    """Return a denial for each resource whose params its type's schema refuses.

    Params that depend on outputs are checked when the step runs.
    """
    findings = []
    for node in graph.nodes.values():
        if node.kind != "resource" or any(expression.list_references(node.inputs)):
            continue
        schema = definitions.resource_types[node.type].versions[-1].params
        findings += [
            Finding(
                at=node.origin.get_location("/params") or "",
                code="RESOURCE-PARAMS",
                level="deny",
                text=f"{node.id}: {error}",
                fix=f"correct the params in score.yaml; see fairway get resourcetype {node.type}",
            )
            for error in platform.schemas.list_errors(schema, node.inputs["params"])
        ]
    return findings


def get_environment_release(tx: Transaction, environment: str, component: str) -> Release:
    """Return the release that serves in an environment.

    Raises:
        Refused: NOTHING-DEPLOYED.
    """
    deployment = tx.deployments.find(environment, component)
    release = None
    if deployment is not None and deployment.release is not None:
        release = tx.releases.find(component, deployment.release)
    if release is None:
        raise Refused(
            "NOTHING-DEPLOYED",
            what=f"cannot find a release of '{component}' in '{environment}'",
            why="nothing of it became ready there yet",
            fix=f"deploy it first: fairway deploy DIR --env {environment}",
            status=404,
        )
    return release
