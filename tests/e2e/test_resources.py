"""Resources with data: shared, rotated, backed up, found gone, and taken away with a warning."""

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from fairway.drivers.local_server.record import RecordFile
from fairway.drivers.postgresql.server import make_conninfo
from tests.deadline import wait_until
from tests.running import SCORE, RunningPlatform, write_service

pytestmark = pytest.mark.e2e

WITH_DATABASE = SCORE.replace(
    "    command: [python, server.py]\n",
    "    command: [python, server.py]\n    variables: {URL: '${resources.db.url}'}\n",
).replace("resources:\n", "resources:\n  db: {type: postgres}\n")
SHOWING_URL = 'TEXT = os.environ["URL"]'


def write_shop(folder: Path, name: str, *, shared: str = "") -> Path:
    """Write a service with a database that says its URL when asked."""
    score = WITH_DATABASE
    if shared:
        score = score.replace("{type: postgres}", f"{{type: postgres, id: {shared}}}")
    service = write_service(folder / name, name, score=score)
    text = (service / "server.py").read_text()
    (service / "server.py").write_text(text.replace('TEXT = "hello"', SHOWING_URL))
    return service


def read_url(platform: RunningPlatform, name: str) -> str:
    _, body = platform.fetch(f"{name}.dev.localhost")
    return str(json.loads(body)["text"])


def can_log_in(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            connection.execute("select 1")
    except psycopg.OperationalError:
        return False
    return True


def test_a_rotation_reaches_the_workload_and_ends_the_old_password(
    platform: RunningPlatform, tmp_path: Path
) -> None:
    service = write_shop(tmp_path, "rotated")
    platform.must("deploy", str(service), "--env", "dev")
    old = read_url(platform, "rotated")
    assert can_log_in(old)
    outcome = platform.must("rotate", "rotated.db", "--env", "dev")
    assert "Rotated rotated.db in dev" in outcome.out
    new = read_url(platform, "rotated")
    assert new != old
    assert can_log_in(new)
    assert not can_log_in(old)
    assert old not in outcome.out + outcome.err
    assert new not in outcome.out + outcome.err


def test_a_backup_lies_where_the_run_says(platform: RunningPlatform, tmp_path: Path) -> None:
    service = write_shop(tmp_path, "kept")
    platform.must("deploy", str(service), "--env", "dev")
    run = platform.must("backup", "kept.db", "--env", "dev", "--output", "json").data
    file = Path(run["output"]["file"])
    assert file.is_relative_to(platform.home / "backups")
    assert file.stat().st_size > 0


def test_two_workloads_share_one_database_until_the_last_leaves(
    platform: RunningPlatform, tmp_path: Path
) -> None:
    for name in ("left", "right"):
        service = write_shop(tmp_path, name, shared="common")
        platform.must("deploy", str(service), "--env", "dev")
    url = read_url(platform, "left")
    assert read_url(platform, "right") == url
    platform.must("delete", "left", "--env", "dev", "--yes")
    assert can_log_in(url)
    platform.must("delete", "right", "--env", "dev", "--yes")
    assert not can_log_in(url)


def test_removing_names_the_data_that_is_lost(platform: RunningPlatform, tmp_path: Path) -> None:
    service = write_shop(tmp_path, "lost")
    platform.must("deploy", str(service), "--env", "dev")
    with psycopg.connect(read_url(platform, "lost")) as connection:
        connection.execute("create table things (id int)")
    path = "/environments/dev/deployments/lost/plan"
    _, plan = platform.ask("POST", path, {"remove": True})
    (step,) = [item for item in plan["steps"] if item["node"].startswith("postgres")]
    assert step["action"] == "delete"
    assert "1 table" in step["loses"]


def test_what_was_removed_behind_the_platforms_back_is_made_again(
    platform: RunningPlatform, tmp_path: Path
) -> None:
    service = write_shop(tmp_path, "drifted")
    platform.must("deploy", str(service), "--env", "dev")
    drop_database(platform, "drifted_dev_db")
    platform.stop()
    platform.up()
    wait_until(lambda: find_drift(platform, "drifted"), seconds=30)
    outcome = platform.must("deploy", str(service), "--env", "dev")
    assert "~ postgres db" in outcome.out
    assert can_log_in(read_url(platform, "drifted"))


def find_drift(platform: RunningPlatform, component: str) -> list[Any]:
    subject = f"node/dev/postgres.default#{component}.db".replace("#", "%23")
    _, page = platform.ask("GET", f"/audit?subject={subject}")
    return [event for event in page["items"] if event["type"] == "node.drifted"]


def drop_database(platform: RunningPlatform, name: str) -> None:
    (path,) = (platform.home / "servers").glob("postgresql-*.json")
    record = RecordFile(platform.home, path.stem).find()
    assert record is not None
    with psycopg.connect(make_conninfo(record), autocommit=True) as connection:
        connection.execute(f'drop database "{name}" with (force)')
