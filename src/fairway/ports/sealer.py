"""Encryption of secrets at rest.

Belongs here: sealing and opening with the platform's key, which is kept outside the database.
"""

from abc import abstractmethod
from typing import Protocol

from fairway.core.graph.live import SealedValue


class Sealer(Protocol):
    """Seals with authenticated encryption; what one key sealed, only that key opens."""

    @abstractmethod
    def seal(self, clear: str, *, context: str) -> SealedValue:
        """Return `clear` sealed for `context`: `dev/postgres.default#orders.db/password`."""

    @abstractmethod
    def open(self, value: SealedValue, *, context: str) -> str:
        """Return the clear text.

        Raises:
            Refused: SECRET-UNREADABLE, the key or the context is another, or a bit was changed.
        """
