"""The keyed, level-triggered work queue.

Belongs here: marking a key dirty, and leasing dirty keys to workers. One row per (kind, key)
holds a generation, the generation that was done, a due time and a fenced lease.
"""

from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The sole right to work on a key until it expires; `token` fences a stale holder.

    `generation` is the one that finishing will mark as done; `attempts` counts failures in a row.
    """

    kind: str
    key: str
    token: str
    generation: int
    attempts: int


class Marker(Protocol):
    """Marks keys, and fences a worker's writes, within a transaction."""

    @abstractmethod
    def mark(self, kind: str, key: str, *, due_at: datetime | None = None) -> None:
        """Make the key dirty, due now or at `due_at`; never later than it was due already.

        A mark during the key's work is never lost: the key becomes due again afterwards.
        """

    @abstractmethod
    def holds(self, lease: Lease) -> bool:
        """Return whether `lease` is still held; nobody can take it over before this block ends.

        What a worker writes about a key it writes after asking this, in one transaction.
        """


class WorkQueue(Protocol):
    """Leases dirty keys; every method is its own transaction."""

    @abstractmethod
    def claim(
        self, kinds: Iterable[str], *, owner: str, lease_seconds: float, limit: int = 1
    ) -> tuple[Lease, ...]:
        """Lease due keys, earliest first; keys whose lease expired count as due.

        No key is leased twice at once.
        """

    @abstractmethod
    def renew(self, lease: Lease, *, lease_seconds: float) -> bool:
        """Extend the lease; False when it is no longer held."""

    @abstractmethod
    def finish(self, lease: Lease, *, again_at: datetime | None = None) -> bool:
        """Release the key as done, or due again at `again_at`; False when the lease was lost.

        A key that was marked since the claim stays dirty and due.
        """

    @abstractmethod
    def fail(self, lease: Lease, *, again_at: datetime) -> bool:
        """Release the key as still dirty, due at `again_at`, one more failure counted."""

    @abstractmethod
    def expire_leases(self) -> int:
        """End every lease at once and return how many; their holders find them lost.

        For a start that knows that nobody else is at work: it need not wait for the dead.
        """

    @abstractmethod
    def wait(self, timeout_seconds: float) -> None:
        """Return when a mark may have made a key due, or after the timeout.

        Marks made in this process wake it at once; so do marks of other processes where the
        database can notify (PostgreSQL), and within a second elsewhere.
        """
