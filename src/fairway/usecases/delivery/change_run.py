"""Changing a run or a plan that exists: approve, cancel.

Belongs here: who may, and the mark that lets the engine look again.
"""

import dataclasses

from fairway.core.audit.event import AuditEvent
from fairway.core.plan.plan import Plan
from fairway.core.policy import environment_rule
from fairway.core.run.run import Run, RunId
from fairway.kits import digest
from fairway.kits.errors import Refused
from fairway.ports.store.plans import Approval
from fairway.runtime import story
from fairway.runtime.engine import LANE
from fairway.usecases.delivery import add_run, planning
from fairway.usecases.delivery.steps import plan_step
from fairway.usecases.platform import Actor, Platform


def approve_plan(platform: Platform, actor: Actor, *, plan: str, comment: str = "") -> Plan:
    """Record the actor's yes to a plan, and let its run go on if that was the last one needed.

    Raises:
        Refused: PLAN-UNKNOWN, PLAN-STALE, APPROVAL-NOT-NEEDED, APPROVAL-FORBIDDEN.
    """
    now = platform.clock.now()
    with platform.store.write() as tx:
        found = plan_step.load_plan(tx, plan)
        stored = tx.plans.find(found.digest)
        assert stored is not None
        rule = planning.get_environment(tx, found.environment).approval
        if rule is None:
            raise Refused(
                "APPROVAL-NOT-NEEDED",
                what=f"cannot approve plan '{digest.shorten(found.digest)}'",
                why=f"environment '{found.environment}' asks for no approval",
                fix=f"apply it: fairway deploy --plan {digest.shorten(found.digest)}",
                status=409,
            )
        obstacle = environment_rule.find_approval_obstacle(
            rule, user=actor.name, groups=actor.groups, author=stored.author
        )
        if obstacle is not None:
            raise Refused(
                "APPROVAL-FORBIDDEN",
                what=f"cannot approve plan '{digest.shorten(found.digest)}'",
                why=obstacle,
                fix="ask somebody of "
                + (" or ".join(rule.groups) or "the team")
                + " who is not its author",
                status=403,
            )
        if planning.list_moved(tx, found):
            raise plan_step.make_stale_refusal(tx, found)
        tx.plans.add_approval(Approval(plan=found.digest, user=actor.name, at=now, comment=comment))
        tx.audit.append(
            AuditEvent(
                type="plan.approved",
                subject=f"plan/{found.digest}",
                actor=actor.name,
                at=now,
                data={"environment": found.environment, "component": found.component},
            )
        )
        tx.queue.mark(LANE, add_run.make_lane(found.environment, found.component))
    return found


def cancel_run(platform: Platform, actor: Actor, *, run: int) -> Run:
    """Ask a run to stop: steps not begun are cancelled, and what changed is led back.

    Raises:
        Refused: RUN-UNKNOWN, RUN-OVER.
    """
    with platform.store.write() as tx:
        found = get_run(tx.runs.find(RunId(run)), run)
        if found.is_terminal:
            raise Refused(
                "RUN-OVER",
                what=f"cannot cancel run {run}",
                why=f"it has {found.state} already",
                fix="roll back instead: fairway rollback COMPONENT --env ENV",
                status=409,
            )
        cancelled = dataclasses.replace(found, is_cancel_requested=True)
        tx.runs.put(cancelled)
        tx.audit.append(
            AuditEvent(
                type="run.cancelled",
                subject=f"run/{run}",
                actor=actor.name,
                at=platform.clock.now(),
            )
        )
        tx.queue.mark(LANE, found.lane)
    platform.signals.notify(story.make_topic(found.id))
    return cancelled


def get_run(found: Run | None, number: int) -> Run:
    """Return the run.

    Raises:
        Refused: RUN-UNKNOWN.
    """
    if found is None:
        raise Refused(
            "RUN-UNKNOWN",
            what=f"cannot find run {number}",
            why="there is no such run",
            fix="see the latest with: fairway events",
            status=404,
        )
    return found
