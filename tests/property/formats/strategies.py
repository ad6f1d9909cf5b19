"""Strategies for documents, for every test that needs arbitrary ones."""

from collections.abc import Mapping, Sequence

from hypothesis import strategies as st

from fairway.core.catalog.entity import Entity
from fairway.core.workload.workload import (
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

# Everything UTF-8 can hold; YAML escapes what it cannot hold in clear.
texts = st.text(st.characters(codec="utf-8"), max_size=40)
integers = st.integers(min_value=-(2**63), max_value=2**64 - 1)
floats = st.floats(allow_nan=False, allow_infinity=False)
scalars: st.SearchStrategy[JsonValue] = (
    st.none() | st.booleans() | integers | floats | texts | st.sampled_from(
        ["no", "on", "~", "null", "1e3", "0o14", "012", ".5", "+.inf", "<<", "=", "1:30",
         "2001-01-01", "- a", "a: b", "#", " x", "x ", "a\n", "\na", "a\n b\n", "a \nb", "---",
         "..."]
    )
)  # fmt: skip
json_values: st.SearchStrategy[JsonValue] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
json_objects: st.SearchStrategy[JsonObject] = st.dictionaries(texts, json_values, max_size=5)

# Pieces of YAML that mean something special somewhere; joined they make odd documents.
_PIECES = [
    "a: ", "b: ", "\n", "\n  ", "\n- ", "- ", "[", "]", "{", "}", ", ", ",", ": ", ":", "? ",
    "&x ", "*x", "!!str ", "!t ", "! ", "<<: ", "<<", "'", '"', "|\n", ">-\n", "# c", " #", "---",
    "--- ", "\n---\n", "\n...\n", "%YAML 1.2\n", "\t", "~", "no", "true", "null", "0", "00", "07",
    "0b1", "0x1F", "-0x1F", "+0o7", "0o8", "1.", ".5", "1e3", "1e400", "9" * 19, "9" * 20, ".inf",
    ".nan", "1_000", "1:30", "x", "é", "\u2028", "\u0085", "\ufeff", "\x07", "\r", "\r\n", "$", "=",
]  # fmt: skip
yaml_texts = st.lists(st.sampled_from(_PIECES), max_size=14).map("".join)

# Names and workloads are drawn small and valid; `workloads` renders to documents that parse.
names = st.from_regex(r"[a-z][a-z0-9-]{0,6}[a-z0-9]", fullmatch=True)
paths = st.from_regex(r"/[a-z]{1,6}(/[a-z.]{1,6})?", fullmatch=True)
# Text without a placeholder: any dollar sign is written twice.
plain_texts = texts.map(lambda text: text.replace("$", "$$"))
plain_values = st.recursive(
    st.none() | st.booleans() | integers | plain_texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
plain_objects: st.SearchStrategy[JsonObject] = st.dictionaries(texts, plain_values, max_size=3)
annotation_maps = st.dictionaries(
    st.from_regex(r"([a-z]{2}\.[a-z]{2}/)?[A-Za-z][a-z_.-]{0,5}[a-z]", fullmatch=True),
    texts,
    max_size=2,
)
quantities = st.builds(
    Quantities,
    memory=st.none() | st.sampled_from(["1", "128Mi", "1.5Gi", "0.5G"]),
    cpu=st.none() | st.sampled_from(["1", "250m", "1.5"]),
)
ports = st.integers(min_value=1, max_value=65535)
some_texts = texts.filter(bool)
http_gets = st.builds(
    HttpGet,
    port=ports,
    path=texts,
    host=st.none() | some_texts,
    scheme=st.sampled_from(["HTTP", "HTTPS"]),
    headers=st.lists(st.tuples(names, some_texts), max_size=2).map(tuple),
)
commands = st.lists(texts, min_size=1, max_size=3).map(tuple)
probes = st.builds(Probe, http_get=http_gets, exec=st.none() | commands) | st.builds(
    Probe, exec=commands
)
modes = st.none() | st.sampled_from(["644", "0600"])
files = (
    st.builds(File, content=plain_texts, mode=modes)
    | st.builds(File, content=texts, mode=modes, no_expand=st.just(True))
    | st.builds(File, source=some_texts, mode=modes)
    | st.builds(File, binary_content=st.just("aGVsbG8="))
)


@st.composite
def containers(draw: st.DrawFn, *, resources: Sequence[str], later: Sequence[str]) -> Container:
    """Return a container that refers to some of `resources` and is before some of `later`."""
    values = plain_texts
    if resources:
        values |= st.sampled_from(resources).map(lambda name: f"a ${{resources.{name}.out}} b")
    sources = [f"${{resources.{name}}}" for name in resources] or ["somewhere"]
    return Container(
        image=draw(some_texts),
        command=draw(st.lists(texts, max_size=2).map(tuple)),
        args=draw(st.lists(texts, max_size=2).map(tuple)),
        variables=draw(
            st.dictionaries(some_texts.filter(lambda text: "=" not in text), values, max_size=3)
        ),
        files=draw(st.dictionaries(paths, files, max_size=2)),
        volumes=draw(
            st.dictionaries(
                paths,
                st.builds(
                    VolumeMount,
                    source=st.sampled_from(sources),
                    path=st.none() | texts,
                    read_only=st.booleans(),
                ),
                max_size=2,
            )
        ),
        before={
            name: draw(st.sampled_from(["started", "complete"]))
            for name in later
            if draw(st.booleans())
        },
        limits=draw(quantities),
        requests=draw(quantities),
        liveness_probe=draw(st.none() | probes),
        readiness_probe=draw(st.none() | probes),
    )


@st.composite
def requests(draw: st.DrawFn, *, earlier: Sequence[str]) -> ResourceRequest:
    """Return a request whose params may refer to outputs of `earlier` resources."""
    params = dict(draw(plain_objects))
    for name in earlier:
        if draw(st.booleans()):
            params[f"from-{name}"] = f"${{resources.{name}.out}}"
    return ResourceRequest(
        type=draw(st.sampled_from(["postgres", "redis", "volume", "dns"])),
        class_=draw(st.sampled_from(["default", "large"])),
        id=draw(st.none() | names),
        params=params,
        annotations=draw(annotation_maps),
    )


@st.composite
def workloads(draw: st.DrawFn) -> Workload:
    """Return a workload that keeps every rule of Score."""
    resource_names = draw(st.lists(names, unique=True, max_size=3))
    container_names = draw(st.lists(names, unique=True, min_size=1, max_size=3))
    name = draw(names)
    annotations = draw(annotation_maps)
    metadata: dict[str, JsonValue] = dict(draw(plain_objects))
    metadata["name"] = name
    metadata.pop("annotations", None)
    if annotations:
        metadata["annotations"] = annotations
    service_ports = draw(st.dictionaries(names, ports, max_size=2))
    return Workload(
        name=name,
        metadata=metadata,
        annotations=annotations,
        ports={
            port_name: ServicePort(
                port=number,
                target_port=draw(ports),
                protocol=draw(st.sampled_from(["TCP", "UDP"])),
            )
            for port_name, number in service_ports.items()
            if list(service_ports.values()).count(number) == 1
        },
        containers={
            each: draw(containers(resources=resource_names, later=container_names[index + 1 :]))
            for index, each in enumerate(container_names)
        },
        resources={
            each: draw(requests(earlier=resource_names[:index]))
            for index, each in enumerate(resource_names)
        },
    )


_SPECS: Mapping[str, JsonObject] = {
    "Component": {"type": "service", "lifecycle": "production", "owner": "shop"},
    "API": {"type": "openapi", "lifecycle": "production", "owner": "shop", "definition": "x"},
    "Resource": {"type": "database", "owner": "user:ana", "dependencyOf": ["component:web"]},
    "System": {"owner": "shop", "domain": "sales"},
    "Domain": {"owner": "shop"},
    "Group": {"type": "team", "children": []},
    "User": {"memberOf": ["shop"]},
    "Location": {},
}


@st.composite
def entities(draw: st.DrawFn) -> Entity:
    """Return a valid entity of one of Backstage's kinds, with free fields in its spec."""
    kind = draw(st.sampled_from(sorted(_SPECS)))
    spec: dict[str, JsonValue] = dict(_SPECS[kind])
    spec.update(draw(st.dictionaries(names.map(lambda name: f"x-{name}"), json_values, max_size=3)))
    metadata: dict[str, JsonValue] = {"name": draw(names)}
    if draw(st.booleans()):
        metadata["namespace"] = draw(st.sampled_from(["default", "asia"]))
    if draw(st.booleans()):
        metadata["annotations"] = draw(annotation_maps)
    if draw(st.booleans()):
        metadata["description"] = draw(texts)
    return Entity(
        {
            "apiVersion": "backstage.io/v1alpha1",
            "kind": kind,
            "metadata": metadata,
            "spec": spec,
        }
    )
