"""Killing the platform stops no workload, and what was under way goes on."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deadline import wait_until
from tests.running import FAIRWAY, RunningPlatform, edit, start_platform, write_service

pytestmark = pytest.mark.e2e


@pytest.fixture
def own(tmp_path: Path) -> Iterator[RunningPlatform]:
    with start_platform(tmp_path) as running:
        yield running


def test_a_killed_control_plane_stops_no_workload_and_finds_it_again(
    own: RunningPlatform, tmp_path: Path
) -> None:
    service = write_service(tmp_path / "hello")
    own.must("deploy", str(service), "--env", "dev")
    before = own.fetch("hello.dev.localhost")
    own.kill()
    assert own.fetch("hello.dev.localhost") == before
    own.up()
    assert own.fetch("hello.dev.localhost") == before
    assert own.get_environment("hello", "dev")["workload"]["phase"] == "ready"


def test_a_deploy_goes_on_after_the_control_plane_was_killed_in_its_middle(
    own: RunningPlatform, tmp_path: Path
) -> None:
    service = write_service(tmp_path / "hello")
    own.must("deploy", str(service), "--env", "dev")
    edit(service / "server.py", "Server((", "import time; time.sleep(3)\nServer((")
    deploy = subprocess.Popen(
        [FAIRWAY, "deploy", str(service), "--env", "dev"],
        env=own.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    wait_until(lambda: own.get_environment("hello", "dev")["run"] is not None)
    own.kill()
    own.up()
    out, _ = deploy.communicate(timeout=60)
    assert deploy.returncode == 0, out
    assert "as release 2" in out


def test_a_second_platform_on_the_same_state_is_refused(own: RunningPlatform) -> None:
    outcome = own.run("up")
    assert outcome.code == 2
    assert "UP-ALREADY" in outcome.err


def test_workloads_stop_with_down_and_return_with_up(own: RunningPlatform, tmp_path: Path) -> None:
    service = write_service(tmp_path / "hello")
    own.must("deploy", str(service), "--env", "dev")
    own.down()
    with pytest.raises(OSError, match="refused"):
        own.fetch("hello.dev.localhost")
    own.up()
    wait_until(lambda: _is_serving(own))


def _is_serving(own: RunningPlatform) -> bool:
    try:
        return own.fetch("hello.dev.localhost")[0] == 200
    except OSError:
        return False


def test_interrupting_the_control_plane_ends_it_cleanly(own: RunningPlatform) -> None:
    process = own.process
    assert process is not None
    own.stop()
    assert process.returncode == 0
