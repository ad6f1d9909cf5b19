"""Disks that are full or read-only, and databases that are locked, newer or away."""

import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.deadline import wait_until
from tests.running import (
    FAIRWAY,
    RunningPlatform,
    edit,
    find_free_port,
    start_platform,
    write_service,
)
from tests.servers import PostgresServer, start_postgresql

pytestmark = pytest.mark.e2e

SYSTEM = (
    "apiVersion: backstage.io/v1alpha1\nkind: System\nmetadata: {name: NAME}\nspec: {owner: x}\n"
)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[RunningPlatform]:
    with start_platform(tmp_path) as running:
        yield running


@pytest.fixture
def idle(tmp_path: Path) -> RunningPlatform:
    """A platform that was not started."""
    return RunningPlatform(tmp_path, find_free_port(), find_free_port())


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of its own, with room for a platform and little else."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk takes root")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"no tmpfs can be mounted here: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgresServer]:
    with start_postgresql() as server:
        yield server


def apply(platform: RunningPlatform, name: str) -> tuple[int, str]:
    body = {"files": [{"name": "s.yaml", "content": SYSTEM.replace("NAME", name)}]}
    status, answer = platform.ask("POST", "/entities", body)
    return status, answer.get("code", "")


def test_a_full_disk_is_told_and_the_platform_goes_on_when_there_is_room(
    small_disk: Path, tmp_path: Path
) -> None:
    with start_platform(small_disk) as platform:
        service = write_service(tmp_path / "hello")
        platform.must("deploy", str(service), "--env", "dev")
        filler = small_disk / "filler"
        with filler.open("wb", buffering=0) as file:
            try:
                while file.write(bytes(64 * 1024)):
                    pass
            except OSError:
                pass
        try:
            (service / "large.bin").write_bytes(os.urandom(1024**2))
            outcome = platform.run("deploy", str(service), "--env", "dev")
            assert outcome.code in (1, 75)
            assert "DISK-FULL" in outcome.out + outcome.err
            assert platform.fetch("hello.dev.localhost")[0] == 200
            assert platform.get_environment("hello", "dev")["release"]["number"] == 1
        finally:
            filler.unlink()
        platform.must("deploy", str(service), "--env", "dev")
        assert platform.get_environment("hello", "dev")["release"]["number"] == 2


def test_a_state_folder_that_cannot_be_written_is_refused(idle: RunningPlatform) -> None:
    if os.geteuid() == 0:
        idle.variables = {"FAIRWAY_HOME": "/proc/fairway"}  # where not even root may write
    else:
        idle.home.mkdir()
        idle.home.chmod(0o500)
    outcome = idle.run("up")
    assert outcome.code in (2, 75), outcome
    assert "HOME-UNUSABLE" in outcome.err
    assert "fix: " in outcome.err


def test_a_port_that_is_taken_is_told(own: RunningPlatform, tmp_path: Path) -> None:
    other = RunningPlatform(tmp_path / "other", own.port, find_free_port())
    other.folder.mkdir()
    outcome = other.run("up")
    assert outcome.code == 75
    assert f"PORT-TAKEN: cannot listen on 127.0.0.1:{own.port}" in outcome.err
    assert not (other.home / "agent" / "agent.sock").exists()


def test_a_state_that_a_newer_fairway_wrote_is_refused_and_untouched(
    own: RunningPlatform,
) -> None:
    own.stop()
    path = own.home / "fairway.db"
    with closing(sqlite3.connect(path)) as database, database:
        [known] = database.execute("SELECT version_num FROM alembic_version").fetchone()
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    outcome = own.run("up")
    assert outcome.code in (2, 75)
    assert "STORE-NEWER" in outcome.err
    assert "'9999'" in outcome.err
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE alembic_version SET version_num = ?", (known,))
    own.up()


