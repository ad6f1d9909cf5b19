"""Telling the gateway which instances serve which route.

Belongs here: the routes of this machine, the file that the gateway reads, waiting until a change
is in force and until an instance has no request left, and the gateway's own process. Never here:
serving a request (`fairway.gateway`).
"""

import asyncio
import json
import logging
import os
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from fairway.agent.container import Container
from fairway.agent.daemon import make_daemon
from fairway.agent.machine import storage
from fairway.agent.supervisor import Supervisor
from fairway.kits.canonical import JsonObject
from fairway.kits.errors import Refused

# By then a gateway that could not be told has noticed the file by itself.
_UNTOLD_SECONDS = 0.3
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Requests for `host` below `path` go to a service port, by name or number, of a workload."""

    environment: str
    name: str
    host: str
    path: str
    workload: str
    port: str


class Traffic:
    """The routes, and the gateway that follows them."""

    def __init__(self, home: Path, find_supervisors: Callable[[], Iterable[Supervisor]]) -> None:
        self._table_path = home / "agent" / "routes.json"
        self._published_path = home / "gateway" / "routes.json"
        self.socket_path = home / "gateway" / "gateway.sock"
        self._find_supervisors = find_supervisors
        self._lock = asyncio.Lock()
        table = storage.read_json(self._table_path) or {}
        self.routes = {key: Route(**value) for key, value in table.items()}  # type: ignore[arg-type]
        published = storage.read_json(self._published_path) or {}
        self._version = int(str(published.get("version", 0)))
        self._published: object = published.get("routes")

    async def put(self, route: Route) -> None:
        """Want a route; it is in force on return.

        Raises:
            Refused: ROUTE-CLASH.
        """
        key = f"{route.environment}/{route.name}"
        for other_key, other in self.routes.items():
            if other_key != key and (other.host, other.path) == (route.host, route.path):
                raise Refused(
                    "ROUTE-CLASH",
                    what=f"cannot make route '{route.name}' in environment '{route.environment}'",
                    why=f"'{route.host}{route.path}' belongs to route '{other.name}' of workload "
                    f"'{other.workload}' in environment '{other.environment}'",
                    fix="choose another host or path, or delete that route",
                    status=409,
                )
        if self.routes.get(key) != route:
            self._store({**self.routes, key: route})
        await self.publish()

    async def delete(self, environment: str, name: str) -> None:
        """Want no such route; absent already is success."""
        key = f"{environment}/{name}"
        if key in self.routes:
            self._store({other: route for other, route in self.routes.items() if other != key})
        await self.publish()

    def _store(self, routes: dict[str, Route]) -> None:
        storage.write_json(self._table_path, {key: asdict(found) for key, found in routes.items()})
        self.routes = routes

    async def publish(self) -> None:
        """Give the gateway what holds now; it is in force on return."""
        async with self._lock:
            routes = [self._render(route) for _, route in sorted(self.routes.items())]
            if routes == self._published:
                return
            version = self._version + 1
            document: JsonObject = {"version": version, "routes": routes}
            await asyncio.to_thread(storage.write_json, self._published_path, document)
            self._version, self._published = version, routes
            try:
                await call(self.socket_path, "POST", "/reload")
            except (OSError, ValueError, TimeoutError):
                await asyncio.sleep(_UNTOLD_SECONDS)

    def _render(self, route: Route) -> JsonObject:
        instances: list[JsonObject] = []
        for supervisor in self._find_supervisors():
            if (supervisor.environment, supervisor.component) != (
                route.environment,
                route.workload,
            ):
                continue
            for replica in supervisor.serving:
                if (port := replica.find_port(route.port)) is not None:
                    instances.append(
                        {
                            "id": make_instance_id(route.environment, replica.record.id),
                            "address": "127.0.0.1",
                            "port": port,
                        }
                    )
        return {
            "host": route.host,
            "path": route.path,
            "name": f"{route.environment}/{route.name}",
            "workload": f"{route.environment}/{route.workload}",
            "instances": instances,
        }

    async def drain(self, instance: str, seconds: float) -> None:
        """Wait until the gateway has no request in flight to `instance`, at most `seconds`."""
        deadline = time.monotonic() + seconds
        pause = 0.01
        while time.monotonic() < deadline:
            try:
                answer = await call(self.socket_path, "GET", f"/instances/{instance}/inflight")
            except (OSError, ValueError, TimeoutError):
                return
            if not answer.get("inflight"):
                return
            await asyncio.sleep(pause)
            pause = min(0.2, pause * 1.5)


def make_instance_id(environment: str, replica: str) -> str:
    """Return an instance's id at the gateway, which serves all environments."""
    return f"{environment}.{replica}"


async def call(
    socket_path: Path, method: str, path: str, timeout: float = 2.0
) -> dict[str, object]:
    """Return the JSON answer of the gateway's control socket.

    Raises:
        OSError: it cannot be reached.
        ValueError: it answered something else.
    """
    folder = os.open(socket_path.parent, os.O_PATH)
    try:
        async with asyncio.timeout(timeout):
            short = f"/proc/self/fd/{folder}/{socket_path.name}"
            reader, writer = await asyncio.open_unix_connection(short)
            writer.write(
                f"{method} {path} HTTP/1.1\r\nHost: gateway\r\n"
                "Content-Length: 0\r\nConnection: close\r\n\r\n".encode()
            )
            content = await reader.read()
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
    finally:
        os.close(folder)
    head, _, body = content.partition(b"\r\n\r\n")
    if b" 200 " not in head.split(b"\r\n", 1)[0] + b" ":
        raise ValueError(f"the gateway answered {head[:60]!r}")
    if b"transfer-encoding: chunked" in head.lower():
        body = b"".join(body.split(b"\r\n")[1::2])
    answer: dict[str, object] = json.loads(body)
    return answer


def make_gateway(home: Path, command: Sequence[str], socket_path: Path) -> Container:
    """Return the gateway as a daemon of the agent's own."""

    async def check(timeout: float) -> str:
        try:
            await call(socket_path, "GET", "/health", timeout)
        except (OSError, ValueError, TimeoutError) as error:
            return str(error) or "no answer"
        return ""

    return make_daemon(home / "agent" / "gateway", command, check)
