"""The steps before anything changes: plan, approval, claim.

Belongs here: storing the plan, waiting for a yes, and refusing a plan whose base has moved.
"""

import dataclasses

from fairway.core.audit.event import AuditEvent
from fairway.core.finding.finding import Finding
from fairway.core.plan import lint
from fairway.core.plan import plan as plans
from fairway.core.plan.plan import Plan
from fairway.core.run.run import Run
from fairway.kits import digest
from fairway.kits.canonical import JsonObject
from fairway.kits.errors import Refused
from fairway.ports.store.deployments import Deployment
from fairway.ports.store.plans import StoredPlan
from fairway.ports.store.store import Transaction
from fairway.runtime.step import Done, Executor, StepContext, StepResult, Waiting
from fairway.usecases.delivery import planning
from fairway.usecases.delivery.planning import Planned, PlanRequest
from fairway.usecases.delivery.steps import kinds
from fairway.usecases.platform import Platform


def load_plan(tx: Transaction, plan_digest: object) -> Plan:
    """Return the stored plan of that digest.

    Raises:
        Refused: PLAN-UNKNOWN.
    """
    stored = tx.plans.find(str(plan_digest))
    if stored is None:
        raise Refused(
            "PLAN-UNKNOWN",
            what=f"cannot find plan '{digest.shorten(str(plan_digest))}'",
            why="no plan has this digest",
            fix="make one with fairway plan",
            status=404,
        )
    return plans.parse_plan(stored.content)


def store_plan(platform: Platform, tx: Transaction, plan: Plan, *, author: str) -> None:
    """Store `plan`; the same plan again is a no-op."""
    tx.plans.put(
        StoredPlan(
            digest=plan.digest,
            environment=plan.environment,
            component=plan.component,
            release=plan.release,
            content=plans.render_plan(plan),
            author=author,
            created_at=platform.clock.now(),
        )
    )


@dataclasses.dataclass(frozen=True, slots=True)
class PlanStepExecutor(Executor):
    """Makes the plan of the run's release, or takes the one that was asked for by digest."""

    platform: Platform

    def execute(self, context: StepContext) -> StepResult:
        planned = self._make(context)
        plan = planned.plan
        check_plan(plan)
        steps = kinds.make_plan_steps(plan, planned.graph.environment)

        def commit(tx: Transaction) -> None:
            store_plan(self.platform, tx, plan, author=context.run.actor)
            tx.plans.attach_run(plan.digest, context.run.id)

        result: JsonObject = {
            "plan": plan.digest,
            "isNoop": plan.is_noop,
            "release": plan.release,
        }
        return Done(
            output={"plan": plan.digest},
            then=steps,
            commit=commit,
            result=result,
            text=describe_plan(plan),
        )

    def _make(self, context: StepContext) -> Planned:
        component = str(context.run.input["component"])
        environment = str(context.run.input["environment"])
        number = context.outputs.get(kinds.RELEASE, {}).get(
            "release", context.run.input.get("release")
        )
        with self.platform.store.read() as tx:
            release = None if number is None else tx.releases.find(component, int(str(number)))
        if number is not None and release is None:
            raise make_release_refusal(component, number)
        request = PlanRequest(environment=environment, component=component, release=release)
        planned = planning.make_deployment_plan(self.platform, request)
        asked = context.run.input.get("plan")
        if asked is not None and planned.plan.digest != asked:
            with self.platform.store.read() as tx:
                raise make_stale_refusal(tx, load_plan(tx, asked))
        return planned


def make_release_refusal(component: str, number: object) -> Refused:
    """Return the refusal of a release that does not exist; `number` None means any."""
    return Refused(
        "RELEASE-UNKNOWN",
        what=f"cannot find {f'release {number}' if number else 'a release'} of '{component}'",
        why="there is no such release",
        fix=f"see the releases with: fairway status {component}",
        status=404,
    )


def check_plan(plan: Plan) -> None:
    """Refuse a plan that the linter or a finding forbids.

    Raises:
        Refused: PLAN-DEFECT or PLAN-DENIED.
    """
    defects = lint.list_defects(plan)
    if defects:
        raise Refused(
            "PLAN-DEFECT",
            what=f"cannot apply plan {digest.shorten(plan.digest)}",
            why=defects[0],
            fix="this is a bug of the platform; report it with the plan's JSON",
            status=500,
        )
    if plan.denials:
        raise make_denial(plan)


