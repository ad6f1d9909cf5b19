"""Golden paths and what stays linked to them.

Belongs here: values only. Start at `PathVersion`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from fairway.core.source.conflict import Conflict
from fairway.kits.canonical import JsonObject
from fairway.kits.digest import Digest

OfferState = Literal["offered", "conflicted", "landed", "withdrawn"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PathVersion:
    """One published version: the tag `version` of `repository`, pinned to `commit`.

    `parameters` is a JSON Schema of an object, with Backstage's `ui:…` hints in it. `environments`
    are where a push of a service made from it goes. `document` is the GoldenPath as published.
    """

    path: str
    version: str
    repository: str
    commit: str
    parameters: JsonObject
    environments: tuple[str, ...] = ()
    document: JsonObject
    changelog: str = ""
    published_at: datetime
    published_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PathLink:
    """What a component was made from: enough to make it again, and to see what was changed since.

    `answers` are those given and those by default, secrets left out. `files` are the digests of
    what was rendered, by path. `revision` grows with every change of the row.
    """

    component: str
    repository: str
    path: str
    version: str
    answers: JsonObject
    files: Mapping[str, Digest]
    updated_at: datetime
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeOffer:
    """A component's next version on a branch of its repository, from `base`, its default branch.

    The latest offer to a component replaces the one before. `answers` and `files` become the
    link's when the branch is merged.
    """

    component: str
    repository: str
    path: str
    from_version: str
    to_version: str
    branch: str
    base: str
    commit: str
    state: OfferState
    answers: JsonObject
    files: Mapping[str, Digest]
    conflicts: tuple[Conflict, ...] = field(default=())
    made_at: datetime
    revision: int = 0
