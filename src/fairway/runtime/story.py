"""The story of a run: lines that arrive faster than they are worth a transaction each.

Belongs here: gathering a step's log lines and writing them in batches, in order.
"""

import threading

from fairway.core.run.run import RunId
from fairway.ports.clock import Clock
from fairway.ports.store.store import Store
from fairway.runtime.signal import Signals

MOST_LINES = 64
MOST_DELAY_SECONDS = 0.15


def make_topic(run: RunId) -> str:
    """Return the topic that is notified when the run's story grows."""
    return f"run/{run}"


class StepLog:
    """The lines of one step; `write` from any thread, `flush` before the step ends."""

    def __init__(self, store: Store, clock: Clock, signals: Signals, *, run: RunId, step: int):
        self._store = store
        self._clock = clock
        self._signals = signals
        self._run = run
        self._step = step
        self._lock = threading.Lock()
        self._lines: list[str] = []
        self._timer: threading.Timer | None = None

    def write(self, text: str) -> None:
        """Add a line; it is stored within `MOST_DELAY_SECONDS`."""
        with self._lock:
            self._lines.append(text)
            if self._timer is None:
                self._timer = threading.Timer(MOST_DELAY_SECONDS, self.flush)
                self._timer.daemon = True
                self._timer.start()
            is_full = len(self._lines) >= MOST_LINES
        if is_full:
            self.flush()

    def flush(self) -> None:
        """Store the lines that were added so far, in order."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            lines, self._lines = self._lines, []
            if not lines:
                return
            with self._store.write() as tx:
                tx.runs.append_event(
                    self._run, "log", {"lines": lines}, at=self._clock.now(), step=self._step
                )
        self._signals.notify(make_topic(self._run))
