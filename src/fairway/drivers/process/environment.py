"""The driver `environment`: facts of the environment itself, for a workload.

Belongs here: choosing among them. Never here: a secret; those are resources of their own.
"""

from collections.abc import Mapping

from fairway.core.definition.definition import DeleteAction
from fairway.drivers.process import resource
from fairway.kits.canonical import JsonObject
from fairway.kits.errors import Refused
from fairway.ports.provisioner import Loss, Observation, Progress, Provisioner, ResourceSpec


class EnvironmentProvisioner(Provisioner):
    """Provisions values: `name`, `type` and the definition's `values`; with `key`, `value`."""

    def get_inputs_schema(self) -> JsonObject:
        """Return the schema: `values` maps names to scalars."""
        scalar = {"type": ["string", "number", "boolean"]}
        return {
            "type": "object",
            "additionalProperties": False,
            "properties": {"values": {"type": "object", "additionalProperties": scalar}},
        }

    def observe(self, spec: ResourceSpec) -> Observation:
        """Compare what was given out."""
        if not spec.outputs:
            return Observation(state="missing")
        differences = resource.find_differences(self._make_outputs(spec), spec.outputs)
        return Observation(state="drifted" if differences else "present", differences=differences)

    def apply(self, spec: ResourceSpec, progress: Progress) -> JsonObject:
        """Return the values."""
        outputs = self._make_outputs(spec)
        progress(", ".join(sorted(outputs)))
        return outputs

    def preview_delete(self, spec: ResourceSpec) -> Loss | None:  # noqa: ARG002  # the port's
        """Return None: facts are not lost."""
        return None

    def delete(self, spec: ResourceSpec, action: DeleteAction, progress: Progress) -> None:
        """Do nothing: there is nothing to remove."""

    def _make_outputs(self, spec: ResourceSpec) -> JsonObject:
        given = spec.inputs.get("values", {})
        values = dict(given) if isinstance(given, Mapping) else {}
        values |= {"name": spec.environment, "type": spec.environment_type}
        key = resource.read_text(spec, "key")
        if not key:
            return values
        if key not in values:
            raise Refused(
                "ENVIRONMENT-KEY",
                what=f"cannot make resource '{spec.id}'",
                why=f"environment '{spec.environment}' has no value '{key}'",
                fix=f"use one of {', '.join(sorted(values))}, or add it to the inputs' values",
            )
        return {**values, "value": values[key]}
