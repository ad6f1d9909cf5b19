"""Runs know the request that asked for them; the store knows the platform that it belongs to."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, Integer, Text

revision = "0003"
down_revision = "0002"

_Name = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the column and the table."""
    op.add_column("runs", Column("request", _Name))
    op.create_index("runs_by_request", "runs", ["request"], unique=True)
    op.create_table(
        "platform_seal",
        Column("id", Integer, primary_key=True, autoincrement=False),
        Column("value", Text, nullable=False),
    )
