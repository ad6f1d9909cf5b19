"""Catalog entities and platform definitions, with every revision kept.

Belongs here: storing, finding and counting entities.
"""

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol, TypeAlias

from fairway.core.catalog.entity import Entity
from fairway.core.catalog.relation import Relation
from fairway.kits.digest import Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEntity:
    """An entity as stored: `revision` counts from 1 per ref; `digest` is of its document."""

    entity: Entity
    uid: str
    revision: int
    digest: Digest
    location: str
    updated_at: datetime
    updated_by: str
    is_deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """The value at `path`, or an item of the list there, is one of `values`; any if none.

    `how` says whether the values are the whole, its beginning, or a part of it; all of it without
    case.
    """

    path: str
    values: tuple[str, ...] = ()
    how: Literal["whole", "prefix", "part"] = "whole"


@dataclass(frozen=True, slots=True)
class AllOf:
    """Each part holds."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One part at least holds; none does of none."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: "Condition"


Condition: TypeAlias = Matches | AllOf | AnyOf | Not


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityQuery:
    """What to list: every given field must match; `text` is searched in name, title, description.

    `filters` maps a dotted path of the document (`metadata.namespace`, `kind`, `spec.type`,
    `metadata.tags`, `relations.ownedBy`) to accepted values, compared without case; `where` says
    what filters cannot; `refs` are the only ones to choose from. Ordered by `order` (`name`,
    `-updatedAt`, or several: `kind,-name`), those without a value last, equals as they came.
    `cursor` is what the last page gave; without one, `offset` matches are left out. Without
    `is_counted` the page's total is 0.
    """

    kind: str | None = None
    text: str | None = None
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    where: Condition | None = None
    refs: tuple[str, ...] | None = None
    order: str = "name"
    limit: int = 20
    cursor: str | None = None
    offset: int = 0
    is_counted: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityPage:
    """One page, the number of all matches, and the cursors around it."""

    items: tuple[StoredEntity, ...]
    total: int
    next_cursor: str | None = None
    previous_cursor: str | None = None


class Entities(Protocol):
    """Entities by their canonical ref, such as `component:default/orders`."""

    @abstractmethod
    def put_many(
        self, entities: Iterable[Entity], *, actor: str, at: datetime, location: str
    ) -> tuple[StoredEntity, ...]:
        """Insert or update; an equal document keeps its revision. Relations follow."""

    @abstractmethod
    def remove(self, refs: Iterable[str], *, actor: str, at: datetime) -> None:
        """Remove entities; their revisions stay readable, ended by one that says deleted."""

    @abstractmethod
    def find(self, ref: str) -> StoredEntity | None:
        """Return the entity or None."""

    @abstractmethod
    def find_many(self, refs: Iterable[str]) -> Mapping[str, StoredEntity]:
        """Return those of `refs` that exist."""

    @abstractmethod
    def list_by_kind(
        self, api_version_prefix: str, kinds: Iterable[str]
    ) -> tuple[StoredEntity, ...]:
        """Return all entities of `kinds` by ref; for the platform's definitions."""

    @abstractmethod
    def query(self, query: EntityQuery) -> EntityPage:
        """Return one page.

        Raises:
            Refused: CURSOR-INVALID, QUERY-ORDER.
        """

    @abstractmethod
    def count_facets(
        self, facets: Iterable[str], query: EntityQuery
    ) -> Mapping[str, Mapping[str, int]]:
        """Return for each facet (a dotted path) its values and how many matches have each."""

    @abstractmethod
    def list_history(self, ref: str) -> tuple[StoredEntity, ...]:
        """Return all revisions, newest first."""

    @abstractmethod
    def list_relations(self, ref: str) -> tuple[Relation, ...]:
        """Return relations that start at `ref`, by type and target."""

    @abstractmethod
    def list_relations_of(self, refs: Iterable[str]) -> Mapping[str, tuple[Relation, ...]]:
        """Return what `list_relations` gives, for each of `refs` at once."""

    @abstractmethod
    def list_dangling(self) -> tuple[Relation, ...]:
        """Return relations whose target is not in the catalog."""
