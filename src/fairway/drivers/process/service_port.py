"""The driver `process-service-port`: where another workload's service listens.

Belongs here: asking the agent for a service's stable port. Never here: passing connections on.
Instances come and go with ports of their own; the agent's relay listens on one loopback port for
the service, of any protocol over TCP, and passes connections to the ready ones.
"""

from fairway.agent.api.client import AgentClient
from fairway.core.definition.definition import DeleteAction
from fairway.drivers.process import resource
from fairway.kits.canonical import JsonObject
from fairway.ports.provisioner import Loss, Observation, Progress, Provisioner, ResourceSpec


class ServicePortProvisioner(Provisioner):
    """Provisions addresses of services in the same environment."""

    def __init__(self, agent: AgentClient) -> None:
        self._agent = agent

    def get_inputs_schema(self) -> JsonObject:
        """Return the schema of no inputs."""
        return resource.NO_INPUTS

    def observe(self, spec: ResourceSpec) -> Observation:
        """Compare the port that was given out."""
        found = self._agent.find_service(spec.environment, resource.make_name(spec.id))
        if found is None:
            return Observation(state="missing")
        differences = resource.find_differences(_make_service(spec), found)
        if spec.outputs:
            given = _make_outputs(int(str(found["listen"])))
            differences |= resource.find_differences(given, spec.outputs)
        return Observation(state="drifted" if differences else "present", differences=differences)

    def apply(self, spec: ResourceSpec, progress: Progress) -> JsonObject:
        """Return `hostname` and `port`; the workload itself may come later."""
        name, service = resource.make_name(spec.id), _make_service(spec)
        port = self._agent.put_service(
            spec.environment, name, workload=service["workload"], port=service["port"]
        )
        progress(f"127.0.0.1:{port}")
        return _make_outputs(port)

    def preview_delete(self, spec: ResourceSpec) -> Loss | None:  # noqa: ARG002  # the port's
        """Return None: an address holds nothing."""
        return None

    def delete(self, spec: ResourceSpec, action: DeleteAction, progress: Progress) -> None:
        """Stop listening, whatever the action."""
        del action, progress
        self._agent.delete_service(spec.environment, resource.make_name(spec.id))


def _make_service(spec: ResourceSpec) -> dict[str, str]:
    return {name: resource.get_text(spec, name) for name in ("workload", "port")}


def _make_outputs(port: int) -> JsonObject:
    return {"hostname": "127.0.0.1", "port": port}
