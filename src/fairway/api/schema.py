"""The answers' form, for the OpenAPI document.

Belongs here: a model for each noun that `document` renders; a test holds the two together. Never
here: rendering. Endpoints return ready JSON, so that a long list costs no second validation.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from fairway.core.run.run import RunState, StepState

Free = dict[str, object]


class Schema(BaseModel):
    """An answer in camelCase that has these fields and no other."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, populate_by_name=True)


class ProblemPart(Schema):
    """One of several problems."""

    code: str
    what: str
    why: str
    fix: str
    at: str | None = Field(description="`file:line:column`")


class Problem(Schema):
    """RFC 9457 problem details, with a stable code and what to do about it."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    what: str
    why: str
    fix: str
    at: Annotated[str, Field(description="`file:line:column`")] = ""
    errors: list[ProblemPart] = []


class Empty(Schema):
    """Nothing to say."""


class Health(Schema):
    """The platform is up."""

    status: Literal["ok"]
    version: str
    uptime_seconds: float


class WhoAmI(Schema):
    """Who the token belongs to."""

    name: str
    groups: list[str]
    is_admin: bool


class User(WhoAmI):
    """A user."""

    created_at: datetime


class Users(Schema):
    """Users by name."""

    items: list[User]


class Token(Schema):
    """A token, without what it is."""

    id: str
    title: str
    created_at: datetime
    expires_at: datetime | None


class Tokens(Schema):
    """A user's tokens."""

    items: list[Token]


class NewToken(Schema):
    """A token's clear text, which is in this answer and nowhere else."""

    id: str
    token: str


class StoredEntity(Schema):
    """An entity as stored; `entity` is the document as written."""

    ref: str
    uid: str
    revision: int
    digest: str
    location: str
    updated_at: datetime
    updated_by: str
    is_deleted: bool
    entity: Free


class Relation(Schema):
    """An edge of the catalog."""

    type: str
    target_ref: str


class RelatedEntity(StoredEntity):
    """An entity with its relations."""

    relations: list[Relation]


class EntityPage(Schema):
    """A page of entities, and the number of all that match."""

    items: list[StoredEntity]
    total: int
    next_cursor: str | None
    previous_cursor: str | None


class EntityHistory(Schema):
    """An entity's revisions, newest first."""

    items: list[StoredEntity]


class Change(Schema):
    """A value that differs; what is absent is null, what is secret is `•••`."""

    path: str
    before: str | None
    after: str | None


class EntityChange(Schema):
    """What applying did, or would do, to an entity."""

    ref: str
    action: Literal["created", "updated", "unchanged", "deleted"]
    revision: int
    changes: list[Change]


class EntityChanges(Schema):
    """What applying did, or would do, in the order of the documents."""

    changes: list[EntityChange]


class FacetValue(Schema):
    """A value and how many entities have it."""

    value: str
    count: int


class Facets(Schema):
    """Values by facet."""

    facets: dict[str, list[FacetValue]]


class Source(Schema):
    """An archive that is stored."""

    digest: str


class Commit(Schema):
    """What version control says of a source."""

    id: str
    subject: str
    is_dirty: bool


class Layer(Schema):
    """A part of an artifact."""

    name: str
    digest: str
    size: int


class TestReport(Schema):
    """What the service's own tests said."""

    passed: int
    failed: int
    skipped: int
    duration_seconds: float


class Artifact(Schema):
    """What a build made."""

    digest: str
    component: str
    source: str
    layers: list[Layer]
    runtime: dict[str, str]
    tests: TestReport | None


class Release(Schema):
    """A numbered release of a component."""

    component: str
    number: int
    artifact: Artifact
    commit: Commit
    author: str
    created_at: datetime


class Releases(Schema):
    """A component's releases, newest first."""

    items: list[Release]


class Failure(Schema):
    """Why something did not succeed, with the last lines of its log."""

    code: str
    what: str
    why: str
    fix: str
    lines: list[str]


