"""Waking those who wait for a change within this process.

Belongs here: who hears of which topic. Never here: the change itself; the database is the
truth, and a waiter reads it again. Other processes' changes arrive by timeout.
"""

from collections.abc import Callable


class Signals:
    """Topics that move, and who listens; thread-safe."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[str], None]] = []

    def add_listener(self, listener: Callable[[str], None]) -> None:
        """Call `listener` with every topic that moves, from the thread that moved it."""
        self._listeners.append(listener)

    def notify(self, topic: str) -> None:
        """Tell all listeners that the topic has moved."""
        for listener in self._listeners:
            listener(topic)
