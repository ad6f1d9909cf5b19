"""Where the demo plays: a platform of its own, what it shows, and requests meanwhile."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

FAIRWAY = Path(sys.executable).with_name("fairway")
HOST = "orders.{environment}.localhost"
WAIT_SECONDS = 60


class DemoFailedError(Exception):
    """Something that the demo shows did not hold."""


@dataclass(slots=True)
class Stage:
    """A state folder, a folder to work in, and two free ports."""

    folder: Path
    port: int
    gateway_port: int
    commands: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "FAIRWAY_HOME": str(self.folder / "home"),
            "FAIRWAY_DATA_ROOT": str(self.folder / "data"),
            "FAIRWAY_PORT": str(self.port),
            "FAIRWAY_GATEWAY_PORT": str(self.gateway_port),
            "GIT_AUTHOR_NAME": "Ana",
            "GIT_AUTHOR_EMAIL": "ana@example.com",
            "GIT_COMMITTER_NAME": "Ana",
            "GIT_COMMITTER_EMAIL": "ana@example.com",
            # What `git config --global` would hold: who knows the token of this server.
            "GIT_CONFIG_COUNT": "2",
            "GIT_CONFIG_KEY_0": f"credential.{self.url}.helper",
            "GIT_CONFIG_VALUE_0": f"!{FAIRWAY} git-credential",
            "GIT_CONFIG_KEY_1": "advice.detachedHead",
            "GIT_CONFIG_VALUE_1": "false",
        }

    def fairway(self, *command: str, token: str = "", expected: int = 0) -> None:
        """Run a command of Fairway before the user's eyes."""
        variables = {"FAIRWAY_TOKEN": token} if token else {}
        self._show([str(FAIRWAY), *command], "", variables=variables, expected=expected)

    def git(self, *command: str, folder: str = "") -> None:
        """Run plain git before the user's eyes, in a folder below the demo's."""
        self._show(["git", *command], folder, variables={}, expected=0)

    def edit(self, path: str, before: str, after: str) -> None:
        """Change a file as a developer would."""
        file = self.folder / path
        text = file.read_text()
        if before not in text:
            raise DemoFailedError(f"'{before}' is not in {path}")
        file.write_text(text.replace(before, after))
        pairs = zip(before.splitlines(), after.splitlines(), strict=False)
        old, new = next((old, new) for old, new in pairs if old != new)
        say(f"\n# in {path}: {old.strip()}  →  {new.strip()}", bold=True)

    def read(self, *command: str) -> str:
        """Return what a command of Fairway prints."""
        return subprocess.run(
            [FAIRWAY, *command], env=self.environment, check=True, capture_output=True, text=True
        ).stdout

    def ask(self, environment: str, method: str, path: str, body: object = None) -> object:
        """Return the answer of the service in `environment`, through its URL."""
        connection = http.client.HTTPConnection("127.0.0.1", self.gateway_port, timeout=10)
        host = HOST.format(environment=environment)
        content = None if body is None else json.dumps(body)
        headers = {"Host": host, "Content-Type": "application/json"}
        url = f"http://{host}:{self.gateway_port}{path}"
        say(f"\n$ curl -X {method} {url} {content or ''}".rstrip(), bold=True)
        connection.request(method, path, content, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        say(f"  {answer.status}  {text}")
        if answer.status >= 400:
            raise DemoFailedError(f"{method} {path} was answered {answer.status}")
        return json.loads(text)

    def read_environment(self, name: str) -> Mapping[str, object]:
        """Return the status of orders in one environment."""
        status = json.loads(self.read("status", "orders", "--output", "json"))
        return next(item for item in status["environments"] if item["environment"] == name)

    def _show(
        self, command: list[str], folder: str, *, variables: Mapping[str, str], expected: int
    ) -> None:
        self.commands += 1
        shown = " ".join([Path(command[0]).name, *command[1:]]).replace(str(self.folder), ".")
        place = f"({folder}) " if folder else ""
        say(f"\n{place}$ {'FAIRWAY_TOKEN=••• ' if variables else ''}{shown}", bold=True)
        done = subprocess.run(
            command, cwd=self.folder / folder, env={**self.environment, **variables}, check=False
        )
        if done.returncode != expected:
            raise DemoFailedError(f"{shown} ended with {done.returncode}, not {expected}")


@dataclass(slots=True)
class Load:
    """Requests on a kept-alive connection, as fast as answers come, until told to stop."""

    port: int
    host: str
    requests: int = 0
    failures: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        while not self.stop.is_set():
            try:
                connection.request("GET", "/", headers={"Host": self.host})
                answer = connection.getresponse()
                answer.read()
                if answer.status != 200:
                    self.failures.append(str(answer.status))
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
                connection.close()
            self.requests += 1
        connection.close()


def say(text: str, *, bold: bool = False) -> None:
    """Print a line at once."""
    is_styled = bold and sys.stdout.isatty()
    print(f"\x1b[1m{text}\x1b[0m" if is_styled else text, flush=True)


@contextmanager
def under_load(stage: Stage, environment: str) -> Iterator[None]:
    """Send requests for as long as the block runs; fail if one of them fails."""
    load = Load(stage.gateway_port, HOST.format(environment=environment))
    thread = threading.Thread(target=load.run)
    thread.start()
    try:
        yield
    finally:
        load.stop.set()
        thread.join()
    say(f"  meanwhile: {load.requests} requests, {len(load.failures)} failed")
    if load.failures:
        raise DemoFailedError(f"requests failed during the rollout: {load.failures[:3]}")


def wait_until(is_so: Callable[[], object], what: str) -> None:
    """Return once `is_so` gives something true."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        if is_so():
            return
        time.sleep(0.1)
    raise DemoFailedError(what)


@contextmanager
def open_stage() -> Iterator[Stage]:
    """Make a temporary folder with two free ports."""
    folder = Path(tempfile.mkdtemp(prefix="fairway-demo-"))
    # Servers that run under an account of their own reach their data through here.
    folder.chmod(0o711)
    try:
        yield Stage(folder=folder, port=find_free_port(), gateway_port=find_free_port())
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def run_platform(stage: Stage) -> Iterator[None]:
    """Run `fairway up` until the block ends, then take everything down."""
    say("$ fairway up", bold=True)
    # In a session of its own: Ctrl-C is for the demo, which then takes the platform down.
    process = subprocess.Popen(
        [FAIRWAY, "up"],
        env=stage.environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        say(line.rstrip())
        if not line:
            raise SystemExit("fairway up did not start")
        yield
    finally:
        say("\n$ fairway down", bold=True)
        subprocess.run([FAIRWAY, "down"], env=stage.environment, check=False)
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def find_free_port() -> int:
    """Return a loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