def make_denial(plan: Plan) -> Refused:
    """Return the refusal that names every denial of `plan`."""
    first, *others = plan.denials
    more = "".join(f"; {_describe_finding(finding)}" for finding in others)
    return Refused(
        "PLAN-DENIED",
        what=f"cannot apply plan {digest.shorten(plan.digest)} of '{plan.component}' in "
        f"'{plan.environment}'",
        why=f"{_describe_finding(first)}{more}",
        fix=first.fix,
        status=409,
    )


def _describe_finding(finding: Finding) -> str:
    at = f" ({finding.at})" if finding.at else ""
    return f"{finding.code}: {finding.text}{at}"


def make_stale_refusal(tx: Transaction, plan: Plan) -> Refused:
    """Return the refusal of a plan whose base has moved, naming what moved."""
    moved = planning.list_moved(tx, plan)
    return Refused(
        "PLAN-STALE",
        what=f"cannot apply plan {digest.shorten(plan.digest)}",
        why="the world has moved since it was made: "
        + (", ".join(moved) or "the same plan would now be another"),
        fix=f"plan again: fairway plan {plan.component} --env {plan.environment}",
        status=409,
    )


def describe_plan(plan: Plan) -> str:
    """Return the plan in one line, such as `+ postgres.default#orders.db  ~ workload/orders`."""
    marks = {"create": "+", "update": "~", "replace": "!", "delete": "-", "unknown": "?"}
    changes = [f"{marks[step.action]} {step.node}" for step in plan.steps if step.action in marks]
    return "  ".join(changes) or "nothing to change"


@dataclasses.dataclass(frozen=True, slots=True)
class ApproveExecutor(Executor):
    """Waits until as many people as the environment demands said yes to the plan."""

    platform: Platform

    def execute(self, context: StepContext) -> StepResult:
        with self.platform.store.read() as tx:
            plan = load_plan(tx, context.step.input["plan"])
            approvals = tx.plans.list_approvals(plan.digest)
            environment = planning.read_definitions(tx).environments.get(plan.environment)
        rule = environment.approval if environment else None
        if rule is None or len(approvals) >= rule.required:
            by = ", ".join(approval.user for approval in approvals)
            return Done(text=f"approved by {by}" if by else "no approval needed any more")
        return Waiting(text=f"{len(approvals)} of {rule.required} approvals")


@dataclasses.dataclass(frozen=True, slots=True)
class ClaimExecutor(Executor):
    """Takes the deployment for this run, if all that the plan was made from is unchanged."""

    platform: Platform

    def execute(self, context: StepContext) -> StepResult:
        def commit(tx: Transaction) -> None:
            plan = load_plan(tx, context.step.input["plan"])
            if not plan.is_noop:
                self._claim(tx, plan, context.run)

        with self.platform.store.read() as tx:
            plan = load_plan(tx, context.step.input["plan"])
            deployment = tx.deployments.find(plan.environment, plan.component)
            is_ours = deployment is not None and deployment.plan == plan.digest
            if not is_ours and planning.list_moved(tx, plan):
                raise make_stale_refusal(tx, plan)
        return Done(commit=commit)

    def _claim(self, tx: Transaction, plan: Plan, run: Run) -> None:
        known = tx.deployments.find(plan.environment, plan.component)
        if known is not None and known.plan == plan.digest:
            return
        if planning.list_moved(tx, plan):
            raise make_stale_refusal(tx, plan)
        now = self.platform.clock.now()
        current = known or Deployment(environment=plan.environment, component=plan.component)
        tx.deployments.put(
            dataclasses.replace(
                current,
                rolling=plan.release,
                plan=plan.digest,
                author=run.actor,
                updated_at=now,
            )
        )
        tx.audit.append(
            AuditEvent(
                type="deployment.started",
                subject=f"deployment/{plan.environment}/{plan.component}",
                actor=run.actor,
                at=now,
                data={"plan": plan.digest, "release": plan.release, "run": run.id},
            )
        )
