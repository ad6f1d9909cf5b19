"""The agent: all workloads, routes and volumes of one home.

Belongs here: what there is one of in an agent, and its life. Never here: one workload's life
(`supervisor`), its API (`fairway.agent.api`).
"""

import asyncio
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import fairway
from fairway.agent import traffic
from fairway.agent.container import Container
from fairway.agent.machine import storage
from fairway.agent.machine.cgroup import Cgroups
from fairway.agent.machine.port import Ports
from fairway.agent.machine.volume import Volumes
from fairway.agent.order import Machine, Order, check_order, find_mount_fault
from fairway.agent.record import RecordFile
from fairway.agent.replica import Site
from fairway.agent.service import Services
from fairway.agent.supervisor import Supervisor, Surroundings
from fairway.agent.traffic import Traffic, make_gateway
from fairway.kits.errors import Problem, Refused
from fairway.ports.sealer import Sealer

_LOG = logging.getLogger(__name__)
Key = tuple[str, str]  # environment, component


def describe_capabilities(home: Path) -> Machine:
    """Return what this machine permits an agent of this user. Blocking, some 100 ms."""
    fault = find_mount_fault()
    return Machine(
        cgroup_version=Cgroups(home).version,
        is_mount_permitted=fault is None,
        mount_fault=fault or "",
    )


