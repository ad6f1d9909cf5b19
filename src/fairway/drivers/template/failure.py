"""Why a template cannot be used.

Belongs here: the one exception that leaves a program. Never here: finding out why.
"""

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in the template: a file relative to its root, and a line counted from 1, or 0."""

    file: str = ""
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


NOWHERE = Place()


class Failure(Exception):
    """Ends the program's work; it is written out as JSON."""

    def __init__(self, code: str, why: str, *, fix: str, at: Place = NOWHERE) -> None:
        super().__init__(why)
        self.code = code
        self.why = why
        self.fix = fix
        self.at = at

    def as_json(self) -> dict[str, object]:
        return {"code": self.code, "why": self.why, "fix": self.fix, "at": asdict(self.at)}
