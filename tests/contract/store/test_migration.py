"""The schema: the ledger and the tables agree, and a newer database is left alone."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

import fairway.drivers.sqlalchemy.migration.ledger
from fairway.core.catalog.relation import Relation
from fairway.drivers.sqlalchemy.database import Database
from fairway.drivers.sqlalchemy.migration.ledger import HEAD
from fairway.drivers.sqlalchemy.schema import METADATA
from fairway.drivers.sqlalchemy.store import SqlStore, open_store
from fairway.kits.errors import Refused
from fairway.ports.store.entities import EntityQuery
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


def test_relations_and_terms_outlive_their_new_tables(
    backend: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if backend == "sqlite":
        url = f"sqlite:///{tmp_path}/old.db"
    else:
        url = request.getfixturevalue("postgresql").create_database()
    database = Database(url)
    with monkeypatch.context() as patch:
        patch.setattr(fairway.drivers.sqlalchemy.migration.ledger, "HEAD", "0003")
        fairway.drivers.sqlalchemy.migration.ledger.upgrade(database)
    component, group = "component:default/a", "group:default/shop"
    with database.write() as connection:
        for statement in _make_rows_of_step_3(component, group):
            connection.execute(sa.text(statement))
    database.close()
    store = open_store(url, SteppedClock())
    with store.read() as transaction:
        owned = Relation(source=component, type="ownedBy", target=group)
        parent = Relation(source=component, type="memberOf", target=group)
        assert transaction.entities.list_relations(component) == (parent, owned)
        found = transaction.entities.query(EntityQuery(filters={"metadata.tags": ("python",)}))
        assert [item.entity.ref for item in found.items] == [component]
    store.close()


def _make_rows_of_step_3(component: str, group: str) -> list[str]:
    """Two relations, one said by each end, and one tag."""
    document = '{"apiVersion":"v1","kind":"Component","metadata":{"name":"a"}}'
    edges = (
        (component, "ownedBy", group, component),
        (group, "ownerOf", component, component),
        (group, "hasMember", component, group),
        (component, "memberOf", group, group),
    )
    revision = (component, 1, "u", "d", document, "", 0, "", False)
    entity = (7, component, 1, "u", "v1", "component", "default", "a", "", "", "", "", "", 0)
    rows: list[tuple[str, tuple[object, ...]]] = [
        ("entity_revisions", revision),
        ("entities", entity),
        ("entity_terms", ("metadata.tags", "python", component, "python")),
        *(("entity_relations", edge) for edge in edges),
    ]
    return [f"INSERT INTO {table} VALUES {values!r}" for table, values in rows]  # ours
