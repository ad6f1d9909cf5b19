"""How errors reach people: one form, and the exit code of each.

Belongs here: the problems a client can have, their text and exit codes, which are documented in
docs/reference/exit_codes.md. Start at `render`.
"""

from collections.abc import Iterator

from fairway.cli.answer import Answer
from fairway.kits.errors import InvalidDocuments, Problem, Refused, Unavailable

OK = 0
FAILED = 1
REFUSED = 2
CHANGES = 2  # of `plan`: there is something to do
INVALID = 65
UNREACHABLE = 69
INTERNAL = 70
TRY_AGAIN = 75
NOT_ALLOWED = 77
BAD_SETTINGS = 78
INTERRUPTED = 130


# For answers that say nothing themselves.
_REASONS = {401: "the token is missing, unknown or expired", 403: "you may not"}
_FIXES = {
    401: "give a valid token in FAIRWAY_TOKEN, or make one with: fairway token create",
    403: "ask an administrator of the platform",
}


class Quit(Exception):
    """Ends the command with `exit_code` after everything was said."""

    def __init__(self, exit_code: int) -> None:
        super().__init__(exit_code)
        self.exit_code = exit_code


class ApiProblem(Problem):
    """The API refused; `document` is its problem+json and `status` the HTTP status."""

    def __init__(self, status: int, document: Answer) -> None:
        super().__init__(
            document.text("code") or f"HTTP-{status}",
            what=document.text("what") or "cannot do this",
            why=document.text("why") or _REASONS.get(status, f"HTTP status {status}"),
            fix=document.text("fix") or _FIXES.get(status, "look at the platform's log"),
        )
        self.status = status
        self.document = document


class Unreachable(Problem):
    """There is no control plane at the address."""

    def __init__(self, url: str, why: str) -> None:
        super().__init__(
            "UNREACHABLE",
            what=f"cannot reach the control plane at {url}",
            why=why,
            fix="start it with: fairway up",
        )


class Interrupted(Exception):
    """The connection broke in the middle of an answer."""


def get_exit_code(problem: Problem) -> int:
    """Return what the command exits with."""
    match problem:
        case Unreachable():
            return UNREACHABLE
        case ApiProblem():
            return _get_api_exit_code(problem)
        case InvalidDocuments():
            return INVALID
        case Unavailable():
            return TRY_AGAIN
        case Refused():
            return REFUSED
    return FAILED


def _get_api_exit_code(problem: ApiProblem) -> int:
    if problem.document.items("errors"):
        return INVALID
    if problem.status in (401, 403):
        return NOT_ALLOWED
    if problem.status in (429, 502, 503, 504):
        return TRY_AGAIN
    return INTERNAL if problem.status >= 500 else REFUSED


def list_failures(problem: Problem) -> tuple[Answer, ...]:
    """Return the problem as documents, one for each thing that is wrong."""
    match problem:
        case InvalidDocuments():
            return tuple(_make_failure(part) for part in problem.problems)
        case ApiProblem() if problem.document.items("errors"):
            return problem.document.items("errors")
    return (_make_failure(problem),)


def _make_failure(problem: Problem) -> Answer:
    about = dict(problem.document.data) if isinstance(problem, ApiProblem) else {}
    about |= {"code": problem.code, "what": problem.what, "why": problem.why, "fix": problem.fix}
    if problem.at is not None:
        about["at"] = str(problem.at)
    return Answer(about)


def render(problem: Problem) -> Iterator[str]:
    """Yield the lines that say what went wrong, why and what to do."""
    for failure in list_failures(problem):
        yield from render_failure(failure)


def render_failure(failure: Answer) -> Iterator[str]:
    """Yield the lines of one failure: code, what, why, the place, the last lines, the fix."""
    yield f"error {failure.text('code')}: {failure.text('what')}: {failure.text('why')}"
    if failure.text("at"):
        yield f"  at: {failure.text('at')}"
    yield from (f"    {line}" for line in failure.texts("lines"))
    if failure.text("fix"):
        yield f"  fix: {failure.text('fix')}"
