"""Rendering with Copier.

Belongs here: which programs do it. Never here: how they are run (`fairway.drivers.template`).
"""

from pathlib import Path

from fairway.drivers.template.renderer import JailedRenderer


class CopierRenderer(JailedRenderer):
    """Renders templates of Copier, in Jinja's sandbox, without filters that read the machine."""

    def __init__(self, scratch: Path) -> None:
        super().__init__(scratch, "fairway.drivers.copier.program")
