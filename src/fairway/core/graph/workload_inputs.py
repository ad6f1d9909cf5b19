"""The inputs of a workload node: a Score workload as one expression.

Belongs here: which of Score's fields are expanded (variables, files, volume sources) and how the
environment's defaults fill what Score leaves open. Never here: what a target does with it.
Start at `make_workload_inputs`.
"""

from collections.abc import Mapping, Sequence

from fairway.core.definition.definition import Environment
from fairway.core.graph import expression
from fairway.core.graph.expression import Bind
from fairway.core.release.release import Release
from fairway.core.workload.workload import Container, File, Probe, Quantities, VolumeMount
from fairway.kits.canonical import JsonObject, JsonValue
from fairway.kits.errors import Refused

REPLICAS_ANNOTATION = "fairway.dev/replicas"
# Environment defaults that a target takes as they are, in seconds.
SETTINGS = ("progressDeadlineSeconds", "stopSeconds", "drainSeconds")


def make_workload_inputs(
    release: Release, environment: Environment, *, bind: Bind, bind_volume: Bind
) -> JsonObject:
    """Return the expression from which a target's `WorkloadSpec` is filled.

    `bind` gives meaning to placeholders, `bind_volume` to those in a volume's source.

    Raises:
        Refused: REPLICAS-INVALID, or what `bind` refuses.
    """
    workload = release.workload
    return {
        "release": release.number,
        "artifact": release.artifact.digest,
        "replicas": _get_replicas(release, environment),
        "settings": {
            name: environment.defaults[name] for name in SETTINGS if name in environment.defaults
        },
        "ports": {
            name: {"port": port.port, "targetPort": port.target_port, "protocol": port.protocol}
            for name, port in workload.ports.items()
        },
        "containers": {
            name: _make_container(container, bind, bind_volume)
            for name, container in workload.containers.items()
        },
    }


def _get_replicas(release: Release, environment: Environment) -> int:
    wish = release.workload.annotations.get(REPLICAS_ANNOTATION)
    value = environment.defaults.get("replicas", 1) if wish is None else wish
    if not str(value).isdecimal() or not 0 <= int(str(value)) <= 1000:
        raise Refused(
            "REPLICAS-INVALID",
            what=f"cannot plan workload '{release.workload.name}' for '{environment.name}'",
            why=f"replicas is '{value}', not a whole number from 0 to 1000",
            fix=f"set the annotation '{REPLICAS_ANNOTATION}' in score.yaml, or 'replicas' in the "
            f"defaults of environment '{environment.name}', to such a number",
        )
    return int(str(value))


def _make_container(container: Container, bind: Bind, bind_volume: Bind) -> JsonObject:
    made: dict[str, JsonValue] = {
        "image": container.image,
        "command": list(container.command),
        "args": list(container.args),
        "variables": expression.make_expression(container.variables, bind),
        "files": {
            expression.escape_key(path): _make_file(file, bind)
            for path, file in container.files.items()
        },
        "volumes": {
            expression.escape_key(path): _make_volume(volume, bind_volume)
            for path, volume in container.volumes.items()
        },
        "before": dict(container.before),
        "limits": _make_quantities(container.limits),
        "requests": _make_quantities(container.requests),
    }
    for name, probe in (
        ("livenessProbe", container.liveness_probe),
        ("readinessProbe", container.readiness_probe),
    ):
        if probe is not None:
            made[name] = _make_probe(probe)
    return made


def _make_file(file: File, bind: Bind) -> JsonObject:
    mode: JsonObject = {} if file.mode is None else {"mode": file.mode}
    if file.binary_content is not None:
        return {"binaryContent": file.binary_content, **mode}
    content = file.content or ""
    return {
        "content": content if file.no_expand else expression.make_expression(content, bind),
        **mode,
    }


def _make_volume(volume: VolumeMount, bind_volume: Bind) -> JsonObject:
    path: JsonObject = {} if volume.path is None else {"path": volume.path}
    return {
        "source": expression.make_expression(volume.source, bind_volume),
        "readOnly": volume.read_only,
        **path,
    }


def _make_quantities(quantities: Quantities) -> JsonObject:
    pairs: Sequence[tuple[str, str | None]] = (
        ("memory", quantities.memory),
        ("cpu", quantities.cpu),
    )
    return {name: value for name, value in pairs if value is not None}


def _make_probe(probe: Probe) -> JsonObject:
    made: dict[str, JsonValue] = {}
    if probe.exec is not None:
        made["exec"] = {"command": list(probe.exec)}
    if probe.http_get is not None:
        get = probe.http_get
        headers: list[Mapping[str, JsonValue]] = [
            {"name": name, "value": value} for name, value in get.headers
        ]
        made["httpGet"] = {
            "port": get.port,
            "path": get.path,
            "scheme": get.scheme,
            "httpHeaders": headers,
            **({} if get.host is None else {"host": get.host}),
        }
    return made