def test_a_store_that_another_process_locks_is_waited_for(
    own: RunningPlatform, tmp_path: Path
) -> None:
    service = write_service(tmp_path / "hello")
    own.must("deploy", str(service), "--env", "dev")
    with closing(sqlite3.connect(own.home / "fairway.db", isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        assert own.ask("GET", "/components")[0] == 200
        edit(service / "server.py", '"hello"', '"unlocked"')
        deploy = subprocess.Popen(
            [FAIRWAY, "deploy", str(service), "--env", "dev"],
            env=own.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        with pytest.raises(subprocess.TimeoutExpired):
            deploy.wait(3)
        database.execute("ROLLBACK")
    out, _ = deploy.communicate(timeout=60)
    assert deploy.returncode == 0, out
    assert "unlocked" in own.fetch("hello.dev.localhost")[1]


@pytest.fixture
def on_postgresql(tmp_path: Path, postgresql: PostgresServer) -> Iterator[RunningPlatform]:
    url = postgresql.create_database()
    with start_platform(tmp_path, FAIRWAY_DATABASE_URL=url) as running:
        yield running


def start_slow_deploy(platform: RunningPlatform, service: Path) -> "subprocess.Popen[str]":
    """Start a deploy whose rollout takes some seconds, and return once that has begun."""
    edit(service / "server.py", "Server((", "import time; time.sleep(4)\nServer((")
    deploy = subprocess.Popen(
        [FAIRWAY, "deploy", str(service), "--env", "dev"],
        env=platform.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    wait_until(lambda: is_gating(platform))
    return deploy


def is_gating(platform: RunningPlatform) -> bool:
    run = platform.get_environment("hello", "dev")["run"]
    steps = platform.ask("GET", f"/runs/{run['id']}")[1]["steps"] if run else []
    return any(step["kind"] == "gate" and step["startedAt"] for step in steps)


def test_a_run_goes_on_after_the_database_was_gone(
    on_postgresql: RunningPlatform, postgresql: PostgresServer, tmp_path: Path
) -> None:
    service = write_service(tmp_path / "hello")
    on_postgresql.must("deploy", str(service), "--env", "dev")
    deploy = start_slow_deploy(on_postgresql, service)
    postgresql.stop()
    try:
        status, code = apply(on_postgresql, "meanwhile")
        assert (status, code) == (503, "STORE-AWAY")
        assert on_postgresql.ask("GET", "/healthz")[0] == 200
        assert on_postgresql.fetch("hello.dev.localhost")[0] == 200
    finally:
        postgresql.start()
    out, _ = deploy.communicate(timeout=90)
    assert deploy.returncode == 0, out
    assert on_postgresql.get_environment("hello", "dev")["release"]["number"] == 2
    assert on_postgresql.ask("GET", "/entities/system/default/meanwhile")[0] == 404
    _, runs = on_postgresql.ask("GET", "/runs?component=hello")
    assert [run["state"] for run in runs["items"]] == ["succeeded", "succeeded"]


def test_a_control_plane_that_was_killed_goes_on_from_postgresql(
    on_postgresql: RunningPlatform, tmp_path: Path
) -> None:
    service = write_service(tmp_path / "hello")
    on_postgresql.must("deploy", str(service), "--env", "dev")
    deploy = start_slow_deploy(on_postgresql, service)
    on_postgresql.kill()
    on_postgresql.up()
    out, _ = deploy.communicate(timeout=90)
    assert deploy.returncode == 0, out
    status = on_postgresql.get_environment("hello", "dev")
    assert (status["release"]["number"], status["workload"]["ready"]) == (2, 1)
    _, runs = on_postgresql.ask("GET", "/runs?component=hello")
    assert [run["state"] for run in runs["items"]] == ["succeeded", "succeeded"]


def test_a_store_belongs_to_one_platform(
    on_postgresql: RunningPlatform, idle: RunningPlatform, tmp_path: Path
) -> None:
    """A second one would carry out the first one's runs on its own machine."""
    other = RunningPlatform(
        tmp_path / "other",
        idle.port,
        idle.gateway_port,
        variables={"FAIRWAY_DATABASE_URL": on_postgresql.variables["FAIRWAY_DATABASE_URL"]},
    )
    other.folder.mkdir()
    for _ in range(2):  # whether the first one runs or not
        outcome = other.run("up")
        assert outcome.code == 2
        assert "STORE-FOREIGN" in outcome.err
        assert "fix: " in outcome.err
        assert not (other.home / "token").exists()
        assert not (other.home / "agent").exists()
        if on_postgresql.process is not None:
            on_postgresql.stop()
    on_postgresql.up()
    assert apply(on_postgresql, "still-ours")[0] == 200
