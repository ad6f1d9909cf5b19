"""Telling that the worker lives: a file that is touched, and a probe that looks at its age."""

from pathlib import Path


class Heartbeat:
    """Touches a file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def beat(self) -> None:
        """Say that the worker lives."""
        self._file.touch()
