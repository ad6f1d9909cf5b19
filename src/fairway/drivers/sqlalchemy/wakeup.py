"""Waking those who wait for work.

Belongs here: the condition that waiters of this process sleep on. Never here: what woke them.
"""

import threading
import time

from fairway.drivers.sqlalchemy.database import Database
from fairway.drivers.sqlalchemy.dialect import Listener


class Wakeup:
    """Counts wake-ups; a thread sleeps only if none came since it last looked for work.

    Listening to other processes begins with the first wait: a process that only marks needs none.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._changed = threading.Condition()
        self._count = 0
        self._seen = threading.local()
        self._listener: Listener | None = None
        self._has_begun = False
        self._is_closed = False

    def wake(self) -> None:
        """Wake every waiter."""
        with self._changed:
            self._count += 1
            self._changed.notify_all()

    def begin_look(self) -> None:
        """Remember that this thread looks for work now: what woke it before is dealt with."""
        self._seen.count = self._count

    def wait(self, timeout_seconds: float) -> None:
        """Sleep until woken; not at all if that happened since this thread's last look."""
        self._begin_listening()
        poll = self._database.dialect.poll_seconds
        deadline = time.monotonic() + min(timeout_seconds, poll or timeout_seconds)
        seen = getattr(self._seen, "count", -1)
        with self._changed:
            while self._count == seen and not self._is_closed:
                remaining = deadline - time.monotonic()
                if remaining <= 0:
                    break
                self._changed.wait(remaining)
            self._seen.count = self._count

    def close(self) -> None:
        """Wake all, and stop listening."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        if self._listener is not None:
            self._listener.close()

    def _begin_listening(self) -> None:
        with self._changed:
            if self._has_begun or self._is_closed:
                return
            self._has_begun = True
            self._listener = self._database.dialect.listen(
                self._database.engines.stepper, self.wake
            )
