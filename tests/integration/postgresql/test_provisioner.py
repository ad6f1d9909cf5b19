import re
import subprocess
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from fairway.drivers.postgresql import binaries, server
from fairway.drivers.postgresql.provisioner import PostgresqlProvisioner
from fairway.kits.canonical import JsonObject
from fairway.kits.errors import Refused, Unavailable
from tests.integration.postgresql.conftest import Platform, make_spec

pytestmark = pytest.mark.integration


def _ignore(line: str) -> None:
    assert line


def test_names_and_progress_are_what_people_expect(platform: Platform) -> None:
    lines: list[str] = []
    outputs = platform.open().apply(make_spec("dev"), lines.append)
    assert lines == ["role orders_dev_db, database orders_dev_db"]
    assert outputs["name"] == outputs["username"] == "orders_dev_db"
    assert outputs["host"] == "127.0.0.1"
    assert re.fullmatch(
        r"postgresql://orders_dev_db:[\w-]{32}@127\.0\.0\.1:\d+/orders_dev_db", str(outputs["url"])
    )


def test_an_extension_that_is_there_is_added(platform: Platform) -> None:
    provisioner = platform.open()
    spec = make_spec("vectors")
    outputs = provisioner.apply(spec, _ignore)
    wanted = replace(spec, params={"extensions": ["vector"]}, outputs=outputs)
    assert provisioner.observe(wanted).differences == {"extensions": "missing: vector"}
    assert provisioner.apply(wanted, _ignore) == outputs
    assert provisioner.observe(wanted).state == "present"
    with psycopg.connect(str(outputs["url"])) as session:
        assert session.execute("SELECT '[1,2]'::vector <-> '[1,3]'").fetchone() == (1.0,)


def test_an_extension_that_is_not_there_is_refused_and_nothing_made(platform: Platform) -> None:
    provisioner = platform.open()
    spec = make_spec("fuzzy", params={"extensions": ["pg_trgm"]})
    with pytest.raises(Refused, match="no extension 'pg_trgm'; it has 'plpgsql', 'vector'"):
        provisioner.apply(spec, _ignore)
    assert provisioner.observe(spec).state == "missing"


