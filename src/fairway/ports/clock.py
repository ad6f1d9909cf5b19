"""The time.

Belongs here: the only two questions that anything asks of a clock.
"""

from abc import abstractmethod
from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time; never goes back by more than the machine's own clock does."""

    @abstractmethod
    def now(self) -> datetime:
        """Return the present moment in UTC."""
