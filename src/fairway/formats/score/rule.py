"""What Score demands beyond its schema.

Belongs here: rules about a whole workload: order, ports, placeholders, contents. Never here: what
the platform can provide. Start at `list_breaches`.
"""

import base64
import binascii
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from fairway.core.workload import placeholder
from fairway.core.workload.placeholder import Reference
from fairway.core.workload.workload import Container, Workload
from fairway.formats.yaml import Path
from fairway.kits import spelling, toposort
from fairway.kits.canonical import JsonObject, JsonValue
from fairway.kits.errors import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A rule that a workload breaks, and the member that breaks it."""

    code: str
    path: Path
    why: str
    fix: str


def list_breaches(workload: Workload, value: JsonObject) -> tuple[Breach, ...]:
    """Return every rule that `workload`, read from `value`, breaks, in the document's order."""
    return (
        *_list_port_breaches(workload),
        *_list_order_breaches(workload),
        *_list_mount_breaches(workload, value),
        *_list_placeholder_breaches(workload, value),
        *_list_resource_breaches(workload),
    )


def _list_port_breaches(workload: Workload) -> Iterator[Breach]:
    first: dict[tuple[int, str], str] = {}
    for name, port in workload.ports.items():
        other = first.setdefault((port.port, port.protocol), name)
        if other != name:
            yield Breach(
                code="SCORE-PORT-CLASH",
                path=("service", "ports", name, "port"),
                why=f"service.ports.{name}: {port.protocol} port {port.port} is also "
                f"service.ports.{other}",
                fix="give each port of the service its own number",
            )


def _list_order_breaches(workload: Workload) -> Iterator[Breach]:
    needs: dict[str, list[str]] = {name: [] for name in workload.containers}
    for name, container in workload.containers.items():
        for later, ready in container.before.items():
            path: Path = ("containers", name, "before", later)
            if later not in workload.containers:
                yield _refuse_unknown_container(path, later, workload)
                continue
            needs[later].append(name)
            if ready == "healthy" and not _has_probe(container):
                yield Breach(
                    code="SCORE-BEFORE-PROBE",
                    path=(*path, "ready"),
                    why=f"containers.{name}.before.{later}: '{name}' has no probe to be healthy by",
                    fix=f"give '{name}' a readinessProbe, or write ready: started",
                )
    try:
        toposort.make_waves(needs)
    except toposort.CycleError as error:
        # In a cycle each needs the next, so the next names this one in its `before`.
        yield Breach(
            code="SCORE-BEFORE-CYCLE",
            path=("containers", error.cycle[1], "before", error.cycle[0]),
            why=f"the containers cannot be started in any order: {error}",
            fix="remove one of these from 'before'",
        )


def _refuse_unknown_container(path: Path, name: str, workload: Workload) -> Breach:
    meant = spelling.suggest(name, workload.containers)
    return Breach(
        code="SCORE-BEFORE-UNKNOWN",
        path=path,
        why=f"containers.{path[1]}.before: there is no container '{name}'",
        fix=f"did you mean '{meant}'?" if meant else "name a container of this workload",
    )


def _has_probe(container: Container) -> bool:
    return container.readiness_probe is not None or container.liveness_probe is not None


def _list_mount_breaches(workload: Workload, value: JsonObject) -> Iterator[Breach]:
    for name, container in workload.containers.items():
        for field in ("files", "volumes"):
            path: Path = ("containers", name, field)
            for target, count in Counter(_list_targets(_get(value, path))).items():
                if count > 1:
                    yield Breach(
                        code="SCORE-INVALID",
                        path=path,
                        why=f"containers.{name}.{field}: '{target}' is there {count} times",
                        fix="keep one of them",
                    )
        for target, file in container.files.items():
            if file.binary_content is not None and not _is_base64(file.binary_content):
                where = _find_mount(value, ("containers", name, "files"), target)
                yield Breach(
                    code="SCORE-INVALID",
                    path=(*where, "binaryContent"),
                    why=f"containers.{name}.files.{target}.binaryContent is not base64",
                    fix="encode the content, for instance by the command base64",
                )


def _list_targets(mounts: JsonValue) -> Iterator[str]:
    if isinstance(mounts, list):
        yield from (mount["target"] for mount in mounts)


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error:
        return False
    return True


