"""Holding a node: the journalled intent before an effect.

Belongs here: taking a node for one step, so that no other run works on it, and giving it back.
Never here: drivers. A holder is `<run>/<step key>`; one whose run is over holds nothing.
"""

import dataclasses

from fairway.core.graph.live import LiveNode, NodeId
from fairway.core.plan.plan import Plan, PlanStep
from fairway.core.run.run import RunId
from fairway.kits.digest import Digest
from fairway.kits.errors import Refused
from fairway.ports.store.store import Transaction
from fairway.runtime.step import StepContext
from fairway.usecases.delivery.steps import plan_step
from fairway.usecases.platform import Platform


def make_holder(context: StepContext) -> str:
    """Return the name under which this step holds a node."""
    return f"{context.run.id}/{context.step.key}"


def hold(
    platform: Platform, context: StepContext, *, plan: Plan, step: PlanStep
) -> LiveNode | None:
    """Take the step's node and return it, None while another step holds it.

    Raises:
        Refused: PLAN-STALE, the node is not as the plan saw it.
    """
    holder = make_holder(context)
    with platform.store.write() as tx:
        current = tx.nodes.find(plan.environment, step.node)
        if current is not None and current.holder == holder:
            return current
        if current is not None and current.holder and not _is_over(tx, current.holder):
            return None
        seen = plan.base[f"node/{plan.environment}/{step.node}"]
        if (current.revision if current else 0) != seen:
            raise plan_step.make_stale_refusal(tx, plan)
        wanted = current or _make_first(plan, step)
        return tx.nodes.put(dataclasses.replace(wanted, holder=holder, state="unknown"))


def give_back(platform: Platform, context: StepContext, *, environment: str, node: NodeId) -> None:
    """Let go of a node that this step holds, its state unknown; a no-op if it does not."""
    with platform.store.write() as tx:
        current = tx.nodes.find(environment, node)
        if current is not None and current.holder == make_holder(context):
            tx.nodes.put(dataclasses.replace(current, holder=""))


def _is_over(tx: Transaction, holder: str) -> bool:
    run = tx.runs.find(RunId(int(holder.partition("/")[0])))
    return run is None or run.is_terminal


def _make_first(plan: Plan, step: PlanStep) -> LiveNode:
    recipe = step.recipe
    if recipe is None:
        raise Refused(
            "PLAN-DEFECT",
            what=f"cannot carry out step '{step.id}'",
            why="it has no recipe",
            fix="this is a bug of the platform; report it with the plan's JSON",
            status=500,
        )
    return LiveNode(
        environment=plan.environment,
        id=step.node,
        kind=recipe.kind,
        type=recipe.type,
        component=recipe.component,
        driver=recipe.driver,
        provisioner=recipe.provisioner,
        provisioner_revision=recipe.provisioner_revision,
        spec={"class": recipe.class_},
        spec_digest=Digest(""),
        consumers=frozenset(step.consumers),
        needs=recipe.needs,
        on_delete=recipe.on_delete,
    )
