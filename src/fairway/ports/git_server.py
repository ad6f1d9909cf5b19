"""Speaking git's protocol over HTTP.

Belongs here: the contract of what answers one request of a git client. Never here: HTTP itself
(`api.git`), who may do what and what a push starts (`usecases.source`).
"""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from fairway.core.source.repository import RefUpdate

Service = Literal["git-upload-pack", "git-receive-pack"]
HookStage = Literal["pre-receive", "post-receive"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GitRequest:
    """One request; with `is_advertisement` it asks what there is, and has no body.

    `headers` are those of HTTP in lower case that the protocol gives a meaning.
    """

    repository: str
    service: Service
    is_advertisement: bool
    actor: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class GitCommand:
    """The process that answers: body on standard input, a CGI answer on standard output."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class HookCall:
    """A push about to move refs, or that has moved them.

    `quarantine` is the environment in which objects are seen that are not accepted yet.
    """

    stage: HookStage
    repository: str
    actor: str
    updates: tuple[RefUpdate, ...]
    quarantine: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class HookAnswer:
    """Whether the push goes on, and what its client is told."""

    is_accepted: bool
    lines: tuple[str, ...] = ()


class GitServer(Protocol):
    """Answers git clients by processes of their own; thread-safe.

    No ref moves before a `HookCall` of stage `pre-receive` was accepted: without an answer the
    push fails as a whole. A call of stage `post-receive` follows, unless all is killed.
    """

    max_push_bytes: int

    @abstractmethod
    def make_command(self, request: GitRequest) -> GitCommand:
        """Return the process that answers `request`.

        Raises:
            Refused: REPOSITORY-UNKNOWN.
        """
