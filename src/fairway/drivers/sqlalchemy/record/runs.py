"""The run journal: runs, their steps and their events."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from fairway.core.run.run import Run, RunEvent, RunId, RunState, StepRecord
from fairway.drivers.sqlalchemy.codec import make_row
from fairway.drivers.sqlalchemy.dialect import Dialect
from fairway.drivers.sqlalchemy.schema import run_events, run_steps, runs
from fairway.kits.canonical import JsonObject
from fairway.ports.store.runs import Runs

_LIVE = ("queued", "running", "waiting")
_STEP_FIELDS = [column for column in run_steps.c if column.name != "run"]


class SqlRuns(Runs):
    """The tables `runs`, `run_steps` and `run_events`."""

    def __init__(self, connection: Connection, dialect: Dialect) -> None:
        self._connection = connection
        self._dialect = dialect

    def add(self, run: Run, steps: Iterable[StepRecord]) -> Run:
        row = make_row(run)
        del row["id"]
        number = self._connection.execute(
            sa.insert(runs).values(row).returning(runs.c.id)
        ).scalar_one()
        stored = replace(run, id=RunId(number))
        self.put_steps(stored.id, steps)
        return stored

    def find(self, run: RunId) -> Run | None:
        row = (
            self._connection.execute(sa.select(runs).where(runs.c.id == run))
            .mappings()
            .one_or_none()
        )
        return Run(**row) if row else None

    def find_by_request(self, request: str) -> Run | None:
        query = sa.select(runs).where(runs.c.request == request)
        row = self._connection.execute(query).mappings().one_or_none()
        return Run(**row) if row else None

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
        query = sa.select(runs).order_by(runs.c.id.desc()).limit(limit)
        if lane is not None:
            query = query.where(runs.c.lane == lane)
        if subject is not None:
            query = query.where(runs.c.subject == subject)
        if component is not None:
            query = query.where(runs.c.lane.endswith(f"/{component}", autoescape=True))
        if environment is not None:
            prefix = f"deployment/{environment}/"
            query = query.where(runs.c.lane.startswith(prefix, autoescape=True))
        if wanted := list(states):
            query = query.where(runs.c.state.in_(wanted))
        if before is not None:
            query = query.where(runs.c.id < before)
        return tuple(Run(**row) for row in self._connection.execute(query).mappings())

    def find_lane_head(self, lane: str) -> Run | None:
        query = (
            sa.select(runs)
            .where(runs.c.lane == lane, runs.c.state.in_(_LIVE))
            .order_by(runs.c.id)
            .limit(1)
        )
        row = self._connection.execute(query).mappings().one_or_none()
        return Run(**row) if row else None

    def put(self, run: Run) -> None:
        self._connection.execute(sa.update(runs).where(runs.c.id == run.id).values(make_row(run)))

    def list_steps(self, run: RunId) -> tuple[StepRecord, ...]:
        query = (
            sa.select(*_STEP_FIELDS).where(run_steps.c.run == run).order_by(run_steps.c["index"])
        )
        return tuple(StepRecord(**row) for row in self._connection.execute(query).mappings())

    def put_steps(self, run: RunId, steps: Iterable[StepRecord]) -> None:
        rows = [{"run": run, **make_row(step)} for step in steps]
        if rows:
            self._connection.execute(self._dialect.make_put(run_steps), rows)

    def append_event(
        self,
        run: RunId,
        kind: Literal["run", "step", "log"],
        data: JsonObject,
        *,
        at: datetime,
        step: int | None = None,
    ) -> RunEvent:
        # Write transactions follow each other, so that no other takes the same number.
        following = (
            sa.select(sa.func.coalesce(sa.func.max(run_events.c.sequence), 0) + 1)
            .where(run_events.c.run == run)
            .scalar_subquery()
        )
        sequence = self._connection.execute(
            sa.insert(run_events)
            .values(run=run, sequence=following, at=at, kind=kind, step=step, data=data)
            .returning(run_events.c.sequence)
        ).scalar_one()
        return RunEvent(run=run, sequence=sequence, at=at, kind=kind, step=step, data=data)

    def list_events(self, run: RunId, *, after: int = 0, limit: int = 500) -> tuple[RunEvent, ...]:
        query = (
            sa.select(run_events)
            .where(run_events.c.run == run, run_events.c.sequence > after)
            .order_by(run_events.c.sequence)
            .limit(limit)
        )
        return tuple(RunEvent(**row) for row in self._connection.execute(query).mappings())
