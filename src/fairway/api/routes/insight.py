"""What is: components, audit, explanations, the doctor, and stopping it all.

Belongs here: reading endpoints that belong to no other noun.
"""

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Query
from fastapi.responses import JSONResponse

from fairway.api import document
from fairway.api.context import Context, Ports, Who
from fairway.kits.errors import Refused
from fairway.usecases.insight import check_health, explain_value, show_status

router = APIRouter(tags=["insight"])


@router.get("/components")
def list_components(platform: Ports, _actor: Who) -> JSONResponse:
    """List every deployed component with its status."""
    statuses = show_status.list_components(platform)
    return JSONResponse({"items": [document.make_component_status(item) for item in statuses]})


@router.get("/components/{component}")
def show_component(platform: Ports, _actor: Who, component: str) -> JSONResponse:
    """Return one component's status in every environment."""
    status = show_status.show_component(platform, component)
    return JSONResponse(document.make_component_status(status))


@router.get("/components/{component}/releases")
def list_releases(
    platform: Ports,
    _actor: Who,
    component: str,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> JSONResponse:
    """List a component's releases, newest first."""
    with platform.store.read() as tx:
        releases = tx.releases.list_by_component(component, limit=limit)
    return JSONResponse({"items": [document.make_release(item) for item in releases]})


@router.get("/audit")
def list_audit(
    platform: Ports,
    _actor: Who,
    subject: str | None = None,
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> JSONResponse:
    """List audit events in the order of their commit."""
    with platform.store.read() as tx:
        events = tx.audit.list_events(subject=subject, after=after, limit=limit)
    following = events[-1].sequence if len(events) == limit else None
    return JSONResponse(
        {"items": [document.make_audit_event(event) for event in events], "next": following}
    )


@router.get("/explain")
def explain(platform: Ports, _actor: Who, path: str) -> JSONResponse:
    """Explain where a value came from, or why a resource is made as it is."""
    explained = explain_value.explain(platform, path)
    return JSONResponse(
        {
            "subject": explained.subject,
            "value": explained.value,
            "facts": [{"label": fact.label, "text": fact.text} for fact in explained.facts],
        }
    )


@router.get("/doctor")
def doctor(context: Context, _actor: Who) -> JSONResponse:
    """Ask every part whether it is well."""
    return JSONResponse(
        {
            "checks": [
                {"name": item.name, "level": item.level, "text": item.text, "fix": item.fix}
                for item in check_health.check_health(context.health_checks)
            ]
        }
    )


@router.post("/platform/down", status_code=202)
def down(context: Context, actor: Who, background: BackgroundTasks) -> JSONResponse:
    """Stop every workload, the agent, the gateway, managed servers and then the platform."""
    if not actor.is_admin:
        raise Refused(
            "ACCESS-DENIED",
            what="cannot stop the platform",
            why=f"'{actor.name}' is not an administrator",
            fix="ask an administrator of the platform",
            status=403,
        )
    background.add_task(context.shut_down)
    return JSONResponse({}, 202)
