"""The audit log.

Belongs here: appending facts and reading them back, never changing one.
"""

from abc import abstractmethod
from typing import Protocol

from fairway.core.audit.event import AuditEvent


class AuditLog(Protocol):
    """Facts in the order of their commit."""

    @abstractmethod
    def append(self, *events: AuditEvent) -> None:
        """Add `events` in their order; their sequence is given by the store."""

    @abstractmethod
    def list_events(
        self, *, subject: str | None = None, after: int = 0, limit: int = 100
    ) -> tuple[AuditEvent, ...]:
        """Return events with a sequence above `after`, oldest first.

        `subject` selects that subject and all below it: `deployment/dev` finds
        `deployment/dev/orders`.
        """
