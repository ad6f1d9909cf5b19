"""Waking lanes: at start, and when the agent tells that something changed.

Belongs here: turning outside news into marks. The news itself is never trusted, only looked at.
"""

import logging
import threading
from collections.abc import Callable

from fairway.agent.api.client import AgentClient
from fairway.core.run.run import RunState
from fairway.kits.errors import Unavailable
from fairway.runtime.engine import LANE
from fairway.usecases.delivery import add_run
from fairway.usecases.delivery.steps import kinds
from fairway.usecases.platform import Platform

RETRY_SECONDS = 0.5
_OPEN: tuple[RunState, ...] = ("queued", "running", "waiting")
_LOG = logging.getLogger(__name__)


def mark_all(platform: Platform) -> None:
    """Mark every lane with a run that is not over, and every deployment."""
    with platform.store.write() as tx:
        for run in tx.runs.list_runs(states=_OPEN, limit=10_000):
            tx.queue.mark(LANE, run.lane)
        for deployment in tx.deployments.list_all():
            tx.queue.mark(kinds.DEPLOYMENT, f"{deployment.environment}/{deployment.component}")


class AgentWatcher:
    """Marks the lane of every workload whose status the agent says has changed.

    An agent that went away is started again by `ensure`; what it ran goes on meanwhile.
    """

    def __init__(self, platform: Platform, ensure: Callable[[], AgentClient]) -> None:
        self._platform = platform
        self._ensure = ensure
        self._stop = threading.Event()
        self._ensuring = threading.Lock()
        self._thread = threading.Thread(target=self._watch, name="fairway-watch", daemon=True)

    def start(self) -> None:
        """Start watching in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Watch no longer, and start no agent after this returns."""
        with self._ensuring:
            self._stop.set()

    def _watch(self) -> None:
        while not self._stop.is_set():
            try:
                with self._ensuring:
                    if self._stop.is_set():
                        return
                    agent = self._ensure()
                for news in agent.watch():
                    if self._stop.is_set():
                        return
                    if news is not None:
                        self._mark(*news)
            except Unavailable as problem:
                _LOG.warning("the agent is away: %s", problem)
            self._stop.wait(RETRY_SECONDS)

    def _mark(self, environment: str, component: str) -> None:
        """Wake the run that is under way there, if any."""
        lane = add_run.make_lane(environment, component)
        with self._platform.store.read() as tx:
            if tx.runs.find_lane_head(lane) is None:
                return
        with self._platform.store.write() as tx:
            tx.queue.mark(LANE, lane)
