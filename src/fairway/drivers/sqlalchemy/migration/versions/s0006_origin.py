"""Where repositories come from on other servers, and how following them went."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, Text

revision = "0006"
down_revision = "0005"

_Name = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "origins",
        Column("repository", _Name, primary_key=True),
        Column("credentials", Text),
        Column("hook_secret", Text),
        Column("state", Text, nullable=False),
        Column("problem", Text, nullable=False),
        Column("followed_at", sa.BigInteger),
    )
