"""Making a plan: the heart of the platform.

Belongs here: comparing what is wanted with what exists, node by node, in the order of needs.
Never here: input or output, a clock, a driver. Start at `make_plan`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from fairway.core.finding.finding import Finding
from fairway.core.graph import expression
from fairway.core.graph.expression import Output, OutputReference, Secret, Unknown
from fairway.core.graph.live import LiveNode, NodeId
from fairway.core.graph.make import Graph
from fairway.core.graph.node import Node
from fairway.core.plan import choice, plan
from fairway.core.plan.choice import Choice, Desired
from fairway.core.plan.plan import Action, Document, Plan, PlanStep, Reason, Recipe
from fairway.core.plan.scope import NO_TRAITS, Scope, Traits
from fairway.kits import digest, toposort
from fairway.kits.canonical import JsonObject
from fairway.kits.digest import Digest

# After a step with one of these actions, outputs may be other than before it.
_OUTPUTS_MAY_MOVE: frozenset[Action] = frozenset({"create", "update", "replace", "unknown"})


@dataclass(frozen=True, slots=True)
class _Sealed:
    """A step and its digest; made once for equal causes."""

    step: PlanStep
    digest: Digest


@dataclass(slots=True)
class Memo:
    """Steps by all that they were made from.

    A caller that plans again passes the same one: what did not change is not compared again.
    It changes how long `make_plan` takes and nothing else.
    """

    steps: dict[tuple[object, ...], _Sealed] = field(default_factory=dict)


def make_plan(
    graph: Graph,
    live: Mapping[NodeId, LiveNode],
    scope: Scope,
    *,
    traits: Mapping[str, Traits],
    memo: Memo | None = None,
) -> Plan:
    """Return the steps from `live` to `graph` within `scope`; the same input, the same bytes.

    `live` holds every node of the environment that is wanted or that `scope` may remove.
    `traits` are by driver. Every choice is made here and none when the plan is carried out:
    a step names its node, its reasons and the steps that come first.
    """
    planner = _Planner(graph, live, scope, traits, memo or Memo())
    for node in graph.order:
        planner.plan_wanted(graph.nodes[node])
    planner.plan_unwanted()
    steps = _order(planner.steps)
    findings = tuple(sorted(planner.findings))
    draft = Plan(
        environment=graph.environment.name,
        component=scope.component,
        release=scope.release,
        base={**graph.base, **scope.base, **planner.make_node_base()},
        steps=tuple(sealed.step for sealed in steps),
        findings=(),
        summary=_count(steps),
        digest=Digest(""),
    )
    return plan.seal_plan(
        draft, findings=findings, step_digests=tuple(sealed.digest for sealed in steps)
    )


@dataclass(slots=True)
class _Planner:
    """The state of one `make_plan`: steps by node, made in the order of needs."""

    graph: Graph
    live: Mapping[NodeId, LiveNode]
    scope: Scope
    traits: Mapping[str, Traits]
    memo: Memo
    steps: dict[NodeId, _Sealed] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def plan_wanted(self, node: Node) -> None:
        """Add the step of a node that is wanted; those that it needs have theirs already."""
        existing = self.live.get(node.id)
        needs = tuple(
            self.steps[need].step.id
            for need in node.needs
            if self.steps[need].step.action != "keep"
        )
        loses = self.scope.losses.get(node.id, "")
        key = (
            node.digest,
            node.id,
            node.provisioner_revision,
            node.consumers,
            node.origin.pointer,
            existing.revision if existing else 0,
            tuple(self._make_output_state(need) for need in node.needs),
            needs,
            loses,
            self.scope.component,
        )
        sealed = self.memo.steps.get(key)
        if sealed is None:
            sealed = _seal(self._make_wanted(node, existing, needs, loses=loses))
            self.memo.steps[key] = sealed
        self.steps[node.id] = sealed
        self._check_shared(node, existing, sealed.step)

    def plan_unwanted(self) -> None:
        """Add steps for nodes of the scope that are not wanted any more."""
        unwanted = sorted(
            node
            for node, existing in self.live.items()
            if node not in self.graph.nodes and self._is_ours(existing)
        )
        removed = {node for node in unwanted if not self._is_kept(self.live[node])}
        for node in unwanted:
            existing = self.live[node]
            if node in removed:
                self.steps[node] = _seal(self._make_delete(existing, removed))
            else:
                others = self._list_other_consumers(existing)
                self.steps[node] = _seal(_make_kept(existing, others, self.scope))

    def make_node_base(self) -> Mapping[str, int]:
        """Return the revision of every live node that the plan read."""
        environment = self.graph.environment.name
        return {
            f"node/{environment}/{node}": self.live[node].revision if node in self.live else 0
            for node in self.steps
        }

    def _make_output_state(self, node: NodeId) -> tuple[int, bool]:
        existing = self.live.get(node)
        moves = self.steps[node].step.action in _OUTPUTS_MAY_MOVE
        return (existing.revision if existing else 0, moves)

    def _lookup(self, reference: OutputReference) -> Output:
        existing = self.live.get(reference.node)
        if existing is None or self._make_output_state(reference.node)[1]:
            return Unknown(node=reference.node)
        secret = existing.secrets.get(reference.output)
        if secret is not None:
            return Secret(fingerprint=secret.fingerprint)
        try:
            return expression.read_output(existing.outputs, reference.output)
        except KeyError:
            return Unknown(node=reference.node)

    def _make_wanted(
        self, node: Node, existing: LiveNode | None, needs: tuple[str, ...], *, loses: str
    ) -> PlanStep:
        redacted = cast("JsonObject", expression.redact(node.inputs, self._lookup))
        desired = Desired(
            node=node,
            redacted=redacted,
            digest=digest.make_value_digest(redacted),
            unknown=expression.list_unknown_paths(redacted),
            traits=self.traits.get(node.driver, NO_TRAITS),
            environment=self.graph.environment.name,
        )
        chosen = choice.choose(desired, existing)
        return PlanStep(
            id=f"{chosen.action}/{node.id}",
            node=node.id,
            action=chosen.action,
            reasons=chosen.reasons,
            diff=chosen.changes,
            unknown=_list_unknown(desired, chosen),
            needs=needs if chosen.action != "keep" else (),
            loses=loses if chosen.action == "replace" else "",
            consumers=tuple(sorted(self._get_consumers(node, existing))),
            recipe=None if chosen.action == "keep" else _make_recipe(node),
        )

    def _get_consumers(self, node: Node, existing: LiveNode | None) -> frozenset[str]:
        others = self._list_other_consumers(existing) if existing else frozenset()
        return node.consumers | others

    def _is_ours(self, existing: LiveNode) -> bool:
        component = self.scope.component
        return not component or component in existing.consumers

    def _is_kept(self, existing: LiveNode) -> bool:
        """Return whether an unwanted node stays: others use it, or resources are retained."""
        is_retained = self.scope.is_retaining and existing.kind == "resource"
        return is_retained or bool(self._list_other_consumers(existing))

    def _list_other_consumers(self, existing: LiveNode) -> frozenset[str]:
        component = self.scope.component
        return existing.consumers - {component} if component else frozenset()

    def _make_delete(self, existing: LiveNode, removed: set[NodeId]) -> PlanStep:
        """Return the step that removes a node, after everything that used it."""
        dependents = sorted(
            other.id
            for other in self.live.values()
            if existing.id in other.needs and self._is_ours(other)
        )
        before = [
            f"delete/{node}" if node in removed else self.steps[node].step.id
            for node in dependents
            if node in removed or self.steps[node].step.action != "keep"
        ]
        return PlanStep(
            id=f"delete/{existing.id}",
            node=existing.id,
            action="delete",
            reasons=(_explain_delete(existing, self.scope),),
            needs=tuple(before),
            loses=self.scope.losses.get(existing.id, ""),
            recipe=_make_live_recipe(existing),
        )

    def _check_shared(self, node: Node, existing: LiveNode | None, step: PlanStep) -> None:
        others = sorted(self._list_other_consumers(existing) if existing else ())
        if others and step.action in ("update", "replace"):
            self.findings.append(
                Finding(
                    at=node.origin.get_location() or "",
                    code="RESOURCE-SHARED-CHANGE",
                    level="warn",
                    text=f"{node.id} is used by {', '.join(others)} too and will {step.action}",
                    fix="agree with its other users, or give this workload a resource of its own",
                )
            )


def _seal(step: PlanStep) -> _Sealed:
    return _Sealed(step, plan.make_step_digest(step))


def _list_unknown(desired: Desired, chosen: Choice) -> tuple[plan.UnknownValue, ...]:
    if chosen.action == "keep":
        return ()
    return tuple(plan.UnknownValue(path=path, after=node) for path, node in desired.unknown)


def _make_recipe(node: Node) -> Recipe:
    return Recipe(
        kind=node.kind,
        type=node.type,
        class_=node.class_,
        component=node.component,
        driver=node.driver,
        provisioner=node.provisioner,
        provisioner_revision=node.provisioner_revision,
        on_delete=node.on_delete,
        inputs=cast("Document", node.inputs),
        needs=node.needs,
        secret_outputs=node.secret_outputs,
    )


def _make_live_recipe(existing: LiveNode) -> Recipe:
    return Recipe(
        kind=existing.kind,
        type=existing.type,
        class_=str(existing.spec.get("class", "default")),
        component=existing.component,
        driver=existing.driver,
        provisioner=existing.provisioner,
        provisioner_revision=existing.provisioner_revision,
        on_delete=existing.on_delete,
        inputs=cast("Document", existing.spec),
        needs=existing.needs,
        secret_outputs=frozenset(existing.secrets),
    )


def _make_kept(existing: LiveNode, others: frozenset[str], scope: Scope) -> PlanStep:
    component = scope.component
    if others:
        reason = Reason(
            code="shared",
            text=f"{component} uses it no longer; still used by {', '.join(sorted(others))}",
        )
    else:
        reason = Reason(code="retained", text="no longer wanted; a return keeps what it finds")
    return PlanStep(
        id=f"keep/{existing.id}",
        node=existing.id,
        action="keep",
        reasons=(reason,),
        consumers=tuple(sorted(others or existing.consumers)),
    )


def _explain_delete(existing: LiveNode, scope: Scope) -> Reason:
    who = scope.component or "nothing"
    if scope.component and scope.release is None:
        return Reason(code="removed", text=f"{who} is removed from the environment")
    kept = "" if existing.on_delete == "delete" else f" (data: {existing.on_delete})"
    return Reason(code="unwanted", text=f"no longer asked for{kept}")


def _order(steps: Mapping[NodeId, _Sealed]) -> Sequence[_Sealed]:
    """Return the steps so that each comes after those it needs; ties by id."""
    by_id = {sealed.step.id: sealed for sealed in steps.values()}
    waves = toposort.make_waves({name: sealed.step.needs for name, sealed in by_id.items()})
    return [by_id[name] for wave in waves for name in wave]


def _count(steps: Sequence[_Sealed]) -> Mapping[Action, int]:
    counts: dict[Action, int] = {}
    for sealed in steps:
        counts[sealed.step.action] = counts.get(sealed.step.action, 0) + 1
    return counts
