"""The form of answers about repositories, for the OpenAPI document.

Belongs here: what `schema` holds for other nouns.
"""

from datetime import datetime
from typing import Literal

from pydantic import Field

from fairway.api.schema import Schema
from fairway.core.source.repository import StatusState


class RepositoryHead(Schema):
    """A repository in a list; `clone_url` is for any git client."""

    name: str
    owner: str
    component: str
    default_branch: str
    environments: list[str]
    protected: list[str]
    origin: str
    clone_url: str
    created_at: datetime
    created_by: str
    revision: int


class Repositories(Schema):
    """Repositories by name."""

    items: list[RepositoryHead]


class CommitEntry(Schema):
    """A commit of a repository."""

    id: str
    parents: list[str]
    author: str
    email: str
    at: datetime
    message: str


class Branch(Schema):
    """A branch and its newest commit."""

    name: str
    is_protected: bool
    commit: CommitEntry


class Tag(Schema):
    """A tag and the commit that it leads to."""

    name: str
    commit: str


class OriginState(Schema):
    """How following the origin goes; `problem` is empty when nothing is in the way."""

    has_credentials: bool
    has_hook_secret: bool
    followed_at: datetime | None
    problem: str


class Repository(RepositoryHead):
    """A repository with what it holds."""

    branches: list[Branch]
    tags: list[Tag]
    origin_state: OriginState | None


class Commits(Schema):
    """Commits, newest first."""

    items: list[CommitEntry]


class TreeItem(Schema):
    """A file or folder; `size` in bytes, of files only."""

    name: str
    type: Literal["file", "folder", "link", "submodule"]
    mode: str
    size: int | None


class Tree(Schema):
    """What is directly in one folder, by name."""

    items: list[TreeItem]


class SourceFile(Schema):
    """A file's content, as text where it is UTF-8."""

    path: str
    mode: str
    encoding: Literal["utf-8", "base64"]
    content: str


class CommitStatus(Schema):
    """What the platform says of a commit in one context; `run` is null for none."""

    context: str
    state: StatusState
    text: str
    run: int | None
    at: datetime


class CommitStatuses(Schema):
    """What the platform says of a commit, by context."""

    items: list[CommitStatus]


class Push(Schema):
    """A branch that moved; `before` or `after` is empty where it did not exist."""

    number: int
    branch: str
    before: str
    after: str
    actor: str
    at: datetime


class Pushes(Schema):
    """Pushes, newest first."""

    items: list[Push]


class RepositoryBackup(Schema):
    """A backup that was made."""

    file: str = Field(description="The git bundle, on the platform's machine")


class HookSecret(Schema):
    """A webhook's secret, which is in this answer and nowhere else."""

    path: str = Field(description="Where the webhook is sent, below the platform's address")
    secret: str


class HookOutcome(Schema):
    """What became of a webhook."""

    state: Literal["accepted", "repeated", "ignored"]
