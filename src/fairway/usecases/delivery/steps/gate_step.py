"""The gate: a rollout is done when its instances are ready.

Belongs here: watching a target until it is sure either way.
"""

import dataclasses
from collections.abc import Sequence
from datetime import timedelta

from fairway.core.graph.node import make_workload_node_id
from fairway.kits.errors import Refused
from fairway.ports.target import WorkloadStatus
from fairway.runtime.step import Done, Executor, StepContext, StepResult, Waiting
from fairway.usecases.delivery.steps import node_step, plan_step
from fairway.usecases.platform import Platform

# Only for when an event is missed: the target's own events mark the lane sooner.
LOOK_SECONDS = 0.5


class RolloutFailed(Refused):
    """A rollout that will not become ready; `lines` are the last lines of its log."""

    def __init__(self, *, what: str, why: str, fix: str, lines: Sequence[str]) -> None:
        super().__init__("ROLLOUT-FAILED", what=what, why=why, fix=fix, status=409)
        self.lines = tuple(lines)


@dataclasses.dataclass(frozen=True, slots=True)
class GateExecutor(Executor):
    """Waits until the workload that this run applied is ready, or sure not to become so."""

    platform: Platform

    def execute(self, context: StepContext) -> StepResult:
        with self.platform.store.read() as tx:
            plan = plan_step.load_plan(tx, context.step.input["plan"])
            node = tx.nodes.find(plan.environment, make_workload_node_id(plan.component))
        assert node is not None
        if context.is_cancelled():
            raise Refused(
                "RUN-CANCELLED",
                what=f"cannot finish the rollout of '{plan.component}' to '{plan.environment}'",
                why="the run was cancelled",
                fix="deploy again when you want it",
            )
        target = node_step.get_target(self.platform, node.provisioner)
        status = target.observe(plan.environment, plan.component)
        is_current = status.generation == node.outputs.get("generation")
        if is_current and status.phase == "ready":
            return Done(text=f"{status.ready} of {status.desired} ready")
        if is_current and status.phase == "failed":
            raise _make_failure(plan.environment, plan.component, plan.release, status=status)
        again = self.platform.clock.now() + timedelta(seconds=LOOK_SECONDS)
        return Waiting(again_at=again, text=f"{status.ready} of {status.desired} ready")


def _make_failure(
    environment: str, component: str, release: int | None, *, status: WorkloadStatus
) -> RolloutFailed:
    return RolloutFailed(
        what=f"cannot roll out release {release} of '{component}' to '{environment}'",
        why=f"{status.ready} of {status.desired} ready: {status.reason}",
        fix=f"read its last lines, mend it and deploy again; all of its log: "
        f"fairway logs {component} --env {environment} --release {release}",
        lines=status.last_lines,
    )
