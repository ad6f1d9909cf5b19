"""Runs and plans: their state, their story, approval, cancellation.

Belongs here: what is below `/runs` and `/plans`.
"""

from collections.abc import AsyncIterator
from typing import Annotated

import msgspec
from anyio import to_thread
from fastapi import APIRouter, Query
from fastapi.responses import Response, StreamingResponse

from fairway.api import answer as answers
from fairway.api import body, document, openapi, schema, stream
from fairway.api.answer import JsonAnswer
from fairway.api.context import ApiContext, Context, Ports, Who
from fairway.api.parameter import Before, LastEventId, PlanDigest, QueryName, RunNumber
from fairway.core.plan import plan as plans
from fairway.core.run.run import RunEvent, RunId, RunState
from fairway.kits.errors import Unavailable
from fairway.runtime import story
from fairway.usecases.delivery import add_run, change_run, start_run
from fairway.usecases.delivery.steps import plan_step
from fairway.usecases.platform import Platform

router = APIRouter(tags=["runs"])
# For changes made by another process: those of this one wake the stream at once.
LOOK_SECONDS = 1.0


@router.get("/runs", response_model=schema.RunPage)
def list_runs(
    platform: Ports,
    _actor: Who,
    *,
    component: QueryName = None,
    environment: QueryName = None,
    state: Annotated[list[RunState] | None, Query(max_length=6)] = None,
    before: Before = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> JsonAnswer:
    """List runs, newest first."""
    lane = add_run.make_lane(environment, component) if component and environment else None
    with platform.store.read() as tx:
        runs = tx.runs.list_runs(
            lane=lane,
            component=None if lane else component,
            environment=None if lane else environment,
            states=state or (),
            before=before,
            limit=limit,
        )
    following = runs[-1].id if len(runs) == limit else None
    return JsonAnswer({"items": [document.make_run(run) for run in runs], "next": following})


@router.get("/runs/{run}", response_model=schema.Run, responses=openapi.refusals(404))
def get_run(platform: Ports, _actor: Who, run: RunNumber) -> JsonAnswer:
    """Return a run with its steps."""
    return JsonAnswer(_read_run(platform, run))


def _read_run(platform: Platform, run: int) -> document.Json:
    with platform.store.read() as tx:
        found = change_run.get_run(tx.runs.find(RunId(run)), run)
        return document.make_run(found, tx.runs.list_steps(found.id))


@router.post(
    "/runs/{run}/cancel", response_model=schema.RunHead, responses=openapi.refusals(404, 409)
)
def cancel_run(platform: Ports, actor: Who, run: RunNumber) -> JsonAnswer:
    """Ask a run to stop."""
    return JsonAnswer(document.make_run(change_run.cancel_run(platform, actor, run=run)))


@router.get(
    "/runs/{run}/events",
    response_class=StreamingResponse,
    responses={**openapi.EVENT_STREAM, **openapi.refusals(404)},
)
async def follow_run(
    context: Context,
    _actor: Who,
    run: RunNumber,
    last_event_id: LastEventId = None,
) -> StreamingResponse:
    """Stream a run's story as server-sent events until it is over; resumes by Last-Event-ID."""
    await to_thread.run_sync(_read_run, context.platform, run)
    after = int(last_event_id) if last_event_id and last_event_id.isdecimal() else 0
    return stream.make_answer(_tell(context, RunId(run), after))


async def _tell(context: ApiContext, run: RunId, after: int) -> AsyncIterator[bytes]:
    topic = story.make_topic(run)
    pulse = stream.Pulse()
    async for _ in context.topics.follow(topic, timeout_seconds=LOOK_SECONDS):
        if pulse.is_due():
            pulse.beat()
            yield stream.KEEP_ALIVE
        try:
            whole, events = await to_thread.run_sync(_read_story, context.platform, run, after)
        except Unavailable:
            continue  # the store is away; the story goes on when it is back
        for event in events:
            after = event.sequence
            pulse.beat()
            yield stream.render_event(
                document.make_run_event(event), event=event.kind, event_id=str(event.sequence)
            )
        if whole is not None:
            yield stream.render_event(whole, event="end")
            return
        if events:
            context.platform.signals.notify(topic)  # there may be more


def _read_story(
    platform: Platform, run: RunId, after: int
) -> tuple[document.Json | None, tuple[RunEvent, ...]]:
    """Return the events that follow, and the whole run once it is over and all was told."""
    with platform.store.read() as tx:
        found = change_run.get_run(tx.runs.find(run), run)
        events = tx.runs.list_events(run, after=after)
        is_told = found.is_terminal and not events
        return (document.make_run(found, tx.runs.list_steps(run)) if is_told else None), events


@router.get("/plans/{digest}", response_model=schema.KnownPlan, responses=openapi.refusals(404))
def get_plan(platform: Ports, _actor: Who, digest: PlanDigest) -> Response:
    """Return a plan by its digest or the start of it, with its approvals."""
    return Response(_render_plan(platform, digest), media_type="application/json")


def _render_plan(platform: Platform, digest: str) -> bytes:
    with platform.store.read() as tx:
        plan = plan_step.load_plan(tx, digest)
        stored = tx.plans.find(plan.digest)
        approvals = tx.plans.list_approvals(plan.digest)
    assert stored is not None
    about = {
        **msgspec.to_builtins(plan),
        "author": stored.author,
        "run": stored.run,
        "createdAt": document.render_time(stored.created_at),
        "approvals": [
            {"user": item.user, "at": document.render_time(item.at), "comment": item.comment}
            for item in approvals
        ],
    }
    return msgspec.json.encode(about)


@router.post(
    "/plans/{digest}/approve", response_model=schema.Plan, responses=openapi.refusals(404, 409)
)
def approve_plan(
    platform: Ports, actor: Who, digest: PlanDigest, request: body.Approve
) -> Response:
    """Say yes to a plan."""
    plan = change_run.approve_plan(platform, actor, plan=digest, comment=request.comment)
    return Response(plans.render_plan(plan), media_type="application/json")


@router.post(
    "/plans/{digest}/apply",
    status_code=202,
    response_model=schema.RunHead,
    responses={**openapi.RUN_STARTED, **openapi.refusals(404, 409)},
)
def apply_plan(platform: Ports, actor: Who, digest: PlanDigest) -> Response:
    """Carry out exactly this plan."""
    return answers.make_run_answer(start_run.apply_plan(platform, actor, plan=digest))