def test_a_role_reaches_its_own_database_only(platform: Platform) -> None:
    provisioner = platform.open()
    first = provisioner.apply(make_spec("one"), _ignore)
    provisioner.apply(make_spec("two"), _ignore)
    for other in ("orders_two_db", "postgres", "template1"):
        with pytest.raises(psycopg.OperationalError, match="pg_hba"):
            psycopg.connect(
                host="127.0.0.1",
                port=int(str(first["port"])),
                user=str(first["username"]),
                password=str(first["password"]),
                dbname=other,
            )
    with psycopg.connect(str(first["url"]), autocommit=True) as session:
        for statement in ("CREATE ROLE mine", "CREATE DATABASE mine", "COPY pg_am TO '/tmp/x'"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute(statement)


def test_sessions_go_on_through_a_rotation_unless_asked(platform: Platform) -> None:
    provisioner = platform.open()
    spec = make_spec("rotated")
    outputs = provisioner.apply(spec, _ignore)
    with psycopg.connect(str(outputs["url"]), autocommit=True) as session:
        outputs = provisioner.rotate(replace(spec, outputs=outputs), _ignore)
        assert session.execute("SELECT 1").fetchone() == (1,)
        ending = replace(spec, outputs=outputs, inputs={"rotationEndsSessions": True})
        provisioner.rotate(ending, _ignore)
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT 1")


def test_a_password_never_reaches_the_servers_log(platform: Platform) -> None:
    outputs = platform.open().apply(make_spec("logged"), _ignore)
    record = server.make_local_server(16, home=platform.home, data_root=platform.data_root).find()
    assert record
    with psycopg.connect(server.make_conninfo(record), autocommit=True) as session:
        session.execute("ALTER SYSTEM SET log_statement = 'all'")
        session.execute("SELECT pg_reload_conf()")
        rotated = platform.open().rotate(replace(make_spec("logged"), outputs=outputs), _ignore)
        session.execute("ALTER SYSTEM RESET log_statement")
        session.execute("SELECT pg_reload_conf()")
    logged = "".join(path.read_text() for path in Path(record.data).glob("log/*.log"))
    assert 'ALTER ROLE "orders_logged_db" LOGIN PASSWORD' in logged
    assert str(rotated["password"]) not in logged


def test_the_loss_is_told_in_tables(platform: Platform) -> None:
    provisioner = platform.open()
    spec = make_spec("lossy")
    outputs = provisioner.apply(spec, _ignore)
    with psycopg.connect(str(outputs["url"])) as session:
        session.execute("CREATE TABLE a AS SELECT generate_series(1, 50000) AS id")
        session.execute("CREATE TABLE b (id int)")
    loss = provisioner.preview_delete(spec)
    assert loss
    assert re.fullmatch(r"1\.\d MiB in 2 tables", loss.summary)


def test_a_database_in_use_is_deleted_all_the_same(platform: Platform) -> None:
    provisioner = platform.open()
    spec = make_spec("used")
    outputs = provisioner.apply(spec, _ignore)
    with psycopg.connect(str(outputs["url"])) as session:
        provisioner.delete(spec, "delete", _ignore)
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT 1")
    assert provisioner.observe(spec).state == "missing"


def test_a_backup_brings_the_data_back(platform: Platform, tmp_path: Path) -> None:
    provisioner = platform.open()
    spec = make_spec("saved")
    outputs = provisioner.apply(spec, _ignore)
    with psycopg.connect(str(outputs["url"])) as session:
        session.execute("CREATE TABLE orders AS SELECT generate_series(1, 100) AS id")
    path = provisioner.backup(spec, tmp_path / "backups")
    assert path.stat().st_mode & 0o777 == 0o600
    provisioner.delete(spec, "delete", _ignore)
    outputs = provisioner.apply(spec, _ignore)
    subprocess.run(
        [
            binaries.get_dump_programs(16) / "pg_restore",
            "--no-owner",
            f"--dbname={outputs['url']}",
            path,
        ],
        check=True,
        env={"PATH": "/usr/bin:/bin"},
        cwd=tmp_path,
    )
    with psycopg.connect(str(outputs["url"])) as session:
        assert session.execute("SELECT count(*) FROM orders").fetchone() == (100,)


def test_a_snapshot_that_fails_deletes_nothing(platform: Platform) -> None:
    provisioner = platform.open()
    spec = make_spec("unsaved")
    outputs = provisioner.apply(spec, _ignore)
    with psycopg.connect(str(outputs["url"])) as session:
        session.execute("CREATE TABLE orders AS SELECT generate_series(1, 100) AS id")
    backups = platform.home / "backups"
    backups.mkdir(exist_ok=True)
    (backups / "unsaved").write_text("a file in the way")
    with pytest.raises(Unavailable, match="cannot back up database 'orders_unsaved_db'"):
        provisioner.delete(spec, "snapshot", _ignore)
    assert provisioner.preview_delete(spec)


def test_another_platform_on_the_same_server_is_told_apart(
    platform: Platform, tmp_path: Path
) -> None:
    spec = make_spec("shared")
    platform.open().apply(spec, _ignore)
    record = server.make_local_server(16, home=platform.home, data_root=platform.data_root).find()
    assert record
    other = PostgresqlProvisioner(tmp_path)
    theirs = replace(spec, inputs={"dsn": server.make_conninfo(record)})
    with pytest.raises(Refused, match="role 'orders_shared_db' exists on the server") as caught:
        other.delete(theirs, "delete", _ignore)
    assert caught.value.code == "POSTGRES-FOREIGN"
    assert platform.open().observe(spec).state != "missing"


def test_a_server_that_is_away_may_be_asked_again(tmp_path: Path) -> None:
    spec = make_spec("away", inputs={"dsn": "postgresql://admin:s3cret@127.0.0.1:1/postgres"})
    with pytest.raises(Unavailable, match=r"server '127\.0\.0\.1:1'") as caught:
        PostgresqlProvisioner(tmp_path).apply(spec, _ignore)
    assert caught.value.code == "POSTGRES-AWAY"
    assert "s3cret" not in f"{caught.value!r}"


def test_a_database_is_not_begun_anew_on_another_server(platform: Platform) -> None:
    spec = make_spec("moved")
    elsewhere: JsonObject = {"host": "db.example.com", "port": 5432, "password": "s3cret"}
    with pytest.raises(Refused, match=r"its database is on 'db\.example\.com:5432'"):
        platform.open().apply(replace(spec, outputs=elsewhere), _ignore)
    assert platform.open().observe(spec).state == "missing"


def test_a_version_that_nobody_has_is_refused(tmp_path: Path) -> None:
    spec = make_spec("dev", inputs={"version": "99"})
    with pytest.raises(Refused, match="its programs are not installed; found: ") as caught:
        PostgresqlProvisioner(tmp_path, data_root=tmp_path).apply(spec, _ignore)
    assert caught.value.code == "POSTGRES-BINARIES-MISSING"
