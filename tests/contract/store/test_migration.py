"""The schema: the ledger and the tables agree, and a newer database is left alone."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

import fairway.drivers.sqlalchemy.migration.ledger
from fairway.drivers.sqlalchemy.database import Database
from fairway.drivers.sqlalchemy.migration.ledger import HEAD
from fairway.drivers.sqlalchemy.schema import METADATA
from fairway.drivers.sqlalchemy.store import SqlStore, open_store
from fairway.kits.errors import Refused
from tests.contract.store.conftest import SteppedClock
from tests.servers import PostgresServer

LEDGER = Path(fairway.drivers.sqlalchemy.migration.ledger.__file__).parent


def test_the_head_is_the_last_step_of_the_ledger() -> None:
    assert ScriptDirectory(str(LEDGER)).get_heads() == [HEAD]


@pytest.mark.filterwarnings("ignore:.*expression-based index")
def test_the_ledger_makes_the_tables_that_the_code_expects(
    backend: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if backend == "sqlite":
        url = f"sqlite:///{tmp_path}/fresh.db"
    else:
        server: PostgresServer = request.getfixturevalue("postgresql")
        url = server.create_database()
    open_store(url, SteppedClock()).close()
    database = Database(url)
    with database.read() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_object": _is_compared, "compare_type": False}
        )
        assert compare_metadata(context, METADATA) == []
    database.close()


def _is_compared(
    _object: object, name: str | None, _kind: str, _is_reflected: bool, _other: object
) -> bool:
    # The search index is not in the metadata, and indexes on expressions cannot be compared.
    return not (name or "").startswith(("entity_texts", "work_by_ready"))


def test_a_store_of_a_newer_fairway_is_refused_and_untouched(
    store: SqlStore, url: str, clock: SteppedClock
) -> None:
    database = Database(url)
    with database.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Refused) as caught:
        open_store(url, clock)
    assert caught.value.code == "STORE-NEWER"
    assert "9999" in caught.value.why
    with database.read() as connection:
        version = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    assert version == "9999"
    database.close()
