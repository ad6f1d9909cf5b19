"""The engine: advances a lane's oldest run by its journal.

Belongs here: which steps start, what their ends mean, when a run is over. Never here: what a
step does. Every state is in the store: after a kill at any instant, advancing again goes on
where it was, with the same step keys. Start at `Engine.advance`.
"""

import dataclasses
import logging
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import datetime, timedelta

from fairway.core.run.run import TERMINAL, Failure, Run, StepRecord
from fairway.kits.canonical import JsonObject
from fairway.kits.errors import Refused, Unavailable
from fairway.ports.clock import Clock
from fairway.ports.store.store import Store, Transaction
from fairway.ports.store.work_queue import Lease
from fairway.runtime import backoff, journal, story
from fairway.runtime.signal import Signals
from fairway.runtime.step import Done, Executor, StepContext, StepResult, Waiting

LANE = "lane"
MOST_ATTEMPTS = 8
CANCEL_CHECK_SECONDS = 0.3
_LOG = logging.getLogger(__name__)


class LeaseLostError(Exception):
    """Somebody else took the lane over; nothing more may be written about it."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Batch:
    run: Run
    steps: tuple[StepRecord, ...]
    todo: tuple[StepRecord, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class _Retry:
    again_at: datetime
    problem: Unavailable


_Outcome = StepResult | _Retry | Failure


class Engine:
    """Advances runs; thread-safe, one call at a time per lane (the queue's lease sees to it).

    `on_end` is called with each run that ended, within the transaction that records its end.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        signals: Signals,
        executors: Mapping[str, Executor],
        *,
        parallel: int = 8,
        on_end: Callable[[Transaction, Run], None] = lambda _tx, _run: None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._signals = signals
        self._executors = executors
        self._on_end = on_end
        self._is_interrupted = threading.Event()
        self._pool = ThreadPoolExecutor(parallel, thread_name_prefix="fairway-step")

    def interrupt(self) -> None:
        """Ask steps under way to stop; they stay journalled as running and go on next time."""
        self._is_interrupted.set()

    def close(self) -> None:
        """Wait for steps under way, then free the threads."""
        self._pool.shutdown(wait=True)

    def advance(self, lease: Lease) -> datetime | None:
        """Carry the oldest run of lane `lease.key` as far as it goes now.

        Returns when to be called again, None when only a mark can bring news. A lane whose run
        ended goes on with the next one.
        """
        lane = lease.key
        while True:
            batch = self._begin(lane, lease)
            if batch is None:
                return None
            if not batch.todo:
                continue
            again = self._execute(batch, lease)
            if again is not None:
                return again.at

    def _begin(self, lane: str, lease: Lease) -> _Batch | None:
        """Journal which steps start now; with nothing to start, end the run."""
        now = self._clock.now()
        with self._fenced(lease) as tx:
            run = tx.runs.find_lane_head(lane)
            if run is None:
                return None
            run = self._start(tx, run, now)
            steps = self._settle_blocked(tx, run, tx.runs.list_steps(run.id), now=now)
            todo = tuple(journal.list_startable(steps))
            if todo:
                todo = self._journal_start(tx, run, todo, now=now)
            else:
                self._end(tx, run, steps, now=now)
        self._signals.notify(story.make_topic(run.id))
        return _Batch(run, steps, todo)

    def _start(self, tx: Transaction, run: Run, now: datetime) -> Run:
        changed = run
        if run.deadline is not None and now > run.deadline and not run.is_cancel_requested:
            changed = dataclasses.replace(
                changed, is_cancel_requested=True, failure=journal.make_deadline_failure(run)
            )
        if run.state != "running":
            changed = dataclasses.replace(
                changed, state="running", started_at=run.started_at or now
            )
        if run.state == "queued":
            tx.runs.append_event(run.id, "run", {"state": "running"}, at=now)
        if changed is not run:
            tx.runs.put(changed)
        return changed

    def _settle_blocked(
        self, tx: Transaction, run: Run, steps: tuple[StepRecord, ...], *, now: datetime
    ) -> tuple[StepRecord, ...]:
        """End steps that can never start: what they need failed, or the run is cancelled."""
        settled = {step.index: step for step in steps}
        for step in steps:
            state = journal.find_blocked_state(step, settled, is_cancelled=run.is_cancel_requested)
            if state is None:
                continue
            settled[step.index] = dataclasses.replace(step, state=state, ended_at=now)
            tx.runs.put_steps(run.id, [settled[step.index]])
            self._tell(tx, run, settled[step.index], now=now)
        return tuple(settled[index] for index in sorted(settled))

    def _journal_start(
        self, tx: Transaction, run: Run, todo: tuple[StepRecord, ...], *, now: datetime
    ) -> tuple[StepRecord, ...]:
        started = []
        for step in todo:
            is_new = step.state != "waiting"
            record = dataclasses.replace(
                step,
                state="running",
                attempts=step.attempts + is_new,
                started_at=step.started_at or now,
            )
            started.append(record)
            if is_new:
                self._tell(tx, run, record, now=now)
        tx.runs.put_steps(run.id, started)
        return tuple(started)

    def _execute(self, batch: _Batch, lease: Lease) -> "_Again | None":
        """Carry out the batch in parallel; return when to go on if all of it has to wait."""
        futures = {self._pool.submit(self._carry_out, batch, step): step for step in batch.todo}
        waits: list[datetime | None] = []
        for future in as_completed(futures):
            outcome = future.result()
            if self._is_interrupted.is_set() and isinstance(outcome, Failure):
                raise _make_interruption(batch.run)
            self._record(batch, futures[future], outcome, lease=lease)
            if isinstance(outcome, Waiting | _Retry):
                waits.append(outcome.again_at)
        if len(waits) < len(futures):
            return None
        self._pause(batch.run, lease)
        known = [wait for wait in waits if wait is not None]
        if batch.run.deadline is not None:
            known.append(batch.run.deadline + timedelta(milliseconds=1))
        return _Again(min(known, default=None))

    def _carry_out(self, batch: _Batch, step: StepRecord) -> _Outcome:
        log = story.StepLog(
            self._store, self._clock, self._signals, run=batch.run.id, step=step.index
        )
        context = StepContext(
            run=batch.run,
            step=step,
            steps=batch.steps,
            outputs={item.kind: item.output for item in batch.steps if item.state == "succeeded"},
            log=log.write,
            is_cancelled=self._make_cancel_check(batch.run, step),
        )
        try:
            return self._executors[step.kind].execute(context)
        except Unavailable as problem:
            return self._make_retry(step, problem)
        except Refused as problem:
            return journal.make_failure(problem)
        except Exception:  # noqa: BLE001 - a bug in one step must end its run, not the worker
            incident = uuid.uuid4().hex[:12]
            _LOG.exception("run %s step %s: incident %s", batch.run.id, step.index, incident)
            return journal.make_bug_failure(step, incident)
        finally:
            log.flush()

    def _make_retry(self, step: StepRecord, problem: Unavailable) -> _Outcome:
        if step.attempts >= MOST_ATTEMPTS:
            return journal.make_failure(problem)
        delay = backoff.make_delay_seconds(step.attempts, first=problem.delay_seconds)
        return _Retry(self._clock.now() + timedelta(seconds=delay), problem)

    def _make_cancel_check(self, run: Run, step: StepRecord) -> Callable[[], bool]:
        """Return a check that reads the store at most every `CANCEL_CHECK_SECONDS`."""
        lock = threading.Lock()
        checked_at = 0.0
        is_cancelled = run.is_cancel_requested and not step.is_protected

        def check() -> bool:
            nonlocal checked_at, is_cancelled
            if self._is_interrupted.is_set():
                return True
            with lock:
                due = time.monotonic() - checked_at >= CANCEL_CHECK_SECONDS
                if due and not is_cancelled and not step.is_protected:
                    checked_at = time.monotonic()
                    is_cancelled = self._is_cancelled(run)
                return is_cancelled

        return check

    def _is_cancelled(self, run: Run) -> bool:
        if run.deadline is not None and self._clock.now() > run.deadline:
            return True
        with self._store.read() as tx:
            current = tx.runs.find(run.id)
        return current is None or current.is_cancel_requested

    def _record(self, batch: _Batch, step: StepRecord, outcome: _Outcome, *, lease: Lease) -> None:
        """Journal how a step ended, and with it whatever belongs to its success."""
        now = self._clock.now()
        with self._fenced(lease) as tx:
            run = tx.runs.find(batch.run.id) or batch.run
            match outcome:
                case Done():
                    record = self._record_done(tx, run, step, outcome, now=now)
                case Waiting():
                    record = dataclasses.replace(step, state="waiting")
                case _Retry():
                    record = dataclasses.replace(step, state="waiting", attempts=step.attempts + 1)
                    self._tell(tx, run, record, now=now, text=f"again soon: {outcome.problem}")
                case Failure():
                    is_cancelled = run.is_cancel_requested and not step.is_protected
                    record = dataclasses.replace(
                        step,
                        state="cancelled" if is_cancelled else "failed",
                        failure=outcome,
                        ended_at=now,
                    )
                    self._tell(tx, run, record, now=now)
            tx.runs.put_steps(run.id, [record])
        self._signals.notify(story.make_topic(batch.run.id))

    def _record_done(
        self, tx: Transaction, run: Run, step: StepRecord, done: Done, *, now: datetime
    ) -> StepRecord:
        if done.commit is not None:
            done.commit(tx)
        if done.result:
            tx.runs.put(dataclasses.replace(run, output={**run.output, **done.result}))
        if done.then:
            first = len(tx.runs.list_steps(run.id))
            tx.runs.put_steps(run.id, journal.make_steps(done.then, first=first))
        record = dataclasses.replace(step, state="succeeded", output=done.output, ended_at=now)
        self._tell(tx, run, record, now=now, text=done.text)
        return record

    def _pause(self, run: Run, lease: Lease) -> None:
        with self._fenced(lease) as tx:
            current = tx.runs.find(run.id) or run
            tx.runs.put(dataclasses.replace(current, state="waiting"))

    def _end(
        self, tx: Transaction, run: Run, steps: tuple[StepRecord, ...], *, now: datetime
    ) -> None:
        failure = run.failure or next((step.failure for step in steps if step.failure), None)
        is_failed = any(step.state == "failed" for step in steps)
        if run.is_cancel_requested and not is_failed and run.failure is None:
            ended = dataclasses.replace(run, state="cancelled", ended_at=now)
        elif is_failed or run.failure is not None:
            ended = dataclasses.replace(run, state="failed", failure=failure, ended_at=now)
        else:
            ended = dataclasses.replace(run, state="succeeded", ended_at=now)
        tx.runs.put(ended)
        data: JsonObject = {"state": ended.state, "output": ended.output}
        if ended.failure is not None:
            data = {**data, "failure": journal.make_failure_document(ended.failure)}
        tx.runs.append_event(run.id, "run", data, at=now)
        self._on_end(tx, ended)

    def _tell(
        self, tx: Transaction, run: Run, step: StepRecord, *, now: datetime, text: str = ""
    ) -> None:
        data: dict[str, object] = {"name": step.name, "kind": step.kind, "state": step.state}
        if text:
            data["text"] = text
        if step.failure is not None:
            data["failure"] = journal.make_failure_document(step.failure)
        if step.state in TERMINAL and step.started_at is not None:
            data["seconds"] = round((now - step.started_at).total_seconds(), 3)
        tx.runs.append_event(run.id, "step", data, at=now, step=step.index)  # type: ignore[arg-type]  # JSON by construction

    def _fenced(self, lease: Lease) -> "_Fenced":
        return _Fenced(self._store, lease)


def _make_interruption(run: Run) -> Unavailable:
    return Unavailable(
        "RUN-INTERRUPTED",
        what=f"cannot go on with run {run.id} now",
        why="the platform is stopping",
        fix="start it again with: fairway up; the run goes on where it was",
    )


@dataclasses.dataclass(frozen=True, slots=True)
class _Again:
    at: datetime | None


class _Fenced:
    """A write transaction that only the holder of the lease may use."""

    def __init__(self, store: Store, lease: Lease) -> None:
        self._block = store.write()
        self._lease = lease

    def __enter__(self) -> Transaction:
        tx = self._block.__enter__()
        if not tx.queue.holds(self._lease):
            error = LeaseLostError(f"{self._lease.kind}/{self._lease.key}")
            self._block.__exit__(type(error), error, None)
            raise error
        return tx

    def __exit__(self, *error: object) -> bool | None:
        return self._block.__exit__(*error)  # type: ignore[arg-type]  # passed through
