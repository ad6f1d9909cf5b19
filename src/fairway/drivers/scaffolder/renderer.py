"""Rendering templates of Backstage, and telling them from templates of Copier.

Belongs here: which programs do it, and for which folder. Never here: how they are run
(`fairway.drivers.template`).
"""

from collections.abc import Sequence
from pathlib import Path

from fairway.core.finding.finding import Finding
from fairway.drivers.template.renderer import JailedRenderer
from fairway.kits.canonical import JsonObject
from fairway.ports.renderer import Renderer, Rendering, RenderLimits

_COPIER_FILES = ("copier.yml", "copier.yaml")
_BACKSTAGE_FILE = "template.yaml"


class BackstageRenderer(JailedRenderer):
    """Runs the steps of a template; its language has no way to anything but JSON values."""

    def __init__(self, scratch: Path) -> None:
        super().__init__(scratch, "fairway.drivers.scaffolder.program")


class RendererByLanguage(Renderer):
    """Has each template rendered by the renderer of the language that it is in.

    A folder with a copier.yml is Copier's, else one with a template.yaml is Backstage's.
    """

    def __init__(self, *, copier: Renderer, backstage: Renderer) -> None:
        self._copier = copier
        self._backstage = backstage

    def read_parameters(self, template: Path) -> JsonObject:
        return self._choose(template).read_parameters(template)

    def render(
        self, template: Path, answers: Sequence[JsonObject], *, limits: RenderLimits
    ) -> tuple[Rendering, ...]:
        return self._choose(template).render(template, answers, limits=limits)

    def check(self, template: Path) -> tuple[Finding, ...]:
        return self._choose(template).check(template)

    def _choose(self, template: Path) -> Renderer:
        is_copier = any((template / name).is_file() for name in _COPIER_FILES)
        is_backstage = (template / _BACKSTAGE_FILE).is_file() and not is_copier
        return self._backstage if is_backstage else self._copier
