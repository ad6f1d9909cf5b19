"""Making the graph of an environment from releases and definitions.

Belongs here: one node per resource and workload, bound references, merged shared resources.
Never here: what exists already, drivers. Start at `make_graph`.
"""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import cast

from fairway.core.definition.definition import (
    Criterion,
    Definitions,
    Environment,
    ProvisionerDefinition,
    ResourceType,
    TargetDefinition,
)
from fairway.core.graph import bind, expression, match, node, workload_inputs
from fairway.core.graph.expression import Bind
from fairway.core.graph.live import NodeId
from fairway.core.graph.match import Match, MatchQuery
from fairway.core.graph.node import Node, Origin
from fairway.core.release.release import Release
from fairway.core.workload.workload import ResourceRequest
from fairway.kits import spelling, toposort
from fairway.kits.canonical import JsonObject
from fairway.kits.errors import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A release to have in an environment, and the system that its component belongs to."""

    release: Release
    system: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """What an environment should hold; `order` lists the nodes, each after all that it needs.

    `base` names the definitions that were read, and the revision of each.
    """

    environment: Environment
    target: TargetDefinition
    nodes: Mapping[NodeId, Node]
    order: tuple[NodeId, ...]
    base: Mapping[str, int]


# Rendered nodes of one member, by all that they depend on. A caller that plans again passes the
# same one, and members that did not change are not rendered again.
Fragments = dict[tuple[object, ...], tuple[Node, ...]]


@dataclass(frozen=True, slots=True)
class _Context:
    environment: Environment
    target: TargetDefinition
    resource_types: Mapping[str, ResourceType]
    provisioners: Mapping[str, tuple[ProvisionerDefinition, ...]]
    key: tuple[object, ...] = field(default=())


def make_graph(
    environment: str,
    members: Iterable[Member],
    definitions: Definitions,
    *,
    fragments: Fragments | None = None,
) -> Graph:
    """Return the graph of `members` in `environment`; pure, the same for the same input.

    Raises:
        Refused: ENV-UNKNOWN, TARGET-UNKNOWN, RESOURCE-TYPE-UNKNOWN, RESOURCE-CLASS-UNKNOWN,
            RESOURCE-OUTPUT-UNKNOWN, RESOURCE-CONFLICT, PROVISIONER-NONE, PROVISIONER-TIE,
            PLAN-CYCLE; each names what and where.
    """
    context = _make_context(environment, definitions)
    known: Fragments = {} if fragments is None else fragments
    nodes: dict[NodeId, Node] = {}
    for member in members:
        key = (*context.key, member.release.component, member.release.number, member.system)
        fragment = known.get(key)
        if fragment is None:
            fragment = known[key] = _make_fragment(member, context)
        for item in fragment:
            present = nodes.get(item.id)
            nodes[item.id] = item if present is None else _merge(present, item)
    return Graph(
        environment=context.environment,
        target=context.target,
        nodes=nodes,
        order=_make_order(nodes),
        base=_make_base(context, nodes.values()),
    )


def _make_context(environment: str, definitions: Definitions) -> _Context:
    found = definitions.environments.get(environment)
    if found is None:
        raise Refused(
            "ENV-UNKNOWN",
            what=f"cannot plan for environment '{environment}'",
            why="there is no such environment"
            + spelling.list_known("environments", definitions.environments),
            fix="use one of these, or apply an Environment of that name",
            status=404,
        )
    target = definitions.targets.get(found.target)
    if target is None:
        raise Refused(
            "TARGET-UNKNOWN",
            what=f"cannot plan for environment '{environment}'",
            why=f"its target '{found.target}' does not exist"
            + spelling.list_known("targets", definitions.targets),
            fix=f"apply a Target named '{found.target}', or change 'target' of '{environment}'",
        )
    by_type: dict[str, list[ProvisionerDefinition]] = {}
    for provisioner in definitions.provisioners.values():
        by_type.setdefault(provisioner.type, []).append(provisioner)
    revisions = tuple(
        sorted(
            (kind, name, item.revision)
            for kind, items in (
                ("resourcetype", definitions.resource_types),
                ("provisioner", definitions.provisioners),
            )
            for name, item in cast("Mapping[str, ResourceType]", items).items()
        )
    )
    return _Context(
        environment=found,
        target=target,
        resource_types=definitions.resource_types,
        provisioners={name: tuple(items) for name, items in by_type.items()},
        key=(found.name, found.revision, target.name, target.revision, revisions),
    )


def _make_fragment(member: Member, context: _Context) -> tuple[Node, ...]:
    """Return the nodes that one release asks for, its workload last."""
    release = member.release
    workload = release.workload
    ids = {name: _make_id(workload.name, name, ask) for name, ask in workload.resources.items()}
    meaning = bind.make_bind(release, ids, context.resource_types)
    resources = tuple(
        _make_resource(member, name, context=context, node_id=ids[name], meaning=meaning)
        for name in workload.resources
    )
    inputs = workload_inputs.make_workload_inputs(
        release,
        context.environment,
        bind=meaning,
        bind_volume=bind.make_volume_bind(meaning),
    )
    return (*resources, _make_workload(release, context, inputs=inputs, resources=resources))


def _make_id(workload: str, name: str, request: ResourceRequest) -> NodeId:
    return node.make_resource_node_id(
        request.type, request.class_, request.id or f"{workload}.{name}"
    )


def _make_resource(
    member: Member, name: str, *, context: _Context, node_id: NodeId, meaning: Bind
) -> Node:
    workload = member.release.workload
    request = workload.resources[name]
    origin = Origin(pointer=f"/resources/{name}", positions=member.release.positions)
    version = _get_type(request, context, origin).versions[-1]
    matched = _match(member, request, context=context, node_id=node_id)
    provisioner = matched.provisioner
    inputs: JsonObject = {
        "class": request.class_,
        "environmentType": context.environment.type,
        "params": expression.make_expression(request.params, meaning),
        "inputs": expression.make_literal(provisioner.inputs),
    }
    return Node(
        id=node_id,
        kind="resource",
        type=request.type,
        class_=request.class_,
        component=workload.name,
        driver=provisioner.driver,
        provisioner=provisioner.name,
        provisioner_revision=provisioner.revision,
        on_delete=provisioner.on_delete,
        inputs=inputs,
        needs=_list_needs(inputs),
        consumers=frozenset({workload.name}),
        secret_outputs=version.list_secret_outputs(),
        match=matched,
        origin=origin,
        digest=node.make_node_digest(
            request.type,
            driver=provisioner.driver,
            provisioner=provisioner.name,
            on_delete=provisioner.on_delete,
            inputs=inputs,
        ),
    )


def _get_type(request: ResourceRequest, context: _Context, origin: Origin) -> ResourceType:
    found = context.resource_types.get(request.type)
    where = f" ({location})" if (location := origin.get_location()) else ""
    if found is None:
        raise Refused(
            "RESOURCE-TYPE-UNKNOWN",
            what=f"cannot plan a resource of type '{request.type}'{where}",
            why="there is no such type" + spelling.list_known("types", context.resource_types),
            fix="use one of these types, or ask the platform team to add the ResourceType",
        )
    classes = found.versions[-1].classes
    if request.class_ not in classes:
        owner = found.owner or "the platform team"
        raise Refused(
            "RESOURCE-CLASS-UNKNOWN",
            what=f"cannot plan a resource of type '{request.type}'{where}",
            why=f"class '{request.class_}' is not offered"
            + spelling.list_known("classes", classes),
            fix=f"use one of these classes, or ask '{owner}' to add '{request.class_}'",
        )
    return found


def _match(
    member: Member, request: ResourceRequest, *, context: _Context, node_id: NodeId
) -> Match:
    environment = context.environment
    facts: Mapping[Criterion, str] = {
        "id": node.get_resource_id(node_id),
        "component": "" if request.id else member.release.component,
        "system": member.system,
        "environment": environment.name,
        "environmentType": environment.type,
        "class": request.class_,
        "targetDriver": context.target.driver,
    }
    query = MatchQuery(type=request.type, node=node_id, environment=environment.name, facts=facts)
    return match.match_provisioner(query, context.provisioners.get(request.type, ()))


def _make_workload(
    release: Release, context: _Context, *, inputs: JsonObject, resources: tuple[Node, ...]
) -> Node:
    return Node(
        id=node.make_workload_node_id(release.component),
        kind="workload",
        type="workload",
        component=release.component,
        driver=context.target.driver,
        provisioner=context.target.name,
        provisioner_revision=context.target.revision,
        inputs=inputs,
        needs=tuple(sorted(item.id for item in resources)),
        consumers=frozenset({release.component}),
        origin=Origin(positions=release.positions),
        digest=node.make_node_digest(
            "workload",
            driver=context.target.driver,
            provisioner=context.target.name,
            on_delete="delete",
            inputs=inputs,
        ),
    )


def _list_needs(inputs: JsonObject) -> tuple[NodeId, ...]:
    return tuple(sorted({reference.node for reference in expression.list_references(inputs)}))


def _merge(first: Node, second: Node) -> Node:
    """Return the one node that two workloads share."""
    consumers = first.consumers | second.consumers
    for kept, other in ((first, second), (second, first)):
        if kept.digest == other.digest or not node.get_params(other):
            return dataclasses.replace(kept, consumers=consumers)
    raise Refused(
        "RESOURCE-CONFLICT",
        what=f"cannot share resource '{first.id}'",
        why=f"workloads '{first.component}' and '{second.component}' ask for it differently",
        fix="give both the same params, or only one of them params, or different ids",
    )


def _make_order(nodes: Mapping[NodeId, Node]) -> tuple[NodeId, ...]:
    try:
        waves = toposort.make_waves({name: item.needs for name, item in nodes.items()})
    except toposort.CycleError as error:
        raise Refused(
            "PLAN-CYCLE",
            what="cannot order resources",
            why=str(error),
            fix="remove one of these references from the workload's score.yaml",
        ) from error
    return tuple(NodeId(name) for wave in waves for name in wave)


def _make_base(context: _Context, nodes: Iterable[Node]) -> Mapping[str, int]:
    base = {
        f"environment/{context.environment.name}": context.environment.revision,
        f"target/{context.target.name}": context.target.revision,
    }
    for item in nodes:
        if item.kind == "resource":
            base[f"provisioner/{item.provisioner}"] = item.provisioner_revision
            base[f"resourcetype/{item.type}"] = context.resource_types[item.type].revision
    return base
