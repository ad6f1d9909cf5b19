"""An entity query as conditions of SQL.

Belongs here: which table answers which path. Never here: paging, counting.
"""

from collections.abc import Iterator, Sequence
from typing import TypeVar

import sqlalchemy as sa

from fairway.drivers.sqlalchemy.catalog import edge
from fairway.drivers.sqlalchemy.catalog.index import (
    COLUMNS,
    OPEN_MAPS,
    RELATIONS,
    TAGS,
    fold,
    list_words,
)
from fairway.drivers.sqlalchemy.dialect import Dialect
from fairway.drivers.sqlalchemy.schema import (
    entities,
    entity_relations,
    entity_revisions,
    entity_terms,
)
from fairway.ports.store.entities import EntityQuery

_T = TypeVar("_T", int, str)


def make_conditions(query: EntityQuery, dialect: Dialect) -> list[sa.ColumnElement[bool]]:
    """Return what a row of `entities` must fulfil to match `query`, its cursor aside."""
    return list(_list_conditions(query, dialect))


def _list_conditions(query: EntityQuery, dialect: Dialect) -> Iterator[sa.ColumnElement[bool]]:
    if query.kind is not None:
        yield entities.c.kind == fold(query.kind)
    for path, values in query.filters.items():
        yield _make_condition(path, sorted({fold(value) for value in values}), dialect)
    if words := list_words(query.text or ""):
        yield entities.c.id.in_(dialect.select_texts(words))


def _make_condition(path: str, values: Sequence[str], dialect: Dialect) -> sa.ColumnElement[bool]:
    if path in COLUMNS:
        column = entities.c[COLUMNS[path]]
        return _is_among(column, values) if values else column != ""
    if path == TAGS or path.startswith(OPEN_MAPS):
        terms = sa.select(entity_terms.c.id).where(entity_terms.c.path == path)
        return entities.c.id.in_(_narrow(terms, entity_terms.c.value, values))
    if path.startswith(RELATIONS):
        type_, source, target = edge.get_ends(path.removeprefix(RELATIONS))
        edges = sa.select(source).where(entity_relations.c.type == type_)
        return entities.c.ref.in_(_narrow(edges, target, values))
    # Another name for the table, which the query around may read as well.
    written = entity_revisions.alias("written").c
    return sa.exists().where(
        written.ref == entities.c.ref,
        written.revision == entities.c.revision,
        dialect.make_json_condition(written.document, path.split("."), values),
    )


def _narrow(query: sa.Select[_T], column: sa.Column[str], values: Sequence[str]) -> sa.Select[_T]:
    return query.where(_is_among(column, values)) if values else query


def _is_among(column: sa.Column[str], values: Sequence[str]) -> sa.ColumnElement[bool]:
    # One value as an equation, so that an index gives the rows in order.
    return column == values[0] if len(values) == 1 else column.in_(values)
