"""Asking the agent.

Belongs here: the client of the agent's API, and starting an agent where none runs. Never here:
the server's side. Every method blocks.
"""

import http.client
import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote, urlencode

import msgspec

import fairway
from fairway.agent import agent as agents
from fairway.agent.order import Order, render_order
from fairway.kits.errors import Problem, Refused, Unavailable
from fairway.ports.target import LogLine, WorkloadStatus

_TIMEOUT_SECONDS = 60.0
_START_SECONDS = 15.0
_T = TypeVar("_T")


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket; reaches it through its folder, so that its path may be long."""

    def __init__(self, path: Path, timeout_seconds: float | None) -> None:
        super().__init__("agent", timeout=timeout_seconds)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        folder = os.open(self._path.parent, os.O_PATH)
        try:
            self.sock.connect(f"/proc/self/fd/{folder}/{self._path.name}")
        except OSError:
            self.sock.close()
            raise
        finally:
            os.close(folder)


class AgentClient:
    """The agent of one home; with a `command`, an agent that was killed is started again."""

    def __init__(self, home: Path, command: Sequence[str] = ()) -> None:
        self.home, self.command = home.absolute(), tuple(command)
        self._path = self.home / "agent" / "agent.sock"

    def get_health(self) -> dict[str, object]:
        """Return version, pid, capabilities and the gateway's state.

        Raises:
            Unavailable: AGENT-AWAY; so do all methods.
        """
        return self._ask(dict[str, object], "GET", "/health")

    def put_workload(self, order: Order) -> bool:
        """Want a workload; False when it is wanted so already."""
        path = _path("workloads", order.spec.environment, order.spec.component)
        return self._ask(dict[str, bool], "PUT", path, render_order(order))["is_changed"]

    def get_workload(self, environment: str, component: str) -> WorkloadStatus:
        """Return what runs; `absent` when nothing does."""
        return self._ask(WorkloadStatus, "GET", _path("workloads", environment, component))

    def list_workloads(self) -> list[tuple[str, str, WorkloadStatus]]:
        """Return environment, component and status of all workloads."""
        found = self._ask(list[dict[str, msgspec.Raw]], "GET", "/workloads")
        decode = msgspec.json.decode
        return [
            (
                decode(item["environment"], type=str),
                decode(item["component"], type=str),
                decode(item["status"], type=WorkloadStatus),
            )
            for item in found
        ]

    def delete_workload(self, environment: str, component: str) -> None:
        """Want the workload to be gone."""
        self._ask(object, "DELETE", _path("workloads", environment, component))

    def read_logs(
        self, environment: str, component: str, query: Mapping[str, str]
    ) -> Iterator[LogLine | None]:
        """Yield log lines; `query` may have follow, tail, release, after.

        Following, None comes now and then while there is no line.
        """
        path = f"{_path('workloads', environment, component, 'logs')}?{urlencode(query)}"
        with self._open("GET", path, timeout_seconds=None) as answer:
            for line in answer:
                yield msgspec.json.decode(line, type=LogLine | None)

    def watch(self) -> Iterator[tuple[str, str] | None]:
        """Yield environment and component whenever a status changes; None once it listens."""
        with self._open("GET", "/events", timeout_seconds=None) as answer:
            for line in answer:
                body = json.loads(line)
                yield (body["environment"], body["component"]) if body else None

    def put_route(self, environment: str, name: str, route: Mapping[str, str]) -> None:
        """Want a route: host, path, workload, port; it is in force on return."""
        body = json.dumps(dict(route)).encode()
        self._ask(object, "PUT", _path("routes", environment, name), body)

    def find_route(self, environment: str, name: str) -> dict[str, str] | None:
        """Return a route or None."""
        content = self._fetch("GET", _path("routes", environment, name))
        found: dict[str, str] | None = msgspec.json.decode(content, type=dict[str, str] | None)
        return found

    def delete_route(self, environment: str, name: str) -> None:
        """Remove a route; absent already is success."""
        self._ask(object, "DELETE", _path("routes", environment, name))

    def put_service(self, environment: str, name: str, *, workload: str, port: str) -> int:
        """Return the stable loopback port that stands for another workload's service port."""
        path = _path("services", environment, name)
        body = json.dumps({"workload": workload, "port": port}).encode()
        return self._ask(dict[str, int], "PUT", path, body)["listen"]

    def find_service(self, environment: str, name: str) -> dict[str, object] | None:
        """Return workload, port and listen of a service, or None."""
        content = self._fetch("GET", _path("services", environment, name))
        found: dict[str, object] | None = msgspec.json.decode(content)
        return found

    def delete_service(self, environment: str, name: str) -> None:
        """Stop listening for it; absent already is success."""
        self._ask(object, "DELETE", _path("services", environment, name))

    def put_volume(self, environment: str, name: str, size_bytes: int) -> dict[str, object]:
        """Make a volume or let it grow; return source, size_bytes, used_bytes."""
        body = json.dumps({"size_bytes": size_bytes}).encode()
        return self._ask(dict[str, object], "PUT", _path("volumes", environment, name), body)

    def find_volume(self, environment: str, name: str) -> dict[str, object] | None:
        """Return a volume or None."""
        content = self._fetch("GET", _path("volumes", environment, name))
        found: dict[str, object] | None = msgspec.json.decode(content)
        return found

    def delete_volume(self, environment: str, name: str) -> None:
        """Remove a volume and all in it; absent already is success."""
        self._ask(object, "DELETE", _path("volumes", environment, name))

    def shut_down(self, *, is_stopping_workloads: bool, timeout_seconds: float = 60.0) -> None:
        """End the agent, and with it the workloads and the gateway if so; returns when it is gone.

        Workloads that were stopped are wanted still and come back with the next agent.
        """
        with suppress(Unavailable):
            away = AgentClient(self.home)
            pid = int(str(away.get_health()["pid"]))
            body = json.dumps({"is_stopping_workloads": is_stopping_workloads}).encode()
            away._ask(object, "POST", "/shutdown", body)
            deadline = time.monotonic() + timeout_seconds
            while _is_alive(pid) and time.monotonic() < deadline:
                time.sleep(0.01)

    def _ask(self, kind: type[_T], method: str, path: str, body: bytes = b"") -> _T:
        return msgspec.json.decode(self._fetch(method, path, body), type=kind)

    def _fetch(self, method: str, path: str, body: bytes = b"") -> bytes:
        with self._open(method, path, body) as answer:
            return answer.read()

    @contextmanager
    def _open(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        timeout_seconds: float | None = _TIMEOUT_SECONDS,
    ) -> Iterator[http.client.HTTPResponse]:
        connection = _UnixConnection(self._path, timeout_seconds)
        try:
            try:
                answer = _send(connection, method, path, body)
            except OSError:  # it was killed; every request may be sent twice
                if not self.command:
                    raise
                connection.close()
                ensure_agent(self.home, self.command)
                answer = _send(connection, method, path, body)
            if answer.status != 200:
                raise _parse_problem(answer.status, answer.read())
            yield answer
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable(
                "AGENT-AWAY",
                what=f"cannot reach the agent of '{self.home}'",
                why=str(error) or type(error).__name__,
                fix="run 'fairway up', or see agent/agent.log in that folder",
            ) from error
        finally:
            connection.close()


