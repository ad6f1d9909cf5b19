"""Run migrations on the connection of `app.migrate`, or for Alembic's own commands."""

import os

from alembic import context
from sqlalchemy import Connection

from app.database import metadata, open_engine


def run(connection: Connection) -> None:
    """Run what was asked for in one transaction."""
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with open_engine(os.environ["DATABASE_URL"]).connect() as opened:
        run(opened)
