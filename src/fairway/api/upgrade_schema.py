"""The form of answers about upgrades, for the OpenAPI document.

Belongs here: what `schema` holds for other nouns.
"""

from datetime import datetime
from typing import Literal

from fairway.api.schema import Free, Schema
from fairway.core.golden_path.golden_path import OfferState


class Conflict(Schema):
    """A place where a merge needs a person, or a note on one; `text` says what both sides did."""

    path: str
    kind: str
    text: str


class UpgradeQuestions(Schema):
    """What a version asks for, as JSON Schema; `new` are parameters that the old one had not."""

    component: str
    path: str
    from_version: str
    to_version: str
    parameters: Free
    new: list[str]


class FileDiff(Schema):
    """What would become of a file; `text` is a unified diff, empty where there are no lines."""

    path: str
    action: Literal["added", "changed", "removed"]
    text: str


class UpgradePreview(Schema):
    """What an upgrade would change; `isNeeded` is false for a service that is up to date."""

    component: str
    path: str
    from_version: str
    to_version: str
    is_needed: bool
    answers: Free
    new_parameters: Free
    conflicts: list[Conflict]
    notes: list[Conflict]
    files: list[FileDiff]


class UpgradeOffer(Schema):
    """A component's latest offer: one commit on `branch`, on top of commit `base`."""

    component: str
    repository: str
    path: str
    from_version: str
    to_version: str
    branch: str
    base: str
    commit: str
    state: OfferState
    answers: Free
    conflicts: list[Conflict]
    made_at: datetime


class Drift(Schema):
    """A service beside its path: versions that it has not, and files that it changed.

    `problem` says why its files could not be compared, and is empty where they could.
    """

    component: str
    version: str
    behind: list[str]
    changed: list[str]
    deleted: list[str]
    added: list[str]
    problem: str


class PathDrift(Schema):
    """The services of a path by name."""

    path: str
    items: list[Drift]
