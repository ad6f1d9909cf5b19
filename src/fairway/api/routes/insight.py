"""What is: components, audit, explanations, the doctor, and stopping it all.

Belongs here: reading endpoints that belong to no other noun.
"""

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Query

from fairway.api import document, openapi, schema
from fairway.api.answer import JsonAnswer
from fairway.api.context import Context, Ports, Who
from fairway.api.parameter import After, Name, Text
from fairway.kits.errors import Refused
from fairway.usecases.insight import check_health, explain_value, show_status

router = APIRouter(tags=["insight"])
Path = Annotated[str, Query(pattern=r"^[^\x00-\x1f\x7f]+$", max_length=1000)]


@router.get("/components", response_model=schema.Components)
def list_components(platform: Ports, _actor: Who) -> JsonAnswer:
    """List every deployed component with its status."""
    statuses = show_status.list_components(platform)
    return JsonAnswer({"items": [document.make_component_status(item) for item in statuses]})


@router.get(
    "/components/{component}",
    response_model=schema.ComponentStatus,
    responses=openapi.refusals(404),
)
def show_component(platform: Ports, _actor: Who, component: Name) -> JsonAnswer:
    """Return one component's status in every environment."""
    status = show_status.show_component(platform, component)
    return JsonAnswer(document.make_component_status(status))


@router.get("/components/{component}/releases", response_model=schema.Releases)
def list_releases(
    platform: Ports,
    _actor: Who,
    component: Name,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> JsonAnswer:
    """List a component's releases, newest first."""
    with platform.store.read() as tx:
        releases = tx.releases.list_by_component(component, limit=limit)
    return JsonAnswer({"items": [document.make_release(item) for item in releases]})


@router.get("/audit", response_model=schema.AuditPage)
def list_audit(
    platform: Ports,
    _actor: Who,
    *,
    subject: Text = None,
    after: After = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> JsonAnswer:
    """List audit events in the order of their commit."""
    with platform.store.read() as tx:
        events = tx.audit.list_events(subject=subject, after=after, limit=limit)
    following = events[-1].sequence if len(events) == limit else None
    return JsonAnswer(
        {"items": [document.make_audit_event(event) for event in events], "next": following}
    )


@router.get("/explain", response_model=schema.Explanation, responses=openapi.refusals(404, 409))
def explain(platform: Ports, _actor: Who, path: Path) -> JsonAnswer:
    """Explain where a value came from, or why a resource is made as it is."""
    explained = explain_value.explain(platform, path)
    return JsonAnswer(
        {
            "subject": explained.subject,
            "value": explained.value,
            "facts": [{"label": fact.label, "text": fact.text} for fact in explained.facts],
        }
    )


@router.get("/doctor", response_model=schema.HealthChecks)
def doctor(context: Context, _actor: Who) -> JsonAnswer:
    """Ask every part whether it is well."""
    return JsonAnswer(
        {
            "checks": [
                {"name": item.name, "level": item.level, "text": item.text, "fix": item.fix}
                for item in check_health.check_health(context.health_checks)
            ]
        }
    )


@router.post("/platform/down", status_code=202, response_model=schema.Empty, tags=["platform"])
def take_down(context: Context, actor: Who, background: BackgroundTasks) -> JsonAnswer:
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
    return JsonAnswer({}, 202)
