"""Deployments: deploy, promote, roll back, plan, remove, logs.

Belongs here: what is below `/environments/{environment}/deployments/{component}`.
"""

from collections.abc import Generator, Iterator
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response, StreamingResponse

from fairway.api import answer as answers
from fairway.api import body, document, openapi, schema, stream
from fairway.api.context import Context, Ports, Who
from fairway.api.parameter import MOST, LastEventId, Name
from fairway.core.plan import plan as plans
from fairway.kits.errors import Refused
from fairway.ports.target import LogLine
from fairway.usecases.delivery import plan_component, start_run
from fairway.usecases.insight import read_logs

router = APIRouter(tags=["deployments"])
_PATH = "/environments/{environment}/deployments/{component}"


_STARTED = {**openapi.RUN_STARTED, **openapi.refusals(404)}
_STARTED_NOW = {**_STARTED, **openapi.refusals(409)}


@router.post("/builds", status_code=202, response_model=schema.RunHead, responses=_STARTED)
def build(platform: Ports, actor: Who, request: body.Build) -> Response:
    """Build and release an uploaded source, deploying nothing."""
    source = body.make_source(request.source, request.commit, is_tested=request.tests)
    return answers.make_run_answer(
        start_run.release_source(platform, actor, source, component=request.component)
    )


@router.post(f"{_PATH}/deploy", status_code=202, response_model=schema.RunHead, responses=_STARTED)
def deploy(
    platform: Ports, actor: Who, *, environment: Name, component: Name, request: body.Deploy
) -> Response:
    """Deploy an uploaded source, or a release that exists."""
    if (request.source is None) == (request.release is None):
        raise Refused(
            "REQUEST-INVALID",
            what=f"cannot deploy '{component}' to '{environment}'",
            why="exactly one of 'source' and 'release' must be given",
            fix="give the digest of an uploaded source, or a release's number",
        )
    if request.release is not None:
        run = start_run.deploy_release(
            platform,
            actor,
            component=component,
            environment=environment,
            release=request.release,
        )
    else:
        source = body.make_source(request.source or "", request.commit, is_tested=request.tests)
        run = start_run.deploy_source(
            platform, actor, source, component=component, environment=environment
        )
    return answers.make_run_answer(run)


@router.post(f"{_PATH}/promote", status_code=202, response_model=schema.RunHead, responses=_STARTED)
def promote(
    platform: Ports, actor: Who, *, environment: Name, component: Name, request: body.Promote
) -> Response:
    """Deploy here what serves in another environment, the same artifact."""
    run = start_run.promote_release(
        platform, actor, component=component, source=request.from_, environment=environment
    )
    return answers.make_run_answer(run)


@router.post(
    f"{_PATH}/rollback", status_code=202, response_model=schema.RunHead, responses=_STARTED_NOW
)
def rollback(
    platform: Ports, actor: Who, *, environment: Name, component: Name, request: body.Rollback
) -> Response:
    """Deploy an earlier release that was ready here."""
    run = start_run.rollback_deployment(
        platform, actor, component=component, environment=environment, release=request.to
    )
    return answers.make_run_answer(run)


@router.post(
    f"{_PATH}/plan",
    status_code=201,
    response_model=schema.Plan,
    responses=openapi.refusals(404, 409),
)
def plan_deployment(
    platform: Ports, actor: Who, *, environment: Name, component: Name, request: body.Plan
) -> Response:
    """Make and store a plan; it changes nothing else."""
    made = plan_component.plan_component(
        platform,
        actor,
        component=component,
        environment=environment,
        release=request.release,
        is_removal=request.remove,
    )
    return Response(plans.render_plan(made), 201, media_type="application/json")


@router.delete(_PATH, status_code=202, response_model=schema.RunHead, responses=_STARTED)
def remove_deployment(platform: Ports, actor: Who, environment: Name, component: Name) -> Response:
    """Remove the component and what only it uses from the environment."""
    return answers.make_run_answer(
        start_run.remove_deployment(platform, actor, component=component, environment=environment)
    )


@router.get(
    f"{_PATH}/logs",
    response_class=StreamingResponse,
    responses={**openapi.EVENT_STREAM, **openapi.refusals(404)},
)
def read_log(
    context: Context,
    _actor: Who,
    *,
    environment: Name,
    component: Name,
    follow: bool = False,
    tail: Annotated[int | None, Query(ge=0, le=MOST)] = None,
    release: Annotated[int | None, Query(ge=1, le=MOST)] = None,
    after: str | None = None,
    last_event_id: LastEventId = None,
) -> StreamingResponse:
    """Stream a workload's log as server-sent events; resumes by Last-Event-ID."""
    lines = read_logs.read_logs(
        context.platform,
        component=component,
        environment=environment,
        is_following=follow,
        tail=tail,
        release=release,
        after=last_event_id or after,
    )
    return stream.make_answer(stream.read_in_threads(_render(lines), context.log_readers))


def _render_line(line: LogLine) -> bytes:
    return stream.render_event(document.make_log_line(line), event_id=line.cursor)


def _render(lines: Iterator[LogLine | None]) -> Generator[bytes | None]:
    for line in lines:
        yield None if line is None else _render_line(line)
    yield stream.render_event({}, event="end")
