"""Keeping one container of a replica as it is wanted.

Belongs here: start, probes, restart with backoff, stop. Never here: the order among containers
(`replica`), what a shim does (`attempt`). Start at `Container.run`.
"""

import asyncio
import logging
import random
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fairway.agent.setting import ProbeSettings, Settings
from fairway.agent.shim import attempt as attempts
from fairway.agent.shim.attempt import Attempt, Exit
from fairway.kits.errors import Problem

Phase = Literal["starting", "running", "backoff", "stopping", "exited"]
Check = Callable[[float], Awaitable[str]]  # takes a timeout; returns why it fails, or nothing
_FAST_SECONDS = 5.0
_FAST_PERIODS = (0.05, 0.1)
_KEPT_RECORDS = 8
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerPlan:
    """How to run a container. A job ends by exit 0 and is not run again.

    `make_request` (blocking) gives the shim's request for a run; `count_oom_kills` and
    `forget_run` see to the run's control group.
    """

    name: str
    folder: Path
    is_job: bool
    settings: Settings
    memory_limit: str | None
    make_request: Callable[[int], dict[str, object]]
    count_oom_kills: Callable[[int], int]
    forget_run: Callable[[int], None]
    wait_for_turn: Callable[[], Awaitable[None]]
    readiness: Check | None
    liveness: Check | None
    on_change: Callable[[], None]


