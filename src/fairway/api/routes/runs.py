"""Runs and plans: their state, their story, approval, cancellation.

Belongs here: what is below `/runs` and `/plans`.
"""

from collections.abc import AsyncIterator
from typing import Annotated, cast, get_args

import msgspec
from anyio import to_thread
from fastapi import APIRouter, Header, Query
from fastapi.responses import JSONResponse, Response, StreamingResponse

from fairway.api import body, document, stream
from fairway.api.context import ApiContext, Context, Ports, Who
from fairway.api.routes import deployments
from fairway.core.plan import plan as plans
from fairway.core.run.run import Run, RunEvent, RunId, RunState
from fairway.kits.errors import Refused
from fairway.runtime import story
from fairway.usecases.delivery import change_run, start_run
from fairway.usecases.delivery.steps import plan_step
from fairway.usecases.platform import Platform

router = APIRouter(tags=["runs"])
# For changes made by another process: those of this one wake the stream at once.
LOOK_SECONDS = 1.0


@router.get("/runs")
def list_runs(
    platform: Ports,
    _actor: Who,
    component: str | None = None,
    environment: str | None = None,
    state: Annotated[list[str] | None, Query()] = None,
    before: Annotated[int | None, Query(ge=1)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> JSONResponse:
    """List runs, newest first."""
    states = _check_states(state or [])
    lane = start_run.make_lane(environment, component) if component and environment else None
    with platform.store.read() as tx:
        runs = tx.runs.list_runs(lane=lane, states=states, before=before, limit=limit)
    wanted = [run for run in runs if component is None or run.input.get("component") == component]
    return JSONResponse({"items": [document.make_run(run) for run in wanted]})


def _check_states(states: list[str]) -> tuple[RunState, ...]:
    known = get_args(RunState)
    for state in states:
        if state not in known:
            raise Refused(
                "REQUEST-INVALID",
                what="cannot list runs",
                why=f"'{state}' is no state of a run",
                fix=f"use one of {', '.join(known)}",
            )
    return cast("tuple[RunState, ...]", tuple(states))


@router.get("/runs/{run}")
def get_run(platform: Ports, _actor: Who, run: int) -> JSONResponse:
    """Return a run with its steps."""
    return JSONResponse(_read_run(platform, run))


def _read_run(platform: Platform, run: int) -> document.Json:
    with platform.store.read() as tx:
        found = change_run.get_run(tx.runs.find(RunId(run)), run)
        return document.make_run(found, tx.runs.list_steps(found.id))


@router.post("/runs/{run}/cancel")
def cancel(platform: Ports, actor: Who, run: int) -> JSONResponse:
    """Ask a run to stop."""
    return JSONResponse(document.make_run(change_run.cancel_run(platform, actor, run=run)))


@router.get("/runs/{run}/events")
async def follow(
    context: Context,
    _actor: Who,
    run: int,
    last_event_id: Annotated[str | None, Header()] = None,
) -> StreamingResponse:
    """Stream a run's story as server-sent events until it is over; resumes by Last-Event-ID."""
    await to_thread.run_sync(_read_run, context.platform, run)
    after = int(last_event_id) if last_event_id and last_event_id.isdecimal() else 0
    return stream.make_answer(_tell(context, RunId(run), after))


async def _tell(context: ApiContext, run: RunId, after: int) -> AsyncIterator[bytes]:
    topic = story.make_topic(run)
    async for _ in context.topics.follow(topic, timeout_seconds=LOOK_SECONDS):
        found, events = await to_thread.run_sync(_read_story, context.platform, run, after)
        for event in events:
            after = event.sequence
            yield stream.render_event(
                document.make_run_event(event), event=event.kind, event_id=str(event.sequence)
            )
        if found.is_terminal and not events:
            whole = await to_thread.run_sync(_read_run, context.platform, run)
            yield stream.render_event(whole, event="end")
            return
        if found.is_terminal or events:
            context.platform.signals.notify(topic)


def _read_story(platform: Platform, run: RunId, after: int) -> tuple[Run, tuple[RunEvent, ...]]:
    with platform.store.read() as tx:
        found = change_run.get_run(tx.runs.find(run), run)
        return found, tx.runs.list_events(run, after=after)


@router.get("/plans/{digest}")
def get_plan(platform: Ports, _actor: Who, digest: str) -> Response:
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


@router.post("/plans/{digest}/approve")
def approve(platform: Ports, actor: Who, digest: str, request: body.Approve) -> Response:
    """Say yes to a plan."""
    plan = change_run.approve_plan(platform, actor, plan=digest, comment=request.comment)
    return Response(plans.render_plan(plan), media_type="application/json")


@router.post("/plans/{digest}/apply", status_code=202)
def apply(platform: Ports, actor: Who, digest: str) -> Response:
    """Carry out exactly this plan."""
    return deployments.answer_run(start_run.apply_plan(platform, actor, plan=digest))
