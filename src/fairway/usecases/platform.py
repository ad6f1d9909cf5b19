"""What a use case may use: the ports, and the actor who asks.

Belongs here: the bundle that wiring makes once and every use case gets.
"""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from fairway.core.definition.definition import TargetDefinition
from fairway.core.graph.make import Fragments
from fairway.core.plan.make import Memo
from fairway.core.plan.scope import Traits
from fairway.ports.blob_store import BlobStore
from fairway.ports.builder import Builder, BuildLimits
from fairway.ports.clock import Clock
from fairway.ports.provisioner import Provisioner
from fairway.ports.renderer import Renderer
from fairway.ports.schema_checker import SchemaChecker
from fairway.ports.sealer import Sealer
from fairway.ports.source_control import SourceControl
from fairway.ports.store.store import Store
from fairway.ports.target import Target
from fairway.runtime.signal import Signals


class Targets(Protocol):
    """Finds the target that a definition describes."""

    @abstractmethod
    def has(self, driver: str) -> bool:
        """Return whether a driver of that name is installed."""

    @abstractmethod
    def get(self, definition: TargetDefinition) -> Target:
        """Return the target.

        Raises:
            Refused: TARGET-DRIVER-UNKNOWN, no driver of that name is installed.
        """


MOST_REMEMBERED = 50_000


@dataclass(slots=True)
class PlannerCache:
    """What planning may reuse from the last time; losing it costs time only."""

    fragments: Fragments = field(default_factory=dict)
    memo: Memo = field(default_factory=Memo)

    def trim(self) -> None:
        """Forget all when it has grown large; what is still wanted is soon there again."""
        if len(self.memo.steps) > MOST_REMEMBERED or len(self.fragments) > MOST_REMEMBERED:
            self.fragments.clear()
            self.memo.steps.clear()


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """The ports by role; `provisioners` and `traits` are by driver name.

    `backups` is the folder below which backups that people ask for are written. `base_url` is
    where people reach the API, without a path. `builtin_paths` are folders of golden paths that
    come with this Fairway, by name.
    """

    store: Store
    clock: Clock
    signals: Signals
    sealer: Sealer
    schemas: SchemaChecker
    blobs: BlobStore
    builder: Builder
    source_control: SourceControl
    renderer: Renderer
    targets: Targets
    provisioners: Mapping[str, Provisioner]
    traits: Mapping[str, Traits]
    backups: Path
    base_url: str
    build_limits: BuildLimits = BuildLimits()
    builtin_paths: Mapping[str, Path] = field(default_factory=dict)
    planner: PlannerCache = field(default_factory=PlannerCache)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who asks: a user's name, the groups it belongs to, and whether it may do anything.

    `request` identifies what is asked if it may be asked again, and is then to have one effect.
    """

    name: str
    groups: frozenset[str] = frozenset()
    is_admin: bool = False
    request: str | None = None
