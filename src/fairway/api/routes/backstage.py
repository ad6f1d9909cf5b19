"""The catalog as Backstage's clients read it: entities, facets, ancestry.

Belongs here: what is below `/api/catalog` but locations (`backstage_locations`). Filters, cursors
and forms are those of `fairway.api.backstage`; queries are the store's.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from fairway.api.answer import JsonAnswer, render
from fairway.api.backstage import body, cursor, document, openapi, question, schema
from fairway.api.backstage.cursor import FullText, OrderField, Question
from fairway.api.backstage.problem import BackstageRoute, list_errors
from fairway.api.context import Ports, Who
from fairway.api.parameter import Word
from fairway.core.catalog.ref import parse_entity_ref
from fairway.formats import catalog, yaml
from fairway.kits.canonical import JsonValue
from fairway.kits.errors import Refused
from fairway.ports.store.entities import EntityPage, EntityQuery, StoredEntity
from fairway.ports.store.store import Transaction
from fairway.usecases.catalog import apply_entities, trace_ancestry
from fairway.usecases.platform import Platform

router = APIRouter(tags=["catalog"], route_class=BackstageRoute)
_NAME = "/entities/by-name/{kind}/{namespace}/{name}"
_STREAMED_AT_ONCE = 500
# What of a query says where a page begins.
_PLACES = ("after", "offset")

Line = Annotated[str, Query(max_length=4000, pattern=body.LINE)]
FilterSets = Annotated[
    list[Line],
    Query(alias="filter", max_length=100, description="`key=value,key`; any of several."),
]
Fields = Annotated[
    list[Line], Query(max_length=200, description="Paths to show, separated by commas.")
]
FacetPaths = Annotated[list[Line], Query(alias="facet", min_length=1, max_length=20)]
Limit = Annotated[int | None, Query(ge=0, le=10_000)]
Offset = Annotated[int, Query(ge=0, le=10_000_000)]
Uid = Annotated[str, Path(max_length=100, pattern=r"^[-A-Za-z0-9]+$")]


@router.get("/entities", response_model=list[schema.CatalogEntity])
def list_catalog_entities(
    platform: Ports,
    _actor: Who,
    request: Request,
    *,
    filters: FilterSets = [],  # noqa: B006  # the framework copies it
    fields: Fields = [],  # noqa: B006
    order: Annotated[list[Line], Query(max_length=5, description="`asc:metadata.name`")] = [],  # noqa: B006
    offset: Offset = 0,
    limit: Limit = None,
    after: Annotated[Line | None, Query(description="From the `Link` of a page.")] = None,
) -> Response:
    """List entities; with a limit, `Link` leads to the next page."""
    parts = document.parse_fields(fields)
    chosen = question.parse_filters(filters)
    query = EntityQuery(
        filters=chosen.filters,
        where=chosen.where,
        order=question.make_order(
            (field, direction) for direction, _, field in (item.partition(":") for item in order)
        ),
        offset=offset,
        limit=_STREAMED_AT_ONCE if limit is None else limit,
        cursor=after,
        is_counted=False,
    )
    if limit is None:
        chunks = _stream(platform, query, parts)
        # The first page is read before anything is answered: it may be refused.
        first = next(chunks)
        return StreamingResponse(_go_on(first, chunks), media_type="application/json")
    with platform.store.read() as tx:
        page = tx.entities.query(query)
        items = document.make_entities(tx, page.items, fields=parts)
    return JsonAnswer(items, headers=_make_link(request, page))


def _go_on(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _stream(platform: Platform, query: EntityQuery, fields: Sequence[str]) -> Iterator[bytes]:
    """Yield a list of all matches; each page is read in a transaction of its own."""
    opening = b"["
    while True:
        with platform.store.read() as tx:
            page = tx.entities.query(query)
            items = document.make_entities(tx, page.items, fields=fields)
        yield opening + b",".join(render(item) for item in items)
        if page.next_cursor is None:
            break
        opening, query = b",", replace(query, cursor=page.next_cursor, offset=0)
    yield b"]"


def _make_link(request: Request, page: EntityPage) -> dict[str, str]:
    if page.next_cursor is None:
        return {}
    kept = [item for item in request.query_params.multi_items() if item[0] not in _PLACES]
    text = urlencode([*kept, ("after", page.next_cursor)])
    return {"Link": f'<{request.url.path}?{text}>; rel="next"'}


@router.get("/entities/by-query", response_model=schema.CatalogPage)
def query_catalog_entities(
    platform: Ports,
    _actor: Who,
    *,
    filters: FilterSets = [],  # noqa: B006
    fields: Fields = [],  # noqa: B006
    order_fields: Annotated[
        list[Line], Query(alias="orderField", max_length=5, description="`metadata.name,asc`")
    ] = [],  # noqa: B006
    term: Annotated[Line, Query(alias="fullTextFilterTerm")] = "",
    term_fields: Annotated[list[Line], Query(alias="fullTextFilterFields", max_length=20)] = [],  # noqa: B006
    limit: Annotated[int, Query(ge=0, le=10_000)] = 20,
    offset: Offset = 0,
    cursor_text: Annotated[str | None, Query(alias="cursor", max_length=65_536)] = None,
    total_items: Annotated[Line, Query(alias="totalItems")] = "include",
) -> JsonAnswer:
    """Return a page of entities, its number of matches, and cursors around it."""
    asked = Question(
        filter=tuple(filters),
        order_fields=tuple(
            OrderField(name, direction or "asc")
            for name, _, direction in (item.partition(",") for item in order_fields)
        ),
        full_text_filter=FullText(term, document.parse_fields(term_fields)),
    )
    if cursor_text is not None:
        asked, offset = cursor.parse_cursor(cursor_text), 0
    return _answer_question(
        platform, asked, fields=fields, limit=limit, offset=offset, total_items=total_items
    )


@router.post("/entities/by-query", response_model=schema.CatalogPage)
def query_catalog_entities_by_predicate(
    platform: Ports, _actor: Who, request: body.CatalogQuestion
) -> JsonAnswer:
    """Return a page of the entities that a predicate selects."""
    text = request.full_text_filter
    asked = Question(
        query=request.query if request.query is not None else {},
        order_fields=tuple(OrderField(item.field, item.order) for item in request.order_by),
        full_text_filter=FullText(text.term, tuple(text.fields)),
    )
    if request.cursor is not None:
        asked = cursor.parse_cursor(request.cursor)
    return _answer_question(
        platform,
        asked,
        fields=request.fields,
        limit=request.limit,
        offset=request.offset if request.cursor is None else 0,
        total_items=request.total_items,
    )


def _answer_question(
    platform: Platform,
    asked: Question,
    *,
    fields: Sequence[str],
    limit: int,
    offset: int,
    total_items: str,
) -> JsonAnswer:
    chosen = question.parse_filters(asked.filter)
    predicate = None if asked.query is None else question.parse_predicate(_as_json(asked.query))
    order = question.make_order((item.field, item.order) for item in asked.order_fields)
    search = question.make_search(
        asked.full_text_filter.term, asked.full_text_filter.fields, order=order
    )
    parts = document.parse_fields(fields)
    query = EntityQuery(
        text=search.text,
        filters=chosen.filters,
        where=question.join(chosen.where, predicate, search.where),
        order=order,
        limit=limit,
        cursor=asked.page,
        offset=offset,
        is_counted=total_items != "exclude",
    )
    with platform.store.read() as tx:
        page = tx.entities.query(query)
        items = document.make_entities(tx, page.items, fields=parts)
    around = {"nextCursor": page.next_cursor, "prevCursor": page.previous_cursor}
    info = {
        name: cursor.render_cursor(asked, page=place)
        for name, place in around.items()
        if place is not None
    }
    return JsonAnswer({"items": items, "totalItems": page.total, "pageInfo": info})


def _as_json(value: object) -> JsonValue:
    return value  # type: ignore[return-value]  # it was read from JSON


@router.post("/entities/by-refs", response_model=schema.CatalogBatch)
def list_catalog_entities_by_refs(
    platform: Ports,
    _actor: Who,
    request: body.CatalogRefs,
    *,
    filters: FilterSets = [],  # noqa: B006
) -> JsonAnswer:
    """Return the entities that refs name, in their order, null for none that also matches."""
    refs = [str(parse_entity_ref(text)) for text in request.entity_refs]
    chosen = question.parse_filters(filters)
    predicate = None
    if request.query is not None:
        predicate = question.parse_predicate(_as_json(request.query))
    where = question.join(chosen.where, predicate)
    parts = document.parse_fields(request.fields)
    with platform.store.read() as tx:
        if where is None and not chosen.filters:
            found = tx.entities.find_many(refs)
        else:
            page = tx.entities.query(
                EntityQuery(
                    refs=tuple(refs),
                    filters=chosen.filters,
                    where=where,
                    limit=len(refs),
                    is_counted=False,
                )
            )
            found = {item.entity.ref: item for item in page.items}
        shown = document.make_entities(tx, list(found.values()), fields=parts)
    by_ref = dict(zip(found, shown, strict=True))
    return JsonAnswer({"items": [by_ref.get(ref) for ref in refs]})


@router.get(
    "/entities/by-uid/{uid}", response_model=schema.CatalogEntity, responses=openapi.failures(404)
)
def get_catalog_entity_by_uid(platform: Ports, _actor: Who, uid: Uid) -> JsonAnswer:
    """Return the entity with this uid."""
    with platform.store.read() as tx:
        (shown,) = document.make_entities(tx, [_get_by_uid(tx, uid)])
    return JsonAnswer(shown)


@router.delete("/entities/by-uid/{uid}", status_code=204, responses=openapi.failures(404, 409))
def delete_catalog_entity_by_uid(platform: Ports, actor: Who, uid: Uid) -> Response:
    """Remove an entity; one that a repository describes comes back with its next push."""
    with platform.store.read() as tx:
        ref = _get_by_uid(tx, uid).entity.ref
    apply_entities.delete_entity(platform, actor, ref)
    return Response(status_code=204)


def _get_by_uid(tx: Transaction, uid: str) -> StoredEntity:
    page = tx.entities.query(
        EntityQuery(filters={"metadata.uid": (uid,)}, order="metadata.uid", is_counted=False)
    )
    if not page.items:
        raise Refused(
            "ENTITY-UNKNOWN",
            what=f"cannot find the entity with uid '{uid}'",
            why="there is no such entity",
            fix="ask for it by its name; a removed entity that comes back has a new uid",
            status=404,
        )
    return page.items[0]


@router.get(_NAME, response_model=schema.CatalogEntity, responses=openapi.failures(404))
def get_catalog_entity_by_name(
    platform: Ports, _actor: Who, *, kind: Word, namespace: Word, name: Word
) -> JsonAnswer:
    """Return an entity with its relations."""
    with platform.store.read() as tx:
        stored = apply_entities.get_entity(tx, f"{kind}:{namespace}/{name}".lower())
        (shown,) = document.make_entities(tx, [stored])
    return JsonAnswer(shown)


@router.get(
    f"{_NAME}/ancestry", response_model=schema.CatalogAncestry, responses=openapi.failures(404)
)
def get_catalog_entity_ancestry(
    platform: Ports, _actor: Who, *, kind: Word, namespace: Word, name: Word
) -> JsonAnswer:
    """Return an entity and the locations that led to it."""
    ref = f"{kind}:{namespace}/{name}".lower()
    with platform.store.read() as tx:
        ancestors = trace_ancestry.trace_ancestry(tx, ref)
        shown = document.make_entities(tx, [item.stored for item in ancestors])
    items = [
        {"entity": entity, "parentEntityRefs": list(item.parents)}
        for item, entity in zip(ancestors, shown, strict=True)
    ]
    return JsonAnswer({"rootEntityRef": ref, "items": items})


@router.get("/entity-facets", response_model=schema.CatalogFacets)
def count_catalog_facets(
    platform: Ports,
    _actor: Who,
    *,
    facets: FacetPaths,
    filters: FilterSets = [],  # noqa: B006
) -> JsonAnswer:
    """Count the values of facets among the matching entities."""
    chosen = question.parse_filters(filters)
    return _count(platform, facets, EntityQuery(filters=chosen.filters, where=chosen.where))


@router.post("/entity-facets", response_model=schema.CatalogFacets)
def count_catalog_facets_by_predicate(
    platform: Ports, _actor: Who, request: body.CatalogFacetQuestion
) -> JsonAnswer:
    """Count the values of facets among the entities that a predicate selects."""
    where = None
    if request.query is not None:
        where = question.parse_predicate(_as_json(request.query))
    return _count(platform, request.facets, EntityQuery(where=where))


def _count(platform: Platform, facets: Sequence[str], query: EntityQuery) -> JsonAnswer:
    paths = {facet: question.make_path(facet) for facet in facets}
    with platform.store.read() as tx:
        counts = tx.entities.count_facets(set(paths.values()), query)
    shown = {
        facet: [{"value": value, "count": count} for value, count in counts[path].items()]
        for facet, path in paths.items()
    }
    return JsonAnswer({"facets": shown})


@router.post(
    "/validate-entity",
    response_model=schema.CatalogValid,
    responses={
        400: {
            "model": schema.CatalogInvalid | schema.CatalogFailure,
            "description": "It is not valid",
        }
    },
)
def validate_catalog_entity(_actor: Who, request: body.CatalogCandidate) -> JsonAnswer:
    """Answer 200 if an entity is valid, else what is wrong with it; nothing is stored."""
    try:
        file = request.location.partition(":")[2]
        catalog.parse_entity(yaml.make_document(_as_object(request.entity), file=file))
    except Refused as error:
        return JsonAnswer({"errors": list_errors(error)}, 400)
    return JsonAnswer({})


def _as_object(value: dict[str, object]) -> dict[str, JsonValue]:
    return value  # type: ignore[return-value]  # it was read from JSON


@router.post("/refresh", response_model=schema.CatalogValid, responses=openapi.failures(404))
def refresh_catalog_entity(
    platform: Ports, _actor: Who, request: body.CatalogRefresh
) -> JsonAnswer:
    """Answer that the entity is what its source says: pushes are read at once, none waits."""
    with platform.store.read() as tx:
        apply_entities.get_entity(tx, str(parse_entity_ref(request.entity_ref)))
    return JsonAnswer({})
