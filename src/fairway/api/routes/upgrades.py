"""Upgrades of services that were made from golden paths, and their drift.

Belongs here: what is below `…/upgrade` and `…/drift`.
"""

from collections.abc import Iterable
from typing import cast

from fastapi import APIRouter
from fastapi.responses import Response

from fairway.api import answer, body, document, openapi, parameter
from fairway.api import schema as forms
from fairway.api import upgrade_schema as schema
from fairway.api.answer import JsonAnswer
from fairway.api.context import Ports, Who
from fairway.api.parameter import Name
from fairway.core.golden_path.drift import PathDrift
from fairway.core.golden_path.golden_path import UpgradeOffer
from fairway.core.source.conflict import Conflict
from fairway.kits.canonical import JsonObject, JsonValue
from fairway.usecases.golden_path import (
    land_upgrade,
    show_drift,
    upgrade_component,
    upgrade_fleet,
)
from fairway.usecases.golden_path.upgrade_component import UpgradePreview, UpgradeRequest

router = APIRouter(tags=["golden paths"])
_PATH = "/components/{component}/upgrade"
_STARTED = {**openapi.RUN_STARTED, **openapi.refusals(404, 409)}


@router.get(_PATH, response_model=schema.UpgradeOffer, responses=openapi.refusals(404))
def get_upgrade(platform: Ports, _actor: Who, component: Name) -> JsonAnswer:
    """Return the component's latest offer."""
    with platform.store.read() as tx:
        offer = land_upgrade.get_offer(tx, component)
    return JsonAnswer(_make_offer(offer))


@router.get(
    f"{_PATH}/questions", response_model=schema.UpgradeQuestions, responses=openapi.refusals(404)
)
def get_upgrade_questions(
    platform: Ports, _actor: Who, component: Name, to: parameter.Text = None
) -> JsonAnswer:
    """Return what the version `to`, or the newest, asks for."""
    with platform.store.read() as tx:
        found = upgrade_component.get_questions(tx, component, to=to or "")
    return JsonAnswer(
        {
            "component": component,
            "path": found.link.path,
            "fromVersion": found.link.version,
            "toVersion": found.version.version,
            "parameters": found.version.parameters,
            "new": list(found.new),
        }
    )


@router.post(
    f"{_PATH}/preview", response_model=schema.UpgradePreview, responses=openapi.refusals(404, 409)
)
def preview_upgrade(
    platform: Ports, actor: Who, component: Name, request: body.Upgrade
) -> JsonAnswer:
    """Show what an upgrade would change; nothing is changed."""
    preview = upgrade_component.preview_upgrade(platform, actor, _make_request(component, request))
    return JsonAnswer(_make_preview(preview))


@router.post(_PATH, status_code=202, response_model=forms.RunHead, responses=_STARTED)
def upgrade(platform: Ports, actor: Who, component: Name, request: body.Upgrade) -> Response:
    """Bring the component to another version of its path, on a branch that is built and tested."""
    return answer.make_run_answer(
        upgrade_fleet.start_upgrade(platform, actor, _make_request(component, request))
    )


@router.post(
    f"{_PATH}/land", response_model=schema.UpgradeOffer, responses=openapi.refusals(404, 409)
)
def land(platform: Ports, actor: Who, component: Name) -> JsonAnswer:
    """Move the default branch to the offer, which goes live as any push does."""
    return JsonAnswer(_make_offer(land_upgrade.land_upgrade(platform, actor, component)))


@router.post(
    "/golden-paths/{path}/upgrade",
    status_code=202,
    response_model=forms.RunHead,
    responses=_STARTED,
)
def upgrade_fleet_of_path(
    platform: Ports, actor: Who, path: Name, request: body.FleetUpgrade
) -> Response:
    """Bring every service of the path to a version, each on a branch of its own."""
    return answer.make_run_answer(
        upgrade_fleet.start_fleet_upgrade(platform, actor, path=path, to=request.to)
    )


@router.get(
    "/golden-paths/{path}/drift", response_model=schema.PathDrift, responses=openapi.refusals(404)
)
def get_drift(
    platform: Ports, _actor: Who, path: Name, component: parameter.QueryName = None
) -> JsonAnswer:
    """Tell how far each service is behind, and which files it changed."""
    found = show_drift.list_drift(platform, path, component=component or "")
    return JsonAnswer({"path": path, "items": [_make_drift(item) for item in found]})


def _make_request(component: str, request: body.Upgrade) -> UpgradeRequest:
    return UpgradeRequest(
        component=component,
        to=request.to,
        answers=cast("JsonObject", request.answers),
        is_downgrade=request.downgrade,
    )


def _make_preview(preview: UpgradePreview) -> JsonObject:
    found, merged = preview.upgrade, preview.merged
    return {
        "component": found.link.component,
        "path": found.link.path,
        "fromVersion": found.old.version,
        "toVersion": found.new.version,
        "isNeeded": found.is_needed,
        "answers": preview.answers,
        "newParameters": preview.parameters,
        "conflicts": _make_conflicts(merged.conflicts if merged else ()),
        "notes": _make_conflicts(merged.notes if merged else ()),
        "files": [
            {"path": item.path, "action": item.action, "text": item.text} for item in preview.diffs
        ],
    }


def _make_offer(offer: UpgradeOffer) -> JsonObject:
    return {
        "component": offer.component,
        "repository": offer.repository,
        "path": offer.path,
        "fromVersion": offer.from_version,
        "toVersion": offer.to_version,
        "branch": offer.branch,
        "base": offer.base,
        "commit": offer.commit,
        "state": offer.state,
        "answers": offer.answers,
        "conflicts": _make_conflicts(offer.conflicts),
        "madeAt": document.render_time(offer.made_at),
    }


def _make_conflicts(conflicts: Iterable[Conflict]) -> list[JsonValue]:
    return [{"path": item.path, "kind": item.kind, "text": item.text} for item in conflicts]


def _make_drift(drift: PathDrift) -> JsonObject:
    return {
        "component": drift.component,
        "version": drift.version,
        "behind": list(drift.behind),
        "changed": list(drift.changed),
        "deleted": list(drift.deleted),
        "added": list(drift.added),
        "problem": drift.problem,
    }
