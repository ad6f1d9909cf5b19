"""The product in a minute: a service from its Score file to production, and back from a mistake.

Every act is a `fairway` command that you could type; what it prints is what you see. On a
terminal the platform stays up at the end until Ctrl-C; otherwise all of it is taken down.
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
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
FAIRWAY = Path(sys.executable).with_name("fairway")
HOST = "orders.{environment}.localhost"
START_SECONDS = 30


class DemoFailedError(Exception):
    """Something that the demo shows did not hold."""


@dataclass(slots=True)
class Stage:
    """Where the demo plays: a state folder, a copy of the example, and two free ports."""

    folder: Path
    port: int
    gateway_port: int
    commands: int = 0

    @property
    def orders(self) -> Path:
        return self.folder / "orders"

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "FAIRWAY_HOME": str(self.folder / "home"),
            "FAIRWAY_DATA_ROOT": str(self.folder / "data"),
            "FAIRWAY_PORT": str(self.port),
            "FAIRWAY_GATEWAY_PORT": str(self.gateway_port),
        }

    def show(self, *command: str, token: str = "", expected: int = 0) -> None:
        """Run a command before the user's eyes; fail if it ends otherwise than `expected`."""
        self.commands += 1
        shown = " ".join(command).replace(str(self.folder), ".")
        say(f"\n$ {'FAIRWAY_TOKEN=••• ' if token else ''}fairway {shown}", bold=True)
        variables = {**self.environment, **({"FAIRWAY_TOKEN": token} if token else {})}
        done = subprocess.run([FAIRWAY, *command], env=variables, check=False)
        if done.returncode != expected:
            raise DemoFailedError(f"fairway {shown} ended with {done.returncode}, not {expected}")

    def read(self, *command: str) -> str:
        """Return what a command prints."""
        return subprocess.run(
            [FAIRWAY, *command], env=self.environment, check=True, capture_output=True, text=True
        ).stdout

    def ask(self, environment: str, method: str, path: str, body: object = None) -> object:
        """Return the answer of the service in `environment`, through its URL."""
        connection = http.client.HTTPConnection("127.0.0.1", self.gateway_port, timeout=10)
        host = HOST.format(environment=environment)
        content = None if body is None else json.dumps(body)
        headers = {"Host": host, "Content-Type": "application/json"}
        say(
            f"\n$ curl -X {method} http://{host}:{self.gateway_port}{path} {content or ''}",
            bold=True,
        )
        connection.request(method, path, content, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        say(f"  {answer.status}  {text}")
        if answer.status >= 400:
            raise DemoFailedError(f"{method} {path} was answered {answer.status}")
        return json.loads(text)


@dataclass(slots=True)
class Load:
    """Requests on kept-alive connections, as fast as answers come, until told to stop."""

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


def main() -> int:
    """Play the demo; return the exit status."""
    began = time.monotonic()
    with open_stage() as stage, run_platform(stage):
        try:
            play(stage)
        except DemoFailedError as error:
            say(f"\nThe demo failed: {error}")
            return 1
        say(f"\nThat was all of it: {stage.commands} commands in {time.monotonic() - began:.0f} s.")
        if sys.stdout.isatty() and sys.stdin.isatty():
            stay(stage)
    return 0


def play(stage: Stage) -> None:
    """The acts, in order."""
    say("\n--- 1. From a Score file to a running service with a real database")
    stage.show("check", str(stage.orders))
    stage.show("plan", str(stage.orders), "--env", "dev", expected=2)
    stage.show("deploy", str(stage.orders), "--env", "dev")
    stage.ask("dev", "POST", "/orders", {"item": "rope", "quantity": 2})
    stage.ask("dev", "GET", "/orders")

    say("\n--- 2. A change rolls out under load")
    edit(stage.orders / "score.yaml", "Orders of", "All orders of")
    with under_load(stage, "dev"):
        stage.show("deploy", str(stage.orders), "--env", "dev")
    stage.ask("dev", "GET", "/orders")

    say("\n--- 3. The same artifact goes to staging, then to production, which asks for approval")
    stage.show("promote", "orders", "--from", "dev", "--to", "staging")
    stage.show("user", "add", "ben", "--group", "platform")
    token = json.loads(stage.read("token", "create", "--user", "ben", "--output", "json"))["token"]
    stage.show("promote", "orders", "--from", "staging", "--to", "prod", "--detach")
    plan = wait_for_plan(stage)
    stage.show("approve", plan[7:14], expected=77)
    stage.show("approve", plan[7:14], token=token)
    wait_for_release(stage, "prod")
    stage.show("status", "orders")

    say("\n--- 4. A broken version never takes the traffic")
    edit(stage.orders / "orders" / "__main__.py", 'os.environ["DATABASE_URL"]', 'os.environ["DB"]')
    with under_load(stage, "dev"):
        stage.show("deploy", str(stage.orders), "--env", "dev", expected=1)
    stage.ask("dev", "GET", "/orders")

    say("\n--- 5. Where did that value come from?")
    stage.show("explain", "orders.dev.containers.main.variables.DATABASE_URL")
    stage.show("status", "orders")


def edit(path: Path, before: str, after: str) -> None:
    """Change the example as a developer would."""
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))
    say(f"\n$ sed -i 's/{before}/{after}/' {path.name}", bold=True)


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


def wait_for_plan(stage: Stage) -> str:
    """Return the digest of the plan for which the run in production waits."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        run = read_environment(stage, "prod").get("run")
        if run and run["state"] == "waiting" and run["output"].get("plan"):
            return str(run["output"]["plan"])
        time.sleep(0.1)
    raise DemoFailedError("the promotion does not wait for an approval")


def wait_for_release(stage: Stage, environment: str) -> None:
    """Return when a release serves in `environment`."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        status = read_environment(stage, environment)
        if status["release"] and not status["run"]:
            return
        time.sleep(0.1)
    raise DemoFailedError(f"nothing became ready in {environment}")


def read_environment(stage: Stage, name: str) -> Mapping[str, object]:
    """Return the status of orders in one environment."""
    status = json.loads(stage.read("status", "orders", "--output", "json"))
    return next(item for item in status["environments"] if item["environment"] == name)


@contextmanager
def open_stage() -> Iterator[Stage]:
    """Make a temporary folder with a copy of the example."""
    folder = Path(tempfile.mkdtemp(prefix="fairway-demo-"))
    # Servers that run under an account of their own reach their data through here.
    folder.chmod(0o711)
    shutil.copytree(ROOT / "examples" / "orders", folder / "orders")
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


def stay(stage: Stage) -> None:
    """Leave the platform to the user until Ctrl-C."""
    exports = " ".join(
        f"{name}={stage.environment[name]}" for name in ("FAIRWAY_HOME", "FAIRWAY_PORT")
    )
    say("\nIt is all yours until Ctrl-C. In another terminal, try:")
    say(f"  export {exports} PATH={FAIRWAY.parent}:$PATH")
    for command in ("status", "logs orders --env prod -f", "explain orders.dev.resources.db"):
        say(f"  fairway {command}")
    say("  fairway rollback orders --env dev\n  fairway list\n  fairway doctor")
    try:
        signal.pause()
    except KeyboardInterrupt:
        say("")


def find_free_port() -> int:
    """Return a loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
