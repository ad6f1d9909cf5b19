"""Problems in documents, in the order in which a reader meets them.

Belongs here: ordering. Never here: finding problems.
"""

from collections.abc import Iterable

from fairway.kits.errors import Refused


def sort_problems(problems: Iterable[Refused]) -> tuple[Refused, ...]:
    """Return `problems` by file, line and column, then by their text."""
    return tuple(sorted(problems, key=_get_place))


def _get_place(problem: Refused) -> tuple[str, int, int, str]:
    at = problem.at
    if at is None:
        return "", 0, 0, problem.why
    return at.file, at.line or 0, at.column or 0, problem.why
