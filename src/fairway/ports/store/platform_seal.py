"""The seal by which a store knows the platform that it belongs to.

Belongs here: keeping it. Never here: making or opening it, which takes the platform's key.
"""

from abc import abstractmethod
from typing import Protocol

from fairway.core.graph.live import SealedValue


class PlatformSeal(Protocol):
    """One sealed value, written once."""

    @abstractmethod
    def find(self) -> SealedValue | None:
        """Return the seal, or None as long as no platform has used the store."""

    @abstractmethod
    def put(self, seal: SealedValue) -> None:
        """Keep the seal; one that exists is an error of the caller."""
