"""What the platform knows of a repository's origin on another server.

Belongs here: values only. The origin's address is the repository's.
"""

from dataclasses import dataclass
from datetime import datetime

from fairway.core.graph.live import SealedValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """How a repository follows its origin, and how that went.

    `credentials` are `user:password`; `hook_secret` is what the server signs its webhooks with.
    `state` is what the server answered when all of it was fetched, empty for never. `problem` is
    why the origin is not, or not wholly, followed.
    """

    repository: str
    credentials: SealedValue | None = None
    hook_secret: SealedValue | None = None
    state: str = ""
    problem: str = ""
    followed_at: datetime | None = None
