"""Entities: the catalog and the platform's definitions.

Belongs here: what is below `/entities` and `/entity-facets`.
"""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query, Response

from fairway.api import body, document, openapi, parameter, schema
from fairway.api.answer import JsonAnswer
from fairway.api.context import Ports, Who
from fairway.api.parameter import Cursor, Facets, Filters, IfMatch, IfNoneMatch, Text, Word
from fairway.core.catalog.entity import Entity
from fairway.formats import catalog, yaml
from fairway.kits import digest
from fairway.kits.errors import InvalidDocuments, Refused
from fairway.ports.store.entities import EntityQuery
from fairway.usecases.catalog import apply_entities

router = APIRouter(tags=["entities"])
_PATH = "/entities/{kind}/{namespace}/{name}"


@router.post("/entities", response_model=schema.EntityChanges, responses=openapi.refusals(412))
def apply_documents(
    platform: Ports,
    actor: Who,
    request: body.Files,
    *,
    dry_run: Annotated[bool, Query(alias="dryRun")] = False,
    if_match: IfMatch = None,
) -> JsonAnswer:
    """Apply documents, all or none; with `dryRun`, only say what would change.

    `If-Match` holds for a single document, `expected` for any number.
    """
    entities = _parse(request.files)
    expected = {**request.expected, **_expect(entities, if_match)}
    if dry_run:
        changes = apply_entities.diff_entities(platform, entities)
    else:
        changes = apply_entities.apply_entities(
            platform, actor, entities, location=f"user:{actor.name}", expected=expected
        )
    return JsonAnswer({"changes": [document.make_entity_change(item) for item in changes]})


def _expect(entities: tuple[Entity, ...], if_match: str | None) -> Mapping[str, int]:
    revision = parameter.parse_revision(if_match, what="cannot apply the documents")
    if revision is None:
        return {}
    if len(entities) != 1:
        raise Refused(
            "REQUEST-INVALID",
            what="cannot apply the documents",
            why=f"If-Match is for one document, and there are {len(entities)}",
            fix="give the revisions in 'expected'",
            status=400,
        )
    return {entities[0].ref: revision}


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


@router.get("/entities", response_model=schema.EntityPage)
def list_entities(
    platform: Ports,
    _actor: Who,
    *,
    kind: Text = None,
    text: Text = None,
    filters: Filters = None,
    order: Annotated[str, Query(pattern=r"^-?[A-Za-z.]{1,60}$")] = "name",
    limit: Annotated[int, Query(ge=1, le=1000)] = 20,
    cursor: Cursor = None,
) -> JsonAnswer:
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
    return JsonAnswer(
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
        path, _, value = item.partition("=")
        parsed[path] = (*parsed.get(path, ()), value)
    return parsed


@router.get("/entity-facets", response_model=schema.Facets)
def count_facets(
    platform: Ports,
    _actor: Who,
    *,
    facet: Facets,
    kind: Text = None,
    filters: Filters = None,
) -> JsonAnswer:
    """Count the values of facets among the matching entities."""
    with platform.store.read() as tx:
        counts = tx.entities.count_facets(
            facet, EntityQuery(kind=kind, filters=_parse_filters(filters or []))
        )
    return JsonAnswer(
        {
            "facets": {
                name: [{"value": value, "count": count} for value, count in values.items()]
                for name, values in counts.items()
            }
        }
    )


@router.get(
    _PATH,
    response_model=schema.RelatedEntity,
    responses={304: {"description": "As it was"}, **openapi.refusals(404)},
)
def get_entity(
    platform: Ports,
    _actor: Who,
    *,
    kind: Word,
    namespace: Word,
    name: Word,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Return an entity with its relations; the ETag begins with its revision."""
    ref = _make_ref(kind, namespace, name)
    with platform.store.read() as tx:
        stored = apply_entities.get_entity(tx, ref)
        relations = tx.entities.list_relations(ref)
    about = document.make_stored_entity(stored)
    about["relations"] = [
        {"type": relation.type, "targetRef": relation.target} for relation in relations
    ]
    edges = [f"{relation.type} {relation.target}" for relation in relations]
    tag = f"{stored.revision}.{digest.shorten(digest.make_joined_digest(edges), 12)}"
    headers = {"ETag": f'"{tag}"', "Cache-Control": "private, no-cache"}
    if {tag, "*"} & set(parameter.list_tags(if_none_match or "")):
        return Response(status_code=304, headers=headers)
    return JsonAnswer(about, headers=headers)


@router.get(
    f"{_PATH}/history", response_model=schema.EntityHistory, responses=openapi.refusals(404)
)
def list_entity_history(
    platform: Ports, _actor: Who, *, kind: Word, namespace: Word, name: Word
) -> JsonAnswer:
    """Return every revision, newest first."""
    ref = _make_ref(kind, namespace, name)
    with platform.store.read() as tx:
        history = tx.entities.list_history(ref)
        if not history:
            apply_entities.get_entity(tx, ref)
    return JsonAnswer({"items": [document.make_stored_entity(item) for item in history]})


@router.delete(_PATH, response_model=schema.EntityChange, responses=openapi.refusals(404, 409, 412))
def delete_entity(
    platform: Ports,
    actor: Who,
    *,
    kind: Word,
    namespace: Word,
    name: Word,
    if_match: IfMatch = None,
) -> JsonAnswer:
    """Remove an entity; its history stays."""
    ref = _make_ref(kind, namespace, name)
    expected = parameter.parse_revision(if_match, what=f"cannot delete '{ref}'")
    change = apply_entities.delete_entity(platform, actor, ref, expected=expected)
    return JsonAnswer(document.make_entity_change(change))


def _make_ref(kind: str, namespace: str, name: str) -> str:
    return f"{kind}:{namespace}/{name}".lower()
