"""What a plan is about, and what the planner must know of drivers.

Belongs here: the inputs of `make_plan` besides graph and live nodes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fairway.core.graph.live import NodeId


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """Which changes of a driver's resource replace it.

    Paths are into a node's inputs, such as `params.size`.
    """

    immutable: frozenset[str] = frozenset()
    grow_only: frozenset[str] = frozenset()


NO_TRAITS = Traits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a plan may touch: the nodes of `component`, or of every component when empty.

    `release` is what the component is to run, None to remove it. With `is_retaining`,
    resources that are no longer wanted are kept. `losses` says for people what deleting a node
    would lose. `base` is what the caller read besides graph and nodes, and at which revision.
    """

    component: str = ""
    release: int | None = None
    is_retaining: bool = False
    losses: Mapping[NodeId, str] = field(default_factory=dict)
    base: Mapping[str, int] = field(default_factory=dict)
