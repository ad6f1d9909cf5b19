"""Repositories, and what happens to their branches.

Belongs here: values only. Start at `Repository`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

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
class CommitStatus:
    """What the platform says of a commit in one `context`; `run` is where to look, 0 for none."""

    repository: str
    commit: str
    context: str
    state: StatusState
    text: str
    run: int = 0
    at: datetime
