"""The form of answers about golden paths, for the OpenAPI document.

Belongs here: what `schema` holds for other nouns.
"""

from datetime import datetime

from fairway.api.schema import Free, Schema


class PathVersion(Schema):
    """One published version."""

    version: str
    repository: str
    commit: str
    published_at: datetime
    published_by: str


class GoldenPathHead(Schema):
    """A golden path in a list; `version` is the newest, `services` how many were made from it."""

    name: str
    title: str
    description: str
    owner: str
    lifecycle: str
    type: str
    version: str
    services: int


class GoldenPaths(Schema):
    """Golden paths by name."""

    items: list[GoldenPathHead]


class GoldenPath(GoldenPathHead):
    """A golden path; `parameters` is a JSON Schema of what the newest version asks for."""

    environments: list[str]
    parameters: Free
    changelog: str
    versions: list[PathVersion]


class RenderedFile(Schema):
    """A file that the template gave; `size` in bytes."""

    path: str
    size: int
    mode: str


class Scaffolded(Schema):
    """A service that was made, or with a dry run would be; `commit` is empty then.

    `output` is what a template of Backstage tells: `links` and `text`.
    """

    name: str
    owner: str
    path: str
    version: str
    answers: Free
    environments: list[str]
    files: list[RenderedFile]
    output: Free
    commit: str
    is_dry_run: bool


class PathLink(Schema):
    """What a component was made from, or would have been."""

    component: str
    repository: str
    path: str
    version: str
    answers: Free
    updated_at: datetime


class TemplateFinding(Schema):
    """Something wrong with a template."""

    code: str
    level: str
    text: str
    fix: str
    at: str


class TemplateFindings(Schema):
    """What a check of a template found."""

    findings: list[TemplateFinding]
