"""The answers' form, for the OpenAPI document.

Belongs here: what `fairway.api.schema` says of the other answers.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from fairway.api.schema import Free, Schema


class CatalogEntity(BaseModel):
    """An entity, or those parts of it that were asked for."""

    model_config = ConfigDict(extra="allow")


class CatalogPageCursors(Schema):
    """Cursors around a page."""

    next_cursor: str = ""
    prev_cursor: str = ""


class CatalogPage(Schema):
    """A page of entities, and the number of all that match."""

    items: list[CatalogEntity]
    total_items: int
    page_info: CatalogPageCursors


class CatalogBatch(Schema):
    """Entities in the order of the refs that were asked for, null for none."""

    items: list[CatalogEntity | None]


class CatalogAncestor(Schema):
    """An entity, and the refs of what it came from."""

    entity: CatalogEntity
    parent_entity_refs: list[str]


class CatalogAncestry(Schema):
    """An entity and all that it came from."""

    root_entity_ref: str
    items: list[CatalogAncestor]


class CatalogFacetValue(Schema):
    """A value and how many entities have it."""

    value: str
    count: int


class CatalogFacets(Schema):
    """Values of facets."""

    facets: dict[str, list[CatalogFacetValue]]


class CatalogLocation(Schema):
    """A registered location."""

    id: str
    type: str
    target: str


class CatalogLocationEntry(Schema):
    """A registered location in a list."""

    data: CatalogLocation


class CatalogLocationPage(Schema):
    """A page of registered locations."""

    items: list[CatalogLocation]
    total_items: int
    page_info: CatalogPageCursors


class CatalogLocationAdded(Schema):
    """A location that was registered or tried, and what it would bring."""

    location: CatalogLocation
    entities: list[CatalogEntity]
    exists: bool = False


class CatalogError(Schema):
    """What went wrong, with the platform's code and what to do."""

    name: str
    message: str
    code: str
    fix: str
    at: str = ""


class CatalogFailedRequest(Schema):
    """The request that failed."""

    method: str
    url: str


class CatalogFailedResponse(Schema):
    """The status, once more."""

    status_code: int


class CatalogFailure(Schema):
    """An error in Backstage's form."""

    error: CatalogError
    request: CatalogFailedRequest
    response: CatalogFailedResponse


class CatalogInvalid(Schema):
    """Why an entity is not valid."""

    errors: list[CatalogError]


class CatalogValid(Schema):
    """Nothing to say: the entity is valid."""


Predicate = Free
Direction = Literal["asc", "desc"]
