"""The driver `process-route`: an address of the gateway for a workload.

Belongs here: host, path and port of a route. Never here: serving it (`fairway.gateway`).
"""

from fairway.agent.api.client import AgentClient
from fairway.core.definition.definition import DeleteAction
from fairway.drivers.process import dns, resource
from fairway.kits.canonical import JsonObject
from fairway.kits.errors import Unavailable
from fairway.ports.provisioner import Loss, Observation, Progress, Provisioner, ResourceSpec


class RouteProvisioner(Provisioner):
    """Provisions routes to the workload of the component that asks."""

    def __init__(self, agent: AgentClient) -> None:
        self._agent = agent

    def get_inputs_schema(self) -> JsonObject:
        """Return the schema of no inputs."""
        return resource.NO_INPUTS

    def observe(self, spec: ResourceSpec) -> Observation:
        """Compare the agent's route."""
        found = self._agent.find_route(spec.environment, resource.make_name(spec.id))
        if found is None:
            return Observation(state="missing")
        differences = resource.find_differences(_make_route(spec), found)
        return Observation(state="drifted" if differences else "present", differences=differences)

    def apply(self, spec: ResourceSpec, progress: Progress) -> JsonObject:
        """Make the route; it is in force on return."""
        route = _make_route(spec)
        self._agent.put_route(spec.environment, resource.make_name(spec.id), route)
        path = "" if route["path"] == "/" else route["path"]
        url = f"http://{route['host']}:{self._get_gateway_port()}{path}"
        progress(url)
        return {"host": route["host"], "path": route["path"], "url": url}

    def _get_gateway_port(self) -> int:
        gateway = self._agent.get_health()["gateway"]
        if isinstance(gateway, dict) and "port" in gateway:
            return int(gateway["port"])
        raise Unavailable(
            "GATEWAY-AWAY",
            what="cannot tell a route's address",
            why=str(gateway["reason"] or "the gateway is starting")
            if isinstance(gateway, dict)
            else "this agent runs no gateway",
            fix="wait a moment; see agent/gateway/output.log in Fairway's home if it stays away",
            delay_seconds=0.2,
        )

    def preview_delete(self, spec: ResourceSpec) -> Loss | None:  # noqa: ARG002  # the port's
        """Return None: a route holds nothing."""
        return None

    def delete(self, spec: ResourceSpec, action: DeleteAction, progress: Progress) -> None:
        """Remove the route, whatever the action."""
        del action, progress
        self._agent.delete_route(spec.environment, resource.make_name(spec.id))


def _make_route(spec: ResourceSpec) -> dict[str, str]:
    return {
        "host": dns.make_host(spec),
        "path": resource.read_text(spec, "path", "/"),
        "workload": spec.component,
        "port": resource.read_text(spec, "port"),
    }
