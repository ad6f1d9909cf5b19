"""The doctor: asking every part whether it is well.

Belongs here: the form of a health check and running them all.
"""

from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

from fairway.kits.errors import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What a check says; `fix` is empty when nothing is to be done."""

    name: str
    level: Literal["ok", "warn", "fail"]
    text: str
    fix: str = ""


class HealthCheck(Protocol):
    """Asks one part."""

    @abstractmethod
    def check(self) -> Health:
        """Return how the part is; a `Problem` raised counts as failed."""


def check_health(checks: Iterable[HealthCheck]) -> tuple[Health, ...]:
    """Return what every check says, in their order."""
    return tuple(_run(check) for check in checks)


def _run(check: HealthCheck) -> Health:
    try:
        return check.check()
    except Problem as problem:
        name = type(check).__name__
        return Health(name=name, level="fail", text=str(problem), fix=problem.fix)
