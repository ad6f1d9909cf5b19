"""Waking those who wait for a change within this process.

Belongs here: a topic's counter and waiting for it to move. Never here: the change itself; the
database is the truth, and a waiter reads it again. Other processes' changes arrive by timeout.
"""

import threading
from collections import Counter
from collections.abc import Callable


class Signals:
    """Counters by topic; thread-safe."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._versions: Counter[str] = Counter()
        self._listeners: list[Callable[[str], None]] = []

    def add_listener(self, listener: Callable[[str], None]) -> None:
        """Call `listener` with every topic that moves, from the thread that moved it."""
        self._listeners.append(listener)

    def get_version(self, topic: str) -> int:
        """Return the topic's counter; read it before the state that you will wait on."""
        with self._condition:
            return self._versions[topic]

    def notify(self, topic: str) -> None:
        """Move the topic's counter and wake its waiters."""
        with self._condition:
            self._versions[topic] += 1
            self._condition.notify_all()
        for listener in self._listeners:
            listener(topic)

    def wait(self, topic: str, version: int, timeout_seconds: float) -> bool:
        """Return True as soon as the counter is not `version`, False after the timeout."""
        with self._condition:
            return self._condition.wait_for(
                lambda: self._versions[topic] != version, timeout_seconds
            )
