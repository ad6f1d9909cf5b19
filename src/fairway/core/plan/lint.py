"""The linter for plans: what must hold of every plan before it may run.

Belongs here: properties of a plan as a whole. Never here: rules of an environment
(`fairway.core.policy`). A defect is a bug of the planner, never a person's mistake.
"""

from collections.abc import Iterator

from fairway.core.plan import plan as plans
from fairway.core.plan.plan import Plan, PlanStep


def list_defects(plan: Plan) -> tuple[str, ...]:
    """Return what is wrong with `plan`, one sentence each; a sound plan has none."""
    return tuple(_find_defects(plan))


def _find_defects(plan: Plan) -> Iterator[str]:
    digests = tuple(plans.make_step_digest(step) for step in plan.steps)
    sealed = plans.seal_plan(plan, findings=plan.findings, step_digests=digests)
    if sealed.digest != plan.digest:
        yield "its digest is not that of its content"
    nodes = [step.node for step in plan.steps]
    if len(set(nodes)) != len(nodes):
        yield "a node has more than one step"
    done: set[str] = set()
    for step in plan.steps:
        yield from _find_step_defects(step, done, plan)
        done.add(step.id)
    yield from _find_order_defects(plan)


def _find_step_defects(step: PlanStep, done: set[str], plan: Plan) -> Iterator[str]:
    late = sorted(set(step.needs) - done)
    if late:
        yield f"step '{step.id}' comes before '{late[0]}' that it needs"
    if (step.recipe is None) != (step.action == "keep"):
        yield f"step '{step.id}' has {'no' if step.recipe is None else 'a'} recipe"
    if step.action != "keep" and not step.reasons:
        yield f"step '{step.id}' has no reason"
    if f"node/{plan.environment}/{step.node}" not in plan.base:
        yield f"step '{step.id}' changes a node that is not in the base"


def _find_order_defects(plan: Plan) -> Iterator[str]:
    """A node is made after what it needs, and removed before it; what is kept is there anyway."""
    changed = {
        step.node: (index, step.action)
        for index, step in enumerate(plan.steps)
        if step.action != "keep"
    }
    for step in plan.steps:
        if step.recipe is None:
            continue
        own, _ = changed[step.node]
        for need in step.recipe.needs:
            index, action = changed.get(need, (own, step.action))
            if step.action == "delete" and action == "delete" and index < own:
                yield f"'{need}' is removed before '{step.node}' that needs it"
            if step.action != "delete" and index > own:
                yield f"'{step.node}' is made before '{need}' that it needs"
