"""Rendering templates that strangers wrote.

Belongs here: the contract of a template language. Never here: where templates come from, what
becomes of the files.
"""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from fairway.core.finding.finding import Finding
from fairway.core.source.tree import Tree
from fairway.kits.canonical import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderLimits:
    """What one rendering may use at most; going over ends it with an error that names the limit."""

    memory_bytes: int = 1024**3
    cpu_seconds: int = 20
    wall_seconds: int = 60
    disk_bytes: int = 256 * 1024**2
    files: int = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """What came out: `answers` are those given and those by default, secrets left out.

    `output` is what the template tells whoever used it: `links` and `text`, as Backstage has them.
    """

    tree: Tree
    answers: JsonObject
    output: JsonObject = field(default_factory=dict)


class Renderer(Protocol):
    """Renders templates in a process of its own, without network and within limits; blocking."""

    @abstractmethod
    def read_parameters(self, template: Path) -> JsonObject:
        """Return the template's questions as a JSON Schema of an object, in their order.

        A secret one carries `writeOnly: true`; hints to forms are Backstage's `ui:…` keys.

        Raises:
            Refused: TEMPLATE-INVALID, with the file and the line where they are known.
        """

    @abstractmethod
    def render(
        self, template: Path, answers: Sequence[JsonObject], *, limits: RenderLimits
    ) -> tuple[Rendering, ...]:
        """Render the template once for each of `answers`, which are valid by its parameters.

        The same template and answers give the same tree; it holds nothing of this machine, the
        time or chance. An answer to what the template does not ask is left out, so those of
        another version may be given. Tasks and migrations that the template names are never run.
        The first rendering that fails ends all; the error says whose it is, by the answer `name`.
        Many in one call take a fraction of the CPU of as many calls.

        Raises:
            Refused: TEMPLATE-INVALID, TEMPLATE-LIMIT, TEMPLATE-PATH (a file outside the root),
                TEMPLATE-UNSAFE (extensions, or a way out of the sandbox), TEMPLATE-ANSWER (what
                the template itself says of an answer).
            Unavailable: DISK-FULL, RENDERER-UNAVAILABLE.
        """

    @abstractmethod
    def check(self, template: Path) -> tuple[Finding, ...]:
        """Return what is wrong with the template: unused and undefined variables, markers that
        no rendering would fill, links that lead outside, files that rendering cannot write.
        """
