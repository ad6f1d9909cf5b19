"""Starting the platform and the CLI, and what the platform takes when nothing happens.

The platform's start is beside a Python that only imports the libraries that it is made of, the
CLI's beside a Python that does nothing and one that imports the library of its commands.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks import measure
from tests.running import FAIRWAY, RunningPlatform, find_free_port

LIBRARIES = "import cryptography, fastapi, psycopg, sqlalchemy, uvicorn"
STARTS = 3
COMMANDS = 9
IDLE_SECONDS = 10


def start_first() -> measure.Cost:
    """Start a platform with nothing, and take it down."""
    with tempfile.TemporaryDirectory() as folder:
        platform = RunningPlatform(Path(folder), find_free_port(), find_free_port())
        cost = measure.measure(platform.up)
        platform.down()
    return cost


def run_starts(platform: RunningPlatform) -> None:
    """Print how long starting takes, at first and beside an agent that runs."""
    first, again, imports = [], [], []
    for _ in range(STARTS):
        first.append(start_first())
        platform.stop()
        again.append(measure.measure(platform.up))
        imports.append(
            measure.measure_command(
                [sys.executable, "-c", LIBRARIES], environment=platform.environment
            )
        )
    peer = ("importing its libraries", measure.make_median(imports).wall_seconds)
    measure.show_title("start of the platform")
    for name, costs in (("with nothing there", first), ("again, workloads going on", again)):
        measure.show(f"{name}, to ready", measure.make_median(costs).wall_seconds, "s", peer=peer)


def run_idle(platform: RunningPlatform) -> None:
    """Print what each process of an idle platform takes."""
    assert platform.process is not None
    home = str(platform.home)
    parts: Mapping[str, list[int]] = {
        "control plane": [platform.process.pid],
        "agent": measure.find_processes("agent", "run", home),
        "gateway": measure.find_processes("fairway.gateway", home),
        "shim": measure.find_processes("shim.py", home),
    }
    measure.show_title("idle")
    before = {name: sum(map(measure.read_cpu_seconds, pids)) for name, pids in parts.items()}
    time.sleep(IDLE_SECONDS)
    sizes = {name: sum(map(measure.read_process, pids)) for name, pids in parts.items()}
    bare = measure_bare_python() / 2**20
    sizes["control plane and agent"] = sizes["control plane"] + sizes["agent"]
    for name, size in sizes.items():
        measure.show(
            f"memory (RSS) of the {name}",
            size / 2**20,
            "MiB",
            peer=("a bare Python", bare),
        )
    for name, pids in parts.items():
        used = sum(map(measure.read_cpu_seconds, pids)) - before[name]
        measure.show(f"CPU of the {name}", used / IDLE_SECONDS * 100, "% of one")


def measure_bare_python() -> int:
    """Return the size of an interpreter that waits."""
    command = [sys.executable, "-c", "print(flush=True); input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        size = measure.read_process(process.pid)
        process.communicate(b"\n")
    return size


def run_commands(platform: RunningPlatform) -> None:
    """Print what the start of the CLI takes."""
    commands: Mapping[str, list[str | Path]] = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "import click": [sys.executable, "-c", "import click"],
        "fairway --help": [FAIRWAY, "--help"],
        "fairway status": [FAIRWAY, "status"],
    }
    costs: dict[str, list[measure.Cost]] = {name: [] for name in commands}
    for _ in range(COMMANDS):
        for name, command in commands.items():
            costs[name].append(measure.measure_command(command, environment=platform.environment))
    found = {name: measure.make_median(items) for name, items in costs.items()}
    measure.show_title("commands")
    for name in ("fairway --help", "fairway status"):
        for peer in ("python -c pass", "import click"):
            cpu = found[peer].cpu_seconds * 1000
            measure.show(name, found[name].cpu_seconds * 1000, "CPU-ms", peer=(peer, cpu))
        wall = found["import click"].wall_seconds * 1000
        measure.show(name, found[name].wall_seconds * 1000, "ms", peer=("import click", wall))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        platform = RunningPlatform(Path(folder), find_free_port(), find_free_port())
        platform.up()
        try:
            run_starts(platform)
            run_idle(platform)
            run_commands(platform)
        finally:
            platform.down()


if __name__ == "__main__":
    main()
