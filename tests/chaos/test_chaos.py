"""Kill the control plane, the agent, or both at random instants; nothing is lost or doubled.

`make chaos N=200` kills that often; without a number it is a short round.
"""

import functools
import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from fairway.drivers.local_server.record import RecordFile
from fairway.drivers.postgresql.server import make_conninfo
from tests.deadline import wait_until
from tests.load import Load
from tests.running import FAIRWAY, RunningPlatform, start_platform, write_service

pytestmark = pytest.mark.e2e

KILLS = int(os.environ.get("FAIRWAY_CHAOS_KILLS", "12"))
SEED = int(os.environ.get("FAIRWAY_CHAOS_SEED", "0")) or random.SystemRandom().randrange(10**6)

SCORE = """apiVersion: score.dev/v1b1
metadata: {name: NAME}
containers:
  main:
    image: .
    command: [python, server.py]
    variables: {DATABASE_URL: "${resources.db.url}"}
    readinessProbe: {httpGet: {path: /, port: 8080}}
service: {ports: {www: {port: 80, targetPort: 8080}}}
resources:
  db: {type: postgres}
  www: {type: route, params: {port: 80}}
"""


@dataclass
class Chaos:
    """One round: a platform, a service, and dice."""

    platform: RunningPlatform
    service: Path
    dice: random.Random
    version: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)

    def start_delivery(self) -> "subprocess.Popen[str]":
        """Begin a deploy of something new, a broken deploy, a promotion or a rollback."""
        kind = self.dice.choice(("deploy", "deploy", "broken", "promote", "rollback"))
        if kind in ("deploy", "broken"):
            self.version += 1
            text = f'"v{self.version}"' if kind == "deploy" else '1 // 0, "broken"'
            lines = (self.service / "server.py").read_text().splitlines()
            changed = [f"TEXT = {text}" if line.startswith("TEXT =") else line for line in lines]
            (self.service / "server.py").write_text("\n".join(changed) + "\n")
            return self._start("deploy", str(self.service), "--env", "dev")
        if kind == "promote":
            return self._start("promote", "chaos", "--from", "dev", "--to", "staging")
        return self._start("rollback", "chaos", "--env", "dev")

    def _start(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [FAIRWAY, *arguments],
            env=self.platform.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def kill_something(self) -> None:
        """Kill a part at a random instant, and bring the control plane back."""
        what = self.dice.choice(("control plane", "agent", "both"))
        self.kills[what] += 1
        time.sleep(self.dice.uniform(0.2, 2.0))
        if what in ("agent", "both"):
            os.kill(self._get_agent(), signal.SIGKILL)
        if what in ("control plane", "both"):
            self.platform.kill()
            time.sleep(self.dice.uniform(0, 0.3))
            self.platform.up()

    def _get_agent(self) -> int:
        wait_until(lambda: _find_agent(self.platform.home) is not None)
        found = _find_agent(self.platform.home)
        assert found is not None
        return found

    def settle(self, delivery: "subprocess.Popen[str]") -> None:
        """Wait until the delivery that was begun is over, whatever became of its client."""
        out, _ = delivery.communicate(timeout=120)
        self.outcomes[f"exit {delivery.returncode}"] += 1
        assert delivery.returncode in (0, 1, 2, 69, 75), out
        wait_until(lambda: not self._list_open_runs(), seconds=90)

    def _list_open_runs(self) -> list[Any]:
        _, page = self.platform.ask("GET", "/runs?state=queued&state=running&state=waiting")
        return list(page["items"])

    def check(self) -> None:
        """What must hold whenever nothing is under way."""
        for environment in ("dev", "staging"):
            status = self.platform.get_environment("chaos", environment)
            if status["release"] is None:
                continue
            wait_until(functools.partial(self._is_whole, environment), seconds=30)
        self._check_databases()

    def _is_whole(self, environment: str) -> bool:
        """One instance is wanted, one runs, and it is of the release that should serve."""
        status = self.platform.get_environment("chaos", environment)
        workload = status["workload"]
        if workload is None or workload["phase"] != "ready":
            return False
        processes = list_processes(self.platform.home, environment)
        instances = workload["instances"]
        return (
            len(processes) == len(instances) == 1
            and instances[0]["release"] == status["release"]["number"]
        )

    def _check_databases(self) -> None:
        names = Counter(list_databases(self.platform))
        assert set(names.values()) <= {1}
        assert set(names) <= {"chaos_dev_db", "chaos_staging_db"}
        assert "chaos_dev_db" in names


def _find_agent(home: Path) -> int | None:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"agent" in command and str(home).encode() in command:
            return int(process.name)
    return None


def list_processes(home: Path, environment: str) -> list[int]:
    """Return the processes of the service itself, found by their environment."""
    marks = (b"FAIRWAY_COMPONENT=chaos", f"FAIRWAY_ENVIRONMENT={environment}".encode())
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            variables = (process / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if all(mark in variables for mark in marks) and _is_ours(variables, home):
            found.append(int(process.name))
    return found


def _is_ours(variables: list[bytes], home: Path) -> bool:
    return any(str(home).encode() in variable for variable in variables)


def list_databases(platform: RunningPlatform) -> list[str]:
    """Return the databases of the managed server, by its own catalog."""
    (path,) = (platform.home / "servers").glob("postgresql-*.json")
    record = RecordFile(platform.home, path.stem).find()
    assert record is not None
    with psycopg.connect(make_conninfo(record)) as connection:
        rows = connection.execute("select datname from pg_database where not datistemplate")
        return [name for (name,) in rows if name != "postgres"]


@pytest.fixture
def chaos(tmp_path: Path) -> Iterator[Chaos]:
    with start_platform(tmp_path) as platform:
        service = write_service(tmp_path / "chaos", "chaos", score=SCORE)
        platform.must("deploy", str(service), "--env", "dev")
        yield Chaos(platform, service, random.Random(SEED))


def test_killing_parts_of_the_platform_loses_nothing(chaos: Chaos) -> None:
    print(f"seed {SEED}")
    load = Load(chaos.platform.gateway_port, "chaos.dev.localhost", pause_seconds=0.005)
    with load.running():
        while sum(chaos.kills.values()) < KILLS:
            delivery = chaos.start_delivery()
            chaos.kill_something()
            chaos.settle(delivery)
            chaos.check()
    print(f"{dict(chaos.kills)}, {dict(chaos.outcomes)}, {load.requests} requests")
    assert load.failures == []
    check_audit(chaos.platform)


def check_audit(platform: RunningPlatform) -> None:
    """Every run is in the audit log from its beginning to what became of it."""
    events = list_audit(platform)
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    _, page = platform.ask("GET", "/runs?limit=500")
    for run in page["items"]:
        mine = {event["type"] for event in events if event["data"].get("run") == run["id"]}
        created = [event for event in events if event["subject"] == f"run/{run['id']}"]
        assert created
        if run["state"] == "succeeded" and not run["output"].get("isNoop"):
            assert "deployment.released" in mine
        if run["output"].get("returnedTo"):
            assert "deployment.returned" in mine


def list_audit(platform: RunningPlatform) -> list[Any]:
    """Return the whole audit log."""
    events: list[Any] = []
    while True:
        after = events[-1]["sequence"] if events else 0
        _, page = platform.ask("GET", f"/audit?after={after}&limit=1000")
        events += page["items"]
        if page["next"] is None:
            return events
