"""Entities: the catalog and the platform's definitions.

Belongs here: what is below `/entities` and `/entity-facets`.
"""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Header, Query
from fastapi.responses import JSONResponse

from fairway.api import body, document
from fairway.api.context import Ports, Who
from fairway.core.catalog.entity import Entity
from fairway.formats import catalog, yaml
from fairway.kits.errors import InvalidDocuments, Refused
from fairway.ports.store.entities import EntityQuery
from fairway.usecases.catalog import apply_entities

router = APIRouter(tags=["entities"])
_PATH = "/entities/{kind}/{namespace}/{name}"


@router.post("/entities")
def apply(
    platform: Ports,
    actor: Who,
    request: body.Files,
    dry_run: Annotated[bool, Query(alias="dryRun")] = False,
) -> JSONResponse:
    """Apply documents, all or none; with `dryRun`, only say what would change."""
    entities = _parse(request.files)
    if dry_run:
        changes = apply_entities.diff_entities(platform, entities)
    else:
        changes = apply_entities.apply_entities(
            platform, actor, entities, location=f"user:{actor.name}", expected=request.expected
        )
    return JSONResponse({"changes": [document.make_entity_change(item) for item in changes]})


def _parse(files: list[body.File]) -> tuple[Entity, ...]:
    """Return the entities in all files, or every problem at once."""
    entities: list[Entity] = []
    problems: list[Refused] = []
    for file in files:
        try:
            for item in yaml.parse_documents(file.content.encode(), file=file.name):
                entities.append(catalog.parse_entity(item))
        except InvalidDocuments as error:
            problems += error.problems
        except Refused as error:
            problems.append(error)
    if problems:
        raise InvalidDocuments(tuple(problems))
    return tuple(entities)


@router.get("/entities")
def query(
    platform: Ports,
    _actor: Who,
    kind: str | None = None,
    text: str | None = None,
    filters: Annotated[list[str] | None, Query(alias="filter")] = None,
    order: str = "name",
    limit: Annotated[int, Query(ge=1, le=1000)] = 20,
    cursor: str | None = None,
) -> JSONResponse:
    """List entities; each `filter` is `path=value`, several of one path mean any of them."""
    page_query = EntityQuery(
        kind=kind,
        text=text,
        filters=_parse_filters(filters or []),
        order=order,
        limit=limit,
        cursor=cursor,
    )
    with platform.store.read() as tx:
        page = tx.entities.query(page_query)
    return JSONResponse(
        {
            "items": [document.make_stored_entity(item) for item in page.items],
            "total": page.total,
            "nextCursor": page.next_cursor,
            "previousCursor": page.previous_cursor,
        }
    )


def _parse_filters(filters: list[str]) -> Mapping[str, tuple[str, ...]]:
    parsed: dict[str, tuple[str, ...]] = {}
    for item in filters:
        path, separator, value = item.partition("=")
        if not separator:
            raise Refused(
                "REQUEST-INVALID",
                what="cannot list entities",
                why=f"filter '{item}' has no '='",
                fix="write it as path=value, such as spec.type=service",
            )
        parsed[path] = (*parsed.get(path, ()), value)
    return parsed


@router.get("/entity-facets")
def count_facets(
    platform: Ports,
    _actor: Who,
    facet: Annotated[list[str], Query(min_length=1)],
    kind: str | None = None,
    filters: Annotated[list[str] | None, Query(alias="filter")] = None,
) -> JSONResponse:
    """Count the values of facets among the matching entities."""
    with platform.store.read() as tx:
        counts = tx.entities.count_facets(
            facet, EntityQuery(kind=kind, filters=_parse_filters(filters or []))
        )
    return JSONResponse(
        {
            "facets": {
                name: [{"value": value, "count": count} for value, count in values.items()]
                for name, values in counts.items()
            }
        }
    )


@router.get(_PATH)
def get(platform: Ports, _actor: Who, kind: str, namespace: str, name: str) -> JSONResponse:
    """Return an entity with its relations; the ETag is its revision."""
    ref = _make_ref(kind, namespace, name)
    with platform.store.read() as tx:
        stored = apply_entities.get_entity(tx, ref)
        relations = tx.entities.list_relations(ref)
    about = document.make_stored_entity(stored)
    about["relations"] = [
        {"type": relation.type, "targetRef": relation.target} for relation in relations
    ]
    return JSONResponse(about, headers={"ETag": f'"{stored.revision}"'})


@router.get(f"{_PATH}/history")
def list_history(
    platform: Ports, _actor: Who, kind: str, namespace: str, name: str
) -> JSONResponse:
    """Return every revision, newest first."""
    ref = _make_ref(kind, namespace, name)
    with platform.store.read() as tx:
        history = tx.entities.list_history(ref)
        if not history:
            apply_entities.get_entity(tx, ref)
    return JSONResponse({"items": [document.make_stored_entity(item) for item in history]})


@router.delete(_PATH)
def delete(
    platform: Ports,
    actor: Who,
    kind: str,
    namespace: str,
    name: str,
    *,
    if_match: Annotated[str | None, Header()] = None,
) -> JSONResponse:
    """Remove an entity; its history stays."""
    tag = (if_match or "").strip().strip('"')
    change = apply_entities.delete_entity(
        platform,
        actor,
        _make_ref(kind, namespace, name),
        expected=int(tag) if tag.isdecimal() else None,
    )
    return JSONResponse(document.make_entity_change(change))


def _make_ref(kind: str, namespace: str, name: str) -> str:
    return f"{kind}:{namespace}/{name}".lower()
