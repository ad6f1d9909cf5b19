"""The catalog: entities, their revisions, relations, terms, facets and texts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Boolean, Column, Integer, Text
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"

_Name = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_Moment = sa.BigInteger
_Json = sa.Text


def upgrade() -> None:
    """Create the tables."""
    _create_revisions()
    _create_entities()
    _create_relations()
    _create_terms_and_facets()
    _create_texts()


def _create_revisions() -> None:
    op.create_table(
        "entity_revisions",
        Column("ref", _Name, primary_key=True),
        Column("revision", Integer, primary_key=True, autoincrement=False),
        Column("uid", Text, nullable=False),
        Column("digest", Text, nullable=False),
        Column("document", _Json, nullable=False),
        Column("location", Text, nullable=False),
        Column("updated_at", _Moment, nullable=False),
        Column("updated_by", Text, nullable=False),
        Column("is_deleted", Boolean, nullable=False),
    )


def _create_entities() -> None:
    op.create_table(
        "entities",
        Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        Column("ref", _Name, nullable=False, unique=True),
        Column("revision", Integer, nullable=False),
        Column("uid", _Name, nullable=False),
        Column("api_version", _Name, nullable=False),
        Column("kind", _Name, nullable=False),
        Column("namespace", _Name, nullable=False),
        Column("name", _Name, nullable=False),
        Column("title", _Name, nullable=False),
        Column("type", _Name, nullable=False),
        Column("lifecycle", _Name, nullable=False),
        Column("owner", _Name, nullable=False),
        Column("system", _Name, nullable=False),
        Column("updated_at", _Moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["ref", "revision"], ["entity_revisions.ref", "entity_revisions.revision"]
        ),
    )
    op.create_index("entities_by_name", "entities", ["name", "ref"])
    op.create_index("entities_by_kind", "entities", ["kind", "name", "ref"])
    op.create_index("entities_by_type", "entities", ["kind", "type", "name", "ref"])
    op.create_index("entities_by_owner", "entities", ["owner", "name", "ref"])
    op.create_index("entities_by_system", "entities", ["system", "name", "ref"])
    op.create_index("entities_by_update", "entities", ["updated_at", "ref"])


def _create_relations() -> None:
    op.create_table(
        "entity_relations",
        Column("source", _Name, primary_key=True),
        Column("type", _Name, primary_key=True),
        Column("target", _Name, primary_key=True),
        Column("origin", _Name, primary_key=True),
    )
    op.create_index("entity_relations_by_target", "entity_relations", ["target", "type", "source"])
    op.create_index("entity_relations_by_origin", "entity_relations", ["origin"])


def _create_terms_and_facets() -> None:
    op.create_table(
        "entity_terms",
        Column("path", _Name, primary_key=True),
        Column("value", _Name, primary_key=True),
        Column("ref", _Name, primary_key=True),
        Column("shown", Text, nullable=False),
    )
    op.create_index("entity_terms_by_ref", "entity_terms", ["ref"])
    op.create_table(
        "entity_facets",
        Column("path", _Name, primary_key=True),
        Column("kind", _Name, primary_key=True),
        Column("value", _Name, primary_key=True),
        Column("shown", Text, nullable=False),
        Column("count", Integer, nullable=False),
    )


def _create_texts() -> None:
    if op.get_context().dialect.name == "sqlite":
        op.execute("CREATE VIRTUAL TABLE entity_texts USING fts5(text, tokenize = 'trigram')")
        return
    op.create_table(
        "entity_texts",
        Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        Column("text", Text, nullable=False),
        Column("trigrams", postgresql.ARRAY(Text), nullable=False),
    )
    op.create_index("entity_texts_by_trigram", "entity_texts", ["trigrams"], postgresql_using="gin")