class Container:
    """A container's state, changed only by its own `run`."""

    def __init__(self, plan: ContainerPlan) -> None:
        self.plan = plan
        self.phase: Phase = "starting"
        self.is_ready = False
        self.is_complete = False
        self.attempt: Attempt | None = None
        self.last_exit: Exit | None = None
        self.restarts = 0
        self.crashes = 0
        self._exit_fault = self._probe_fault = ""
        self._liveness_fault = ""
        self._has_begun = False
        self._stop_seconds: float | None = None
        self._stop_asked = asyncio.Event()

    async def run(self) -> None:
        """Run until complete or stopped. Cancelling it leaves the program running."""
        self.attempt = await asyncio.to_thread(self._recover)
        while self._stop_seconds is None and not self.is_complete:
            if self.attempt is None:
                if self.crashes:
                    await self._back_off()
                await self._unless_stopped(self.plan.wait_for_turn())
                if self._stop_seconds is not None:
                    break
                self.attempt = await self._try_start()
                continue
            await self._attend(self.attempt)
        if self.attempt is not None:
            await self._attend(self.attempt)
        self._set("exited")

    def ask_to_stop(self, grace_seconds: float) -> None:
        """Have `run` stop the program and return."""
        self._stop_seconds = grace_seconds
        self._stop_asked.set()

    @property
    def reason(self) -> str:
        """Why it is not ready: how it ended last tells more than that nothing answers now."""
        if self.is_complete or (self.is_ready and self.plan.readiness is not None):
            return ""
        return self._exit_fault or self._probe_fault

    @property
    def has_started(self) -> bool:
        return self.phase == "running" or self.is_complete

    def _recover(self) -> Attempt | None:
        """Find a run of an earlier agent, or how the last one ended while there was none."""
        folder = self.plan.folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        found = attempts.find_attempt(folder)
        last = attempts.read_last_number(folder)
        self.restarts = max(0, last - 1)
        for number in range(max(1, last - _KEPT_RECORDS), last + 1):
            if found is not None and number == found.number:
                continue
            ended = attempts.find_exit(folder, number)
            if ended is not None:
                self._note_exit(ended)
            elif number == last:
                attempts.kill_marked(folder)
                self._note_exit(Exit(attempt=number, error="its shim was killed"))
        return found

    async def _try_start(self) -> Attempt | None:
        number = await asyncio.to_thread(attempts.read_last_number, self.plan.folder) + 1
        self._set("starting")
        try:
            started = await asyncio.to_thread(self._start, number)
        except (OSError, ValueError, Problem) as error:
            _LOG.warning("cannot start %s: %s", self.plan.folder, error)
            self.crashes += 1
            self._exit_fault = f"cannot start: {error}"
            return None
        self.restarts = number - 1
        return started

    def _start(self, number: int) -> Attempt:
        return attempts.start_attempt(self.plan.folder, self.plan.make_request(number))

    async def _attend(self, attempt: Attempt) -> None:
        """Watch a run to its end."""
        self._liveness_fault = ""
        self._has_begun = False
        self._set("running")
        helpers = [asyncio.create_task(self._obey_stop(attempt))]
        if self.plan.readiness is not None:
            helpers.append(asyncio.create_task(self._watch_readiness(self.plan.readiness, attempt)))
        elif not self.plan.is_job:
            helpers.append(asyncio.create_task(self._become_ready(attempt)))
        if self.plan.liveness is not None:
            helpers.append(asyncio.create_task(self._watch_liveness(self.plan.liveness, attempt)))
        try:
            ended = await attempt.wait()
        finally:
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
        self.attempt = None
        self.is_ready = False
        self._note_exit(ended)
        await asyncio.to_thread(self._tidy, ended.attempt)
        self._set("exited" if self.is_complete or self._stop_seconds is not None else "backoff")

    async def _obey_stop(self, attempt: Attempt) -> None:
        await self._stop_asked.wait()
        self.is_ready = False
        self._set("stopping")
        await attempt.stop(self._stop_seconds or 0.0)

    def _note_exit(self, ended: Exit) -> None:
        self.last_exit = ended
        if ended.is_stopped and not self._liveness_fault:
            return
        if self.plan.is_job and ended.code == 0 and not ended.error:
            self.is_complete = True
            return
        is_stable = ended.ran_seconds >= self.plan.settings.stable_seconds
        self.crashes = 1 if is_stable else self.crashes + 1
        times = f" ({self.crashes} times)" if self.crashes > 1 else ""
        self._exit_fault = self._explain(ended) + times

    def _explain(self, ended: Exit) -> str:
        if self._liveness_fault:
            return f"liveness probe failed: {self._liveness_fault}"
        if ended.error:
            return ended.error
        after = f" after {ended.ran_seconds:.1f} s"
        if ended.signal is not None:
            if ended.signal == signal.SIGKILL and self.plan.count_oom_kills(ended.attempt):
                return f"out of memory{after}: its limit is {self.plan.memory_limit}"
            return f"killed by {signal.Signals(ended.signal).name}{after}"
        if ended.leftovers:
            return (
                f"exit {ended.code}{after}, leaving {ended.leftovers} processes behind: "
                "run the service in the foreground"
            )
        return f"exit {ended.code}{after}"

    def _tidy(self, number: int) -> None:
        self.plan.forget_run(number)
        (self.plan.folder / f"exit-{number - _KEPT_RECORDS}.json").unlink(missing_ok=True)

    async def _back_off(self) -> None:
        self._set("backoff")
        settings = self.plan.settings
        delay = settings.backoff_seconds * 2 ** min(self.crashes - 1, 20)
        delay = min(settings.backoff_max_seconds, delay) * random.uniform(0.8, 1.2)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stop_asked.wait(), delay)

    async def _unless_stopped(self, turn: Awaitable[None]) -> None:
        waiting = asyncio.ensure_future(turn)
        stopping = asyncio.ensure_future(self._stop_asked.wait())
        try:
            await asyncio.wait({waiting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (waiting, stopping):
                task.cancel()
            await asyncio.gather(waiting, stopping, return_exceptions=True)

    async def _watch_readiness(self, check: Check, attempt: Attempt) -> None:
        """Ask often while it starts, so that a deploy is fast, then at the set period.

        What a program left behind may answer for it: that is not readiness.
        """
        probe = self.plan.settings.readiness
        await asyncio.sleep(probe.initial_delay_seconds)
        started, failures = time.monotonic(), 0
        while True:
            fault = await check(probe.timeout_seconds)
            if not fault and not attempt.is_program_alive():
                fault = "it was answered after the program had ended"
            failures = failures + 1 if fault else 0
            if not fault and not self.is_ready:
                self.is_ready, self._has_begun, self._exit_fault = True, True, ""
                self.plan.on_change()
            elif fault and (not self.is_ready or failures >= probe.failure_threshold):
                is_change = self.is_ready
                self.is_ready, self._probe_fault = False, f"readiness probe failed: {fault}"
                if is_change:
                    self.plan.on_change()
            await asyncio.sleep(_choose_pause(self.is_ready, started, probe))

    async def _become_ready(self, attempt: Attempt) -> None:
        """Where nothing can be asked, a program that has stayed up for a while is ready."""
        up_seconds = time.time() - attempt.started_at
        await asyncio.sleep(self.plan.settings.min_ready_seconds - up_seconds)
        self.is_ready = True
        self.plan.on_change()

    async def _watch_liveness(self, check: Check, attempt: Attempt) -> None:
        """Restart what has stopped to live; what has not yet begun to is given its time."""
        probe = self.plan.settings.liveness
        await asyncio.sleep(probe.initial_delay_seconds)
        failures = 0
        until = time.monotonic() + self.plan.settings.progress_deadline_seconds
        while failures < probe.failure_threshold:
            await asyncio.sleep(probe.period_seconds)
            fault = await check(probe.timeout_seconds)
            self._has_begun = self._has_begun or not fault
            is_counted = bool(fault) and (self._has_begun or time.monotonic() > until)
            failures = failures + 1 if is_counted else 0
        self._liveness_fault = fault
        self.is_ready, self._probe_fault = False, f"liveness probe failed: {fault}"
        self.plan.on_change()
        await attempt.stop(self.plan.settings.stop_seconds)

    def _set(self, phase: Phase) -> None:
        if phase != self.phase:
            self.phase = phase
        self.plan.on_change()


def _choose_pause(is_ready: bool, started: float, probe: ProbeSettings) -> float:  # noqa: FBT001
    waited = time.monotonic() - started
    if is_ready or waited > _FAST_SECONDS:
        return probe.period_seconds
    return min(_FAST_PERIODS[0 if waited < 2 else 1], probe.period_seconds)
