"""Versions of golden paths, and the components that were made from them.

Belongs here: the rows. Templates themselves are in git.
"""

from abc import abstractmethod
from typing import Protocol

from fairway.core.golden_path.golden_path import PathLink, PathVersion, UpgradeOffer


class GoldenPaths(Protocol):
    """Published versions by path and tag; links and offers by component."""

    @abstractmethod
    def add_version(self, version: PathVersion) -> None:
        """Store a version; it is never changed, and adding it again is an error of the caller."""

    @abstractmethod
    def find_version(self, path: str, version: str) -> PathVersion | None:
        """Return the version or None."""

    @abstractmethod
    def list_versions(self, path: str) -> tuple[PathVersion, ...]:
        """Return the path's versions, the last published first."""

    @abstractmethod
    def list_published(self, repository: str) -> tuple[PathVersion, ...]:
        """Return the versions that tags of the repository are, of any path."""

    @abstractmethod
    def put_link(self, link: PathLink) -> PathLink:
        """Insert or overwrite; return it with its new revision."""

    @abstractmethod
    def find_link(self, component: str) -> PathLink | None:
        """Return what the component was made from, or None."""

    @abstractmethod
    def list_links(self, *, path: str | None = None) -> tuple[PathLink, ...]:
        """Return links by component."""

    @abstractmethod
    def remove_link(self, component: str) -> None:
        """Remove the component's link and offer; absent already is success."""

    @abstractmethod
    def put_offer(self, offer: UpgradeOffer) -> UpgradeOffer:
        """Insert or replace the component's offer; return it with its new revision."""

    @abstractmethod
    def find_offer(self, component: str) -> UpgradeOffer | None:
        """Return the component's latest offer, or None."""

    @abstractmethod
    def list_offers(self, *, path: str | None = None) -> tuple[UpgradeOffer, ...]:
        """Return the latest offers by component."""
