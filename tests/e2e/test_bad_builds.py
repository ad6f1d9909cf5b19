"""A build that goes over a limit fails its run with the limit's name, and deploys nothing."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deadline import wait_until
from tests.running import FAIRWAY, RunningPlatform, start_platform, write_service, write_tests

pytestmark = pytest.mark.e2e

MIB = 1024**2
CULPRITS = {
    "BUILD-TIMEOUT": "import time\ndef test_it():\n    time.sleep(600)\n",
    "BUILD-PROCESSES": "import os, time\ndef test_it():\n"
    "    while True:\n        if os.fork() == 0:\n            time.sleep(600)\n",
    "BUILD-DISK": "def test_it():\n    with open('fill', 'wb') as file:\n"
    "        while True:\n            file.write(bytes(1024 * 1024))\n",
    "BUILD-MEMORY": "def test_it():\n    held = []\n"
    "    while True:\n        held.append(bytearray(16 * 1024 * 1024))\n",
}


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPlatform]:
    """A platform that allows builds little."""
    limits = {
        "FAIRWAY_BUILD_WALL_SECONDS": "8",
        "FAIRWAY_BUILD_PROCESSES": "40",
        "FAIRWAY_BUILD_MEMORY_BYTES": str(512 * MIB),
        "FAIRWAY_BUILD_DISK_BYTES": str(128 * MIB),
    }
    with start_platform(tmp_path_factory.mktemp("strict"), **limits) as running:
        yield running


@pytest.mark.parametrize("code", CULPRITS)
def test_a_build_over_a_limit_fails_its_run(
    code: str, strict: RunningPlatform, tmp_path: Path
) -> None:
    name = code.lower()
    service = write_service(tmp_path / name, name)
    write_tests(service)
    (service / "tests" / "test_text.py").write_text(CULPRITS[code])
    outcome = strict.run("deploy", str(service), "--env", "dev")
    assert outcome.code == 1
    assert code in outcome.out + outcome.err
    assert "fix: " in outcome.out + outcome.err
    _, page = strict.ask("GET", f"/runs?component={name}")
    assert [(run["state"], run["failure"]["code"]) for run in page["items"]] == [("failed", code)]
    assert strict.ask("GET", f"/components/{name}/releases")[1]["items"] == []
    assert strict.ask("GET", "/whoami")[0] == 200


def test_a_build_that_is_cancelled_ends_soon(strict: RunningPlatform, tmp_path: Path) -> None:
    service = write_service(tmp_path / "endless", "endless")
    write_tests(service)
    (service / "tests" / "test_text.py").write_text(CULPRITS["BUILD-TIMEOUT"])
    build = subprocess.Popen(
        [FAIRWAY, "build", str(service)], env=strict.environment, stdout=subprocess.DEVNULL
    )
    wait_until(lambda: strict.ask("GET", "/runs?component=endless")[1]["items"])
    run = strict.ask("GET", "/runs?component=endless")[1]["items"][0]["id"]
    strict.must("cancel", str(run))
    assert strict.wait_for_run(run)["state"] == "cancelled"
    assert build.wait(20) != 0