def _send(
    connection: _UnixConnection, method: str, path: str, body: bytes
) -> http.client.HTTPResponse:
    connection.request(method, path, body)
    return connection.getresponse()


def ensure_agent(home: Path, command: Sequence[str]) -> AgentClient:
    """Return a client of this home's agent; where none answers, start one with `command`.

    The agent outlives the caller. Any number of callers may race: one agent results. An agent of
    another version of Fairway is replaced; its workloads run on.

    Raises:
        Unavailable: AGENT-FAILED.
    """
    client = AgentClient(home)  # without the command: it must not start one by itself
    deadline = time.monotonic() + _START_SECONDS
    process: subprocess.Popen[bytes] | None = None
    while True:
        try:
            health = client.get_health()
            if health["version"] == fairway.__version__:
                if process is not None and process.pid != health["pid"]:
                    process.kill()  # it lost the race, and must not win it later
                return AgentClient(home, command)
            client.shut_down(is_stopping_workloads=False)
        except Unavailable as problem:
            if time.monotonic() > deadline:
                raise _explain_failure(client.home) from problem
        if process is None or process.poll() is not None:
            process = _start(client.home, command)
        time.sleep(0.02)


def _start(home: Path, command: Sequence[str]) -> "subprocess.Popen[bytes]":
    agents.prepare_home(home)
    with (home / "agent" / "agent.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            start_new_session=True,
        )
    # Nobody else would collect it, should it end while this process lives.
    threading.Thread(target=process.wait, daemon=True).start()
    return process


def _explain_failure(home: Path) -> Unavailable:
    last = ""
    with suppress(OSError):
        last = (home / "agent" / "agent.log").read_text(errors="replace").strip()[-300:]
    return Unavailable(
        "AGENT-FAILED",
        what=f"cannot start the agent of '{home}'",
        why=last.rpartition("\n")[2] or f"it does not answer after {_START_SECONDS:g} s",
        fix=f"see '{home}/agent/agent.log'",
    )


def _path(*parts: str) -> str:
    return "/" + "/".join(quote(part, safe="") for part in parts)


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0]
    except OSError:
        return False
    return state != b"Z"


def _parse_problem(status: int, body: bytes) -> Problem:
    found = json.loads(body)
    code, what, why, fix = (str(found[name]) for name in ("code", "what", "why", "fix"))
    if 400 <= status < 500:
        return Refused(code, what=what, why=why, fix=fix, status=status)
    delay = float(found.get("delay_seconds", 1))
    return Unavailable(code, what=what, why=why, fix=fix, delay_seconds=delay)
