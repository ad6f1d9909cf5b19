"""Making a resource real.

Belongs here: the contract of a driver that provisions one kind of resource.
"""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

from fairway.core.definition.definition import DeleteAction
from fairway.core.graph.live import NodeId
from fairway.kits.canonical import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceSpec:
    """A resource to make real, all references filled, secrets in clear: never log it.

    `key` was journalled before the call and is the same in every attempt. `outputs` are those
    that the last successful apply returned (secrets in clear), empty when there was none:
    a driver that generates a password returns it again.
    """

    environment: str
    environment_type: str = ""
    id: NodeId
    type: str
    class_: str
    component: str
    params: JsonObject
    inputs: JsonObject
    key: str
    outputs: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What a driver saw. `differences` maps what drifted to a short sentence."""

    state: Literal["present", "missing", "drifted"]
    differences: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """What deleting a resource would lose, for people: `2.1 GiB in 14 tables`."""

    summary: str
    size_bytes: int


Progress = Callable[[str], None]


class Provisioner(Protocol):
    """Makes resources of one system real, again and again to the same effect.

    Every method may be called at any time, in any process, after a `kill -9` in the middle of an
    earlier call; none may rely on memory. Two calls for one resource never overlap.
    """

    @abstractmethod
    def get_inputs_schema(self) -> JsonObject:
        """Return the JSON Schema of `inputs`, which is all that a platform team may write there.

        The planner reads these annotations in it: `x-fairway-immutable: true` on a property (a
        change replaces the resource), `x-fairway-grow-only: true` (a smaller quantity does).
        Properties of the resource type's params are annotated alike below `x-fairway-params`.
        """

    @abstractmethod
    def observe(self, spec: ResourceSpec) -> Observation:
        """Return whether the resource exists and is as `spec` says; changes nothing.

        Raises:
            Unavailable: the system cannot be asked now.
        """

    @abstractmethod
    def apply(self, spec: ResourceSpec, progress: Progress) -> JsonObject:
        """Make the resource as `spec` says and return its outputs.

        Idempotent: a second call changes nothing and returns equal outputs. `progress` takes a
        short line such as `role orders_dev_db, database orders_dev_db`.

        Raises:
            Refused: `spec` cannot be made real, or the thing exists and is somebody else's.
            Unavailable: the system cannot be reached now.
        """

    @abstractmethod
    def preview_delete(self, spec: ResourceSpec) -> Loss | None:
        """Return what `delete` would lose, or None when nothing of value; changes nothing."""

    @abstractmethod
    def delete(self, spec: ResourceSpec, action: DeleteAction, progress: Progress) -> None:
        """Remove the resource; absent already is success.

        `keep` removes access only and keeps the data; `snapshot` writes a backup first and says
        where.
        """


@runtime_checkable
class Rotating(Protocol):
    """A provisioner that can also give a resource new credentials."""

    @abstractmethod
    def rotate(self, spec: ResourceSpec, progress: Progress) -> JsonObject:
        """Give the resource new credentials and return its outputs; the old ones stop working."""


@runtime_checkable
class BackingUp(Protocol):
    """A provisioner that can copy a resource's data out while it is in use."""

    @abstractmethod
    def backup(self, spec: ResourceSpec, folder: Path) -> Path:
        """Write one consistent copy of the data into `folder` and return its file."""
