"""Relations as rows: one row holds both directions.

Belongs here: which row stands for which relations. Never here: what a document implies.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from fairway.core.catalog.relation import PAIRS, REVERSES, Relation
from fairway.drivers.sqlalchemy.schema import entities, entity_relations

_EDGE = entity_relations.c
# Databases limit the number of parameters of a statement.
_BATCH = 1000


def list_edges(ref: str, relations: Iterable[Relation]) -> list[dict[str, Any]]:
    """Return the rows for what the document of `ref` implies, given in both directions."""
    return [
        {
            "source": relation.source,
            "type": relation.type,
            "target": relation.target,
            "is_by_target": relation.source != ref,
        }
        for relation in relations
        if relation.type in PAIRS
    ]


def delete_edges(connection: Connection, refs: Sequence[str]) -> None:
    """Delete what the documents of `refs` imply."""
    said_by_source = _EDGE.source.in_(refs) & ~_EDGE.is_by_target
    said_by_target = _EDGE.target.in_(refs) & _EDGE.is_by_target
    for said in (said_by_source, said_by_target):
        connection.execute(sa.delete(entity_relations).where(said))


def get_ends(type_: str) -> tuple[str, sa.Column[str], sa.Column[str]]:
    """Return the type of the rows for relations of `type_`, their source and their target."""
    if type_ in PAIRS or type_ not in REVERSES:
        return type_, _EDGE.source, _EDGE.target
    return REVERSES[type_], _EDGE.target, _EDGE.source


def list_relations(connection: Connection, ref: str) -> tuple[Relation, ...]:
    """Return the relations of `ref`, sorted."""
    return _read(connection, _EDGE.source == ref, _EDGE.target == ref)


def list_relations_of(
    connection: Connection, refs: Sequence[str]
) -> Mapping[str, tuple[Relation, ...]]:
    """Return the relations of each of `refs`, sorted."""
    found: dict[str, list[Relation]] = {ref: [] for ref in refs}
    for start in range(0, len(refs), _BATCH):
        batch = refs[start : start + _BATCH]
        for relation in _read(connection, _EDGE.source.in_(batch), _EDGE.target.in_(batch)):
            found[relation.source].append(relation)
    return {ref: tuple(relations) for ref, relations in found.items()}


def list_dangling(connection: Connection) -> tuple[Relation, ...]:
    """Return the relations whose target does not exist, sorted."""
    return _read(connection, _is_unknown(_EDGE.target), _is_unknown(_EDGE.source))


def _read(
    connection: Connection, forward: sa.ColumnElement[bool], backward: sa.ColumnElement[bool]
) -> tuple[Relation, ...]:
    """Return the rows as relations, and the reverse of those that `backward` holds for."""
    rows = sa.select(_EDGE.source, _EDGE.type, _EDGE.target)
    found = {Relation(**row) for row in connection.execute(rows.where(forward)).mappings()}
    back = connection.execute(rows.where(backward)).mappings()
    return tuple(sorted(found | {Relation(**row).reversed() for row in back}))


def _is_unknown(ref: sa.Column[str]) -> sa.ColumnElement[bool]:
    return ~sa.exists().where(entities.c.ref == ref)