class Agent:
    """Everything that one agent owns. Its methods run on its event loop."""

    def __init__(self, home: Path, sealer: Sealer, gateway_command: Sequence[str]) -> None:
        self.home, self._sealer = home, sealer
        self.supervisors: dict[Key, Supervisor] = {}
        self.volumes = Volumes(home)
        self.traffic = Traffic(home, self.supervisors.values)
        cgroups = Cgroups(home)
        fault = find_mount_fault()
        self.machine = Machine(
            cgroup_version=cgroups.version,
            is_mount_permitted=fault is None,
            mount_fault=fault or "",
        )
        self._site = Site(
            ports=Ports(), cgroups=cgroups, cache=home / "agent" / "cache" / "pycache"
        )
        self.services = Services(home, self._site.ports, self.supervisors.values)
        self._gateway: Container | None = None
        if gateway_command:
            self._gateway = make_gateway(home, gateway_command, self.traffic.socket_path)
        self._tasks: dict[Key, asyncio.Task[None]] = {}
        self._subscribers: set[asyncio.Queue[Key]] = set()
        self._ending = asyncio.Event()
        self._is_stopping_workloads = False

    async def run(self) -> None:
        """Run until asked to end; workloads go on unless they are to stop as well."""
        for path in sorted((self.home / "agent" / "workloads").glob("*/*.json")):
            supervisor = self._make_supervisor((path.parent.name, path.stem))
            try:
                await asyncio.to_thread(supervisor.load)
            except Problem as problem:  # the others must run all the same
                _LOG.error("cannot take up workload %s: %s", path, problem)
            else:
                self._begin(supervisor)
        relay = asyncio.create_task(self.services.run())
        gateway = asyncio.create_task(self._gateway.run()) if self._gateway else None
        try:
            await self._ending.wait()
            if self._is_stopping_workloads:
                await self._stop_workloads(gateway)
                await self.services.stop(relay)
        finally:
            running = [*self._tasks.values(), relay, *([gateway] if gateway else [])]
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            self._site.cgroups.close()

    async def _stop_workloads(self, gateway: "asyncio.Task[None] | None") -> None:
        """Stop all that runs; it is wanted still, and comes back with the next agent."""
        await asyncio.gather(*(found.stop_all() for found in self.supervisors.values()))
        if self._gateway is not None and gateway is not None:
            self._gateway.ask_to_stop(5.0)
            await gateway

    def ask_to_end(self, *, is_stopping_workloads: bool) -> None:
        """Have `run` return."""
        self._is_stopping_workloads = is_stopping_workloads
        self._ending.set()

    async def put_workload(self, order: Order) -> bool:
        """Want a workload; False when it is wanted so already. Durable on return.

        Raises:
            Refused: this machine cannot run it; nothing was changed.
        """
        await asyncio.to_thread(check_order, order, self.machine)
        key = (order.spec.environment, order.spec.component)
        supervisor = self.supervisors.get(key)
        if supervisor is not None and supervisor.is_closed:
            await asyncio.gather(self._tasks[key], return_exceptions=True)
            supervisor = None
        if supervisor is None:
            supervisor = self._make_supervisor(key)
            supervisor.want(order)
            self._begin(supervisor)
            return True
        return supervisor.want(order)

    async def delete_workload(self, key: Key) -> None:
        """Want nothing under this key. Durable on return."""
        supervisor = self.supervisors.get(key)
        if supervisor is not None and not supervisor.is_closed:
            supervisor.want_nothing()

    def check_volume_is_free(self, environment: str, name: str) -> None:
        """Refuse when a workload mounts the volume.

        Raises:
            Refused: VOLUME-IN-USE.
        """
        volume = self.volumes.find(environment, name)
        if volume is None:
            return
        for supervisor in self.supervisors.values():
            orders = supervisor.record.orders.values()
            containers = [c for order in orders for c in order.spec.containers.values()]
            mounts = [mount for c in containers for mount in c.volumes.values()]
            if any(Path(mount.source) == volume.source for mount in mounts):
                raise Refused(
                    "VOLUME-IN-USE",
                    what=f"cannot delete volume '{name}' in environment '{environment}'",
                    why=f"workload '{supervisor.component}' in environment "
                    f"'{supervisor.environment}' mounts it",
                    fix="delete that workload, or deploy it without the volume, and try again",
                    status=409,
                )

    def find_folder(self, environment: str, component: str) -> Path:
        """Return the folder of a workload's replicas."""
        return self.home / "agent" / "instances" / environment / component

    async def describe(self) -> dict[str, object]:
        """Return what the agent is and can, for people and for its clients."""
        gateway: dict[str, object] | None = None
        if self._gateway is not None:
            gateway = {"is_ready": self._gateway.is_ready, "reason": self._gateway.reason}
            with suppress(OSError, ValueError, TimeoutError):
                health = await traffic.call(self.traffic.socket_path, "GET", "/health")
                gateway["port"] = health["port"]
        return {
            "version": fairway.__version__,
            "pid": os.getpid(),
            "workloads": len(self.supervisors),
            "capabilities": self.machine.describe(),
            "gateway": gateway,
        }

    @contextmanager
    def subscribe(self) -> "Iterator[asyncio.Queue[Key]]":
        """Give a queue of the keys of workloads whose status changes."""
        queue: asyncio.Queue[Key] = asyncio.Queue(maxsize=10_000)
        self._subscribers.add(queue)
        try:
            yield queue
        finally:
            self._subscribers.discard(queue)

    def _notify(self, key: Key) -> None:
        for queue in self._subscribers:
            with suppress(asyncio.QueueFull):
                queue.put_nowait(key)

    async def _publish(self) -> None:
        await asyncio.gather(self.traffic.publish(), self.services.publish())

    def _make_supervisor(self, key: Key) -> Supervisor:
        environment, component = key
        return Supervisor(
            environment,
            component,
            Surroundings(
                folder=self.find_folder(environment, component),
                file=RecordFile(
                    self.home / "agent" / "workloads" / environment / f"{component}.json",
                    self._sealer,
                    f"{environment}/workload/{component}",
                ),
                site=self._site,
                publish=self._publish,
                drain=lambda replica, seconds: self.traffic.drain(
                    traffic.make_instance_id(environment, replica), seconds
                ),
                notify=lambda: self._notify(key),
            ),
        )

    def _begin(self, supervisor: Supervisor) -> None:
        key = (supervisor.environment, supervisor.component)
        self.supervisors[key] = supervisor
        task = asyncio.create_task(supervisor.run())
        self._tasks[key] = task
        task.add_done_callback(lambda _: self._forget(key, supervisor))

    def _forget(self, key: Key, supervisor: Supervisor) -> None:
        if self.supervisors.get(key) is supervisor and supervisor.is_closed:
            del self.supervisors[key], self._tasks[key]


def prepare_home(home: Path) -> None:
    """Make the agent's own folder, for its owner only."""
    with storage.naming_disk_faults(home):
        (home / "agent").mkdir(parents=True, exist_ok=True, mode=0o700)