class RunHead(Schema):
    """A run, without its steps."""

    id: int
    kind: str
    state: RunState
    subject: str
    actor: str
    input: Free
    output: Free
    failure: Failure | None
    is_cancel_requested: bool
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class Step(Schema):
    """A step of a run."""

    index: int
    kind: str
    name: str
    state: StepState
    attempts: int
    needs: list[int]
    output: Free
    failure: Failure | None
    started_at: datetime | None
    ended_at: datetime | None


class Run(RunHead):
    """A run with its steps."""

    steps: list[Step]


class RunPage(Schema):
    """Runs, newest first; `next` goes into `before` for the page after."""

    items: list[RunHead]
    next: int | None


class Instance(Schema):
    """A replica of a workload."""

    name: str
    release: int
    is_ready: bool
    phase: Literal["starting", "running", "backoff", "stopping", "exited"]
    restarts: int
    exit_code: int | None
    reason: str
    started_at: datetime | None
    memory_bytes: int
    cpu_seconds: float


class Workload(Schema):
    """What runs of a component in an environment."""

    phase: Literal["absent", "progressing", "ready", "degraded", "failed"]
    ready: int
    desired: int
    release: int
    generation: str
    reason: str
    last_lines: list[str]
    instances: list[Instance]


class EnvironmentStatus(Schema):
    """A component in one environment; `release` is null where it was not deployed."""

    environment: str
    release: Release | None
    workload: Workload | None
    urls: list[str]
    behind: str
    problem: str
    run: RunHead | None
    author: str
    updated_at: datetime | None


class CommitState(Schema):
    """How far the platform is with a commit in one context."""

    context: str
    state: str
    text: str


class NewestPush(Schema):
    """The newest push to the default branch of a component's repository."""

    branch: str
    commit: str
    statuses: list[CommitState]


class ComponentStatus(Schema):
    """A component everywhere, in the order of promotion."""

    component: str
    owner: str
    system: str
    path: str
    push: NewestPush | None
    environments: list[EnvironmentStatus]


class Components(Schema):
    """Every component that was deployed."""

    items: list[ComponentStatus]


class AuditEvent(Schema):
    """A fact that is kept for ever."""

    sequence: int
    type: str
    subject: str
    actor: str
    at: datetime
    data: Free


class AuditPage(Schema):
    """Events in the order of their commit; `next` goes into `after` for the page after."""

    items: list[AuditEvent]
    next: int | None


class Fact(Schema):
    """A line of an explanation."""

    label: str
    text: str


class Explanation(Schema):
    """Where a value came from, nearest first."""

    subject: str
    value: str
    facts: list[Fact]


class HealthCheck(Schema):
    """What a part of the platform says of itself."""

    name: str
    level: Literal["ok", "warn", "fail"]
    text: str
    fix: str


class HealthChecks(Schema):
    """What every part says."""

    checks: list[HealthCheck]


class Reason(Schema):
    """Why a step of a plan is as it is."""

    code: str
    text: str
    at: str = ""


class PlanChange(Schema):
    """A value that will differ; what is absent is left out."""

    path: str
    before: str | None = None
    after: str | None = None


class UnknownValue(Schema):
    """A value that is known only after the step of the node `after`."""

    path: str
    after: str


class PlanStep(Schema):
    """What happens to one node; what is empty is left out."""

    id: str
    node: str
    action: Literal["create", "update", "replace", "delete", "keep", "unknown"]
    reasons: list[Reason] = []
    diff: list[PlanChange] = []
    unknown: list[UnknownValue] = []
    needs: list[str] = []
    loses: str = ""
    consumers: list[str] = []
    recipe: Free | None = None


class Finding(Schema):
    """What a check found; what is empty is left out."""

    code: str
    level: Literal["deny", "warn", "info"]
    text: str
    fix: str
    at: str = ""
    waivable_by: list[str] = []


class Plan(Schema):
    """The steps of a change, and the revision of all that they were made from."""

    digest: str
    environment: str
    component: str
    release: int | None
    base: dict[str, int]
    steps: list[PlanStep]
    findings: list[Finding]
    summary: dict[str, int]


class Approval(Schema):
    """Somebody's yes."""

    user: str
    at: datetime
    comment: str


class KnownPlan(Plan):
    """A plan with its author, its run and its approvals."""

    author: str
    run: int | None
    created_at: datetime
    approvals: list[Approval]
