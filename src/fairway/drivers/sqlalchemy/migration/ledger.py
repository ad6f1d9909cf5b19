"""Bringing a database's schema up to date.

Belongs here: reading which step a database is at, and running the steps it lacks. To add a step,
write the next module in `versions`, change `schema`, and set `HEAD`.
"""

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from fairway.drivers.sqlalchemy.database import Database
from fairway.kits.errors import Refused

HEAD = "0006"
_FOLDER = Path(__file__).parent


def upgrade(database: Database) -> None:
    """Run the steps that the database lacks: all of them, or none.

    Processes that start at once take turns; the second finds nothing to do.

    Raises:
        Refused: STORE-NEWER, a newer Fairway wrote the database; nothing was touched.
    """
    with database.read() as connection:
        if _find_step(connection) == HEAD:
            return
    with database.write() as connection:
        _run_steps(connection, database.name)


def _find_step(connection: Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def _run_steps(connection: Connection, store: str) -> None:
    # Alembic costs 0.1 s to import, and a database that is up to date needs none of it.
    from alembic.config import Config  # noqa: PLC0415
    from alembic.runtime.environment import EnvironmentContext  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    script = ScriptDirectory(str(_FOLDER))
    known = {step.revision for step in script.walk_revisions()}
    current = _find_step(connection)
    if current is not None and current not in known:
        raise Refused(
            "STORE-NEWER",
            what=f"cannot open store '{store}'",
            why=f"its schema is at step '{current}', which this Fairway does not know "
            f"(it knows up to '{HEAD}')",
            fix="start the newer Fairway that wrote it, or choose another state folder",
            status=503,
        )

    def plan(revision: object, _context: object) -> object:
        return script._upgrade_revs(HEAD, revision)  # type: ignore[arg-type]  # noqa: SLF001

    with EnvironmentContext(Config(), script, fn=plan) as environment:
        environment.configure(connection=connection, target_metadata=None)
        environment.run_migrations()
