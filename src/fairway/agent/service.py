"""Stable ports for services that other workloads call.

Belongs here: which loopback port stands for which service port of which workload, and the relay
that serves them. Never here: passing a connection on (`relay`), routes (`traffic`).
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from fairway.agent import relay
from fairway.agent.container import Container
from fairway.agent.daemon import make_daemon
from fairway.agent.machine import storage
from fairway.agent.machine.port import Ports
from fairway.agent.supervisor import Supervisor
from fairway.kits.canonical import JsonObject

# The relay takes up a change within a few milliseconds of its signal.
_RELOAD_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """`listen` stands for service port `port` (name or number) of all ready instances."""

    environment: str
    name: str
    workload: str
    port: str
    listen: int


class Services:
    """The services of this machine, and their relay, which runs once there is one."""

    def __init__(
        self, home: Path, ports: Ports, find_supervisors: Callable[[], Iterable[Supervisor]]
    ) -> None:
        self._table_path = home / "agent" / "services.json"
        self._relay_path = home / "agent" / "relay.json"
        self._ports, self._find_supervisors = ports, find_supervisors
        table = storage.read_json(self._table_path) or {}
        self._services = {key: Service(**value) for key, value in table.items()}  # type: ignore[arg-type]
        ports.keep(found.listen for found in self._services.values())
        self._published: object = None
        command = (sys.executable, "-I", "-S", relay.__file__, str(self._relay_path))
        self._relay: Container = make_daemon(home / "agent" / "relay", command, None)
        self._wanted = asyncio.Event()
        self._lock = asyncio.Lock()

    async def run(self) -> None:
        """Keep the relay running once it is needed; cancelling leaves it running."""
        if not self._services:
            await self._wanted.wait()
        await self.publish()
        await self._relay.run()

    async def stop(self, running: "asyncio.Task[None]") -> None:
        """Stop the relay; `running` is the task of `run`."""
        self._relay.ask_to_stop(2.0)
        if not self._wanted.is_set() and not self._services:
            running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    async def put(self, environment: str, name: str, *, workload: str, port: str) -> int:
        """Return the loopback port of a service; it stays the same whatever the service is."""
        key = f"{environment}/{name}"
        found = self._services.get(key)
        service = Service(
            environment=environment,
            name=name,
            workload=workload,
            port=port,
            listen=found.listen if found else self._ports.take(),
        )
        if found != service:
            self._store({**self._services, key: service})
        self._wanted.set()
        await self.publish()
        return service.listen

    async def delete(self, environment: str, name: str) -> None:
        """Stop listening for a service; absent already is success."""
        key = f"{environment}/{name}"
        if key in self._services:
            self._ports.give_back([self._services[key].listen])
            rest = {other: found for other, found in self._services.items() if other != key}
            self._store(rest)
            await self.publish()

    def find(self, environment: str, name: str) -> Service | None:
        """Return a service or None."""
        return self._services.get(f"{environment}/{name}")

    def _store(self, services: dict[str, Service]) -> None:
        table = {key: asdict(found) for key, found in services.items()}
        storage.write_json(self._table_path, table)
        self._services = services

    async def publish(self) -> None:
        """Give the relay what holds now."""
        async with self._lock:
            services = [self._render(found) for _, found in sorted(self._services.items())]
            if services == self._published or not (services or self._relay_path.exists()):
                return
            await asyncio.to_thread(storage.write_json, self._relay_path, {"services": services})
            self._published = services
        if self._relay.attempt is not None:
            with suppress(ProcessLookupError):
                os.kill(self._relay.attempt.pid, signal.SIGHUP)
            await asyncio.sleep(_RELOAD_SECONDS)

    def _render(self, service: Service) -> JsonObject:
        ports = [
            replica.find_port(service.port)
            for supervisor in self._find_supervisors()
            if (supervisor.environment, supervisor.component)
            == (service.environment, service.workload)
            for replica in supervisor.serving
        ]
        return {"port": service.listen, "instances": [port for port in ports if port is not None]}
