"""Building an artifact from a source tree.

Belongs here: the contract of a builder.
"""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from fairway.core.release.release import Artifact
from fairway.kits.digest import Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildLimits:
    """What a build may use at most; going over ends it with an error that names the limit."""

    memory_bytes: int = 2 * 1024**3
    cpu_seconds: int = 600
    wall_seconds: int = 900
    processes: int = 512
    disk_bytes: int = 4 * 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildRequest:
    """`source` is the digest of an uploaded source archive that the blob store holds."""

    component: str
    source: Digest
    is_tested: bool
    limits: BuildLimits = BuildLimits()


# Takes a step of the build (`dependencies`, `build`, `tests`, `bundle`) and one line that it said.
BuildLog = Callable[[str, str], None]


class Builder(Protocol):
    """Turns source into an artifact; the same source and runtime give the same digest.

    Blocking. Safe to repeat after a kill: a half-made artifact is never visible.
    """

    @abstractmethod
    def build(
        self, request: BuildRequest, log: BuildLog, is_cancelled: Callable[[], bool]
    ) -> Artifact:
        """Return the artifact, built or found.

        Raises:
            Refused: BUILD-FAILED and its kin, naming the step, with its last lines in `why`.
        """

    @abstractmethod
    def unpack(self, artifact: Digest) -> Path:
        """Return the read-only folder that holds the artifact's tree; makes it if need be.

        It holds `app/`, the source; `deps/`, what it needs; and the file `path`, the search path
        for modules, its parts relative to the folder and joined by colons.
        """
