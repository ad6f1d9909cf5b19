"""Deployments: deploy, promote, roll back, plan, remove, logs.

Belongs here: what is below `/environments/{environment}/deployments/{component}`.
"""

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Header, Query
from fastapi.responses import JSONResponse, Response, StreamingResponse

from fairway.api import body, document, stream
from fairway.api.context import Ports, Who
from fairway.core.plan import plan as plans
from fairway.core.run.run import Run
from fairway.kits.errors import Refused
from fairway.ports.target import LogLine
from fairway.usecases.delivery import plan_component, start_run
from fairway.usecases.insight import read_logs

router = APIRouter(tags=["deployments"])
_PATH = "/environments/{environment}/deployments/{component}"


def answer_run(run: Run) -> JSONResponse:
    """Return a run that was just started."""
    headers = {"Location": f"/api/v1/runs/{run.id}"}
    return JSONResponse(document.make_run(run), 202, headers=headers)


@router.post("/builds", status_code=202)
def build(platform: Ports, actor: Who, request: body.Build) -> Response:
    """Build and release an uploaded source, deploying nothing."""
    source = body.make_source(request.source, request.commit, is_tested=request.tests)
    return answer_run(
        start_run.release_source(platform, actor, source, component=request.component)
    )


@router.post(f"{_PATH}/deploy", status_code=202)
def deploy(
    platform: Ports, actor: Who, environment: str, component: str, request: body.Deploy
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
    return answer_run(run)


@router.post(f"{_PATH}/promote", status_code=202)
def promote(
    platform: Ports, actor: Who, environment: str, component: str, request: body.Promote
) -> Response:
    """Deploy here what serves in another environment, the same artifact."""
    run = start_run.promote_release(
        platform, actor, component=component, source=request.from_, environment=environment
    )
    return answer_run(run)


@router.post(f"{_PATH}/rollback", status_code=202)
def rollback(
    platform: Ports, actor: Who, environment: str, component: str, request: body.Rollback
) -> Response:
    """Deploy an earlier release that was ready here."""
    run = start_run.rollback_deployment(
        platform, actor, component=component, environment=environment, release=request.to
    )
    return answer_run(run)


@router.post(f"{_PATH}/plan", status_code=201)
def plan(
    platform: Ports, actor: Who, environment: str, component: str, request: body.Plan
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


@router.delete(_PATH, status_code=202)
def remove(platform: Ports, actor: Who, environment: str, component: str) -> Response:
    """Remove the component and what only it uses from the environment."""
    return answer_run(
        start_run.remove_deployment(platform, actor, component=component, environment=environment)
    )


@router.get(f"{_PATH}/logs")
def logs(
    platform: Ports,
    _actor: Who,
    environment: str,
    component: str,
    follow: bool = False,  # noqa: FBT001 - a query parameter
    tail: Annotated[int | None, Query(ge=0)] = None,
    release: Annotated[int | None, Query(ge=1)] = None,
    after: str | None = None,
    last_event_id: Annotated[str | None, Header()] = None,
) -> StreamingResponse:
    """Stream a workload's log as server-sent events; resumes by Last-Event-ID."""
    lines = read_logs.read_logs(
        platform,
        component=component,
        environment=environment,
        is_following=follow,
        tail=tail,
        release=release,
        after=last_event_id or after,
    )
    return StreamingResponse(
        _render_lines(lines),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store"},
    )


def _render_lines(lines: Iterator[LogLine]) -> Iterator[bytes]:
    for line in lines:
        yield stream.render_event(document.make_log_line(line), event_id=line.cursor)
    yield stream.render_event({}, event="end")
