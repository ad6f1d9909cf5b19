"""The driver `process-dns`: a name below `localhost`.

Belongs here: which name. Never here: a name server: resolvers that follow RFC 6761, browsers among
them, lead all of `.localhost` to this machine.
"""

import re

from fairway.core.definition.definition import DeleteAction
from fairway.drivers.process import resource
from fairway.kits.canonical import JsonObject
from fairway.kits.errors import Refused
from fairway.ports.provisioner import Loss, Observation, Progress, Provisioner, ResourceSpec

_LABELS = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")


class DnsProvisioner(Provisioner):
    """Provisions names that need no provisioning."""

    def get_inputs_schema(self) -> JsonObject:
        """Return the schema of no inputs."""
        return resource.NO_INPUTS

    def observe(self, spec: ResourceSpec) -> Observation:
        """Return that the name exists if it was given out."""
        if not spec.outputs:
            return Observation(state="missing")
        differences = resource.find_differences({"host": make_host(spec)}, spec.outputs)
        return Observation(state="drifted" if differences else "present", differences=differences)

    def apply(self, spec: ResourceSpec, progress: Progress) -> JsonObject:
        """Return the name as `host`."""
        host = make_host(spec)
        progress(host)
        return {"host": host}

    def preview_delete(self, spec: ResourceSpec) -> Loss | None:  # noqa: ARG002  # the port's
        """Return None: a name holds nothing."""
        return None

    def delete(self, spec: ResourceSpec, action: DeleteAction, progress: Progress) -> None:
        """Do nothing: there is nothing to remove."""


def make_host(spec: ResourceSpec) -> str:
    """Return a resource's host: `<params.host or the component>.<environment>.localhost`.

    A `params.host` that is below `localhost` already is taken as it is.

    Raises:
        Refused: HOST-INVALID.
    """
    prefix = resource.read_text(spec, "host", spec.component).lower()
    is_whole = prefix.endswith(".localhost")
    host = prefix if is_whole else f"{prefix}.{spec.environment}.localhost"
    if _LABELS.fullmatch(host) and len(host) <= 253:
        return host
    raise Refused(
        "HOST-INVALID",
        what=f"cannot make resource '{spec.id}'",
        why=f"'{host}' is not a host name",
        fix="set params.host to letters, digits and hyphens, for instance 'orders'",
    )
