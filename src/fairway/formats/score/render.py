"""Workloads to Score documents.

Belongs here: the document of a workload, in mapping form and without defaults. Never here: YAML.
"""

from collections.abc import Mapping

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
from fairway.kits.canonical import JsonObject, JsonValue

API_VERSION = "score.dev/v1b1"


def render_workload(workload: Workload) -> JsonObject:
    """Return the Score document of `workload`; parsing it gives an equal workload."""
    ports = {name: _render_port(port) for name, port in workload.ports.items()}
    containers = {name: _render_container(each) for name, each in workload.containers.items()}
    resources = {name: _render_resource(each) for name, each in workload.resources.items()}
    return {
        "apiVersion": API_VERSION,
        "metadata": workload.metadata,
        **({"service": {"ports": ports}} if ports else {}),
        "containers": containers,
        **_keep({"resources": resources}),
    }


def _keep(values: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return those of `values` that say something: not None, false or empty."""
    return {name: value for name, value in values.items() if value not in (None, False, {}, [])}


def _render_port(port: ServicePort) -> JsonObject:
    return {
        "port": port.port,
        **({"protocol": port.protocol} if port.protocol != "TCP" else {}),
        **({"targetPort": port.target_port} if port.target_port != port.port else {}),
    }


def _render_container(container: Container) -> JsonObject:
    resources = {
        "limits": _render_quantities(container.limits),
        "requests": _render_quantities(container.requests),
    }
    return {
        "image": container.image,
        **_keep(
            {
                "command": list(container.command),
                "args": list(container.args),
                "variables": dict(container.variables),
                "files": {path: _render_file(file) for path, file in container.files.items()},
                "volumes": {path: _render_volume(it) for path, it in container.volumes.items()},
                "before": {name: {"ready": ready} for name, ready in container.before.items()},
                "resources": _keep(resources),
                "livenessProbe": _render_probe(container.liveness_probe),
                "readinessProbe": _render_probe(container.readiness_probe),
            }
        ),
    }


def _render_file(file: File) -> JsonObject:
    contents = {
        "content": file.content,
        "source": file.source,
        "binaryContent": file.binary_content,
    }
    given: JsonObject = {name: text for name, text in contents.items() if text is not None}
    return {**given, **_keep({"mode": file.mode, "noExpand": file.no_expand})}


def _render_volume(volume: VolumeMount) -> JsonObject:
    path: JsonObject = {} if volume.path is None else {"path": volume.path}
    return {"source": volume.source, **path, **_keep({"readOnly": volume.read_only})}


def _render_quantities(quantities: Quantities) -> JsonObject:
    return _keep({"memory": quantities.memory, "cpu": quantities.cpu})


def _render_probe(probe: Probe | None) -> JsonObject | None:
    if probe is None:
        return None
    http_get: JsonObject = {"httpGet": _render_http_get(probe.http_get)} if probe.http_get else {}
    command: JsonObject = {} if probe.exec is None else {"exec": {"command": list(probe.exec)}}
    return {**http_get, **command}


def _render_http_get(http_get: HttpGet) -> JsonObject:
    headers = [{"name": name, "value": value} for name, value in http_get.headers]
    return {
        "port": http_get.port,
        "path": http_get.path,
        **({"scheme": http_get.scheme} if http_get.scheme != "HTTP" else {}),
        **_keep({"host": http_get.host, "httpHeaders": headers}),
    }


def _render_resource(resource: ResourceRequest) -> JsonObject:
    metadata = _keep({"annotations": dict(resource.annotations)})
    return {
        "type": resource.type,
        **({"class": resource.class_} if resource.class_ != DEFAULT_CLASS else {}),
        **_keep({"id": resource.id, "metadata": metadata, "params": dict(resource.params)}),
    }
