"""All executors of runs over golden paths, by the kind of step.

Belongs here: the table that wiring gives to the engine.
"""

from collections.abc import Mapping

from fairway.runtime.step import Executor
from fairway.usecases.golden_path.steps import example_step, upgrade_step
from fairway.usecases.platform import Platform


def make_executors(platform: Platform) -> Mapping[str, Executor]:
    """Return an executor for every kind of step."""
    return {
        example_step.STAGE: example_step.StageExecutor(platform),
        example_step.EXAMPLE: example_step.ExampleExecutor(platform),
        example_step.UNSTAGE: example_step.UnstageExecutor(platform),
        upgrade_step.RENDER: upgrade_step.RenderExecutor(platform),
        upgrade_step.UPGRADE: upgrade_step.UpgradeExecutor(platform),
        upgrade_step.REPORT: upgrade_step.ReportExecutor(platform),
    }
