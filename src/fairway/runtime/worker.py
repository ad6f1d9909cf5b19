"""The worker pool: leases dirty keys and hands them to controllers.

Belongs here: claiming, per-kind concurrency, renewing leases, backoff. Never here: what a key
means. Start at `WorkerPool`.
"""

import logging
import threading
from abc import abstractmethod
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Protocol

from fairway.kits.errors import Problem, Unavailable
from fairway.ports.clock import Clock
from fairway.ports.store.work_queue import Lease, WorkQueue
from fairway.runtime import backoff

LEASE_SECONDS = 15.0
IDLE_SECONDS = 1.0
_LOG = logging.getLogger(__name__)


class Controller(Protocol):
    """A level-triggered loop over the keys of one kind.

    `reconcile` gets a key and never what happened to it: it looks, acts and returns when to be
    called again, None for only when the key is marked. `concurrency` keys are worked on at once.
    """

    kind: str
    concurrency: int

    @abstractmethod
    def reconcile(self, lease: Lease) -> datetime | None:
        """Bring the key's world nearer to what is wanted; blocking."""


class WorkerPool:
    """Runs controllers over one queue until it is stopped; any number of pools may share one."""

    def __init__(
        self, queue: WorkQueue, clock: Clock, controllers: Iterable[Controller], *, owner: str
    ) -> None:
        self._queue = queue
        self._clock = clock
        self._controllers = {controller.kind: controller for controller in controllers}
        self._owner = owner
        self._lock = threading.Lock()
        self._held: dict[str, Lease] = {}
        self._busy: Counter[str] = Counter()
        self._next_due: datetime | None = None
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._is_over = threading.Event()
        most = sum(controller.concurrency for controller in self._controllers.values())
        self._executor = ThreadPoolExecutor(most, thread_name_prefix="fairway-worker")
        self._threads = [
            threading.Thread(target=target, name=f"fairway-{name}", daemon=True)
            for name, target in (
                ("dispatch", self._dispatch),
                ("listen", self._listen),
                ("renew", self._renew),
            )
        ]

    def start(self) -> None:
        """Start working in background threads."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Claim nothing more, and return when what is under way has ended."""
        *claiming, renewing = self._threads
        self._stop.set()
        self._wake.set()
        for thread in claiming:
            thread.join()
        self._executor.shutdown(wait=True)
        self._is_over.set()
        renewing.join()

    def _listen(self) -> None:
        while not self._stop.is_set():
            self._queue.wait(IDLE_SECONDS)
            self._wake.set()

    def _dispatch(self) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            try:
                is_any = self._claim_all()
            except Unavailable as problem:
                _LOG.warning("cannot claim work: %s", problem)
                self._stop.wait(problem.delay_seconds)
                continue
            if not is_any:
                self._wake.wait(self._get_pause_seconds())

    def _get_pause_seconds(self) -> float:
        with self._lock:
            due, self._next_due = self._next_due, None
        if due is None:
            return IDLE_SECONDS
        return min(IDLE_SECONDS, max(0.0, (due - self._clock.now()).total_seconds()))

    def _claim_all(self) -> bool:
        is_any = False
        for kind, controller in self._controllers.items():
            with self._lock:
                free = controller.concurrency - self._busy[kind]
            if free <= 0:
                continue
            leases = self._queue.claim(
                [kind], owner=self._owner, lease_seconds=LEASE_SECONDS, limit=free
            )
            for lease in leases:
                is_any = True
                with self._lock:
                    self._busy[kind] += 1
                    self._held[lease.token] = lease
                self._executor.submit(self._work, controller, lease)
        return is_any

    def _work(self, controller: Controller, lease: Lease) -> None:
        try:
            self._release(lease, *self._reconcile(controller, lease))
        except Unavailable as problem:
            _LOG.warning("cannot release %s/%s: %s", lease.kind, lease.key, problem)
        finally:
            with self._lock:
                self._busy[lease.kind] -= 1
                self._held.pop(lease.token, None)
            self._wake.set()

    def _reconcile(self, controller: Controller, lease: Lease) -> tuple[bool, datetime | None]:
        """Return whether the controller succeeded, and when it wants to be called again."""
        try:
            return True, controller.reconcile(lease)
        except Problem as problem:
            _LOG.warning("%s/%s: %s: %s", lease.kind, lease.key, problem.code, problem)
        except Exception:  # noqa: BLE001 - one key's bug must not stop the others; it is retried
            _LOG.exception("%s/%s: internal error", lease.kind, lease.key)
        delay = backoff.make_delay_seconds(lease.attempts + 1)
        return False, self._clock.now() + timedelta(seconds=delay)

    def _release(self, lease: Lease, is_done: bool, again_at: datetime | None) -> None:  # noqa: FBT001 - unpacked from one pair
        if again_at is not None:
            with self._lock:
                due = self._next_due
                self._next_due = again_at if due is None else min(due, again_at)
        if is_done:
            self._queue.finish(lease, again_at=again_at)
        else:
            assert again_at is not None
            self._queue.fail(lease, again_at=again_at)

    def _renew(self) -> None:
        while not self._is_over.wait(LEASE_SECONDS / 3):
            with self._lock:
                held = list(self._held.values())
            for lease in held:
                try:
                    self._queue.renew(lease, lease_seconds=LEASE_SECONDS)
                except Unavailable as problem:
                    _LOG.warning("cannot renew %s/%s: %s", lease.kind, lease.key, problem)
