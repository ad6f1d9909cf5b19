"""One replica of a workload: its containers, in their order.

Belongs here: the replica's record and ports, `before`, which probe asks what, its status. Never
here: how many replicas there are (`rollout`), one container's life (`container`).
"""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from fairway.agent import layout, probe
from fairway.agent.container import Check, Container, ContainerPlan
from fairway.agent.layout import Layout, Place
from fairway.agent.machine import storage
from fairway.agent.machine.cgroup import Cgroups
from fairway.agent.machine.port import Ports, is_free
from fairway.agent.order import Order, make_limits
from fairway.agent.setting import Settings, parse_settings
from fairway.core.workload.workload import Probe
from fairway.ports.target import ContainerSpec, InstanceStatus

_RECORD = "replica.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What the replicas of one agent share."""

    ports: Ports
    cgroups: Cgroups
    cache: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaRecord:
    """What an agent must know of a replica to find it again; `ports` by target port."""

    id: str
    index: int
    generation: str
    release: int
    ports: dict[str, int] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Write it into the replica's folder."""
        storage.write_json(
            folder / _RECORD,
            {
                "id": self.id,
                "index": self.index,
                "generation": self.generation,
                "release": self.release,
                "ports": self.ports,
            },
        )


def read_record(folder: Path) -> ReplicaRecord | None:
    """Return the record in a replica's folder, or None."""
    record = storage.read_json(folder / _RECORD)
    return None if record is None else ReplicaRecord(**record)  # type: ignore[arg-type]  # our own


