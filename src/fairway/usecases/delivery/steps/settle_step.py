"""The last step of every delivery: what became of it, and the way back when it failed.

Belongs here: recording success; making the plan that returns to the last good release.
Never here: carrying that plan out; its steps are added to the same run.
"""

import dataclasses

from fairway.core.audit.event import AuditEvent
from fairway.core.plan.plan import Plan
from fairway.core.run.run import StepRecord
from fairway.kits.canonical import JsonObject
from fairway.ports.store.deployments import Deployment, Rollout
from fairway.ports.store.store import Transaction
from fairway.runtime.step import Done, Executor, StepContext, StepResult
from fairway.usecases.delivery import planning
from fairway.usecases.delivery.planning import Planned, PlanRequest
from fairway.usecases.delivery.steps import kinds, plan_step
from fairway.usecases.platform import Platform


@dataclasses.dataclass(frozen=True, slots=True)
class SettleExecutor(Executor):
    """Ends a delivery: success is recorded; a failure leads back to the last good release."""

    platform: Platform

    def execute(self, context: StepContext) -> StepResult:
        with self.platform.store.read() as tx:
            plan = plan_step.load_plan(tx, context.step.input["plan"])
            deployment = tx.deployments.find(plan.environment, plan.component)
        own = [step for step in context.steps if step.index in context.step.needs]
        is_return = bool(context.step.input.get("isReturn"))
        if all(step.state == "succeeded" for step in own):
            return self._settle_success(context, plan, is_return=is_return)
        if is_return or not _has_changed_anything(own):
            return self._settle_failure(context, plan)
        return self._return(context, plan, deployment)

    def _settle_success(self, context: StepContext, plan: Plan, *, is_return: bool) -> StepResult:
        def commit(tx: Transaction) -> None:
            self._put_consumers(tx, plan)
            if plan.release is None:
                tx.deployments.remove(plan.environment, plan.component)
                self._append(tx, context, plan, event="deployment.removed", data={})
            elif is_return:
                self._put_deployment(tx, plan)
                data: JsonObject = {"release": plan.release}
                self._append(tx, context, plan, event="deployment.returned", data=data)
            else:
                self._record_rollout(tx, context, plan)

        result: JsonObject = {"returnedTo": plan.release} if is_return else {}
        return Done(commit=commit, result=result)

    def _record_rollout(self, tx: Transaction, context: StepContext, plan: Plan) -> None:
        assert plan.release is not None
        release = tx.releases.find(plan.component, plan.release)
        assert release is not None
        known = tx.deployments.find(plan.environment, plan.component)
        if plan.is_noop and known is not None and known.release == plan.release:
            return
        self._put_deployment(tx, plan)
        tx.deployments.add_rollout(
            Rollout(
                environment=plan.environment,
                component=plan.component,
                release=plan.release,
                artifact=release.artifact.digest,
                run=context.run.id,
                author=context.run.actor,
                at=self.platform.clock.now(),
            )
        )
        data: JsonObject = {
            "release": plan.release,
            "artifact": release.artifact.digest,
            "commit": release.commit.id,
        }
        self._append(tx, context, plan, event="deployment.released", data=data)

    def _put_deployment(self, tx: Transaction, plan: Plan) -> None:
        known = tx.deployments.find(plan.environment, plan.component)
        current = known or Deployment(environment=plan.environment, component=plan.component)
        tx.deployments.put(
            dataclasses.replace(
                current,
                release=plan.release,
                rolling=None,
                plan=plan.digest,
                updated_at=self.platform.clock.now(),
            )
        )
        tx.queue.mark(kinds.DEPLOYMENT, f"{plan.environment}/{plan.component}")

    def _put_consumers(self, tx: Transaction, plan: Plan) -> None:
        """Record who uses each node that the plan kept."""
        for step in plan.steps:
            node = tx.nodes.find(plan.environment, step.node)
            if node is not None and node.consumers != frozenset(step.consumers):
                tx.nodes.put(dataclasses.replace(node, consumers=frozenset(step.consumers)))

    def _settle_failure(self, context: StepContext, plan: Plan) -> StepResult:
        def commit(tx: Transaction) -> None:
            known = tx.deployments.find(plan.environment, plan.component)
            if known is not None and known.rolling is not None:
                tx.deployments.put(dataclasses.replace(known, rolling=None))
            self._append(
                tx, context, plan, event="deployment.failed", data={"release": plan.release}
            )

        return Done(commit=commit)

    def _return(
        self, context: StepContext, plan: Plan, deployment: Deployment | None
    ) -> StepResult:
        """Add the steps that lead back to the last good release, or to nothing at all."""
        last_good = deployment.release if deployment else None
        back = self._plan_return(plan, last_good)

        def commit(tx: Transaction) -> None:
            plan_step.store_plan(self.platform, tx, back.plan, author=context.run.actor)
            self._append(
                tx, context, plan, event="deployment.failed", data={"release": plan.release}
            )

        return Done(
            commit=commit,
            then=kinds.make_plan_steps(back.plan, back.graph.environment, is_return=True),
            result={"failedRelease": plan.release},
            text=f"back to release {last_good}" if last_good else "back to nothing deployed",
        )

    def _plan_return(self, plan: Plan, last_good: int | None) -> Planned:
        with self.platform.store.read() as tx:
            release = None if last_good is None else tx.releases.find(plan.component, last_good)
        request = PlanRequest(
            environment=plan.environment,
            component=plan.component,
            release=release,
            is_return=True,
        )
        return planning.make_deployment_plan(self.platform, request)

    def _append(
        self,
        tx: Transaction,
        context: StepContext,
        plan: Plan,
        *,
        event: str,
        data: JsonObject,
    ) -> None:
        tx.audit.append(
            AuditEvent(
                type=event,
                subject=f"deployment/{plan.environment}/{plan.component}",
                actor=context.run.actor,
                at=self.platform.clock.now(),
                data={"run": context.run.id, "plan": plan.digest, **data},
            )
        )


def _has_changed_anything(steps: list[StepRecord]) -> bool:
    """Return whether some step of the plan may have had an effect."""
    return any(step.kind in (kinds.APPLY, kinds.DELETE) and step.attempts > 0 for step in steps)
