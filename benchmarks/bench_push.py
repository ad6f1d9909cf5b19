"""From a push to what serves: a one-line change of a service of the path `python-service`, warm.

By stage, as the platform's own journal has them: from the client's `git push` until its run
starts, build (without the service's own tests), the tests, release and plan, and the rollout
until the new instance alone serves. The peer of the whole is the service's own tests: what no
platform can leave out.
"""

import statistics
import subprocess
import tempfile
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks import measure
from tests.running import RunningPlatform, start_platform

WARM, REPEAT = 2, 5
STAGES = ("push to start", "build without tests", "tests", "release and plan", "rollout")
OWNED = ("--owner", "group:platform", "--defaults")
GIT = {
    f"GIT_{who}_{what}": "ana@example.com"
    for who in ("AUTHOR", "COMMITTER")
    for what in ("NAME", "EMAIL")
}


def git(platform: RunningPlatform, folder: Path, *arguments: str) -> None:
    command = ["git", "-C", str(folder), *arguments]
    environment = {**platform.environment, **GIT}
    subprocess.run(command, check=True, capture_output=True, env=environment)


def push_change(platform: RunningPlatform, clone: Path, number: int) -> Mapping[str, float]:
    """Push a changed line, wait until it is live, and return the seconds of each stage."""
    file = clone / "app" / "__main__.py"
    file.write_text(f"{file.read_text().partition('# change')[0]}# change {number}\n")
    git(platform, clone, "commit", "--quiet", "--all", "--message", f"Change {number}")
    began = time.time()
    git(platform, clone, "push", "--quiet")
    platform.must("watch", "orders")
    ended = time.time()
    newest = platform.ask("GET", "/runs?limit=1")[1]["items"][0]["id"]
    run = platform.ask("GET", f"/runs/{newest}")[1]
    steps = {step["kind"]: step for step in run["steps"]}
    _, releases = platform.ask("GET", "/components/orders/releases?limit=1")
    tests = float(releases["items"][0]["artifact"]["tests"]["durationSeconds"])
    build = read_end(steps["build"]) - read_start(steps["build"])
    stages = (
        read_start(steps["build"]) - began,
        build - tests,
        tests,
        read_end(steps["plan"]) - read_end(steps["build"]),
        read_end(steps["gate"]) - read_end(steps["plan"]),
    )
    return {**dict(zip(STAGES, stages, strict=True)), "whole": ended - began}


def read_start(step: Mapping[str, Any]) -> float:
    return datetime.fromisoformat(step["startedAt"]).timestamp()


def read_end(step: Mapping[str, Any]) -> float:
    return datetime.fromisoformat(step["endedAt"]).timestamp()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, start_platform(Path(folder)) as platform:
        platform.must("new", "python-service", "orders", *OWNED)
        platform.must("watch", "orders")
        clone = Path(folder) / "orders"
        platform.must("clone", "orders", str(clone))
        found = [push_change(platform, clone, number) for number in range(WARM + REPEAT)][WARM:]
        medians = {name: statistics.median(item[name] for item in found) for name in found[0]}
        measure.show_title("A one-line change, from git push to what serves")
        for name in STAGES:
            measure.show(name, medians[name], "s")
        tests = ("the service's own tests", medians["tests"])
        measure.show("whole", medians["whole"], "s", peer=tests)
        measure.show("whole beyond the tests", medians["whole"] - medians["tests"], "s")


if __name__ == "__main__":
    main()