class Replica:
    """A replica that runs until it is stopped; every change calls `on_change`."""

    def __init__(
        self,
        folder: Path,
        record: ReplicaRecord,
        order: Order,
        *,
        site: Site,
        on_change: Callable[[], None],
    ) -> None:
        self.folder, self.record, self.order = folder, record, order
        self.is_retiring = False
        self._site, self._on_change = site, on_change
        self._changed = asyncio.Condition()
        self.settings: Settings = parse_settings(order.spec.settings)
        self.containers = {
            name: Container(self._make_plan(name, spec))
            for name, spec in order.spec.containers.items()
        }
        site.ports.keep(record.ports.values())

    async def run(self) -> None:
        """Run all containers until `stop`; cancelling leaves them running."""
        await asyncio.gather(*(container.run() for container in self.containers.values()))

    def ask_to_stop(self, grace_seconds: float) -> None:
        """Have `run` stop all containers and return."""
        for container in self.containers.values():
            container.ask_to_stop(grace_seconds)

    @property
    def is_ready(self) -> bool:
        return all(
            container.is_ready or container.is_complete for container in self.containers.values()
        )

    @property
    def crashes(self) -> int:
        return max(container.crashes for container in self.containers.values())

    @property
    def reason(self) -> str:
        faults = [(name, found.reason) for name, found in self.containers.items() if found.reason]
        if len(self.containers) == 1:
            return "".join(fault for _, fault in faults)
        return "; ".join(f"{name}: {fault}" for name, fault in faults)

    def find_port(self, port: str | int) -> int | None:
        """Return where a service port, given by name or number, listens; the first for `""`."""
        for name, service in self.order.spec.ports.items():
            if port in ("", name, str(service.port), service.port):
                return self.record.ports.get(str(service.target_port))
        return None

    def make_status(self) -> InstanceStatus:
        """Return how it is. Reads `/proc`."""
        pids = [c.attempt.pid for c in self.containers.values() if c.attempt is not None]
        memory_bytes, cpu_seconds = measure_processes(pids)
        main = self._find_main()
        started = main.attempt.started_at if main.attempt else None
        return InstanceStatus(
            name=self.record.id,
            generation=self.record.generation,
            release=self.record.release,
            is_ready=self.is_ready and not self.is_retiring,
            phase=self._find_phase(),
            restarts=sum(container.restarts for container in self.containers.values()),
            exit_code=_read_exit_code(main),
            reason=self.reason,
            started_at=None if started is None else datetime.fromtimestamp(started, UTC),
            memory_bytes=memory_bytes,
            cpu_seconds=cpu_seconds,
        )

    def _find_main(self) -> Container:
        """Return the container that best tells about the replica: the last to have failed."""
        found = sorted(
            self.containers.values(), key=lambda c: c.last_exit.ended_at if c.last_exit else 0.0
        )
        services = [container for container in found if not container.plan.is_job]
        return (services or found)[-1]

    def _find_phase(self) -> Literal["starting", "running", "backoff", "stopping", "exited"]:
        phases = {c.phase for c in self.containers.values() if not c.is_complete}
        if self.is_retiring:
            return "stopping" if phases - {"exited"} else "exited"
        for phase in ("backoff", "stopping", "starting", "running"):
            if phase in phases:
                return phase
        return "exited"

    def _changing(self) -> None:
        asyncio.get_running_loop().create_task(self._announce())
        self._on_change()

    async def _announce(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def _make_plan(self, name: str, spec: ContainerSpec) -> ContainerPlan:
        is_job = _is_job(spec)
        return ContainerPlan(
            name=name,
            folder=self.folder / name,
            is_job=is_job,
            settings=self.settings,
            memory_limit=spec.limits.memory,
            make_request=lambda number: self._make_request(name, number),
            count_oom_kills=lambda number: self._site.cgroups.count_oom_kills(
                self._name_group(name, number)
            ),
            forget_run=lambda number: self._site.cgroups.remove(self._name_group(name, number)),
            wait_for_turn=lambda: self._wait_for_turn(name),
            readiness=self._make_readiness(name, spec),
            liveness=self._make_check(name, spec.liveness_probe) if spec.liveness_probe else None,
            on_change=self._changing,
        )

    def _name_group(self, container: str, number: int) -> str:
        spec = self.order.spec
        return f"{spec.environment}.{self.record.id}.{container}.{number}"

    async def _wait_for_turn(self, name: str) -> None:
        earlier = {
            other: spec.before[name]
            for other, spec in self.order.spec.containers.items()
            if name in spec.before
        }
        async with self._changed:
            await self._changed.wait_for(
                lambda: all(self._has_reached(other, state) for other, state in earlier.items())
            )

    def _has_reached(self, name: str, state: str) -> bool:
        container = self.containers[name]
        if state == "complete":
            return container.is_complete
        if state == "healthy":
            return container.is_ready or container.is_complete
        return container.has_started

    def _make_readiness(self, name: str, spec: ContainerSpec) -> Check | None:
        """Return the container's own probe; where no container has one, ask the first port."""
        if spec.readiness_probe is not None:
            return self._make_check(name, spec.readiness_probe)
        containers = self.order.spec.containers
        if any(other.readiness_probe for other in containers.values()):
            return None
        services = [other for other, found in containers.items() if not _is_job(found)]
        ports = [port for port in self.order.spec.ports.values() if port.protocol == "TCP"]
        if not ports or not services or name != services[0]:
            return None
        target = ports[0].target_port
        return lambda timeout: probe.check_connection(self._resolve(target), timeout)

    def _make_check(self, name: str, wanted: Probe) -> Check:
        if wanted.exec is not None:
            argv = wanted.exec
            return lambda timeout: probe.check_exec(argv, self._make_launch(name), timeout)
        if (http := wanted.http_get) is None:
            raise ValueError("a probe has neither exec nor httpGet")
        return lambda timeout: probe.check_http(http, self._resolve(http.port), timeout)

    def _resolve(self, port: int) -> int:
        """Return the loopback port behind a port that the container believes to listen on."""
        if (own := self.record.ports.get(str(port))) is not None:
            return own
        return self.find_port(port) or port

    def _make_launch(self, name: str) -> dict[str, object]:
        container = self.containers[name]
        made = self._lay_out(name)
        return {
            "env": made.environment,
            "cwd": str(made.work),
            "cgroups": [],
            "rlimits": {},
            "join": container.attempt.pid if made.mounts and container.attempt else None,
        }

    def _lay_out(self, name: str) -> Layout:
        spec = self.order.spec
        return layout.make_layout(
            self.order,
            Place(
                folder=self.folder / name,
                instance=self.record.id,
                container=name,
                cache=self._site.cache,
                ports={key: self.record.ports[str(p.target_port)] for key, p in spec.ports.items()},
            ),
        )

    def _make_request(self, name: str, number: int) -> dict[str, object]:
        """Return what the shim needs for a run; ports that a stranger took are changed first."""
        if all(container.attempt is None for container in self.containers.values()):
            self._renew_ports()
        made = self._lay_out(name)
        spec = self.order.spec.containers[name]
        limits = make_limits(spec)
        rlimits = {}
        if limits.memory_bytes is not None and self._site.cgroups.version is None:
            rlimits["RLIMIT_AS"] = limits.memory_bytes
        joins = self._site.cgroups.make(self._name_group(name, number), limits)
        return {
            "attempt": number,
            "argv": [*spec.command, *spec.args],
            "env": made.environment,
            "cwd": str(made.work),
            "cgroups": [str(path) for path in joins],
            "rlimits": rlimits,
            "mounts": [
                {
                    "source": str(mount.source),
                    "target": str(mount.target),
                    "is_read_only": mount.is_read_only,
                }
                for mount in made.mounts
            ],
            "scratch": str(made.scratch),
            "log_bytes": self.settings.log_bytes,
            "log_files": self.settings.log_files,
            "stop_seconds": self.settings.stop_seconds,
        }

    def _renew_ports(self) -> None:
        targets = {str(port.target_port) for port in self.order.spec.ports.values()}
        ports = {target: self.record.ports.get(target) for target in sorted(targets)}
        taken = {target for target, port in ports.items() if port is None or not is_free(port)}
        if not taken:
            return
        self._site.ports.give_back(port for port in self.record.ports.values())
        kept = {target: port for target, port in ports.items() if port and target not in taken}
        self._site.ports.keep(kept.values())
        fresh = {target: self._site.ports.take() for target in sorted(taken)}
        self.record = ReplicaRecord(
            id=self.record.id,
            index=self.record.index,
            generation=self.record.generation,
            release=self.record.release,
            ports={**kept, **fresh},
        )
        self.record.write(self.folder)

    def clear(self) -> None:
        """Remove what only a running replica needs; its logs stay. Blocking."""
        self._site.ports.give_back(self.record.ports.values())
        for name in self.containers:
            storage.remove_tree(self.folder / name / "root")


def _is_job(spec: ContainerSpec) -> bool:
    """A container that another one waits to see complete is one that ends by itself."""
    return "complete" in spec.before.values()


def _read_exit_code(container: Container) -> int | None:
    if container.last_exit is None:
        return None
    if container.last_exit.signal is not None:
        return 128 + container.last_exit.signal
    return container.last_exit.code


def measure_processes(roots: list[int]) -> tuple[int, float]:
    """Return the resident bytes and CPU seconds of processes and all that descend from them."""
    page, tick = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_CLK_TCK")
    memory, cpu, pending = 0, 0.0, list(roots)
    while pending:
        pid = pending.pop()
        try:
            fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
            children = Path(f"/proc/{pid}/task/{pid}/children").read_bytes().split()
        except OSError:
            continue
        memory += int(fields[21]) * page
        cpu += sum(int(number) for number in fields[11:15]) / tick
        pending.extend(int(child) for child in children)
    return memory, cpu
