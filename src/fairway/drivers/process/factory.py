"""What the entry points name: this machine's target and the drivers of what lives beside it.

Belongs here: making each driver from the context that every driver gets.
"""

from fairway.agent.api.client import AgentClient
from fairway.drivers.process.dns import DnsProvisioner
from fairway.drivers.process.environment import EnvironmentProvisioner
from fairway.drivers.process.route import RouteProvisioner
from fairway.drivers.process.service_port import ServicePortProvisioner
from fairway.drivers.process.target import ProcessTarget
from fairway.drivers.process.volume import VolumeProvisioner
from fairway.kits.canonical import JsonObject
from fairway.ports.driver import DriverContext


def make_target(context: DriverContext, _config: JsonObject) -> ProcessTarget:
    """Return the target that is this machine."""
    agent = AgentClient(context.home)
    return ProcessTarget(agent, unpack=context.unpack, python=context.python)


def make_volume_provisioner(context: DriverContext) -> VolumeProvisioner:
    """Return the driver `process-volume`."""
    return VolumeProvisioner(AgentClient(context.home))


def make_route_provisioner(context: DriverContext) -> RouteProvisioner:
    """Return the driver `process-route`."""
    return RouteProvisioner(AgentClient(context.home))


def make_dns_provisioner(_context: DriverContext) -> DnsProvisioner:
    """Return the driver `process-dns`."""
    return DnsProvisioner()


def make_service_port_provisioner(context: DriverContext) -> ServicePortProvisioner:
    """Return the driver `process-service-port`."""
    return ServicePortProvisioner(AgentClient(context.home))


def make_environment_provisioner(_context: DriverContext) -> EnvironmentProvisioner:
    """Return the driver `process-environment`."""
    return EnvironmentProvisioner()
