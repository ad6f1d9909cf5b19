"""The run journal.

Belongs here: runs, their steps and their events, as rows of a state machine.
"""

from abc import abstractmethod
from collections.abc import Iterable
from datetime import datetime
from typing import Literal, Protocol

from fairway.core.run.run import Run, RunEvent, RunId, RunState, StepRecord
from fairway.kits.canonical import JsonObject


class Runs(Protocol):
    """Runs by id; ids count up without reuse."""

    @abstractmethod
    def add(self, run: Run, steps: Iterable[StepRecord]) -> Run:
        """Store a queued run under the next id, whatever id it has, with its first steps."""

    @abstractmethod
    def find(self, run: RunId) -> Run | None:
        """Return the run or None."""

    @abstractmethod
    def find_by_request(self, request: str) -> Run | None:
        """Return the run that this request asked for, or None."""

    @abstractmethod
    def list_runs(
        self,
        *,
        lane: str | None = None,
        subject: str | None = None,
        component: str | None = None,
        environment: str | None = None,
        states: Iterable[RunState] = (),
        before: int | None = None,
        limit: int = 50,
    ) -> tuple[Run, ...]:
        """Return runs, newest first; `component` and `environment` are as the lane names them."""

    @abstractmethod
    def find_lane_head(self, lane: str) -> Run | None:
        """Return the oldest run of `lane` that is not terminal."""

    @abstractmethod
    def put(self, run: Run) -> None:
        """Overwrite the run's row."""

    @abstractmethod
    def list_steps(self, run: RunId) -> tuple[StepRecord, ...]:
        """Return the steps by index."""

    @abstractmethod
    def put_steps(self, run: RunId, steps: Iterable[StepRecord]) -> None:
        """Insert or overwrite steps by index."""

    @abstractmethod
    def append_event(
        self,
        run: RunId,
        kind: Literal["run", "step", "log"],
        data: JsonObject,
        *,
        at: datetime,
        step: int | None = None,
    ) -> RunEvent:
        """Add an event under the run's next sequence number."""

    @abstractmethod
    def list_events(self, run: RunId, *, after: int = 0, limit: int = 500) -> tuple[RunEvent, ...]:
        """Return events with a sequence above `after`, in order."""
