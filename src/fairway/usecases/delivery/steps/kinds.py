"""The kinds of steps, and the steps that carry out a plan.

Belongs here: names, and turning a plan into the journal's steps in the plan's order.
"""

import dataclasses

from fairway.core.definition.definition import Environment
from fairway.core.plan.plan import Plan, PlanStep
from fairway.kits.canonical import JsonObject
from fairway.runtime.step import StepSpec

BUILD = "build"
RELEASE = "release"
PLAN = "plan"
APPROVE = "approve"
CLAIM = "claim"
APPLY = "apply"
DELETE = "delete"
GATE = "gate"
SETTLE = "settle"
ROTATE = "rotate"
BACKUP = "backup"
# The queue's kind of keys `<environment>/<component>`, by which deployments are watched for drift.
DEPLOYMENT = "deployment"


def make_plan_steps(
    plan: Plan, environment: Environment, *, is_return: bool = False
) -> tuple[StepSpec, ...]:
    """Return the steps that carry `plan` out: approval, claim, every change, gate, settlement.

    A return to an earlier release needs no approval: it was given when that release went out.
    """
    about: JsonObject = {"plan": plan.digest}
    specs = []
    if environment.approval is not None and not is_return and not plan.is_noop:
        specs.append(StepSpec(label=APPROVE, kind=APPROVE, name="approval", input=about))
    specs.append(
        StepSpec(
            label=CLAIM,
            kind=CLAIM,
            name=plan.environment,
            input=about,
            needs=tuple(spec.label for spec in specs),
        )
    )
    changes = [step for step in plan.steps if step.action != "keep"]
    specs += [_make_change(step, plan) for step in changes]
    workload = next((step for step in changes if _is_rolling(step)), None)
    if workload is not None:
        specs.append(
            StepSpec(label=GATE, kind=GATE, name=plan.component, input=about, needs=(workload.id,))
        )
    specs.append(
        StepSpec(
            label=SETTLE,
            kind=SETTLE,
            name=plan.component,
            input={**about, "isReturn": is_return},
            needs=tuple(spec.label for spec in specs),
            is_always_run=True,
            is_protected=True,
        )
    )
    if is_return:
        return tuple(dataclasses.replace(spec, is_protected=True) for spec in specs)
    return tuple(specs)


def _is_rolling(step: PlanStep) -> bool:
    recipe = step.recipe
    return recipe is not None and recipe.kind == "workload" and step.action != "delete"


def _make_change(step: PlanStep, plan: Plan) -> StepSpec:
    return StepSpec(
        label=step.id,
        kind=DELETE if step.action == "delete" else APPLY,
        name=step.node,
        input={"plan": plan.digest, "step": step.id},
        needs=step.needs or (CLAIM,),
    )
