"""What the contract suite must know of a driver beyond its port, to look at the real system.

Belongs here: the shape of a subject. To let a driver join, write a `Subject` beside this file and
add it to the fixture in `conftest.py`.
"""

import itertools
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from fairway.core.graph.live import NodeId
from fairway.kits.canonical import JsonObject
from fairway.ports.provisioner import Provisioner, ResourceSpec

_NUMBERS = itertools.count(1)


class Subject(Protocol):
    """A driver on a real system that the suite may use and spoil.

    `open` makes the driver anew, as another process would; it can be pickled.
    """

    type: str
    inputs: JsonObject
    open: Callable[[], Provisioner]

    @abstractmethod
    def can_use(self, outputs: JsonObject) -> bool:
        """Return whether a workload that was given `outputs` can use the resource."""

    @abstractmethod
    def write(self, outputs: JsonObject) -> None:
        """Put something of value into the resource."""

    @abstractmethod
    def has_written(self, outputs: JsonObject) -> bool:
        """Return whether what `write` put there is still there."""

    @abstractmethod
    def list_damages(self, outputs: JsonObject) -> dict[str, Callable[[], object]]:
        """Return ways to make the resource drift, by the difference that must be told."""

    @abstractmethod
    def make_foreign(self, outputs: JsonObject) -> None:
        """Make, by hand, what `outputs` of a deleted resource named; `remove_foreign` undoes it."""

    @abstractmethod
    def remove_foreign(self, outputs: JsonObject) -> None:
        """Remove it again."""

    @abstractmethod
    def list_things(self) -> tuple[str, ...]:
        """Return the names of all there is on the system, each as often as it is there."""


def make_spec(subject: Subject, *, name: str = "main") -> ResourceSpec:
    """Return the spec of a resource that no other test uses."""
    environment = f"t{next(_NUMBERS)}"
    return ResourceSpec(
        environment=environment,
        id=NodeId(f"{subject.type}.default#orders.{name}"),
        type=subject.type,
        class_="default",
        component="orders",
        params={},
        inputs=subject.inputs,
        key=f"{environment}-{name}",
    )


def with_outputs(spec: ResourceSpec, outputs: JsonObject) -> ResourceSpec:
    """Return the spec as it is after an apply that returned `outputs`."""
    return replace(spec, outputs=outputs)


def ignore(line: str) -> None:
    """Take a line of progress."""
    assert line
