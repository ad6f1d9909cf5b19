"""An entity query as conditions of SQL.

Belongs here: which table answers which path. Never here: paging, counting.
"""

from collections.abc import Iterator, Sequence
from typing import Any

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
from fairway.ports.store.entities import AllOf, AnyOf, Condition, EntityQuery, Matches, Not

# Sorts behind whatever may follow a prefix.
_LAST = "\U0010ffff"


def make_conditions(query: EntityQuery, dialect: Dialect) -> list[sa.ColumnElement[bool]]:
    """Return what a row of `entities` must fulfil to match `query`, its cursor aside."""
    return list(_list_conditions(query, dialect))


def _list_conditions(query: EntityQuery, dialect: Dialect) -> Iterator[sa.ColumnElement[bool]]:
    if query.kind is not None:
        yield entities.c.kind == fold(query.kind)
    if query.refs is not None:
        yield entities.c.ref.in_({ref.lower() for ref in query.refs})
    for path, values in query.filters.items():
        yield _make_match(Matches(path=path, values=values), dialect)
    if words := list_words(query.text or ""):
        yield entities.c.id.in_(dialect.select_texts(words))
    if query.where is not None:
        yield _make_condition(query.where, dialect)


def _make_condition(condition: Condition, dialect: Dialect) -> sa.ColumnElement[bool]:
    match condition:
        case AllOf(parts):
            return sa.and_(sa.true(), *(_make_condition(part, dialect) for part in parts))
        case AnyOf(parts):
            return sa.or_(sa.false(), *(_make_condition(part, dialect) for part in parts))
        case Not(part):
            return sa.not_(_make_condition(part, dialect))
        case Matches():
            return _make_match(condition, dialect)


def _make_match(wanted: Matches, dialect: Dialect) -> sa.ColumnElement[bool]:
    path = wanted.path
    values = sorted({fold(value) for value in wanted.values})

    def holds(column: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        return _holds(column, values, wanted.how)

    if path in COLUMNS:
        column = entities.c[COLUMNS[path]]
        return holds(column) if values else column != ""
    if path == TAGS or path.startswith(OPEN_MAPS):
        terms = sa.select(entity_terms.c.id).where(entity_terms.c.path == path)
        return entities.c.id.in_(terms.where(holds(entity_terms.c.value)) if values else terms)
    if path.startswith(RELATIONS):
        type_, source, target = edge.get_ends(path.removeprefix(RELATIONS))
        edges = sa.select(source).where(entity_relations.c.type == type_)
        return entities.c.ref.in_(edges.where(holds(target)) if values else edges)
    # Another name for the table, which the query around may read as well.
    written = entity_revisions.alias("written").c
    return sa.exists().where(
        written.ref == entities.c.ref,
        written.revision == entities.c.revision,
        dialect.make_json_condition(written.document, path.split("."), holds if values else None),
    )


def _holds(
    column: sa.ColumnElement[Any], values: Sequence[str], how: str
) -> sa.ColumnElement[bool]:
    if how == "part":
        return sa.or_(*(column.contains(value, autoescape=True) for value in values))
    if how == "prefix":
        # A range, which an index answers.
        return sa.or_(*((column >= value) & (column < f"{value}{_LAST}") for value in values))
    # One value as an equation, so that an index gives the rows in order.
    return column == values[0] if len(values) == 1 else column.in_(values)
