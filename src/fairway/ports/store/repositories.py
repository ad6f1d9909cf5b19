"""Repositories, pushes to them, and what the platform says of their commits.

Belongs here: the rows. The commits themselves are git's.
"""

from abc import abstractmethod
from typing import Protocol

from fairway.core.source.origin import Origin
from fairway.core.source.repository import CommitStatus, Push, Repository


class Repositories(Protocol):
    """Repositories by name."""

    @abstractmethod
    def put(self, repository: Repository) -> Repository:
        """Insert or overwrite; return it with its new revision."""

    @abstractmethod
    def find(self, name: str) -> Repository | None:
        """Return the repository or None."""

    @abstractmethod
    def find_by_component(self, component: str) -> Repository | None:
        """Return the repository that holds the component's source, or None."""

    @abstractmethod
    def list_all(self) -> tuple[Repository, ...]:
        """Return all repositories by name."""

    @abstractmethod
    def remove(self, name: str) -> None:
        """Remove the repository, its origin, pushes and statuses; absent already is success."""

    @abstractmethod
    def put_origin(self, origin: Origin) -> None:
        """Insert or overwrite what is known of the repository's origin."""

    @abstractmethod
    def find_origin(self, repository: str) -> Origin | None:
        """Return what is known of the repository's origin, or None."""

    @abstractmethod
    def add_push(self, push: Push) -> Push:
        """Store the push under the next number, whatever number it has."""

    @abstractmethod
    def find_last_push(self, repository: str, branch: str) -> Push | None:
        """Return the newest push to the branch, or None."""

    @abstractmethod
    def list_pushes(
        self, repository: str, *, branch: str | None = None, limit: int = 50
    ) -> tuple[Push, ...]:
        """Return pushes, newest first."""

    @abstractmethod
    def put_status(self, status: CommitStatus) -> None:
        """Insert or overwrite what is said of the commit in the status's context."""

    @abstractmethod
    def list_statuses(self, repository: str, commit: str) -> tuple[CommitStatus, ...]:
        """Return what is said of the commit, by context."""
