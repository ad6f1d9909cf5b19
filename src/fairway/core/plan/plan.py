"""A plan as immutable data that crosses the wire as it is.

Belongs here: the values, their canonical bytes and digests. Never here: choosing (`make.py`).
Start at `Plan`.
"""

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct

from fairway.core.definition.definition import DeleteAction
from fairway.core.finding.finding import Finding
from fairway.core.graph.live import NodeId, NodeKind
from fairway.kits import digest
from fairway.kits.digest import Digest

Action = Literal["create", "update", "replace", "delete", "keep", "unknown"]
# A JSON object whose values are not looked into here.
Document: TypeAlias = Mapping[str, object]

_ENCODER = msgspec.json.Encoder(order="sorted")


class Reason(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a step is as it is: a stable code, a text for people, and `file:line` that asked."""

    code: str
    text: str
    at: str = ""


class Change(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One differing value at a dotted path; secrets are `•••`, absence is None."""

    path: str
    before: str | None = None
    after: str | None = None


class UnknownValue(Struct, frozen=True, kw_only=True):
    """A dotted path whose value will be known only after a step of the node `after`."""

    path: str
    after: NodeId


class Recipe(Struct, frozen=True, kw_only=True, rename="camel"):
    """All that carrying out a step takes, except outputs that are known only then.

    `inputs` is an expression (see `fairway.core.graph.expression`); for a delete it is the
    redacted spec that the node was made from.
    """

    kind: NodeKind
    type: str
    class_: str = msgspec.field(name="class")
    component: str
    driver: str
    provisioner: str
    provisioner_revision: int
    on_delete: DeleteAction
    inputs: Document
    needs: tuple[NodeId, ...] = ()
    secret_outputs: frozenset[str] = frozenset()


class PlanStep(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What happens to one node.

    `needs` are ids of steps that come first. `loses` says for people what data goes.
    `consumers` are the components that use the node afterwards. Only `keep` has no recipe.
    """

    id: str
    node: NodeId
    action: Action
    reasons: tuple[Reason, ...] = ()
    diff: tuple[Change, ...] = ()
    unknown: tuple[UnknownValue, ...] = ()
    needs: tuple[str, ...] = ()
    loses: str = ""
    consumers: tuple[str, ...] = ()
    recipe: Recipe | None = None


class Plan(Struct, frozen=True, kw_only=True, rename="camel"):
    """The steps in an order that respects their needs, and the base they were made from.

    `base` maps everything that was read (`environment/prod`, `node/dev/postgres.default#…`) to
    the revision that was seen, 0 for what did not exist. `release` is None when the component
    is to be removed. Equal digests mean equal bytes of `render_plan`.
    """

    environment: str
    component: str
    release: int | None
    base: Mapping[str, int]
    steps: tuple[PlanStep, ...]
    findings: tuple[Finding, ...]
    summary: Mapping[Action, int]
    digest: Digest

    @property
    def is_noop(self) -> bool:
        """Whether applying it would change nothing that runs."""
        return all(step.action == "keep" for step in self.steps)

    @property
    def denials(self) -> tuple[Finding, ...]:
        """The findings that forbid applying it."""
        return tuple(finding for finding in self.findings if finding.level == "deny")

    def get_step(self, step_id: str) -> PlanStep:
        """Return the step.

        Raises:
            KeyError: there is none of that id.
        """
        for step in self.steps:
            if step.id == step_id:
                return step
        raise KeyError(step_id)


class _Head(Struct, frozen=True, kw_only=True):
    environment: str
    component: str
    release: int | None
    base: Mapping[str, int]
    findings: tuple[Finding, ...]


def make_step_digest(step: PlanStep) -> Digest:
    """Return the digest of the step's canonical JSON."""
    return digest.make_digest(_ENCODER.encode(step))


def seal_plan(
    draft: Plan, *, findings: tuple[Finding, ...], step_digests: tuple[Digest, ...]
) -> Plan:
    """Return the plan with `findings` and the digest over all that it says.

    The digest joins that of the head with those of the steps, so that a step that did not
    change is not read again.
    """
    head = _Head(
        environment=draft.environment,
        component=draft.component,
        release=draft.release,
        base=draft.base,
        findings=findings,
    )
    sealed = digest.make_joined_digest([_ENCODER.encode(head).decode(), *step_digests])
    return msgspec.structs.replace(draft, findings=findings, digest=sealed)


def render_plan(plan: Plan) -> bytes:
    """Return the plan's canonical JSON: keys sorted, no white space."""
    return _ENCODER.encode(plan)


def parse_plan(content: bytes) -> Plan:
    """Return the plan that `render_plan` rendered.

    Raises:
        ValueError: it is not the JSON of a plan, or its digest is not that of its content.
    """
    plan = msgspec.json.decode(content, type=Plan)
    digests = tuple(make_step_digest(step) for step in plan.steps)
    if seal_plan(plan, findings=plan.findings, step_digests=digests).digest != plan.digest:
        raise ValueError(f"the content of plan {plan.digest} was changed")
    return plan
