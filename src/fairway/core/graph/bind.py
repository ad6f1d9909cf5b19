"""The meaning of a workload's placeholders: metadata at once, outputs as references to nodes.

Belongs here: which node and output a reference names, and refusing one that names nothing.
Never here: filling a reference in (`expression.py`).
"""

from collections.abc import Mapping

from fairway.core.definition.definition import ResourceType
from fairway.core.graph.expression import Bind, OutputReference
from fairway.core.graph.live import NodeId
from fairway.core.release.release import Release
from fairway.core.workload.placeholder import Reference
from fairway.core.workload.workload import ResourceRequest
from fairway.kits import spelling
from fairway.kits.canonical import JsonObject, JsonValue
from fairway.kits.errors import Refused

VOLUME_OUTPUT = "source"


def make_bind(
    release: Release, ids: Mapping[str, NodeId], resource_types: Mapping[str, ResourceType]
) -> Bind:
    """Return the meaning of placeholders in `release`'s workload; `ids` are its resources' nodes.

    What it returns refuses SCORE-PLACEHOLDER and RESOURCE-OUTPUT-UNKNOWN.
    """
    workload = release.workload

    def bind(reference: Reference) -> JsonValue | OutputReference:
        root, *path = reference.path
        if root == "metadata":
            return _read_metadata(workload.metadata, path, reference)
        if not path or path[0] not in ids:
            raise Refused(
                "SCORE-PLACEHOLDER",
                what=f"cannot fill '${{{reference}}}' of workload '{workload.name}'",
                why="it names no resource" + spelling.list_known("resources", ids),
                fix="declare the resource in score.yaml, or correct the placeholder",
            )
        name, *output = path
        request = workload.resources[name]
        _check_output(request, output, resource_type=resource_types.get(request.type))
        return OutputReference(node=ids[name], output=".".join(output))

    return bind


def _read_metadata(
    metadata: JsonObject, path: list[str], reference: Reference
) -> JsonValue | OutputReference:
    value: JsonValue = metadata
    for part in path:
        if not isinstance(value, Mapping) or part not in value:
            raise Refused(
                "SCORE-PLACEHOLDER",
                what=f"cannot fill '${{{reference}}}'",
                why=f"the workload's metadata has no '{part}'",
                fix="add it to 'metadata' in score.yaml, or correct the placeholder",
            )
        value = value[part]
    return value


def _check_output(
    request: ResourceRequest, output: list[str], *, resource_type: ResourceType | None
) -> None:
    """Refuse a reference to an output that the type does not promise."""
    if resource_type is None or not output:
        return
    properties = resource_type.versions[-1].outputs.get("properties")
    if isinstance(properties, Mapping) and output[0] not in properties:
        raise Refused(
            "RESOURCE-OUTPUT-UNKNOWN",
            what=f"cannot use output '{output[0]}' of a resource of type '{request.type}'",
            why="the type has no such output" + spelling.list_known("outputs", properties),
            fix="refer to one of these outputs in score.yaml",
        )


def make_volume_bind(bind: Bind) -> Bind:
    """Return the meaning of placeholders in a volume's source: a bare resource is its source."""

    def bind_volume(reference: Reference) -> JsonValue | OutputReference:
        bound = bind(reference)
        if isinstance(bound, OutputReference) and not bound.output:
            return OutputReference(node=bound.node, output=VOLUME_OUTPUT)
        return bound

    return bind_volume
