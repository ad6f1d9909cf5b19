"""Bring the database's schema up to date, then end."""

import os
from pathlib import Path

from alembic import command
from alembic.config import Config

from orders.database import open_engine


def migrate(url: str) -> None:
    """Apply every migration that the database at `url` lacks."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with open_engine(url).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


if __name__ == "__main__":
    migrate(os.environ["DATABASE_URL"])
    print("the schema is up to date")
