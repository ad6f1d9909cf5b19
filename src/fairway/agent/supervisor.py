"""Keeping one workload as it is wanted.

Belongs here: carrying out `rollout` decisions, the workload's sealed record, its status. Never
here: the rules themselves (`rollout`), a replica's life (`replica`). Level-triggered: `run` looks
at what is wanted and what there is, whatever woke it.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from fairway.agent import log, rollout
from fairway.agent.machine import storage
from fairway.agent.order import Order
from fairway.agent.record import Record, RecordFile
from fairway.agent.replica import Replica, ReplicaRecord, Site, read_record
from fairway.agent.rollout import Decision, View, Want
from fairway.agent.setting import Settings, parse_settings
from fairway.agent.shim import attempt
from fairway.kits.errors import Problem
from fairway.ports.target import WorkloadStatus

_RETIRED = "retired"
_KEPT_ARCHIVES = 10
_LAST_LINES = 20
_RETRY_SECONDS = 1.0
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a supervisor uses of its agent."""

    folder: Path
    file: RecordFile
    site: Site
    publish: Callable[[], Awaitable[None]]
    drain: Callable[[str, float], Awaitable[None]]
    notify: Callable[[], None]


class Supervisor:
    """Owns all replicas of one workload."""

    def __init__(self, environment: str, component: str, around: Surroundings) -> None:
        self.environment, self.component = environment, component
        self.serving: tuple[Replica, ...] = ()
        self.is_closed = False
        self.record = Record()
        self._around = around
        self._replicas: dict[str, Replica] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._retiring: dict[str, asyncio.Task[None]] = {}
        self._wake = asyncio.Event()
        self._began = time.time()
        self._told: object = None
        self._is_paused = False

    def load(self) -> None:
        """Read the record that an earlier agent left. Blocking."""
        self.record = self._around.file.read()

    def _store(self, record: Record) -> None:
        """Make `record` what holds, durably first."""
        self._around.file.write(record)
        self.record = record

    def want(self, wanted: Order) -> bool:
        """Want an order; False when it is wanted already. Durable on return."""
        generation = wanted.spec.generation
        known = self.record.orders.get(generation)
        if self.record.wanted == generation and known == wanted:
            return False
        orders = {**self.record.orders, generation: wanted}
        self._store(
            replace(
                self.record,
                wanted=generation,
                orders=orders,
                is_settled=False,
                applied_at=time.time(),
            )
        )
        for replica in self._replicas.values():
            if replica.record.generation == generation:
                replica.order = wanted
        self._wake.set()
        return True

    def want_nothing(self) -> None:
        """Want the workload to be gone. Durable on return."""
        if self.record.wanted is not None:
            self._store(replace(self.record, wanted=None, good=None, is_settled=False))
        self._wake.set()

    def wake(self) -> None:
        """Have `run` look again."""
        self._wake.set()

    @property
    def order(self) -> Order | None:
        return None if self.record.wanted is None else self.record.orders[self.record.wanted]

    @property
    def settings(self) -> Settings:
        return parse_settings(self.order.spec.settings if self.order else {})

    async def run(self) -> None:
        """Work until the workload is gone. Cancelling leaves all replicas running."""
        try:
            await self._recover()
            while True:
                self._wake.clear()
                if not self._is_paused:
                    await self._reconcile_safely()
                if self.record.wanted is None and not self._replicas:
                    self.is_closed = True
                    await asyncio.to_thread(self._remove_all)
                    self._tell(force=True)
                    return
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), self._choose_pause())
        finally:
            running = [*self._tasks.values(), *self._retiring.values()]
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    def _choose_pause(self) -> float | None:
        left = self._find_deadline() - time.time()
        return None if self.record.is_settled or left < 0 else left + 0.01

    def _find_deadline(self) -> float:
        """Return when a rollout is overdue; time without an agent does not count."""
        started = max(self.record.applied_at, self._began)
        return started + self.settings.progress_deadline_seconds

    async def _recover(self) -> None:
        for folder in sorted(self._around.folder.glob("*/")):
            found = await asyncio.to_thread(read_record, folder)
            if found is None or (folder / _RETIRED).exists():
                continue
            if found.generation in self.record.orders:
                self._begin(found)
            else:
                await asyncio.to_thread(_stop_unknown, folder)

    async def _reconcile_safely(self) -> None:
        """Look once; a fault, even a bug, must not end the watch over what runs."""
        try:
            await self._reconcile()
        except Exception:  # noqa: BLE001  # logged; the workload must be kept
            _LOG.exception("workload %s in %s", self.component, self.environment)
            asyncio.get_running_loop().call_later(_RETRY_SECONDS, self._wake.set)

    async def _reconcile(self) -> None:
        decision = self._decide()
        for name in decision.start:
            await self._start(name)
        for name in decision.retire:
            self._replicas[name].is_retiring = True
        if decision.retire or decision.start:
            decision = self._decide()
        served = {replica.record.id for replica in self.serving}
        serving = tuple(self._replicas[name] for name in decision.serving)
        if serving != self.serving:
            self.serving = serving
            await self._around.publish()
        for name, replica in self._replicas.items():
            if replica.is_retiring and name not in self._retiring:
                task = asyncio.create_task(self._retire(replica, is_drained=name not in served))
                self._retiring[name] = task
        self._tell()
        self._settle(decision)

    def _settle(self, decision: Decision) -> None:
        """Remember a wholly ready generation, and forget orders that nothing runs any more."""
        record = self.record
        if decision.is_complete and record.wanted is not None and not record.is_settled:
            record = replace(record, good=record.wanted, is_settled=True)
        used = {replica.record.generation for replica in self._replicas.values()}
        used |= {generation for generation in (record.wanted, record.good) if generation}
        orders = {key: found for key, found in record.orders.items() if key in used}
        record = replace(record, orders=orders)
        if record != self.record:
            self._store(record)

    def _decide(self) -> Decision:
        views = [
            View(
                id=name,
                generation=replica.record.generation,
                is_ready=replica.is_ready,
                is_retiring=replica.is_retiring,
                crashes=replica.crashes,
            )
            for name, replica in self._replicas.items()
        ]
        return rollout.make_decision(self._make_want(), views)

    def _make_want(self) -> Want | None:
        if (wanted := self.order) is None:
            return None
        return Want(
            component=self.component,
            generation=wanted.spec.generation,
            replicas=wanted.spec.replicas,
            good_generation=self.record.good,
            is_settled=self.record.is_settled,
            is_overdue=time.time() > self._find_deadline(),
            crash_limit=self.settings.crash_limit,
        )

    async def stop_all(self) -> None:
        """Stop all replicas as they are; they stay wanted."""
        self._is_paused = True
        for replica in self._replicas.values():
            replica.ask_to_stop(replica.settings.stop_seconds)
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _start(self, name: str) -> None:
        wanted = self.order
        if wanted is None:
            raise AssertionError
        index = int(name.rsplit("-", 2)[1])
        record = ReplicaRecord(
            id=name, index=index, generation=wanted.spec.generation, release=wanted.spec.release
        )
        folder = self._around.folder / name
        await asyncio.to_thread(_claim, folder, record)
        self._begin(record)

    def _begin(self, record: ReplicaRecord) -> None:
        replica = Replica(
            self._around.folder / record.id,
            record,
            self.record.orders[record.generation],
            site=self._around.site,
            on_change=self._wake.set,
        )
        self._replicas[record.id] = replica
        self._tasks[record.id] = asyncio.create_task(_keep_running(replica))

    async def _retire(self, replica: Replica, *, is_drained: bool) -> None:
        name = replica.record.id
        if not is_drained:
            await self._around.drain(name, replica.settings.drain_seconds)
        replica.ask_to_stop(replica.settings.stop_seconds)
        await asyncio.gather(self._tasks[name], return_exceptions=True)
        await asyncio.to_thread(self._archive, replica)
        for known in (self._replicas, self._tasks, self._retiring):
            known.pop(name, None)
        self._wake.set()

    def _archive(self, replica: Replica) -> None:
        """Keep a stopped replica's logs, and those of a few before it."""
        with suppress(OSError, Problem):
            replica.clear()
            (replica.folder / _RETIRED).touch()
            archives = sorted(
                self._around.folder.glob(f"*/{_RETIRED}"), key=lambda path: path.stat().st_mtime
            )
            for marker in archives[:-_KEPT_ARCHIVES]:
                storage.remove_tree(marker.parent)

    def _remove_all(self) -> None:
        with suppress(OSError, Problem):
            storage.remove_tree(self._around.folder)
        self._around.file.remove()

    def _tell(self, *, force: bool = False) -> None:
        """Notify those who wait when the status is another than they were told."""
        decision = self._decide()
        seen = (
            self.record.wanted,
            decision,
            [(replica.is_ready, replica.reason) for replica in self._replicas.values()],
        )
        if force or seen != self._told:
            self._told = seen
            self._around.notify()

    def make_status(self) -> WorkloadStatus:
        """Return what runs and how it is. Blocking: reads `/proc` and the last log lines."""
        decision = self._decide()
        wanted = self.order
        replicas = sorted(self._replicas.values(), key=lambda found: found.record.id)
        current = [
            found
            for found in replicas
            if found.record.generation == self.record.wanted and not found.is_retiring
        ]
        faulty = [found for found in current if not found.is_ready]
        faulty.sort(key=lambda found: (-found.crashes, found.record.id))
        is_bad = bool(faulty) and decision.phase in ("failed", "degraded", "progressing")
        return WorkloadStatus(
            generation=self.record.wanted or "",
            release=wanted.spec.release if wanted else 0,
            phase=decision.phase,
            desired=wanted.spec.replicas if wanted else 0,
            ready=sum(found.is_ready for found in current),
            instances=tuple(found.make_status() for found in replicas),
            reason=self._explain(faulty[0]) if is_bad else "",
            last_lines=_read_last_lines(faulty[0]) if is_bad else (),
        )

    def _explain(self, replica: Replica) -> str:
        crashed = replica.crashes >= self.settings.crash_limit
        if crashed or self.record.is_settled or time.time() <= self._find_deadline():
            return replica.reason
        waited = f"not ready after {self.settings.progress_deadline_seconds:g} s"
        return f"{waited}: {replica.reason}" if replica.reason else waited


async def _keep_running(replica: Replica) -> None:
    while True:
        try:
            await replica.run()
        except (OSError, Problem):
            _LOG.exception("replica %s", replica.record.id)
            await asyncio.sleep(1)
        else:
            return


def _claim(folder: Path, record: ReplicaRecord) -> None:
    """Make a replica's folder, or take up that of an earlier one of the same generation."""
    with storage.naming_disk_faults(folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    record.write(folder)
    (folder / _RETIRED).unlink(missing_ok=True)


def _stop_unknown(folder: Path) -> None:
    """Stop what runs in a replica's folder whose order is lost."""
    for container in folder.glob("*/"):
        found = attempt.find_attempt(container)
        if found is not None:
            found.ask_to_stop(5.0)
    (folder / _RETIRED).touch()


def _read_last_lines(replica: Replica) -> tuple[str, ...]:
    faulty = [c for c in replica.containers.values() if not (c.is_ready or c.is_complete)]
    ordered = sorted(faulty, key=lambda found: -found.crashes)
    for container in ordered:
        if lines := log.read_last_lines(container.plan.folder, _LAST_LINES):
            return lines
    return ()