def _list_placeholder_breaches(workload: Workload, value: JsonObject) -> Iterator[Breach]:
    for name, container in workload.containers.items():
        path: Path = ("containers", name)
        for key, text in container.variables.items():
            yield from _check_text(workload, (*path, "variables", key), text)
        for target, file in container.files.items():
            if file.content is not None and not file.no_expand:
                where = _find_mount(value, (*path, "files"), target)
                yield from _check_text(workload, (*where, "content"), file.content)
        for target, volume in container.volumes.items():
            where = (*_find_mount(value, (*path, "volumes"), target), "source")
            yield from _check_text(workload, where, volume.source, is_volume=True)
    for name, resource in workload.resources.items():
        yield from _check_value(workload, ("resources", name, "params"), resource.params)


def _check_value(workload: Workload, path: Path, value: JsonValue) -> Iterator[Breach]:
    if isinstance(value, str):
        yield from _check_text(workload, path, value)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _check_value(workload, (*path, key), item)
    elif isinstance(value, Sequence):
        for index, item in enumerate(value):
            yield from _check_value(workload, (*path, index), item)


def _check_text(
    workload: Workload, path: Path, text: str, *, is_volume: bool = False
) -> Iterator[Breach]:
    label = ".".join(map(str, path))
    try:
        references = placeholder.list_references(text)
    except Refused as refused:
        yield Breach(
            code="SCORE-PLACEHOLDER", path=path, why=f"{label}: {refused}", fix=refused.fix
        )
        return
    for reference in references:
        if found := _check_reference(workload, reference, is_volume=is_volume):
            why, fix = found
            yield Breach(
                code="SCORE-PLACEHOLDER",
                path=path,
                why=f"{label}: '${{{reference}}}' {why}",
                fix=fix,
            )


def _check_reference(
    workload: Workload, reference: Reference, *, is_volume: bool
) -> tuple[str, str] | None:
    """Return what is wrong with `reference` and how to mend it, or None."""
    root, *keys = reference.path
    if not keys:
        return f"names nothing in '{root}'", f"write ${{{root}.<name>}}"
    if root == "metadata":
        return _check_metadata(workload.metadata, keys)
    name, *output = keys
    if name not in workload.resources:
        meant = spelling.suggest(name, workload.resources)
        fix = f"did you mean '{meant}'?" if meant else f"declare '{name}' under 'resources'"
        return f"refers to '{name}', which 'resources' does not have", fix
    if not output and not is_volume:
        return "names no output", f"write ${{resources.{name}.<output>}}"
    return None


def _check_metadata(metadata: JsonValue, keys: Sequence[str]) -> tuple[str, str] | None:
    value = metadata
    for key in keys:
        if not isinstance(value, Mapping) or key not in value:
            known = value if isinstance(value, Mapping) else {}
            meant = spelling.suggest(key, known)
            fix = f"did you mean '{meant}'?" if meant else f"add '{key}' to the metadata"
            return f"refers to '{key}', which the metadata does not have", fix
        value = value[key]
    return None


def _list_resource_breaches(workload: Workload) -> Iterator[Breach]:
    needs = {name: _list_needs(resource.params) for name, resource in workload.resources.items()}
    try:
        toposort.make_waves(needs)
    except toposort.CycleError as error:
        yield Breach(
            code="SCORE-RESOURCE-CYCLE",
            path=("resources", error.cycle[0], "params"),
            why=f"the resources cannot be made in any order: {error}",
            fix="remove one of these placeholders from 'params'",
        )


def _list_needs(params: JsonObject) -> frozenset[str]:
    try:
        references = placeholder.list_references(params)
    except Refused:
        return frozenset()
    return frozenset(
        reference.path[1]
        for reference in references
        if reference.path[0] == "resources" and len(reference.path) > 1
    )


def _find_mount(value: JsonObject, path: Path, target: str) -> Path:
    """Return the path of the file or volume at `target`, in either form."""
    mounts = _get(value, path)
    if isinstance(mounts, list):
        return (*path, list(_list_targets(mounts)).index(target))
    return (*path, target)


def _get(value: JsonValue, path: Path) -> JsonValue:
    for part in path:
        if not isinstance(value, Mapping) or part not in value:
            return None
        value = value[str(part)]
    return value
