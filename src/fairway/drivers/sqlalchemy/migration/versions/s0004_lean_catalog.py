"""A leaner catalog: half the work of an ingest.

A relation is one row instead of two, a term names its entity by id, and entities of one name
follow each other by id, which makes each of their indexes half as wide.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Boolean, Column, Integer, Text

revision = "0004"
down_revision = "0003"

_Name = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_Id = sa.BigInteger().with_variant(Integer(), "sqlite")
_INDEXES = {
    "entities_by_name": ("name",),
    "entities_by_kind": ("kind", "name"),
    "entities_by_type": ("kind", "type", "name"),
    "entities_by_owner": ("owner", "name"),
    "entities_by_system": ("system", "name"),
    "entities_by_update": ("updated_at",),
}
_RELATIONS = """
INSERT INTO entity_relations
SELECT source, type, target, source <> origin FROM old_entity_relations WHERE type IN
('ownedBy', 'partOf', 'dependsOn', 'providesApi', 'consumesApi', 'childOf', 'memberOf')
"""
_TERMS = """
INSERT INTO entity_terms
SELECT path, value, id, shown FROM old_entity_terms JOIN entities USING (ref)
"""


def upgrade() -> None:
    """Create the tables anew, and take over what was in them."""
    _rebuild_entities()
    _rebuild_relations()
    _rebuild_terms()


def _rebuild_entities() -> None:
    for index in _INDEXES:
        op.drop_index(index, "entities")
    if op.get_context().dialect.name == "sqlite":
        # Only an INTEGER is the row's own number, and needs no index of its own.
        op.rename_table("entities", "old_entities")
        op.create_table(
            "entities",
            Column("id", _Id, primary_key=True, autoincrement=False),
            Column("ref", _Name, nullable=False, unique=True),
            Column("revision", Integer, nullable=False),
            *(Column(name, _Name, nullable=False) for name in _list_texts()),
            Column("updated_at", sa.BigInteger, nullable=False),
            sa.ForeignKeyConstraint(
                ["ref", "revision"], ["entity_revisions.ref", "entity_revisions.revision"]
            ),
        )
        op.execute("INSERT INTO entities SELECT * FROM old_entities")
        op.drop_table("old_entities")
    for index, columns in _INDEXES.items():
        op.create_index(index, "entities", [*columns, "id"])


def _list_texts() -> tuple[str, ...]:
    first = ("uid", "api_version", "kind", "namespace", "name")
    return (*first, "title", "type", "lifecycle", "owner", "system")


def _rebuild_relations() -> None:
    op.drop_index("entity_relations_by_target", "entity_relations")
    op.drop_index("entity_relations_by_origin", "entity_relations")
    _set_aside("entity_relations")
    op.create_table(
        "entity_relations",
        Column("source", _Name, primary_key=True),
        Column("type", _Name, primary_key=True),
        Column("target", _Name, primary_key=True),
        Column("is_by_target", Boolean, primary_key=True),
        sqlite_with_rowid=False,
    )
    op.execute(_RELATIONS)
    op.create_index("entity_relations_by_target", "entity_relations", ["target", "type", "source"])
    op.drop_table("old_entity_relations")


def _rebuild_terms() -> None:
    op.drop_index("entity_terms_by_ref", "entity_terms")
    _set_aside("entity_terms")
    op.create_table(
        "entity_terms",
        Column("path", _Name, primary_key=True),
        Column("value", _Name, primary_key=True),
        Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        Column("shown", Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.execute(_TERMS)
    op.drop_table("old_entity_terms")


def _set_aside(table: str) -> None:
    op.rename_table(table, f"old_{table}")
    if op.get_context().dialect.name == "postgresql":
        op.execute(f"ALTER INDEX {table}_pkey RENAME TO old_{table}_pkey")
