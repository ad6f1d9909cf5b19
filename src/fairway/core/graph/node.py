"""A node that is wanted: a resource or a workload, ready to be compared with what exists.

Belongs here: the value and its digest. Never here: how it is made (`make.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from fairway.core.definition.definition import DeleteAction
from fairway.core.graph.live import NodeId, NodeKind
from fairway.core.graph.match import Match
from fairway.core.workload.workload import DEFAULT_CLASS
from fairway.kits import digest
from fairway.kits.canonical import JsonObject
from fairway.kits.digest import Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a node was asked for; `positions` maps JSON pointers to `file:line:column`."""

    pointer: str = ""
    positions: Mapping[str, str] = field(default_factory=dict)

    def get_location(self, suffix: str = "") -> str | None:
        """Return the nearest known place of `pointer` plus `suffix`, as `file:line`."""
        pointer = f"{self.pointer}{suffix}"
        while pointer and pointer not in self.positions:
            pointer = pointer.rpartition("/")[0]
        location = self.positions.get(pointer)
        return location.rpartition(":")[0] if location and pointer else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A wanted node.

    `inputs` is an expression: for a resource `{"params": …, "inputs": …}`, for a workload the
    form of `fairway.ports.target.WorkloadSpec`. `digest` covers all that decides what will be
    made, but nothing about who asked; two nodes of equal digest and equal outputs of `needs`
    are made alike.
    """

    id: NodeId
    kind: NodeKind
    type: str
    class_: str = DEFAULT_CLASS
    component: str
    driver: str
    provisioner: str
    provisioner_revision: int
    on_delete: DeleteAction = "delete"
    inputs: JsonObject
    needs: tuple[NodeId, ...] = ()
    consumers: frozenset[str]
    secret_outputs: frozenset[str] = frozenset()
    match: Match | None = None
    origin: Origin = Origin()
    digest: Digest


def make_node_digest(
    node_type: str, *, driver: str, provisioner: str, on_delete: DeleteAction, inputs: JsonObject
) -> Digest:
    """Return the digest that `Node.digest` holds."""
    return digest.make_value_digest(
        {
            "type": node_type,
            "driver": driver,
            "provisioner": provisioner,
            "onDelete": on_delete,
            "inputs": inputs,
        }
    )


def get_resource_id(node: NodeId) -> str:
    """Return the part of a resource's uid after `#`.

    Example:
        >>> get_resource_id(NodeId("postgres.default#orders.db"))
        'orders.db'
    """
    return node.partition("#")[2]


def make_resource_node_id(resource_type: str, class_: str, resource_id: str) -> NodeId:
    """Return a resource's uid, as Score's reference implementation writes it."""
    return NodeId(f"{resource_type}.{class_}#{resource_id}")


def make_workload_node_id(component: str) -> NodeId:
    """Return the id of a component's workload."""
    return NodeId(f"workload/{component}")


def get_params(node: Node) -> JsonObject:
    """Return the params expression of a resource."""
    return cast("JsonObject", node.inputs["params"])
