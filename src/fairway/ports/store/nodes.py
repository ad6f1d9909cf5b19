"""Live nodes: what the platform made.

Belongs here: the record of each resource and workload, one row per environment and node id.
"""

from abc import abstractmethod
from collections.abc import Iterable
from typing import Protocol

from fairway.core.graph.live import LiveNode, NodeId


class Nodes(Protocol):
    """Live nodes by environment and id."""

    @abstractmethod
    def find(self, environment: str, node: NodeId) -> LiveNode | None:
        """Return the node or None."""

    @abstractmethod
    def find_many(self, environment: str, nodes: Iterable[NodeId]) -> tuple[LiveNode, ...]:
        """Return those of `nodes` that exist, by id."""

    @abstractmethod
    def list_all(
        self, *, environment: str | None = None, consumer: str | None = None
    ) -> tuple[LiveNode, ...]:
        """Return nodes by environment and id; `consumer` selects those a component uses."""

    @abstractmethod
    def put(self, node: LiveNode) -> LiveNode:
        """Insert or overwrite; return it with its new revision."""

    @abstractmethod
    def remove(self, environment: str, node: NodeId) -> None:
        """Remove the row; absent already is success."""
