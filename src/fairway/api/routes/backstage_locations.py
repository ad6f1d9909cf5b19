"""Registered locations as Backstage's clients read and change them.

Belongs here: what is below `/api/catalog/locations`.
"""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from fairway.api.answer import JsonAnswer
from fairway.api.backstage import body, document, openapi, schema
from fairway.api.backstage.problem import BackstageRoute
from fairway.api.context import Ports, Who
from fairway.api.parameter import Word
from fairway.api.routes.backstage import Uid
from fairway.kits.errors import Refused
from fairway.ports.store.entities import StoredEntity
from fairway.usecases.catalog import apply_entities, managed_location, registered_location

router = APIRouter(tags=["catalog"], route_class=BackstageRoute)
_AT_ONCE = 1000


@router.get("/locations", response_model=list[schema.CatalogLocationEntry])
def list_catalog_locations(platform: Ports, _actor: Who) -> JsonAnswer:
    """List every registered location."""
    found: list[StoredEntity] = []
    cursor = None
    with platform.store.read() as tx:
        while True:
            page = registered_location.list_locations(tx, limit=_AT_ONCE, cursor=cursor)
            found += page.items
            if (cursor := page.next_cursor) is None:
                break
    return JsonAnswer([{"data": document.make_location(item)} for item in found])


@router.post("/locations/by-query", response_model=schema.CatalogLocationPage)
def query_catalog_locations(
    platform: Ports, _actor: Who, request: body.CatalogLocationQuestion
) -> JsonAnswer:
    """Return a page of registered locations."""
    with platform.store.read() as tx:
        page = registered_location.list_locations(tx, limit=request.limit, cursor=request.cursor)
    info = {} if page.next_cursor is None else {"nextCursor": page.next_cursor}
    items = [document.make_location(item) for item in page.items]
    return JsonAnswer({"items": items, "totalItems": page.total, "pageInfo": info})


@router.post(
    "/locations",
    status_code=201,
    response_model=schema.CatalogLocationAdded,
    responses=openapi.failures(409),
)
def add_catalog_location(
    platform: Ports,
    actor: Who,
    request: body.CatalogLocation,
    *,
    dry_run: Annotated[str, Query(alias="dryRun", pattern="^(true|false|)$")] = "",
    on_conflict: Annotated[str, Query(alias="onConflict", pattern="^(reject|refresh)$")] = "reject",
) -> JsonAnswer:
    """Record a location; what is not in a repository of the platform is never fetched."""
    is_tried = dry_run == "true"
    made = registered_location.add_location(
        platform,
        actor,
        type_=request.type,
        target=request.target,
        is_tried=is_tried,
        is_known_allowed=on_conflict == "refresh",
    )
    location = {"id": made.uid, "type": request.type, "target": request.target}
    entities = [made.entity.document] if is_tried else []
    return JsonAnswer({"location": location, "entities": entities, "exists": made.is_known}, 201)


@router.get(
    "/locations/{id}", response_model=schema.CatalogLocation, responses=openapi.failures(404)
)
def get_catalog_location(platform: Ports, _actor: Who, id: Uid) -> JsonAnswer:  # noqa: A002  # the path's own name
    """Return a registered location."""
    with platform.store.read() as tx:
        return JsonAnswer(document.make_location(registered_location.get_location(tx, id)))


@router.delete("/locations/{id}", status_code=204, responses=openapi.failures(404, 409))
def delete_catalog_location(platform: Ports, actor: Who, id: Uid) -> Response:  # noqa: A002
    """Forget a location that was registered by hand."""
    with platform.store.read() as tx:
        stored = registered_location.get_location(tx, id)
    managed_location.check_by_hand([stored.entity], {stored.entity.ref: stored})
    apply_entities.delete_entity(platform, actor, stored.entity.ref)
    return Response(status_code=204)


@router.get(
    "/locations/by-entity/{kind}/{namespace}/{name}",
    response_model=schema.CatalogLocation,
    responses=openapi.failures(404),
)
def get_catalog_location_by_entity(
    platform: Ports, _actor: Who, *, kind: Word, namespace: Word, name: Word
) -> JsonAnswer:
    """Return the registered location that an entity comes from."""
    ref = f"{kind}:{namespace}/{name}".lower()
    with platform.store.read() as tx:
        found = registered_location.find_location_of(tx, apply_entities.get_entity(tx, ref))
    if found is None:
        raise Refused(
            "LOCATION-UNKNOWN",
            what=f"cannot find the location of '{ref}'",
            why="it comes from no registered location",
            fix="see where it comes from: GET /api/v1/entities/" + ref.replace(":", "/"),
            status=404,
        )
    return JsonAnswer(document.make_location(found))
