"""A run, its steps and its events: a state machine, never replayed code.

Belongs here: values and the pure transition rules. Never here: storage, time, threads.
Start at `Run` and `list_ready`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NewType

from fairway.kits.canonical import JsonObject

RunId = NewType("RunId", int)
RunState = Literal["queued", "running", "waiting", "succeeded", "failed", "cancelled"]
StepState = Literal["pending", "running", "waiting", "succeeded", "failed", "skipped", "cancelled"]
TERMINAL: frozenset[str] = frozenset({"succeeded", "failed", "cancelled", "skipped"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a step or a run did not succeed; the fields of a `Problem`, plus the last log lines."""

    code: str
    what: str
    why: str
    fix: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    """One step of a run.

    `kind` names the executor, `name` is what people see, `input` is all that the executor gets.
    `key` is journalled before the first effect and stays the same over every attempt, so that a
    repeated effect can be recognised. `needs` are indices of steps that must have succeeded,
    unless `is_always_run` is set: then they must only be terminal. Cancelling the run spares a
    step that `is_protected`: it leads back, and half a way back is worse than none.
    """

    index: int
    kind: str
    name: str
    key: str
    input: JsonObject = field(default_factory=dict)
    needs: tuple[int, ...] = ()
    is_always_run: bool = False
    is_protected: bool = False
    state: StepState = "pending"
    attempts: int = 0
    output: JsonObject = field(default_factory=dict)
    failure: Failure | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A journalled execution.

    Runs of one `lane` (such as `deployment/dev/orders`) happen one after the other in the order
    of their ids; the others wait as `queued`, and none is lost. `request` identifies the request
    that asked for the run, if it can be repeated: a repetition finds this run.
    """

    id: RunId
    kind: str
    subject: str
    lane: str
    actor: str
    input: JsonObject = field(default_factory=dict)
    state: RunState = "queued"
    is_cancel_requested: bool = False
    deadline: datetime | None = None
    failure: Failure | None = None
    output: JsonObject = field(default_factory=dict)
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    request: str | None = None

    @property
    def is_terminal(self) -> bool:
        return self.state in TERMINAL


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvent:
    """A line of a run's story; `sequence` counts from 1 within the run without gaps."""

    run: RunId
    sequence: int
    at: datetime
    kind: Literal["run", "step", "log"]
    step: int | None = None
    data: JsonObject = field(default_factory=dict)


def list_ready(steps: Iterable[StepRecord]) -> tuple[StepRecord, ...]:
    """Return the pending steps whose needs are met, by index."""
    by_index = {step.index: step for step in steps}
    return tuple(
        step
        for index, step in sorted(by_index.items())
        if step.state == "pending" and _is_unblocked(step, by_index)
    )


def _is_unblocked(step: StepRecord, by_index: Mapping[int, StepRecord]) -> bool:
    states = [by_index[need].state for need in step.needs]
    if step.is_always_run:
        return all(state in TERMINAL for state in states)
    return all(state == "succeeded" for state in states)
