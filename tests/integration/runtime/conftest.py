"""An engine on a real store, with executors that tests script."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fairway.controllers.lane import LaneController
from fairway.core.run.run import Run, RunId, StepRecord
from fairway.drivers.sqlalchemy.store import SqlStore, open_store
from fairway.drivers.system.clock import SystemClock
from fairway.runtime import journal
from fairway.runtime.engine import LANE, Engine
from fairway.runtime.signal import Signals
from fairway.runtime.step import Done, Executor, StepContext, StepResult, StepSpec
from fairway.runtime.worker import WorkerPool
from tests.deadline import wait_until


@dataclass
class Scripted(Executor):
    """Does what the test says for each step, by its name; records every call."""

    script: dict[str, Callable[[StepContext], StepResult]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def execute(self, context: StepContext) -> StepResult:
        self.calls.append(context.step.name)
        act = self.script.get(context.step.name)
        return Done() if act is None else act(context)


@dataclass
class World:
    """A store, an engine on it, and the pool that drives it."""

    store: SqlStore
    clock: SystemClock
    scripted: Scripted
    engine: Engine
    pool: WorkerPool

    def add_run(self, *names: str | StepSpec, lane: str = "lane", **changes: object) -> RunId:
        specs = [
            name if isinstance(name, StepSpec) else make_spec(name, *names[:index])
            for index, name in enumerate(names)
        ]
        run = Run(
            id=RunId(0),
            kind="test",
            subject=lane,
            lane=lane,
            actor="ana",
            created_at=datetime.now(UTC),
            **changes,  # type: ignore[arg-type]  # fields of Run by name
        )
        with self.store.write() as tx:
            added = tx.runs.add(run, journal.make_steps(specs))
            tx.queue.mark(LANE, lane)
        return added.id

    def get_run(self, run: RunId) -> Run:
        with self.store.read() as tx:
            found = tx.runs.find(run)
        assert found is not None
        return found

    def list_steps(self, run: RunId) -> tuple[StepRecord, ...]:
        with self.store.read() as tx:
            return tx.runs.list_steps(run)

    def list_states(self, run: RunId) -> list[str]:
        return [step.state for step in self.list_steps(run)]

    def wait_for(self, run: RunId, *states: str) -> Run:
        wanted = states or ("succeeded", "failed", "cancelled")
        wait_until(lambda: self.get_run(run).state in wanted)
        return self.get_run(run)

    def mark(self, lane: str = "lane") -> None:
        with self.store.write() as tx:
            tx.queue.mark(LANE, lane)


def make_spec(name: str, *needs: str | StepSpec) -> StepSpec:
    """Return a step that needs the one before it."""
    labels = [need.label if isinstance(need, StepSpec) else need for need in needs[-1:]]
    return StepSpec(label=name, kind="scripted", name=name, needs=tuple(labels))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    clock = SystemClock()
    store = open_store(f"sqlite:///{tmp_path}/store.db", clock)
    scripted = Scripted()
    engine = Engine(store, clock, Signals(), {"scripted": scripted})
    pool = WorkerPool(store.queue, clock, [LaneController(engine)], owner="test")
    pool.start()
    yield World(store, clock, scripted, engine, pool)
    pool.stop()
    engine.close()
    store.close()
