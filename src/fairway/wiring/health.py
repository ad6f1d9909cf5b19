"""What the doctor looks at, and the servers that the platform runs for resources.

Belongs here: health checks of the parts that wiring made.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from fairway.agent.api.client import AgentClient
from fairway.kits import quantity
from fairway.settings import Settings
from fairway.usecases.insight.check_health import Health, HealthCheck
from fairway.usecases.platform import Platform

LEAST_FREE_BYTES = 1024**3


class Server(Protocol):
    """A server that a driver runs on this machine."""

    def stop(self) -> bool:
        """Stop it; its data stays. False when it did not run."""


@runtime_checkable
class ServerOwner(Protocol):
    """A driver that runs servers of its own."""

    def list_servers(self) -> tuple[Server, ...]:
        """Return those that it may have started."""


def stop_servers(platform: Platform) -> None:
    """Stop the servers that drivers run on this machine."""
    for provisioner in platform.provisioners.values():
        if isinstance(provisioner, ServerOwner):
            for server in provisioner.list_servers():
                server.stop()


def make_checks(settings: Settings, platform: Platform) -> tuple[HealthCheck, ...]:
    """Return the checks of this platform."""
    return (
        StoreCheck(settings, platform),
        DiskCheck(settings),
        AgentCheck(settings),
        GatewayCheck(settings),
        DefinitionCheck(platform),
    )


@dataclass(frozen=True, slots=True)
class StoreCheck(HealthCheck):
    """Can the store be read and written?"""

    settings: Settings
    platform: Platform

    def check(self) -> Health:
        with self.platform.store.write() as tx:
            tx.audit.list_events(limit=1)
        kind = self.settings.database_url.partition(":")[0]
        return Health(name="store", level="ok", text=f"{kind} answers")


@dataclass(frozen=True, slots=True)
class DiskCheck(HealthCheck):
    """Is there room on the disk?"""

    settings: Settings

    def check(self) -> Health:
        free = shutil.disk_usage(self.settings.home).free
        text = f"{quantity.render_bytes(free)} free in {self.settings.home}"
        if free < LEAST_FREE_BYTES:
            return Health(name="disk", level="warn", text=text, fix="free some space")
        return Health(name="disk", level="ok", text=text)


@dataclass(frozen=True, slots=True)
class AgentCheck(HealthCheck):
    """Does the agent answer, and what can it hold workloads to?"""

    settings: Settings

    def check(self) -> Health:
        permitted = AgentClient(self.settings.home).get_health().get("capabilities")
        parts = permitted.values() if isinstance(permitted, Mapping) else ("answers",)
        return Health(name="agent", level="ok", text="; ".join(str(part) for part in parts))


@dataclass(frozen=True, slots=True)
class GatewayCheck(HealthCheck):
    """Does the gateway take requests?"""

    settings: Settings

    def check(self) -> Health:
        found = AgentClient(self.settings.home).get_health().get("gateway")
        gateway = found if isinstance(found, Mapping) else {}
        if not gateway.get("is_ready"):
            return Health(
                name="gateway",
                level="fail",
                text=str(gateway.get("reason") or "it does not run"),
                fix="free its port, or choose another with FAIRWAY_GATEWAY_PORT and start anew",
            )
        return Health(name="gateway", level="ok", text=f"listens on port {gateway.get('port')}")


@dataclass(frozen=True, slots=True)
class DefinitionCheck(HealthCheck):
    """Does every provisioner name a driver that is installed?"""

    platform: Platform

    def check(self) -> Health:
        with self.platform.store.read() as tx:
            stored = tx.entities.list_by_kind("fairway.dev/", ["Provisioner"])
        missing = sorted(
            str(item.entity.spec.get("driver"))
            for item in stored
            if item.entity.spec.get("driver") not in self.platform.provisioners
        )
        if missing:
            return Health(
                name="drivers",
                level="warn",
                text=f"not installed: {', '.join(missing)}",
                fix="install the packages that bring them, or correct the provisioners",
            )
        return Health(name="drivers", level="ok", text=", ".join(self.platform.provisioners))
