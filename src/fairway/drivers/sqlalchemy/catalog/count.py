"""Counting matches and facets: from counters where they know, else from the rows.

Belongs here: what the counters can answer. They are kept by kind, so that neither the number of
all entities, nor of a kind, nor of a value costs more in a large catalog.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from fairway.drivers.sqlalchemy.catalog import edge
from fairway.drivers.sqlalchemy.catalog.condition import make_conditions
from fairway.drivers.sqlalchemy.catalog.index import (
    COLUMNS,
    COUNTED,
    OPEN_MAPS,
    RELATIONS,
    SINGLE_COUNTED,
    TAGS,
    fold,
)
from fairway.drivers.sqlalchemy.catalog.row import CURRENT
from fairway.drivers.sqlalchemy.dialect import Dialect
from fairway.drivers.sqlalchemy.schema import (
    entities,
    entity_facets,
    entity_relations,
    entity_terms,
)
from fairway.kits.canonical import JsonValue
from fairway.ports.store.entities import EntityQuery

_Counts = Mapping[str, int]


def count_matches(connection: Connection, dialect: Dialect, query: EntityQuery) -> int:
    """Return how many entities match `query`, its cursor aside."""
    counters = _make_counter_conditions(query)
    if counters is None:
        conditions = make_conditions(query, dialect)
        count = sa.select(sa.func.count()).select_from(entities).where(*conditions)
    else:
        count = sa.select(sa.func.coalesce(sa.func.sum(entity_facets.c["count"]), 0)).where(
            *counters
        )
    return int(connection.execute(count).scalar_one())


def _make_counter_conditions(query: EntityQuery) -> list[sa.ColumnElement[bool]] | None:
    """Return which counters add up to the matches of `query`; None: no counters do."""
    conditions = _make_kind_conditions(query)
    others = {path: values for path, values in query.filters.items() if path != "kind"}
    if conditions is None or len(others) > 1:
        return None
    path, values = next(iter(others.items()), ("kind", ()))
    # Several values of a path that may have several would count an entity more than once.
    if path in SINGLE_COUNTED or (path in COUNTED and len(values) == 1):
        conditions.append(entity_facets.c.path == path)
        if values:
            conditions.append(entity_facets.c.value.in_({fold(value) for value in values}))
        return conditions
    return None


def _make_kind_conditions(query: EntityQuery) -> list[sa.ColumnElement[bool]] | None:
    if query.text or query.where is not None or query.refs is not None:
        return None
    kind = entity_facets.c.kind
    conditions = [] if query.kind is None else [kind == fold(query.kind)]
    if kinds := query.filters.get("kind"):
        conditions.append(kind.in_({fold(value) for value in kinds}))
    return conditions


class FacetCount:
    """Counts facets of the matches of one query."""

    def __init__(self, connection: Connection, dialect: Dialect, query: EntityQuery) -> None:
        self._connection = connection
        self._query = query
        self._matches = make_conditions(query, dialect)

    def count(self, paths: Sequence[str]) -> Mapping[str, _Counts]:
        """Return for each path its values and their counts, most frequent first."""
        kinds = _make_kind_conditions(self._query)
        is_counted = kinds is not None and not set(self._query.filters) - {"kind"}
        known = [path for path in paths if is_counted and path in COUNTED]
        counts: dict[str, _Counts] = {path: {} for path in paths}
        counts.update(self._read_counters(known, kinds or []))
        unknown = [path for path in paths if path not in known]
        counts.update({path: self._count_rows(path) for path in unknown if _has_rows(path)})
        if documents := [path for path in unknown if not _has_rows(path)]:
            counts.update(self._count_documents(documents))
        return counts

    def _read_counters(
        self, paths: Sequence[str], kinds: Sequence[sa.ColumnElement[bool]]
    ) -> Mapping[str, _Counts]:
        if not paths:
            return {}
        facets = entity_facets.c
        query = (
            sa.select(facets.path, sa.func.max(facets.shown), sa.func.sum(facets["count"]))
            .where(facets.path.in_(paths), *kinds)
            .group_by(facets.path, facets.value)
        )
        found: dict[str, dict[str, int]] = {}
        for path, shown, count in self._connection.execute(query):
            found.setdefault(path, {})[shown] = int(count)
        return {path: _sort(counts) for path, counts in found.items()}

    def _count_rows(self, path: str) -> _Counts:
        query = self._select_counts(path)
        return _sort(dict(self._connection.execute(query).all()))

    def _select_counts(self, path: str) -> sa.Select[Any, int]:
        if path in COLUMNS:
            return self._select_column_counts(path)
        if path.startswith(RELATIONS):
            type_, source, target = edge.get_ends(path.removeprefix(RELATIONS))
            refs = sa.select(entities.c.ref).where(*self._matches)
            return (
                sa.select(target, sa.func.count(source.distinct()))
                .where(entity_relations.c.type == type_, source.in_(refs))
                .group_by(target)
            )
        terms = entity_terms.c
        ids = sa.select(entities.c.id).where(*self._matches)
        return (
            sa.select(sa.func.max(terms.shown), sa.func.count())
            .where(terms.path == path, terms.id.in_(ids))
            .group_by(terms.value)
        )

    def _select_column_counts(self, path: str) -> sa.Select[Any, int]:
        column = entities.c[COLUMNS[path]]
        counts = (
            sa.select(column.label("value"), sa.func.count().label("number"))
            .where(column != "", *self._matches)
            .group_by(column)
            .subquery()
        )
        # Columns are folded; the counters know how a value is written.
        facets = entity_facets.c
        shown = (
            sa.select(sa.func.max(facets.shown))
            .where(facets.path == path, facets.value == counts.c.value)
            .scalar_subquery()
        )
        query: sa.Select[Any, int] = sa.select(
            sa.func.coalesce(shown, counts.c.value), counts.c.number
        )
        return query

    def _count_documents(self, paths: Sequence[str]) -> Mapping[str, _Counts]:
        """Count what nothing is indexed of, by reading every match."""
        found: dict[str, Counter[str]] = {path: Counter() for path in paths}
        for row in self._connection.execute(CURRENT.where(*self._matches)).mappings():
            for path in paths:
                found[path].update(set(_list_values(row["document"], path.split("."))))
        return {path: _sort(counts) for path, counts in found.items()}


def _has_rows(path: str) -> bool:
    return path in COLUMNS or path == TAGS or path.startswith((*OPEN_MAPS, RELATIONS))


def _list_values(value: JsonValue, path: Sequence[str]) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _list_values(item, path)
    elif path:
        if isinstance(value, Mapping):
            yield from _list_values(value.get(path[0]), path[1:])
    elif isinstance(value, bool):
        yield str(value).lower()
    elif isinstance(value, str | int | float):
        yield str(value)


def _sort(counts: _Counts) -> _Counts:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
