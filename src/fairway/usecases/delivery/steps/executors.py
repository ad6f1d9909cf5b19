"""All executors by the kind of step.

Belongs here: the table that wiring gives to the engine.
"""

from collections.abc import Mapping

from fairway.runtime.step import Executor
from fairway.usecases.delivery.steps import kinds
from fairway.usecases.delivery.steps.build_step import BuildExecutor, ReleaseExecutor
from fairway.usecases.delivery.steps.gate_step import GateExecutor
from fairway.usecases.delivery.steps.node_step import ApplyExecutor, DeleteExecutor
from fairway.usecases.delivery.steps.plan_step import (
    ApproveExecutor,
    ClaimExecutor,
    PlanStepExecutor,
)
from fairway.usecases.delivery.steps.resource_step import BackupExecutor, RotateExecutor
from fairway.usecases.delivery.steps.settle_step import SettleExecutor
from fairway.usecases.platform import Platform


def make_executors(platform: Platform) -> Mapping[str, Executor]:
    """Return an executor for every kind of step."""
    return {
        kinds.BUILD: BuildExecutor(platform),
        kinds.RELEASE: ReleaseExecutor(platform),
        kinds.PLAN: PlanStepExecutor(platform),
        kinds.APPROVE: ApproveExecutor(platform),
        kinds.CLAIM: ClaimExecutor(platform),
        kinds.APPLY: ApplyExecutor(platform),
        kinds.DELETE: DeleteExecutor(platform),
        kinds.GATE: GateExecutor(platform),
        kinds.BACKUP: BackupExecutor(platform),
        kinds.ROTATE: RotateExecutor(platform),
        kinds.SETTLE: SettleExecutor(platform),
    }
