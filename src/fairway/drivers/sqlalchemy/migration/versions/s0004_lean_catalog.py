"""A relation is one row instead of two, a term names its entity by id: a third of the work."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Boolean, Column, Text

revision = "0004"
down_revision = "0003"

_Name = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_RELATIONS = """
SELECT source, type, target, source <> origin FROM entity_relations_0002 WHERE type IN
('ownedBy', 'partOf', 'dependsOn', 'providesApi', 'consumesApi', 'childOf', 'memberOf')
"""
_TERMS = "SELECT path, value, id, shown FROM entity_terms_0002 JOIN entities USING (ref)"


def upgrade() -> None:
    """Create the tables anew, and take over what was in them."""
    _rebuild(
        "entity_relations",
        (
            Column("source", _Name, primary_key=True),
            Column("type", _Name, primary_key=True),
            Column("target", _Name, primary_key=True),
            Column("is_by_target", Boolean, primary_key=True),
        ),
        indexes={
            "entity_relations_by_target": ("target", "type", "source"),
            "entity_relations_by_origin": (),
        },
        query=_RELATIONS,
    )
    _rebuild(
        "entity_terms",
        (
            Column("path", _Name, primary_key=True),
            Column("value", _Name, primary_key=True),
            Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
            Column("shown", Text, nullable=False),
        ),
        indexes={"entity_terms_by_ref": ()},
        query=_TERMS,
    )


def _rebuild(
    table: str,
    columns: Sequence[Column[object]],
    *,
    indexes: dict[str, tuple[str, ...]],
    query: str,
) -> None:
    """Replace `table`; an index without columns goes, and those that stay are made last."""
    old = f"{table}_0002"
    for index in indexes:
        op.drop_index(index, table)
    op.rename_table(table, old)
    if op.get_context().dialect.name == "postgresql":
        op.execute(f"ALTER INDEX {table}_pkey RENAME TO {old}_pkey")
    op.create_table(table, *columns, sqlite_with_rowid=False)
    op.execute(f"INSERT INTO {table} {query}")  # our own names
    for index, names in indexes.items():
        if names:
            op.create_index(index, table, list(names))
    op.drop_table(old)
