"""A platform that runs: started as a user starts it, driven by its CLI and its API.

`start_platform` gives one in a folder of its own on free ports and takes it down afterwards.
"""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from fairway.builtin import list_builtin_paths
from tests.deadline import wait_until

FAIRWAY = Path(sys.executable).with_name("fairway")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)


@dataclass(slots=True)
class RunningPlatform:
    """A platform in `folder`; `process` is its control plane while that runs."""

    folder: Path
    port: int
    gateway_port: int
    process: subprocess.Popen[str] | None = None
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def data_root(self) -> Path:
        """Where managed servers keep their data; short, and reachable for their accounts."""
        return Path(tempfile.gettempdir()) / f"fairway-data-{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("FAIRWAY_")}
        return {
            **kept,
            "FAIRWAY_HOME": str(self.home),
            "FAIRWAY_DATA_ROOT": str(self.data_root),
            "FAIRWAY_PORT": str(self.port),
            "FAIRWAY_GATEWAY_PORT": str(self.gateway_port),
            "NO_COLOR": "1",
            **self.variables,
        }

    def up(self) -> None:
        """Start the control plane and wait until it says that it is ready."""
        with (self.folder / "up.log").open("a") as log:
            self.process = subprocess.Popen(
                [FAIRWAY, "up"],
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout is not None
        assert "is ready" in self.process.stdout.readline(), (self.folder / "up.log").read_text()

    def kill(self) -> None:
        """Kill the control plane as a power cut would."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self._forget()

    def stop(self) -> None:
        """Stop the control plane as Ctrl-C would; workloads go on."""
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(30)
            self._forget()

    def down(self) -> None:
        """Take everything down."""
        if self.process is None or self.process.poll() is not None:
            self.up()
        self.run("down")
        assert self.process is not None
        self.process.wait(60)
        self._forget()

    def _forget(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process = None

    def run(self, *arguments: str, token: str = "", seconds: float = 120) -> Outcome:
        """Run a command of the CLI to its end."""
        variables = {**self.environment, **({"FAIRWAY_TOKEN": token} if token else {})}
        done = subprocess.run(
            [FAIRWAY, *arguments],
            env=variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    def must(self, *arguments: str, token: str = "") -> Outcome:
        """Run a command that has to succeed."""
        outcome = self.run(*arguments, token=token)
        assert outcome.code == 0, f"{arguments}: {outcome.out}\n{outcome.err}"
        return outcome

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, Any]:
        """Ask the API; return status and decoded body."""
        shown = (self.home / "token").read_text().strip() if token is None else token
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(
                method,
                f"/api/v1{path}",
                None if body is None else json.dumps(body),
                {
                    "Content-Type": "application/json",
                    **({"Authorization": f"Bearer {shown}"} if shown else {}),
                    **(headers or {}),
                },
            )
            answer = connection.getresponse()
            content = answer.read()
            return answer.status, json.loads(content) if content else None
        finally:
            connection.close()

    def fetch(self, host: str, path: str = "/") -> tuple[int, str]:
        """Fetch a page of a workload through the gateway."""
        connection = http.client.HTTPConnection("127.0.0.1", self.gateway_port, timeout=30)
        try:
            connection.request("GET", path, headers={"Host": host})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def wait_for_paths(self) -> None:
        """Return once the golden paths that come with Fairway are published."""
        wanted = set(list_builtin_paths())

        def are_there() -> bool:
            _, found = self.ask("GET", "/golden-paths")
            return wanted <= {item["name"] for item in found["items"]}

        wait_until(are_there, seconds=60)

    def get_environment(self, component: str, environment: str) -> dict[str, Any]:
        """Return a component's status in one environment."""
        _, status = self.ask("GET", f"/components/{component}")
        found = [item for item in status["environments"] if item["environment"] == environment]
        return cast("dict[str, Any]", found[0])

    def wait_for_run(self, run: int) -> dict[str, Any]:
        """Return a run once it is over."""
        wait_until(lambda: self._is_over(run), seconds=90)
        return cast("dict[str, Any]", self.ask("GET", f"/runs/{run}")[1])

    def _is_over(self, run: int) -> bool:
        _, found = self.ask("GET", f"/runs/{run}")
        return found["state"] in ("succeeded", "failed", "cancelled")


@contextmanager
def start_platform(folder: Path, **variables: str) -> Iterator[RunningPlatform]:
    """Run a platform in `folder` until the block ends; nothing of it runs afterwards.

    `variables` are added to its environment.
    """
    running = RunningPlatform(folder, find_free_port(), find_free_port(), variables=variables)
    running.up()
    try:
        yield running
    finally:
        running.down()
        shutil.rmtree(running.data_root, ignore_errors=True)


def find_free_port() -> int:
    """Return a loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


SERVER = """
import http.server, json, os, signal, socketserver, sys

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        content = json.dumps({"text": TEXT, "release": os.environ["FAIRWAY_RELEASE"],
                              "instance": os.environ["FAIRWAY_INSTANCE"]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
    def log_message(self, *args):
        print(self.path, flush=True)

class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 256

TEXT = "hello"
print("listening", flush=True)
Server(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""

SCORE = """apiVersion: score.dev/v1b1
metadata: {name: NAME}
containers:
  main:
    image: .
    command: [python, server.py]
    readinessProbe: {httpGet: {path: /, port: 8080}}
service: {ports: {www: {port: 80, targetPort: 8080}}}
resources:
  www: {type: route, params: {port: 80}}
"""


def write_service(folder: Path, name: str = "hello", *, score: str = SCORE) -> Path:
    """Write a small service without dependencies into `folder` and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "score.yaml").write_text(score.replace("NAME", name))
    (folder / "server.py").write_text(SERVER)
    return folder


def write_tests(folder: Path) -> None:
    """Give a service a test of its own, which passes."""
    (folder / "pyproject.toml").write_text(
        '[project]\nname = "service"\nversion = "1"\n[dependency-groups]\ndev = ["pytest"]\n'
    )
    (folder / "tests").mkdir()
    (folder / "tests" / "test_text.py").write_text("def test_it() -> None:\n    assert True\n")


def edit(path: Path, before: str, after: str) -> None:
    """Change a file as a developer would."""
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))
