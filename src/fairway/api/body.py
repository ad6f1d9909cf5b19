"""Request bodies: strict, and nothing unknown is let through.

Belongs here: their models. Never here: what is done with them.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from fairway.api.parameter import DIGEST_PATTERN, MOST, NAME_PATTERN
from fairway.core.release import release
from fairway.kits.digest import Digest
from fairway.usecases.delivery.start_run import Source

LINE = r"^[^\x00-\x1f\x7f]*$"
TEXT = r"^[^\x00]*$"
GROUP = r"^([a-z]+:)?[A-Za-z0-9][-A-Za-z0-9_./]{0,200}$"
MOST_LIFETIME_SECONDS = 10 * 366 * 24 * 3600


class Body(BaseModel):
    """A body in camelCase without coercion: `false` is not a number."""

    model_config = ConfigDict(strict=True, extra="forbid", alias_generator=to_camel)


class File(Body):
    """A file's text; `name` appears in errors."""

    name: str = Field(min_length=1, max_length=1000, pattern=LINE)
    content: str


class Files(Body):
    """Documents to apply; `expected` maps refs to the revision last seen."""

    files: list[File] = Field(min_length=1, max_length=10_000)
    expected: dict[str, Annotated[int, Field(ge=0, le=MOST)]] = {}


class Commit(Body):
    """What version control says of a source tree."""

    id: Annotated[str, Field(max_length=200, pattern=LINE)] = "-"
    subject: Annotated[str, Field(max_length=1000, pattern=TEXT)] = ""
    is_dirty: bool = False


class Build(Body):
    """A source to build and release."""

    component: str = Field(pattern=NAME_PATTERN)
    source: str = Field(pattern=DIGEST_PATTERN)
    commit: Commit = Commit()
    tests: bool = True


class Deploy(Body):
    """A source to build and deploy, or a release that exists."""

    source: Annotated[str, Field(pattern=DIGEST_PATTERN)] | None = None
    release: Annotated[int, Field(ge=1, le=MOST)] | None = None
    commit: Commit = Commit()
    tests: bool = True


class Promote(Body):
    """The environment whose release is to be deployed."""

    from_: str = Field(alias="from", pattern=NAME_PATTERN)


class Rollback(Body):
    """The release to go back to; by default the last other one that was ready."""

    to: Annotated[int, Field(ge=1, le=MOST)] | None = None


class Plan(Body):
    """What to plan: a release, by default the newest, or the removal."""

    release: Annotated[int, Field(ge=1, le=MOST)] | None = None
    remove: bool = False


class Approve(Body):
    """A remark that is kept with the approval."""

    comment: str = Field("", max_length=10_000, pattern=TEXT)


class User(Body):
    """A user's groups."""

    groups: list[Annotated[str, Field(pattern=GROUP)]] = Field([], max_length=200)
    is_admin: bool = False


class Token(Body):
    """A token to make."""

    title: str = Field("", max_length=200, pattern=LINE)
    lifetime_seconds: Annotated[int, Field(ge=60, le=MOST_LIFETIME_SECONDS)] | None = None


class Publication(Body):
    """A tag of a hosted repository to make a version of the golden path in it."""

    repository: str = Field(pattern=NAME_PATTERN)
    tag: str = Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9][-A-Za-z0-9_.+]*$")


class Template(Body):
    """A golden path's template in an uploaded source archive."""

    source: str = Field(pattern=DIGEST_PATTERN)


class PathTest(Body):
    """What to test: a template in an uploaded source archive, or a published version of a path.

    `like` is the environment that the test's own is made after.
    """

    source: Annotated[str, Field(pattern=DIGEST_PATTERN)] | None = None
    path: Annotated[str, Field(pattern=NAME_PATTERN)] | None = None
    version: str = Field("", max_length=100, pattern=LINE)
    like: str = Field("dev", pattern=NAME_PATTERN)


class Adoption(Body):
    """What a service that is there would have answered; `version` empty means the newest."""

    version: str = Field("", max_length=100, pattern=LINE)
    answers: dict[str, object] = {}


class Service(Body):
    """A service to make from a golden path; `version` empty means the newest."""

    name: str = Field(pattern=NAME_PATTERN)
    owner: str = Field(pattern=GROUP)
    version: str = Field("", max_length=100, pattern=LINE)
    answers: dict[str, object] = {}
    dry_run: bool = False


class FleetUpgrade(Body):
    """The version to bring services to; empty means the newest."""

    to: str = Field("", max_length=100, pattern=LINE)


class Upgrade(FleetUpgrade):
    """The version to bring a service to, and answers that go over those it has."""

    answers: dict[str, object] = {}
    downgrade: bool = False


def make_source(digest: str, commit: Commit, *, is_tested: bool) -> Source:
    """Return the source that a body names."""
    return Source(
        digest=Digest(digest),
        commit=release.Commit(id=commit.id, subject=commit.subject, is_dirty=commit.is_dirty),
        is_tested=is_tested,
    )


class RepositoryRules(Body):
    """What to change of a repository; what is left out stays."""

    owner: Annotated[str, Field(pattern=GROUP)] | None = None
    component: Annotated[str, Field(pattern=f"{NAME_PATTERN}|^$")] | None = None
    default_branch: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    environments: Annotated[list[str], Field(max_length=20)] | None = None
    protected: Annotated[list[str], Field(max_length=100)] | None = None


class NewRepository(RepositoryRules):
    """A repository to create."""

    name: str = Field(pattern=NAME_PATTERN)
    owner: str = Field(pattern=GROUP)


class Origin(Body):
    """A repository on another server; `credentials` are `user:password`."""

    url: str = Field(max_length=2000)
    credentials: Annotated[str, Field(max_length=2000)] = ""
