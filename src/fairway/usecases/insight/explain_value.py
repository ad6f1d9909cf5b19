"""Explaining: for a value, where it came from; for a resource, why it is made as it is.

Belongs here: following a path from a document through placeholders, outputs and provisioners.
Secrets are shown as they are everywhere: `•••`. Start at `explain`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fairway.core.graph import expression
from fairway.core.graph import make as graph_make
from fairway.core.graph.expression import OutputReference
from fairway.core.graph.live import LiveNode, NodeId
from fairway.core.graph.make import Graph, Member
from fairway.core.graph.node import Node, make_workload_node_id
from fairway.core.plan import diff
from fairway.core.release.release import Release
from fairway.kits.canonical import JsonValue
from fairway.kits.errors import Refused
from fairway.usecases.delivery import node_spec, planning
from fairway.usecases.platform import Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One line of an explanation: a label such as `from`, `output`, `lost`, and its text."""

    label: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The value (secrets hidden) and the facts that lead to it, nearest first."""

    subject: str
    value: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _World:
    platform: Platform
    environment: str
    release: Release
    graph: Graph
    live: Mapping[NodeId, LiveNode]


def explain(platform: Platform, path: str) -> Explanation:
    """Return the explanation of `<component>.<environment>[.<path into score.yaml>]`.

    The path is a resource (`resources.db`), an output of one (`resources.db.url`), or a value of
    the workload (`containers.main.variables.DATABASE_URL`, `replicas`).

    Raises:
        Refused: EXPLAIN-PATH, ENV-UNKNOWN, NOTHING-DEPLOYED.
    """
    component, environment, rest = _split(path)
    world = _read(platform, component, environment)
    if rest[:1] == ("resources",) and len(rest) > 1:
        return _explain_resource(world, path, rest[1], rest[2:])
    return _explain_workload(world, path, rest)


def _split(path: str) -> tuple[str, str, tuple[str, ...]]:
    parts = tuple(path.split("."))
    if len(parts) < 2 or "" in parts:
        raise _refuse_path(path, "it needs a component and an environment")
    return parts[0], parts[1], parts[2:]


def _read(platform: Platform, component: str, environment: str) -> _World:
    with platform.store.read() as tx:
        planning.get_environment(tx, environment)
        release = planning.get_environment_release(tx, environment, component)
        definitions = planning.read_definitions(tx)
        stored = tx.entities.find(f"component:default/{component}")
        nodes = tx.nodes.list_all(environment=environment, consumer=component)
    member = Member(release=release, system=planning.find_system(stored.entity if stored else None))
    graph = graph_make.make_graph(environment, [member], definitions)
    return _World(
        platform=platform,
        environment=environment,
        release=release,
        graph=graph,
        live={node.id: node for node in nodes},
    )


def _explain_workload(world: _World, path: str, rest: tuple[str, ...]) -> Explanation:
    node = world.graph.nodes[make_workload_node_id(world.release.component)]
    value, taken = _follow(node.inputs, rest, path)
    shown = _show(world, value)
    facts = [*_tell_origin(world, node, taken)]
    for reference in dict.fromkeys(expression.list_references(value)):
        facts += _tell_output(world, reference)
    return Explanation(subject=path, value=shown, facts=tuple(facts))


def _explain_resource(world: _World, path: str, name: str, output: tuple[str, ...]) -> Explanation:
    found = next(
        (
            node
            for node in world.graph.nodes.values()
            if node.origin.pointer == f"/resources/{name}"
        ),
        None,
    )
    if found is None:
        known = ", ".join(sorted(world.release.workload.resources)) or "none"
        raise _refuse_path(path, f"there is no resource '{name}'; the resources are {known}")
    if output:
        reference = OutputReference(node=found.id, output=".".join(output))
        value = _show(
            world, {expression.TEMPLATE: [{"node": found.id, "output": reference.output}]}
        )
        return Explanation(subject=path, value=value, facts=tuple(_tell_output(world, reference)))
    return Explanation(subject=path, value=found.id, facts=tuple(_tell_node(world, found)))


def _follow(value: JsonValue, rest: Sequence[str], path: str) -> tuple[JsonValue, tuple[str, ...]]:
    """Return the value at `rest`, keys with dots in them included, and the keys taken."""
    taken: tuple[str, ...] = ()
    remaining = list(rest)
    while remaining:
        if not isinstance(value, Mapping):
            raise _refuse_path(path, f"'{'.'.join(taken)}' has nothing below it")
        key = next(
            (
                ".".join(remaining[:size])
                for size in range(len(remaining), 0, -1)
                if ".".join(remaining[:size]) in value
            ),
            None,
        )
        if key is None:
            known = ", ".join(f"'{name}'" for name in sorted(value)) or "nothing"
            raise _refuse_path(path, f"there is no '{remaining[0]}' here, but {known}")
        value = value[key]
        taken = (*taken, key)
        remaining = remaining[key.count(".") + 1 :]
    return value, taken


def _tell_origin(world: _World, node: Node, taken: tuple[str, ...]) -> Sequence[Fact]:
    if taken[:1] == ("replicas",):
        name = world.graph.environment.name
        return (Fact(label="from", text=f"defaults of environment {name}, or the annotation"),)
    pointer = "".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in taken)
    location = node.origin.get_location(pointer)
    if location is None:
        return ()
    written = _find_written(world.release.document, taken)
    return (Fact(label="from", text=f"{location}   {written}".rstrip()),)


def _find_written(document: JsonValue, taken: Sequence[str]) -> str:
    for key in taken:
        if not isinstance(document, Mapping) or key not in document:
            return ""
        document = document[key]
    return document if isinstance(document, str) else ""


def _tell_output(world: _World, reference: OutputReference) -> Sequence[Fact]:
    node = world.graph.nodes[reference.node]
    is_secret = reference.output in node.secret_outputs
    text = f"{reference.output} of {reference.node}{'   (secret)' if is_secret else ''}"
    return (Fact(label="output", text=text), *_tell_node(world, node))


def _tell_node(world: _World, node: Node) -> Sequence[Fact]:
    facts = [
        Fact(
            label="made by",
            text=f"provisioner {node.provisioner}@{node.provisioner_revision}, "
            f"driver {node.driver}",
        )
    ]
    live = world.live.get(node.id)
    if live is None:
        facts.append(Fact(label="state", text="not made yet"))
    elif len(live.consumers) > 1:
        facts.append(Fact(label="used by", text=", ".join(sorted(live.consumers))))
    if node.match is not None:
        facts.append(Fact(label="matched", text=node.match.reason))
        facts += [Fact(label="lost", text=f"{name}   {reason}") for name, reason in node.match.lost]
    return facts


def _show(world: _World, value: JsonValue) -> str:
    lookup = node_spec.Lookup(platform=world.platform, live=world.live, is_clear=False)
    redacted = expression.redact(value, lookup)
    return diff.make_change((), None, redacted).after or ""


def _refuse_path(path: str, why: str) -> Refused:
    return Refused(
        "EXPLAIN-PATH",
        what=f"cannot explain '{path}'",
        why=why,
        fix="write COMPONENT.ENVIRONMENT.PATH, such as "
        "orders.dev.containers.main.variables.DATABASE_URL or orders.dev.resources.db",
        status=404,
    )
