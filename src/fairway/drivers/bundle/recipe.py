"""What the order of a build's steps needs to know of a language.

Belongs here: the contract between `builder` and the tools of one language. Never here: tools.
"""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from fairway.core.release.release import TestReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The files of a layer: those of `folder`, at `prefix` in the bundle.

    `leave_out` are names directly in `folder`. `links` are symbolic links to add, their targets
    by their paths below `prefix`.
    """

    folder: Path
    prefix: str
    leave_out: frozenset[str] = frozenset()
    links: Mapping[str, str] = field(default_factory=dict)


class Recipe(Protocol):
    """How one source tree becomes two layers; made for one build, called in this order."""

    @property
    @abstractmethod
    def runtime(self) -> Mapping[str, str]:
        """What the bundle runs on, and as `path`, where its Python modules are."""

    @property
    @abstractmethod
    def platform(self) -> str:
        """What installed dependencies depend on besides their resolution."""

    @abstractmethod
    def resolve(self) -> str:
        """Return the text that decides what `install` makes; empty for nothing."""

    @abstractmethod
    def install(self, resolution: str, folder: Path) -> int:
        """Fill `folder` with exactly what `resolution` lists and return how many packages."""

    @abstractmethod
    def get_compile_key(self) -> str:
        """Return what decides, with the source, what `assemble` makes; empty for the source."""

    @abstractmethod
    def assemble(self) -> Content:
        """Return the application's files, compiled where the project asks for it."""

    @abstractmethod
    def run_tests(self, resolution: str) -> TestReport | None:
        """Run the project's tests; None when it has none.

        Raises:
            Refused: BUILD-TESTS-FAILED, or a limit was passed.
        """
