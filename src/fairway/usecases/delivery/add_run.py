"""Journalling a new run.

Belongs here: the run itself, its lane, its audit event. Never here: which steps it begins with.
"""

from datetime import timedelta

from fairway.core.audit.event import AuditEvent
from fairway.core.run.run import Run, RunId
from fairway.kits.canonical import JsonObject, JsonValue
from fairway.ports.store.store import Transaction
from fairway.runtime import journal
from fairway.runtime.engine import LANE
from fairway.runtime.step import StepSpec
from fairway.usecases.platform import Actor, Platform

# A run that waits for an approval may wait for days; one that works may not work for hours.
DEADLINE = timedelta(days=14)


def make_lane(environment: str, component: str) -> str:
    """Return the lane in which deliveries of one component to one environment queue."""
    return f"deployment/{environment}/{component}" if environment else f"build/{component}"


def add_run(
    platform: Platform,
    tx: Transaction,
    actor: Actor,
    *,
    kind: str,
    environment: str,
    data: JsonObject,
    steps: tuple[StepSpec, ...],
) -> Run:
    """Journal a run of `data["component"]`'s lane within `tx`, with its audit event."""
    if actor.request is not None:
        known = tx.runs.find_by_request(actor.request)
        if known is not None:
            return known
    now = platform.clock.now()
    component = str(data["component"])
    where: dict[str, JsonValue] = {"environment": environment} if environment else {}
    lane = make_lane(environment, component)
    run = tx.runs.add(
        Run(
            id=RunId(0),
            kind=kind,
            subject=lane,
            lane=lane,
            actor=actor.name,
            input={**data, **where},
            deadline=now + DEADLINE,
            created_at=now,
            request=actor.request,
        ),
        journal.make_steps(steps),
    )
    tx.audit.append(
        AuditEvent(
            type="run.created",
            subject=f"run/{run.id}",
            actor=actor.name,
            at=now,
            data={"kind": kind, **data, **where},
        )
    )
    tx.queue.mark(LANE, lane)
    return run
