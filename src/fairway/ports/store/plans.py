"""Plans and approvals.

Belongs here: immutable plans by digest, and who said yes to which.
"""

from abc import abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from fairway.kits.digest import Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPlan:
    """`content` is the plan's canonical JSON, whose digest is `digest`."""

    digest: Digest
    environment: str
    component: str
    release: int | None
    content: bytes
    author: str
    created_at: datetime
    run: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A yes to one plan, never by its author where the environment forbids it."""

    plan: Digest
    user: str
    at: datetime
    comment: str = ""


class Plans(Protocol):
    """Plans by digest."""

    @abstractmethod
    def put(self, plan: StoredPlan) -> None:
        """Store the plan; the same digest again is a no-op."""

    @abstractmethod
    def find(self, digest_prefix: str) -> StoredPlan | None:
        """Return the plan whose digest starts so, with or without `sha256:`.

        Raises:
            Refused: PLAN-AMBIGUOUS, more than one does.
        """

    @abstractmethod
    def attach_run(self, digest: Digest, run: int) -> None:
        """Record that `run` applies the plan."""

    @abstractmethod
    def add_approval(self, approval: Approval) -> None:
        """Record a yes; a second one by the same user is a no-op."""

    @abstractmethod
    def list_approvals(self, digest: Digest) -> tuple[Approval, ...]:
        """Return approvals, oldest first."""
