"""The two families of errors that reach people.

Belongs here: the shape of a problem. Never here: a particular problem; each is a subclass or an
instance beside the code that raises it. A `Problem` is `Refused` when a person must act, and
`Unavailable` when trying again may help; any other exception is a bug.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A place in a document a person wrote: file, and line and column counted from 1."""

    file: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        parts = (self.file, self.line, self.column)
        return ":".join(str(part) for part in parts if part is not None)


class Problem(Exception):
    """What went wrong, why, and what to do about it.

    `code` is stable and has a heading in docs/reference/errors.md; `what` completes "cannot …";
    `why` holds the cause with its value; `fix` is an imperative. None of them holds a secret.
    """

    def __init__(
        self, code: str, *, what: str, why: str, fix: str, at: Location | None = None
    ) -> None:
        super().__init__(code, what, why, fix)
        self.code = code
        self.what = what
        self.why = why
        self.fix = fix
        self.at = at

    def __str__(self) -> str:
        return f"{self.what}: {self.why}"


class Refused(Problem):
    """A person must act first: the command exits with 2, the API answers 4xx.

    `status` is the HTTP status by which the API says it.
    """

    def __init__(
        self,
        code: str,
        *,
        what: str,
        why: str,
        fix: str,
        at: Location | None = None,
        status: int = 422,
    ) -> None:
        super().__init__(code, what=what, why=why, fix=fix, at=at)
        self.status = status


class Unavailable(Problem):
    """Something needed is away; the same request may succeed after `delay_seconds`."""

    def __init__(
        self, code: str, *, what: str, why: str, fix: str, delay_seconds: float = 1.0
    ) -> None:
        super().__init__(code, what=what, why=why, fix=fix)
        self.delay_seconds = delay_seconds


class InvalidDocuments(Refused):
    """One or more documents are invalid; `problems` names each, sorted by place."""

    def __init__(self, problems: tuple[Refused, ...], *, code: str = "DOCUMENT-INVALID") -> None:
        first = problems[0]
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(
            first.code if len(problems) == 1 else code,
            what=first.what,
            why=f"{first.why}{more}",
            fix=first.fix,
            at=first.at,
        )
        self.problems = problems
