"""The tables of repositories and golden paths.

Belongs here: what `schema` says of the others.
"""

import sqlalchemy as sa
from sqlalchemy import Column, Table

from fairway.core.graph.live import SealedValue
from fairway.core.source.conflict import Conflict
from fairway.drivers.sqlalchemy.codec import Json, Moment
from fairway.drivers.sqlalchemy.schema import METADATA, Count, Name

repositories = Table(
    "repositories",
    METADATA,
    Column("name", Name, primary_key=True),
    Column("owner", sa.Text, nullable=False),
    Column("component", Name, nullable=False),
    Column("default_branch", sa.Text, nullable=False),
    Column("environments", Json(tuple[str, ...]), nullable=False),
    Column("protected", Json(tuple[str, ...]), nullable=False),
    Column("origin", sa.Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("created_by", sa.Text, nullable=False),
    Column("revision", sa.BigInteger, nullable=False),
    sa.Index("repositories_by_component", "component"),
)
pushes = Table(
    "pushes",
    METADATA,
    Column("number", Count, primary_key=True),
    Column("repository", Name, nullable=False),
    Column("branch", Name, nullable=False),
    Column("before", sa.Text, nullable=False),
    Column("after", sa.Text, nullable=False),
    Column("actor", sa.Text, nullable=False),
    Column("at", Moment, nullable=False),
    sa.Index("pushes_by_branch", "repository", "branch", "number"),
    sqlite_autoincrement=True,
)
commit_statuses = Table(
    "commit_statuses",
    METADATA,
    Column("repository", Name, primary_key=True),
    Column("commit", Name, primary_key=True),
    Column("context", Name, primary_key=True),
    Column("state", sa.Text, nullable=False),
    Column("text", sa.Text, nullable=False),
    Column("run", sa.BigInteger, nullable=False),
    Column("at", Moment, nullable=False),
)
origins = Table(
    "origins",
    METADATA,
    Column("repository", Name, primary_key=True),
    Column("credentials", Json(SealedValue)),
    Column("hook_secret", Json(SealedValue)),
    Column("state", sa.Text, nullable=False),
    Column("problem", sa.Text, nullable=False),
    Column("followed_at", Moment),
)
path_versions = Table(
    "path_versions",
    METADATA,
    Column("path", Name, primary_key=True),
    Column("version", Name, primary_key=True),
    Column("repository", sa.Text, nullable=False),
    Column("commit", sa.Text, nullable=False),
    Column("parameters", Json, nullable=False),
    Column("environments", Json(tuple[str, ...]), nullable=False),
    Column("document", Json, nullable=False),
    Column("changelog", sa.Text, nullable=False),
    Column("published_at", Moment, nullable=False),
    Column("published_by", sa.Text, nullable=False),
)
path_links = Table(
    "path_links",
    METADATA,
    Column("component", Name, primary_key=True),
    Column("repository", sa.Text, nullable=False),
    Column("path", Name, nullable=False),
    Column("version", sa.Text, nullable=False),
    Column("answers", Json, nullable=False),
    Column("files", Json, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("revision", sa.BigInteger, nullable=False),
    sa.Index("path_links_by_path", "path", "component"),
)
upgrade_offers = Table(
    "upgrade_offers",
    METADATA,
    Column("component", Name, primary_key=True),
    Column("repository", sa.Text, nullable=False),
    Column("path", Name, nullable=False),
    Column("from_version", sa.Text, nullable=False),
    Column("to_version", sa.Text, nullable=False),
    Column("branch", sa.Text, nullable=False),
    Column("base", sa.Text, nullable=False),
    Column("commit", sa.Text, nullable=False),
    Column("state", sa.Text, nullable=False),
    Column("answers", Json, nullable=False),
    Column("files", Json, nullable=False),
    Column("conflicts", Json(tuple[Conflict, ...]), nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("revision", sa.BigInteger, nullable=False),
    sa.Index("upgrade_offers_by_path", "path", "component"),
)
