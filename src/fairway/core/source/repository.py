"""Repositories, and what happens to their branches.

Belongs here: values only. Start at `Repository`.
"""

from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Literal

BRANCHES = "refs/heads/"
TAGS = "refs/tags/"
# Of one context, such as `build` or `dev`: how far the platform is with a commit.
StatusState = Literal["pending", "success", "failure", "superseded"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A git repository that the platform hosts, or follows at `origin`.

    `owner` is the ref of the group or user that may push. `component` is the component whose
    source it is, empty for none. A push to `default_branch` goes to `environments`, one after the
    other. `protected` are patterns of branches, in `fnmatch` form, that are neither rewritten nor
    deleted; the default branch always is. `revision` grows with every change of the row.
    """

    name: str
    owner: str
    component: str = ""
    default_branch: str = "main"
    environments: tuple[str, ...] = ()
    protected: tuple[str, ...] = ()
    origin: str = ""
    created_at: datetime
    created_by: str
    revision: int = 0

    def is_protected(self, branch: str) -> bool:
        """Return whether the branch may neither be rewritten nor deleted."""
        return branch == self.default_branch or any(
            fnmatchcase(branch, pattern) for pattern in self.protected
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """A branch moved from `before` to `after`; either is empty when it did not or does not exist.

    `number` counts within the platform.
    """

    number: int
    repository: str
    branch: str
    before: str
    after: str
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RefUpdate:
    """A ref, by its full name, moves from `before` to `after`; either is empty for none."""

    ref: str
    before: str
    after: str

    @property
    def branch(self) -> str:
        """The branch's name, empty for any other ref."""
        return self.ref.removeprefix(BRANCHES) if self.ref.startswith(BRANCHES) else ""

    @property
    def tag(self) -> str:
        """The tag's name, empty for any other ref."""
        return self.ref.removeprefix(TAGS) if self.ref.startswith(TAGS) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitStatus:
    """What the platform says of a commit in one `context`; `run` is where to look, 0 for none."""

    repository: str
    commit: str
    context: str
    state: StatusState
    text: str
    run: int = 0
    at: datetime
