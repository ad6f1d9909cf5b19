"""Deploys as a developer waits for them: the whole command, from a folder to ready.

A service without dependencies and `examples/orders`, each with nothing changed and with one line
changed. The peer does by hand what has to be done at least: install the dependencies with uv,
from a warm cache as the platform does, migrate, start the service and wait until it answers. It
runs no tests, keeps no earlier release running and moves no traffic.
"""

import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import measure
from tests.running import FAIRWAY, RunningPlatform, find_free_port, start_platform, write_service
from tests.servers import start_postgresql

ROOT = Path(__file__).parents[1]
UV = Path(sys.executable).with_name("uv")
REPEAT = 3
READY_SECONDS = 30


@dataclass(slots=True)
class Service:
    """A folder with a service, and how to start it by hand."""

    folder: Path
    file: str
    line: str
    commands: tuple[tuple[str, ...], ...]
    path: str
    variables: Mapping[str, str]
    changes: Iterator[int]

    def change(self) -> None:
        """Change the line of the source that holds `line`."""
        source = self.folder / self.file
        lines = source.read_text().splitlines()
        index = next(index for index, text in enumerate(lines) if text.startswith(self.line))
        lines[index] = f"{lines[index].partition('  #')[0]}  # change {next(self.changes)}"
        source.write_text("\n".join(lines) + "\n")


def deploy(platform: RunningPlatform, service: Service) -> measure.Cost:
    """Deploy; the CPU is that of the command, of the control plane and of what it ran."""
    assert platform.process is not None
    before = measure.read_cpu_seconds(platform.process.pid)
    cost = measure.measure_command(
        [FAIRWAY, "deploy", service.folder, "--env", "dev"], environment=platform.environment
    )
    used = measure.read_cpu_seconds(platform.process.pid) - before
    return measure.Cost(wall_seconds=cost.wall_seconds, cpu_seconds=cost.cpu_seconds + used)


def start_by_hand(service: Service) -> measure.Cost:
    """Install, start and wait until it answers, then stop it."""
    with tempfile.TemporaryDirectory() as folder:
        began, children = time.perf_counter(), os.times()
        environment = {**os.environ, **service.variables, "PORT": str(find_free_port())}
        requirements = service.folder / "requirements.txt"
        if requirements.exists():
            command = [str(UV), "pip", "install", "--quiet", "--no-deps", "--target", folder]
            command += ["--python", sys.executable, "--requirement", str(requirements)]
            subprocess.run(command, check=True)
            environment["PYTHONPATH"] = folder
        *before, last = service.commands
        for arguments in before:
            subprocess.run(
                [sys.executable, *arguments],
                cwd=service.folder,
                env=environment,
                check=True,
                capture_output=True,
            )
        with run_in_background(last, service.folder, environment):
            wait_until_ready(f"http://127.0.0.1:{environment['PORT']}{service.path}")
            wall = time.perf_counter() - began
        now = os.times()
    cpu = now.children_user + now.children_system - children.children_user
    return measure.Cost(wall_seconds=wall, cpu_seconds=cpu - children.children_system)


@contextmanager
def run_in_background(
    arguments: tuple[str, ...], folder: Path, environment: Mapping[str, str]
) -> Iterator[None]:
    """Run Python with `arguments` until the block ends."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def wait_until_ready(url: str) -> None:
    """Return as soon as `url` answers well."""
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(url, timeout=1).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.01)
        else:
            return
    raise RuntimeError(f"{url} never answered")


def run(platform: RunningPlatform, service: Service, name: str) -> None:
    """Print the figures of one service."""
    first = deploy(platform, service)
    start_by_hand(service)
    same, changed, by_hand = [], [], []
    for _ in range(REPEAT):
        same.append(deploy(platform, service))
        service.change()
        changed.append(deploy(platform, service))
        by_hand.append(start_by_hand(service))
    peer = measure.make_median(by_hand)
    measure.show_title(name)
    for what, cost in (
        ("first deploy, once", first),
        ("nothing changed", measure.make_median(same)),
        ("one line changed", measure.make_median(changed)),
    ):
        measure.show(what, cost.wall_seconds, "s", peer=("by hand", peer.wall_seconds))
        measure.show(f"{what}, CPU", cost.cpu_seconds, "CPU-s", peer=("by hand", peer.cpu_seconds))


def main() -> None:
    with tempfile.TemporaryDirectory() as name, start_postgresql() as server:
        folder = Path(name)
        folder.chmod(0o711)
        shutil.copytree(ROOT / "examples" / "orders", folder / "orders")
        hello = Service(
            folder=write_service(folder / "hello"),
            file="server.py",
            line="TEXT =",
            commands=(("server.py",),),
            path="/",
            variables={"FAIRWAY_RELEASE": "1", "FAIRWAY_INSTANCE": "hello-0"},
            changes=itertools.count(),
        )
        orders = Service(
            folder=folder / "orders",
            file="orders/app.py",
            line="from fastapi",
            commands=(("-m", "orders.migrate"), ("-m", "orders")),
            path="/ready",
            variables={"DATABASE_URL": server.create_database()},
            changes=itertools.count(),
        )
        with start_platform(folder) as platform:
            run(platform, hello, "a service without dependencies")
            run(platform, orders, "examples/orders: dependencies, tests, migration, database")


if __name__ == "__main__":
    main()
