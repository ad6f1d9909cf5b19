"""Deployments: one component in one environment.

Belongs here: which release is wanted there and which was the last good one.
"""

from abc import abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from fairway.kits.digest import Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """`release` is the one that serves (the last that became ready), None before the first.

    `rolling` is the one that a run is rolling out now. `revision` grows with every change.
    """

    environment: str
    component: str
    release: int | None = None
    rolling: int | None = None
    plan: str | None = None
    author: str = ""
    revision: int = 0
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """A release that became ready in an environment: what promotion and rollback choose from."""

    environment: str
    component: str
    release: int
    artifact: Digest
    run: int
    author: str
    at: datetime


class Deployments(Protocol):
    """The deployments by environment and component."""

    @abstractmethod
    def find(self, environment: str, component: str) -> Deployment | None:
        """Return the deployment or None."""

    @abstractmethod
    def list_all(
        self, *, environment: str | None = None, component: str | None = None
    ) -> tuple[Deployment, ...]:
        """Return deployments by component, then environment."""

    @abstractmethod
    def put(self, deployment: Deployment) -> Deployment:
        """Insert or overwrite; return it with its new revision."""

    @abstractmethod
    def remove(self, environment: str, component: str) -> None:
        """Remove the row; absent already is success."""

    @abstractmethod
    def add_rollout(self, rollout: Rollout) -> None:
        """Record a success; the same run's again is a no-op."""

    @abstractmethod
    def list_rollouts(
        self, environment: str, component: str, *, limit: int = 50
    ) -> tuple[Rollout, ...]:
        """Return successes, newest first; they outlive the deployment."""
