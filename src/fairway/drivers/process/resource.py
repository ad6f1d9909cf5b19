"""What the provisioners of this folder share: names and parameters of a resource.

Belongs here: reading them. Never here: making a resource.
"""

from collections.abc import Mapping

from fairway.core.graph.live import NodeId
from fairway.core.workload.workload import DEFAULT_CLASS
from fairway.kits.canonical import JsonObject, JsonValue
from fairway.kits.errors import Refused
from fairway.ports.provisioner import ResourceSpec

NO_INPUTS: JsonObject = {"type": "object", "additionalProperties": False, "properties": {}}


def make_name(node: NodeId) -> str:
    """Return the name of a resource among those of its type: fit for files and addresses.

    Example:
        >>> make_name(NodeId("volume.default#orders.files"))
        'orders.files'
        >>> make_name(NodeId("volume.fast#orders.files"))
        'orders.files@fast'
    """
    kind, _, name = node.partition("#")
    class_ = kind.partition(".")[2]
    return name if class_ in ("", DEFAULT_CLASS) else f"{name}@{class_}"


def read_text(spec: ResourceSpec, name: str, default: str = "") -> str:
    """Return a parameter as text."""
    value = spec.params.get(name)
    return default if value is None else str(value)


def get_text(spec: ResourceSpec, name: str) -> str:
    """Return a parameter that must be given.

    Raises:
        Refused: PARAM-MISSING.
    """
    if value := read_text(spec, name):
        return value
    raise Refused(
        "PARAM-MISSING",
        what=f"cannot make resource '{spec.id}'",
        why=f"its parameter '{name}' is missing",
        fix=f"set params.{name} of this {spec.type} in score.yaml",
    )


def find_differences(
    wanted: Mapping[str, object], found: Mapping[str, object]
) -> dict[str, JsonValue]:
    """Return a sentence for each value that is not as wanted."""
    return {
        name: f"is {found.get(name)!r}, wanted {value!r}"
        for name, value in wanted.items()
        if found.get(name) != value
    }
