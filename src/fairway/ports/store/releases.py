"""Artifacts and releases.

Belongs here: immutable records of what was built and released.
"""

from abc import abstractmethod
from typing import Protocol

from fairway.core.release.release import Artifact, Release
from fairway.kits.digest import Digest


class Releases(Protocol):
    """Artifacts by digest, releases by component and number."""

    @abstractmethod
    def put_artifact(self, artifact: Artifact) -> None:
        """Store the artifact; the same digest again adds a test report if there was none."""

    @abstractmethod
    def find_artifact(self, digest: Digest) -> Artifact | None:
        """Return the artifact or None."""

    @abstractmethod
    def find_artifact_by_source(self, component: str, source: Digest) -> Artifact | None:
        """Return the artifact last built from `source`, or None."""

    @abstractmethod
    def add(self, release: Release) -> Release:
        """Store `release` under the component's next number, whatever number it has."""

    @abstractmethod
    def find(self, component: str, number: int) -> Release | None:
        """Return the release or None."""

    @abstractmethod
    def list_by_component(self, component: str, *, limit: int = 50) -> tuple[Release, ...]:
        """Return releases, newest first."""
