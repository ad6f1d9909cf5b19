"""The queue against a model of it that fits on a page, on both databases."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    rule,
    run_state_machine_as_test,
)

from fairway.drivers.sqlalchemy.schema import work
from fairway.drivers.sqlalchemy.store import SqlStore, open_store
from fairway.ports.clock import Clock
from fairway.ports.store.work_queue import Lease
from tests.servers import start_postgresql

START = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = ("build", "run")
KEYS = st.tuples(st.sampled_from(KINDS), st.sampled_from(("1", "2", "3")))
SECONDS = st.integers(min_value=0, max_value=12)


class HandClock(Clock):
    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at


@dataclass(slots=True)
class Row:
    """What must be true of a key."""

    generation: int = 0
    due_at: datetime | None = None
    token: str | None = None
    lease_until: datetime | None = None
    attempts: int = 0

    def find_ready_at(self) -> datetime | None:
        return self.lease_until if self.token else self.due_at

    def be_due(self, at: datetime) -> None:
        self.due_at = at if self.due_at is None else min(self.due_at, at)

    def release(self) -> None:
        self.token = self.lease_until = None


@dataclass(slots=True)
class Model:
    rows: dict[tuple[str, str], Row] = field(default_factory=dict)

    def list_ready(self, kinds: tuple[str, ...], now: datetime) -> list[tuple[str, str]]:
        ready = [
            (at, key)
            for key, row in self.rows.items()
            if key[0] in kinds and (at := row.find_ready_at()) is not None and at <= now
        ]
        return [key for _, key in sorted(ready)]

    def is_held(self, lease: Lease) -> bool:
        return self.rows[lease.kind, lease.key].token == lease.token


class QueueMachine(RuleBasedStateMachine):
    """Every step is done to both; what a step answers must be what the model says."""

    leases = Bundle("leases")
    store: SqlStore
    clock: HandClock

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.clock.at = START
        with self.store._database.write() as connection:
            connection.execute(sa.delete(work))

    @rule(key=KEYS, after=st.none() | SECONDS)
    def mark(self, key: tuple[str, str], after: int | None) -> None:
        due_at = None if after is None else self.clock.at + timedelta(seconds=after)
        with self.store.write() as transaction:
            transaction.queue.mark(*key, due_at=due_at)
        row = self.model.rows.setdefault(key, Row())
        row.generation += 1
        row.be_due(due_at or self.clock.at)

    @rule(
        target=leases,
        kinds=st.sampled_from((KINDS, KINDS[:1], ())),
        limit=st.integers(min_value=1, max_value=3),
        seconds=st.integers(min_value=1, max_value=8),
    )
    def claim(self, kinds: tuple[str, ...], limit: int, seconds: int) -> tuple[Lease, ...]:
        leases = self.store.queue.claim(kinds, owner="w", lease_seconds=seconds, limit=limit)
        expected = self.model.list_ready(kinds, self.clock.at)[:limit]
        assert [(lease.kind, lease.key) for lease in leases] == expected
        for lease in leases:
            row = self.model.rows[lease.kind, lease.key]
            assert (lease.generation, lease.attempts) == (row.generation, row.attempts)
            row.token, row.due_at = lease.token, None
            row.lease_until = self.clock.at + timedelta(seconds=seconds)
        return leases

    @rule(held=leases, seconds=SECONDS)
    def renew(self, held: tuple[Lease, ...], seconds: int) -> None:
        for lease in held:
            is_held = self.model.is_held(lease)
            assert self.store.queue.renew(lease, lease_seconds=seconds) == is_held
            if is_held:
                row = self.model.rows[lease.kind, lease.key]
                row.lease_until = self.clock.at + timedelta(seconds=seconds)

    @rule(held=consumes(leases), after=st.none() | SECONDS)
    def finish(self, held: tuple[Lease, ...], after: int | None) -> None:
        again_at = None if after is None else self.clock.at + timedelta(seconds=after)
        for lease in held:
            is_held = self.model.is_held(lease)
            assert self.store.queue.finish(lease, again_at=again_at) == is_held
            if is_held:
                row = self.model.rows[lease.kind, lease.key]
                row.release()
                row.attempts = 0
                if again_at is not None:
                    row.generation += 1
                    row.be_due(again_at)

    @rule(held=leases, after=SECONDS)
    def fail(self, held: tuple[Lease, ...], after: int) -> None:
        again_at = self.clock.at + timedelta(seconds=after)
        for lease in held:
            is_held = self.model.is_held(lease)
            assert self.store.queue.fail(lease, again_at=again_at) == is_held
            if is_held:
                row = self.model.rows[lease.kind, lease.key]
                row.release()
                row.attempts += 1
                row.be_due(again_at)

    @rule(held=leases)
    def ask_who_holds(self, held: tuple[Lease, ...]) -> None:
        with self.store.write() as transaction:
            for lease in held:
                assert transaction.queue.holds(lease) == self.model.is_held(lease)

    @rule(seconds=SECONDS)
    def pass_time(self, seconds: int) -> None:
        self.clock.at += timedelta(seconds=seconds)

    @invariant()
    def no_mark_is_lost(self) -> None:
        """A key is dirty for as long as somebody has to work on it, and no longer."""
        with self.store._database.read() as connection:
            for row in connection.execute(sa.select(work)):
                expected = self.model.rows[row.kind, row.key]
                is_dirty = row.generation > row.done_generation
                assert is_dirty == (expected.find_ready_at() is not None)
                assert row.due_at == expected.due_at
                assert row.lease_until == expected.lease_until


@contextmanager
def open_backend(name: str, folder: Path, clock: Clock) -> Iterator[SqlStore]:
    with ExitStack() as stack:
        url = f"sqlite:///{folder}/fairway.db"
        if name == "postgresql":
            url = stack.enter_context(start_postgresql()).create_database()
        store = open_store(url, clock)
        stack.callback(store.close)
        yield store


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_the_queue_does_what_its_model_does(backend: str, tmp_path: Path) -> None:
    clock_ = HandClock()
    with open_backend(backend, tmp_path, clock_) as store_:

        class Machine(QueueMachine):
            store = store_
            clock = clock_

        run_state_machine_as_test(
            Machine,
            settings=settings(
                max_examples=60,
                stateful_step_count=30,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
