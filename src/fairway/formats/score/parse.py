"""Score documents to workloads.

Belongs here: reading a document that its schema accepts into values. Never here: rules that the
schema cannot state (`rule` beside this file). Start at `parse_workload`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from fairway.core.workload.workload import (
    DEFAULT_CLASS,
    Container,
    File,
    HttpGet,
    Probe,
    Quantities,
    ResourceRequest,
    ServicePort,
    VolumeMount,
    Workload,
)
from fairway.formats import schema
from fairway.formats.problem import sort_problems
from fairway.formats.score import rule
from fairway.formats.score.override import apply_overrides
from fairway.formats.yaml import Document, Path
from fairway.kits.canonical import JsonObject
from fairway.kits.errors import InvalidDocuments, Location, Refused

SCHEMA = "score-v1b1"


def parse_workload(document: Document, *, overrides: Document | None = None) -> Workload:
    """Return the workload that `document` describes, after `overrides` are laid over it.

    The lists that Score once had for files and volumes are read too.

    Raises:
        InvalidDocuments: with one problem per mistake, each at its place in `document` or in
            `overrides`. Their codes are SCORE-INVALID, SCORE-PLACEHOLDER, SCORE-BEFORE-UNKNOWN,
            SCORE-BEFORE-CYCLE, SCORE-BEFORE-PROBE, SCORE-PORT-CLASH and SCORE-RESOURCE-CYCLE.
    """
    value = document.value
    if overrides is not None:
        value = apply_overrides(value, overrides.value)
    violations: Sequence[schema.Violation | rule.Breach]
    if schema.is_valid(SCHEMA, value):
        workload = _make_workload(cast("dict[str, Any]", value))
        violations = rule.list_breaches(workload, value)
        if not violations:
            return workload
    else:
        violations = schema.list_violations(SCHEMA, value)
    raise InvalidDocuments(
        sort_problems(
            Refused(
                violation.code if isinstance(violation, rule.Breach) else "SCORE-INVALID",
                what=f"cannot read workload{_find_name(value)}",
                why=violation.why,
                fix=violation.fix,
                at=_locate(violation.path, document, overrides),
            )
            for violation in violations
        )
    )


def list_positions(document: Document) -> Mapping[str, str]:
    """Return for each member, by its JSON pointer, where it is: `file:line:column`.

    Example:
        The member `containers.web.image` is under `/containers/web/image`, and a `/` in a key
        is written `~1`.
    """
    node = document.find_node()
    if node is None:
        return {}
    positions: dict[str, str] = {}
    pending = [("", node)]
    while pending:
        pointer, node = pending.pop()
        positions[pointer] = f"{document.file}:{node.line}:{node.column}"
        for key, member in reversed(node.members.items()):
            pending.append((f"{pointer}/{_escape(str(key))}", member))
    return positions


def _escape(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _find_name(value: JsonObject) -> str:
    metadata = value.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    return f" '{name}'" if isinstance(name, str) else ""


def _locate(path: Path, document: Document, overrides: Document | None) -> Location:
    """Return the place of what is at `path`: in the overrides where they have it."""
    if overrides is not None and _has(overrides.value, path):
        return overrides.get_location(path)
    return document.get_location(path)


def _has(value: Any, path: Path) -> bool:
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return False
    return True


def _make_workload(value: dict[str, Any]) -> Workload:
    metadata = value["metadata"]
    ports = value.get("service", {}).get("ports", {})
    return Workload(
        name=metadata["name"],
        metadata=metadata,
        annotations=metadata.get("annotations", {}),
        ports={name: _make_port(port) for name, port in ports.items()},
        containers={name: _make_container(each) for name, each in value["containers"].items()},
        resources={name: _make_request(each) for name, each in value.get("resources", {}).items()},
    )


def _make_port(value: dict[str, Any]) -> ServicePort:
    # A schema's integer may be written 80.0.
    return ServicePort(
        port=int(value["port"]),
        target_port=int(value.get("targetPort", value["port"])),
        protocol=value.get("protocol", "TCP"),
    )


def _make_container(value: dict[str, Any]) -> Container:
    resources = value.get("resources", {})
    before = value.get("before", {})
    return Container(
        image=value["image"],
        command=tuple(value.get("command", ())),
        args=tuple(value.get("args", ())),
        variables=value.get("variables", {}),
        files={target: _make_file(file) for target, file in _list_mounts(value, "files")},
        volumes={target: _make_volume(each) for target, each in _list_mounts(value, "volumes")},
        before={name: condition["ready"] for name, condition in before.items()},
        limits=_make_quantities(resources.get("limits", {})),
        requests=_make_quantities(resources.get("requests", {})),
        liveness_probe=_make_probe(value.get("livenessProbe")),
        readiness_probe=_make_probe(value.get("readinessProbe")),
    )


def _list_mounts(container: dict[str, Any], field: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return the files or volumes of a container by their target, in either form."""
    mounts = container.get(field, {})
    if isinstance(mounts, dict):
        yield from mounts.items()
    else:
        yield from ((mount["target"], mount) for mount in mounts)


def _make_file(value: dict[str, Any]) -> File:
    return File(
        content=value.get("content"),
        source=value.get("source"),
        binary_content=value.get("binaryContent"),
        mode=value.get("mode"),
        no_expand=value.get("noExpand", False),
    )


def _make_volume(value: dict[str, Any]) -> VolumeMount:
    return VolumeMount(
        source=value["source"], path=value.get("path"), read_only=value.get("readOnly", False)
    )


def _make_quantities(value: dict[str, Any]) -> Quantities:
    return Quantities(memory=value.get("memory"), cpu=value.get("cpu"))


def _make_probe(value: dict[str, Any] | None) -> Probe | None:
    if value is None:
        return None
    http_get, command = value.get("httpGet"), value.get("exec")
    return Probe(
        http_get=None if http_get is None else _make_http_get(http_get),
        exec=None if command is None else tuple(command["command"]),
    )


def _make_http_get(value: dict[str, Any]) -> HttpGet:
    return HttpGet(
        port=int(value["port"]),
        path=value["path"],
        host=value.get("host"),
        scheme=value.get("scheme", "HTTP"),
        headers=tuple((each["name"], each["value"]) for each in value.get("httpHeaders", ())),
    )


def _make_request(value: dict[str, Any]) -> ResourceRequest:
    return ResourceRequest(
        type=value["type"],
        class_=value.get("class", DEFAULT_CLASS),
        id=value.get("id"),
        params=value.get("params", {}),
        annotations=value.get("metadata", {}).get("annotations", {}),
    )
