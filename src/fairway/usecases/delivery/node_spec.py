"""From expressions and sealed outputs to what drivers get.

Belongs here: opening secrets for one step, filling a recipe, sealing what came back. Never here:
calling a driver. Clear secrets live only in what these functions return.
"""

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from fairway.core.graph import expression
from fairway.core.graph.expression import Output, OutputReference, Secret, Unknown
from fairway.core.graph.live import LiveNode, NodeId, SealedValue
from fairway.core.plan.plan import Recipe
from fairway.core.workload.workload import HttpGet, Probe, Quantities, ServicePort
from fairway.kits import digest
from fairway.kits.canonical import JsonObject, JsonValue
from fairway.kits.digest import Digest
from fairway.ports.provisioner import ResourceSpec
from fairway.ports.target import ContainerSpec, FileSpec, MountSpec, WorkloadSpec
from fairway.usecases.delivery import secret_input
from fairway.usecases.platform import Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """Finds outputs among live nodes; with `is_clear`, secrets are opened."""

    platform: Platform
    live: Mapping[NodeId, LiveNode]
    is_clear: bool

    def __call__(self, reference: OutputReference) -> Output:
        found = self.live.get(reference.node)
        if found is None:
            return Unknown(node=reference.node)
        sealed = found.secrets.get(reference.output)
        if sealed is not None:
            clear = open_secret(self.platform, found, reference.output) if self.is_clear else None
            return Secret(fingerprint=sealed.fingerprint, clear=clear)
        try:
            return expression.read_output(found.outputs, reference.output)
        except KeyError:
            return Unknown(node=reference.node)


def open_secret(platform: Platform, live: LiveNode, output: str) -> str:
    """Return the clear text of a secret output."""
    return platform.sealer.open(
        live.secrets[output], context=_make_context(live.environment, live.id, output)
    )


def seal_outputs(
    platform: Platform, outputs: JsonObject, *, live: LiveNode, secret: Iterable[str]
) -> tuple[JsonObject, Mapping[str, SealedValue]]:
    """Return the plain outputs and the sealed ones; equal secrets keep their sealed text."""
    names = frozenset(secret)
    plain = {name: value for name, value in outputs.items() if name not in names}
    sealed = {}
    for name in sorted(names & outputs.keys()):
        value = outputs[name]
        text = value if isinstance(value, str) else str(value)
        fresh = platform.sealer.seal(text, context=_make_context(live.environment, live.id, name))
        known = live.secrets.get(name)
        sealed[name] = (
            known if known is not None and known.fingerprint == fresh.fingerprint else fresh
        )
    return plain, sealed


def make_live_spec(platform: Platform, live: LiveNode, *, key: str) -> ResourceSpec:
    """Return the spec of a resource as it was last made, for observing or deleting it."""
    opened = {name: open_secret(platform, live, name) for name in live.secrets}
    return ResourceSpec(
        environment=live.environment,
        environment_type=str(live.spec.get("environmentType", "")),
        id=live.id,
        type=live.type,
        class_=str(live.spec.get("class", "default")),
        component=live.component,
        params=_object(live.spec.get("params")),
        inputs=_open_inputs(platform, live.driver, live.spec.get("inputs")),
        key=key,
        outputs={**live.outputs, **opened},
    )


def make_resource_spec(recipe: Recipe, lookup: Lookup, *, live: LiveNode, key: str) -> ResourceSpec:
    """Return what a provisioner gets for `recipe`, every reference filled in clear."""
    filled = cast("JsonObject", expression.fill(cast("JsonObject", recipe.inputs), lookup))
    opened = {name: open_secret(lookup.platform, live, name) for name in live.secrets}
    return ResourceSpec(
        environment=live.environment,
        environment_type=str(filled["environmentType"]),
        id=live.id,
        type=recipe.type,
        class_=recipe.class_,
        component=recipe.component,
        params=_object(filled.get("params")),
        inputs=_open_inputs(lookup.platform, recipe.driver, filled.get("inputs")),
        key=key,
        outputs={**live.outputs, **opened},
    )


def _open_inputs(platform: Platform, driver: str, inputs: JsonValue) -> JsonObject:
    found = platform.provisioners.get(driver)
    if found is None:
        return _object(inputs)
    return secret_input.open_secrets(found.get_inputs_schema(), _object(inputs))


def make_generation(spec: JsonObject) -> Digest:
    """Return the digest of all in a workload's redacted spec that a running instance would feel.

    The number of replicas is not among it: scaling replaces no instance.
    """
    return digest.make_value_digest(
        {name: value for name, value in spec.items() if name != "replicas"}
    )


def make_workload_spec(
    recipe: Recipe, lookup: Lookup, *, environment: str, generation: Digest
) -> WorkloadSpec:
    """Return what a target gets for `recipe`, every reference filled in clear."""
    # Any: the recipe's form is that of `core.graph.workload_inputs`, verified by its digest.
    filled = cast("dict[str, Any]", expression.fill(cast("JsonObject", recipe.inputs), lookup))
    return WorkloadSpec(
        environment=environment,
        component=recipe.component,
        release=filled["release"],
        generation=generation,
        artifact=filled["artifact"],
        replicas=filled["replicas"],
        containers={
            name: _make_container(document) for name, document in filled["containers"].items()
        },
        ports={
            name: ServicePort(
                port=port["port"], target_port=port["targetPort"], protocol=port["protocol"]
            )
            for name, port in filled["ports"].items()
        },
        settings=filled["settings"],
    )


def _make_container(document: Mapping[str, Any]) -> ContainerSpec:
    return ContainerSpec(
        image=document["image"],
        command=tuple(document["command"]),
        args=tuple(document["args"]),
        variables=document["variables"],
        files={path: _make_file(file) for path, file in document["files"].items()},
        volumes={
            path: MountSpec(
                source=volume["source"],
                sub_path=volume.get("path"),
                is_read_only=volume["readOnly"],
            )
            for path, volume in document["volumes"].items()
        },
        before=document["before"],
        limits=Quantities(**document["limits"]),
        liveness_probe=_make_probe(document.get("livenessProbe")),
        readiness_probe=_make_probe(document.get("readinessProbe")),
    )


def _make_file(document: Mapping[str, str]) -> FileSpec:
    if "binaryContent" in document:
        content = base64.b64decode(document["binaryContent"])
    else:
        content = document["content"].encode()
    return FileSpec(content=content, mode=document.get("mode", "0644"))


def _make_probe(document: Mapping[str, Any] | None) -> Probe | None:
    if document is None:
        return None
    get = document.get("httpGet")
    return Probe(
        exec=tuple(document["exec"]["command"]) if "exec" in document else None,
        http_get=None
        if get is None
        else HttpGet(
            port=get["port"],
            path=get["path"],
            host=get.get("host"),
            scheme=get["scheme"],
            headers=tuple((item["name"], item["value"]) for item in get["httpHeaders"]),
        ),
    )


def _make_context(environment: str, node_id: NodeId, output: str) -> str:
    return f"{environment}/{node_id}/{output}"


def _object(value: JsonValue) -> JsonObject:
    return value if isinstance(value, Mapping) else {}
