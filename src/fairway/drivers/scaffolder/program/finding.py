"""Findings as they are written out.

Belongs here: their form and order. Never here: finding them.
"""

from dataclasses import dataclass, field

from fairway.drivers.template.failure import Failure, Place


@dataclass(slots=True)
class Findings:
    """What was found so far."""

    _found: list[dict[str, str]] = field(default_factory=list)

    def deny(self, failure: Failure, *, level: str = "deny") -> None:
        why = "it counts over too many numbers" if failure.why == "range" else failure.why
        self._add(failure.code, why, at=failure.at, fix=failure.fix, level=level)

    def warn(self, code: str, text: str, *, at: Place, fix: str) -> None:
        self._add(code, text, at=at, fix=fix, level="warn")

    def warn_undefined(self, name: str, at: Place, *, fix: str) -> None:
        text = f"'{name}' is not defined, so it prints nothing"
        self.warn("TEMPLATE-UNDEFINED", text, at=at, fix=fix)

    def _add(self, code: str, text: str, *, at: Place, fix: str, level: str) -> None:
        self._found.append({"at": str(at), "code": code, "level": level, "text": text, "fix": fix})

    def sort(self) -> list[dict[str, str]]:
        unique = {tuple(sorted(one.items())): one for one in self._found}
        return sorted(unique.values(), key=lambda one: (one["at"], one["code"], one["text"]))
