"""Services that misbehave: the platform says what they did, and leaves no process of theirs."""

from pathlib import Path

import pytest

from tests.deadline import wait_until
from tests.running import RunningPlatform, edit

pytestmark = pytest.mark.e2e

HASTY = """apiVersion: fairway.dev/v1
kind: Environment
metadata: {name: hasty}
spec:
  type: development
  target: this-machine
  defaults: {progressDeadlineSeconds: 4, stopSeconds: 1}
"""


@pytest.fixture(scope="module")
def hasty(platform: RunningPlatform, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An environment that does not wait long."""
    path = tmp_path_factory.mktemp("hasty") / "environment.yaml"
    path.write_text(HASTY)
    platform.must("apply", "-f", str(path))
    return "hasty"


def find_processes(mark: str) -> list[int]:
    """Return the processes that have `mark` in their environment."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (path / "environ").read_bytes():
                found.append(int(path.name))
        except OSError:
            continue
    return found


def test_a_service_that_never_becomes_ready_is_told_and_stopped(
    platform: RunningPlatform, service: Path, hasty: str
) -> None:
    edit(service / "server.py", "self.send_response(200)", "self.send_response(503)")
    outcome = platform.run("deploy", str(service), "--env", hasty, seconds=150)
    assert outcome.code == 1
    assert "never became ready" in outcome.out + outcome.err
    assert "503" in outcome.out + outcome.err
    wait_until(lambda: not find_processes(f"FAIRWAY_COMPONENT={service.name}\0"))


def test_a_service_that_crashes_after_it_was_ready_is_started_again(
    platform: RunningPlatform, service: Path, hasty: str
) -> None:
    edit(
        service / "server.py",
        'print("listening", flush=True)',
        'import threading\nif not os.path.exists("crashed"):\n    open("crashed", "w").close()\n'
        "    threading.Timer(3, lambda: os._exit(7)).start()",
    )
    platform.must("deploy", str(service), "--env", hasty)

    def has_restarted() -> bool:
        workload = platform.get_environment(service.name, hasty)["workload"]
        return bool(workload["instances"] and workload["instances"][0]["restarts"] >= 1)

    wait_until(has_restarted)
    instance = platform.get_environment(service.name, hasty)["workload"]["instances"][0]
    assert instance["exitCode"] in (7, None)


def test_a_service_that_ignores_sigterm_is_replaced_all_the_same(
    platform: RunningPlatform, service: Path, hasty: str
) -> None:
    edit(
        service / "server.py",
        'TEXT = "hello"',
        'signal.signal(signal.SIGTERM, signal.SIG_IGN)\nTEXT = "hello"',
    )
    platform.must("deploy", str(service), "--env", hasty)
    before = find_processes(f"FAIRWAY_COMPONENT={service.name}\0")
    edit(service / "server.py", '"hello"', '"again"')
    platform.must("deploy", str(service), "--env", hasty)
    assert "again" in platform.fetch(f"{service.name}.{hasty}.localhost")[1]
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in before), seconds=40)
    platform.must("delete", service.name, "--env", hasty, "--yes")
    wait_until(lambda: not find_processes(f"FAIRWAY_COMPONENT={service.name}\0"), seconds=40)


def test_a_service_that_forks_and_exits_is_named_and_leaves_nothing(
    platform: RunningPlatform, service: Path, hasty: str
) -> None:
    edit(
        service / "server.py",
        'TEXT = "hello"',
        'import time\nos.fork() and sys.exit(0)\ntime.sleep(2)\nTEXT = "hello"',
    )
    outcome = platform.run("deploy", str(service), "--env", hasty)
    assert outcome.code == 1
    assert "run the service in the foreground" in outcome.out + outcome.err
    wait_until(lambda: not find_processes(f"FAIRWAY_COMPONENT={service.name}\0"))
