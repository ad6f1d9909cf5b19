"""What carries out a step, and what it may say.

Belongs here: the contract between the engine and executors. Start at `Executor`.
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeAlias

from fairway.core.run.run import Run, StepRecord
from fairway.kits.canonical import JsonObject
from fairway.ports.store.store import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSpec:
    """A step to add to the run; see `StepRecord`.

    `needs` are labels of other steps that are added with it.
    """

    label: str
    kind: str
    name: str
    input: JsonObject = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    is_always_run: bool = False
    is_protected: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The step succeeded.

    `commit` writes what belongs to the step in the transaction that records its success, so
    that both happen or neither. `then` adds steps to the run. `result` becomes part of the
    run's output.
    """

    output: JsonObject = field(default_factory=dict)
    then: tuple[StepSpec, ...] = ()
    commit: Callable[[Transaction], None] | None = None
    result: JsonObject = field(default_factory=dict)
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """The step is not done; execute it again at `again_at`, or when its lane is marked."""

    again_at: datetime | None = None
    text: str = ""


StepResult: TypeAlias = Done | Waiting


@dataclass(frozen=True, slots=True, kw_only=True)
class StepContext:
    """What an executor knows and may call.

    `outputs` holds, by kind, the output of the run's last succeeded step of that kind. `steps`
    are the run's steps as they were when this one started. `log` adds a line to the run's
    story; `is_cancelled` is cheap enough to ask often.
    """

    run: Run
    step: StepRecord
    steps: tuple[StepRecord, ...]
    outputs: Mapping[str, JsonObject]
    log: Callable[[str], None]
    is_cancelled: Callable[[], bool]


class Executor(Protocol):
    """Carries out the steps of one kind.

    It may be called again with the same `step.key` after a crash at any instant, and must then
    reach the same effect. A `Refused` fails the step, an `Unavailable` is tried again later.
    """

    @abstractmethod
    def execute(self, context: StepContext) -> StepResult:
        """Do the step, or say when to ask again."""
