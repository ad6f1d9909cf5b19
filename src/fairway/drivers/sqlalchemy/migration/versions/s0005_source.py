"""Repositories, pushes, statuses of commits; versions of golden paths, links, offers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, Integer, Text

revision = "0005"
down_revision = "0004"

_Name = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_Count = sa.BigInteger().with_variant(Integer(), "sqlite")
_Moment = sa.BigInteger
_Json = sa.Text


def upgrade() -> None:
    """Create the tables."""
    _create_repositories()
    _create_pushes()
    _create_paths()


def _create_repositories() -> None:
    op.create_table(
        "repositories",
        Column("name", _Name, primary_key=True),
        Column("owner", Text, nullable=False),
        Column("component", _Name, nullable=False),
        Column("default_branch", Text, nullable=False),
        Column("environments", _Json, nullable=False),
        Column("protected", _Json, nullable=False),
        Column("origin", Text, nullable=False),
        Column("created_at", _Moment, nullable=False),
        Column("created_by", Text, nullable=False),
        Column("revision", sa.BigInteger, nullable=False),
    )
    op.create_index("repositories_by_component", "repositories", ["component"])


def _create_pushes() -> None:
    op.create_table(
        "pushes",
        Column("number", _Count, primary_key=True),
        Column("repository", _Name, nullable=False),
        Column("branch", _Name, nullable=False),
        Column("before", Text, nullable=False),
        Column("after", Text, nullable=False),
        Column("actor", Text, nullable=False),
        Column("at", _Moment, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("pushes_by_branch", "pushes", ["repository", "branch", "number"])
    op.create_table(
        "commit_statuses",
        Column("repository", _Name, primary_key=True),
        Column("commit", _Name, primary_key=True),
        Column("context", _Name, primary_key=True),
        Column("state", Text, nullable=False),
        Column("text", Text, nullable=False),
        Column("run", sa.BigInteger, nullable=False),
        Column("at", _Moment, nullable=False),
    )


def _create_paths() -> None:
    op.create_table(
        "path_versions",
        Column("path", _Name, primary_key=True),
        Column("version", _Name, primary_key=True),
        Column("repository", Text, nullable=False),
        Column("commit", Text, nullable=False),
        Column("parameters", _Json, nullable=False),
        Column("environments", _Json, nullable=False),
        Column("document", _Json, nullable=False),
        Column("changelog", Text, nullable=False),
        Column("published_at", _Moment, nullable=False),
        Column("published_by", Text, nullable=False),
    )
    op.create_table(
        "path_links",
        Column("component", _Name, primary_key=True),
        Column("repository", Text, nullable=False),
        Column("path", _Name, nullable=False),
        Column("version", Text, nullable=False),
        Column("answers", _Json, nullable=False),
        Column("files", _Json, nullable=False),
        Column("updated_at", _Moment, nullable=False),
        Column("revision", sa.BigInteger, nullable=False),
    )
    op.create_index("path_links_by_path", "path_links", ["path", "component"])
    op.create_table(
        "upgrade_offers",
        Column("component", _Name, primary_key=True),
        Column("repository", Text, nullable=False),
        Column("path", _Name, nullable=False),
        Column("from_version", Text, nullable=False),
        Column("to_version", Text, nullable=False),
        Column("branch", Text, nullable=False),
        Column("base", Text, nullable=False),
        Column("commit", Text, nullable=False),
        Column("state", Text, nullable=False),
        Column("answers", _Json, nullable=False),
        Column("files", _Json, nullable=False),
        Column("conflicts", _Json, nullable=False),
        Column("made_at", _Moment, nullable=False),
        Column("revision", sa.BigInteger, nullable=False),
    )
    op.create_index("upgrade_offers_by_path", "upgrade_offers", ["path", "component"])
