"""Request bodies of Backstage's catalog API.

Belongs here: what `fairway.api.body` says of the others.
"""

from typing import Annotated

from pydantic import Field

from fairway.api.backstage.schema import Direction, Predicate
from fairway.api.body import LINE, Body

_MOST_REFS = 5000
Line = Annotated[str, Field(max_length=1000, pattern=LINE)]
Limit = Annotated[int, Field(ge=0, le=10_000)]
Offset = Annotated[int, Field(ge=0, le=10_000_000)]
Cursor = Annotated[str, Field(min_length=1, max_length=65_536, pattern=LINE)]


class CatalogRefs(Body):
    """Refs of entities, and which parts of them to show."""

    entity_refs: list[Line] = Field(max_length=_MOST_REFS)
    fields: list[Line] = Field([], max_length=200)
    query: Predicate | None = None


class CatalogOrderField(Body):
    """A field to order by."""

    field: Line
    order: Direction = "asc"


class CatalogFullText(Body):
    """A text to look for, and where."""

    term: Line = ""
    fields: list[Line] = Field([], max_length=20)


class CatalogQuestion(Body):
    """What `by-query` is asked with a predicate, or the cursor of a page."""

    cursor: Cursor | None = None
    limit: Limit = 20
    offset: Offset = 0
    fields: list[Line] = Field([], max_length=200)
    query: Predicate | None = None
    order_by: list[CatalogOrderField] = Field([], max_length=5)
    full_text_filter: CatalogFullText = CatalogFullText(fields=[])
    total_items: Line = "include"


class CatalogFacetQuestion(Body):
    """Facets to count among the entities that a predicate selects."""

    facets: list[Line] = Field(min_length=1, max_length=20)
    query: Predicate | None = None


class CatalogLocationQuestion(Body):
    """What page of locations to give."""

    cursor: Cursor | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


class CatalogLocation(Body):
    """A location to register."""

    type: Annotated[str, Field(pattern=r"^[A-Za-z][-A-Za-z0-9]{0,62}$")] = "url"
    target: Annotated[str, Field(min_length=1, max_length=1000, pattern=LINE)]


class CatalogRefresh(Body):
    """An entity whose source is to be read again."""

    entity_ref: Line
    authorization_token: Line = ""


class CatalogCandidate(Body):
    """An entity to validate, and the location that it would have."""

    entity: Predicate
    location: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f:]+:[^\x00-\x1f\x7f]+$")]
