"""Score: every rule of the specification, kept and broken."""

import pytest

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
from fairway.formats.score import (
    apply_overrides,
    list_positions,
    parse_workload,
    render_workload,
)
from fairway.formats.yaml import Document, parse_documents
from fairway.kits.errors import InvalidDocuments, Refused

FULL = """\
apiVersion: score.dev/v1b1
metadata:
  name: orders
  team: shop
  annotations: {acme.com/tier: gold}
service:
  ports:
    www: {port: 80, targetPort: 8080}
    dns: {port: 80, protocol: UDP}
containers:
  migrate:
    image: .
    command: [python, -m, orders.migrate]
    before: {main: {ready: complete}}
  main:
    image: registry.acme.com/orders:1
    args: ["--port", "8080"]
    variables:
      DATABASE_URL: ${resources.db.url}
      TEAM: ${metadata.team}
      TIER: ${metadata.annotations.acme\\.com/tier}
      PRICE: $$5 and $${literal} and $HOME
    files:
      /etc/orders.ini: {content: "db=${resources.db.host}", mode: "0644"}
      /etc/raw: {content: "${not.expanded}", noExpand: true}
      /etc/logo: {binaryContent: aGVsbG8=}
      /etc/more: {source: ./more.txt}
    volumes:
      /data: {source: "${resources.files}", path: sub, readOnly: true}
    resources: {limits: {memory: 1.5Gi, cpu: "1.5"}, requests: {memory: 128Mi, cpu: 250m}}
    livenessProbe: {exec: {command: [test, -f, /tmp/ok]}}
    readinessProbe:
      httpGet:
        {port: 8080, path: /ready, scheme: HTTPS, host: x, httpHeaders: [{name: A, value: b}]}
resources:
  db: {type: postgres, class: large, id: shared.db, metadata: {annotations: {acme.com/xx: y}}}
  files: {type: volume, params: {size: 5Gi, owner: "${resources.db.name}"}}
"""


def _read(text: str, file: str = "score.yaml") -> Document:
    (document,) = parse_documents(text.encode(), file=file)
    return document


def _refuse(text: str, overrides: str | None = None) -> Refused:
    over = None if overrides is None else _read(overrides, "over.yaml")
    with pytest.raises(InvalidDocuments) as refused:
        parse_workload(_read(text), overrides=over)
    (problem,) = refused.value.problems
    return problem


def _with(place: str, text: str) -> str:
    """Return a small valid document in which one place is replaced."""
    places = {
        "metadata": "name: orders",
        "ports": "{}",
        "main": "image: .",
        "side": "image: .",
        "resources": "{}",
    } | {place: text}
    return (
        f"apiVersion: score.dev/v1b1\nmetadata: {{{places['metadata']}}}\n"
        f"service: {{ports: {places['ports']}}}\n"
        f"containers:\n  main: {{{places['main']}}}\n  side: {{{places['side']}}}\n"
        f"resources: {places['resources']}\n"
    )


def test_a_complete_document_is_read() -> None:
    assert parse_workload(_read(FULL)) == Workload(
        name="orders",
        metadata={"name": "orders", "team": "shop", "annotations": {"acme.com/tier": "gold"}},
        annotations={"acme.com/tier": "gold"},
        ports={
            "www": ServicePort(port=80, target_port=8080),
            "dns": ServicePort(port=80, target_port=80, protocol="UDP"),
        },
        containers={
            "migrate": Container(
                image=".",
                command=("python", "-m", "orders.migrate"),
                before={"main": "complete"},
            ),
            "main": Container(
                image="registry.acme.com/orders:1",
                args=("--port", "8080"),
                variables={
                    "DATABASE_URL": "${resources.db.url}",
                    "TEAM": "${metadata.team}",
                    "TIER": "${metadata.annotations.acme\\.com/tier}",
                    "PRICE": "$$5 and $${literal} and $HOME",
                },
                files={
                    "/etc/orders.ini": File(content="db=${resources.db.host}", mode="0644"),
                    "/etc/raw": File(content="${not.expanded}", no_expand=True),
                    "/etc/logo": File(binary_content="aGVsbG8="),
                    "/etc/more": File(source="./more.txt"),
                },
                volumes={
                    "/data": VolumeMount(source="${resources.files}", path="sub", read_only=True)
                },
                limits=Quantities(memory="1.5Gi", cpu="1.5"),
                requests=Quantities(memory="128Mi", cpu="250m"),
                liveness_probe=Probe(exec=("test", "-f", "/tmp/ok")),
                readiness_probe=Probe(
                    http_get=HttpGet(
                        port=8080, path="/ready", scheme="HTTPS", host="x", headers=(("A", "b"),)
                    )
                ),
            ),
        },
        resources={
            "db": ResourceRequest(
                type="postgres", class_="large", id="shared.db", annotations={"acme.com/xx": "y"}
            ),
            "files": ResourceRequest(
                type="volume", params={"size": "5Gi", "owner": "${resources.db.name}"}
            ),
        },
    )


def test_a_complete_workload_is_rendered_as_it_was_read() -> None:
    document = _read(FULL)
    assert render_workload(parse_workload(document)) == document.value


def test_the_lists_that_score_once_had_are_read() -> None:
    lists = "image: ., files: [{target: /a, content: x}], volumes: [{target: /b, source: c}]"
    container = parse_workload(_read(_with("main", lists))).containers["main"]
    assert container.files == {"/a": File(content="x")}
    assert container.volumes == {"/b": VolumeMount(source="c")}


_HEADER = "{name: a b, value: x}"
SCHEMA_BREACHES = [
    ("metadata", "{}", "metadata: 'name' is missing"),
    ("metadata", "name: a", "metadata.name: expected 2 to 63 lower-case"),
    ("metadata", f"name: {'a' * 64}", "metadata.name: expected 2 to 63 lower-case"),
    ("metadata", "name: Orders", "metadata.name: expected 2 to 63 lower-case"),
    ("metadata", "name: orders, annotations: {xx: 1}", "annotations.xx: expected a string, got 1"),
    ("metadata", 'name: orders, annotations: {"a b": x}', "the name 'a b' is not"),
    ("ports", "{www: {}}", "service.ports.www: 'port' is missing"),
    ("ports", "{www: {port: 0}}", "service.ports.www.port: expected a port from 1 to 65535, got 0"),
    ("ports", "{www: {port: 65536}}", "expected a port from 1 to 65535, got 65536"),
    ("ports", "{www: {port: 80, targetPort: 0}}", "www.targetPort: expected a port"),
    ("ports", "{www: {port: '80'}}", "service.ports.www.port: expected a whole number, got '80'"),
    ("ports", "{www: {port: 80, protocol: tcp}}", "expected 'TCP' or 'UDP', got 'tcp'"),
    ("ports", "{www: {port: 80, name: x}}", "service.ports.www.name: the field 'name' is unknown"),
    ("ports", "{WWW: {port: 80}}", "service.ports: the name 'WWW' is not 2 to 63"),
    ("main", "", "containers.main: 'image' is missing"),
    ("main", "image: 5", "containers.main.image: expected a string, got 5"),
    ("main", "image: ''", "containers.main.image: expected a text that is not empty, got ''"),
    ("main", "image: ., command: run", "containers.main.command: expected a list, got 'run'"),
    ("main", "image: ., args: [1]", "containers.main.args.0: expected a string, got 1"),
    ("main", "image: ., variables: {A: 1}", "main.variables.A: expected a string, got 1"),
    ("main", "image: ., variables: {'A=': x}", "the name 'A=' is not a name without '='"),
    ("main", "image: ., files: {/a: {}}", "exactly one of 'content', 'source', 'binaryContent'"),
    ("main", "image: ., files: {/a: {content: x, source: y}}", "got 'content' and 'source'"),
    ("main", "image: ., files: {/a: {content: x, mode: '999'}}", "expected an octal mode"),
    ("main", "image: ., files: {/a: {content: x, mode: 0644}}", "mode: expected a string, got 644"),
    ("main", "image: ., files: [{content: x}]", "containers.main.files.0: 'target' is missing"),
    ("main", "image: ., volumes: {/a: {}}", "containers.main.volumes./a: 'source' is missing"),
    ("main", "image: ., volumes: [{source: x}]", "volumes.0: 'target' is missing"),
    ("main", "image: ., before: {side: {}}", "main.before.side: 'ready' is missing"),
    ("main", "image: ., before: {side: {ready: done}}", "expected 'started' or 'healthy' or"),
    ("main", "image: ., resources: {limits: {memory: 1 GB}}", "expected an amount of memory"),
    ("main", "image: ., resources: {limits: {memory: 0Mi}}", "expected an amount of memory"),
    ("main", "image: ., resources: {limits: {cpu: .5}}", "limits.cpu: expected a string, got 0.5"),
    ("main", "image: ., resources: {limits: {cpu: half}}", "expected an amount of CPU"),
    ("main", "image: ., resources: {limit: {}}", "resources.limit: the field 'limit' is unknown"),
    ("main", "image: ., livenessProbe: {}", "at least one of 'httpGet', 'exec'; got none"),
    ("main", "image: ., livenessProbe: {httpGet: {port: 80}}", "httpGet: 'path' is missing"),
    ("main", "image: ., livenessProbe: {httpGet: {path: /}}", "httpGet: 'port' is missing"),
    (
        "main",
        "image: ., livenessProbe: {httpGet: {path: /, port: 1, scheme: ftp}}",
        "scheme: expected 'HTTP' or 'HTTPS', got 'ftp'",
    ),
    (
        "main",
        f"image: ., livenessProbe: {{httpGet: {{port: 1, path: x, httpHeaders: [{_HEADER}]}}}}",
        "expected a header name",
    ),
    ("main", "image: ., livenessProbe: {exec: {}}", "livenessProbe.exec: 'command' is missing"),
    ("main", "image: ., imgae: x", "containers.main.imgae: the field 'imgae' is unknown"),
    ("resources", "{db: {}}", "resources.db: 'type' is missing"),
    ("resources", "{db: {type: p}}", "resources.db.type: expected 2 to 63 letters"),
    ("resources", "{db: {type: pg, class: 'a b'}}", "resources.db.class: expected 2 to 63 letters"),
    ("resources", "{db: {type: pg, id: A}}", "resources.db.id: expected 2 to 63 lower-case"),
    ("resources", "{db: {type: pg, id: a..b}}", "resources.db.id: expected 2 to 63 lower-case"),
    ("resources", "{db: {type: pg, params: 5}}", "resources.db.params: expected a mapping, got 5"),
    ("resources", "{d: {type: pg}}", "resources: the name 'd' is not 2 to 63"),
]


@pytest.mark.parametrize(("place", "text", "why"), SCHEMA_BREACHES)
def test_what_breaks_the_schema_is_refused(place: str, text: str, why: str) -> None:
    problem = _refuse(_with(place, text) if text != "{}" else _with(place, ""))
    assert problem.code == "SCORE-INVALID"
    assert why in problem.why
    assert problem.fix


_NEEDS_AA = "{type: pg, params: {x: '${resources.aa.y}'}}"
RULE_BREACHES = [
    ("ports", "{aa: {port: 80}, bb: {port: 80}}", "SCORE-PORT-CLASH", "also service.ports.aa"),
    (
        "main",
        "image: ., before: {sidee: {ready: started}}",
        "SCORE-BEFORE-UNKNOWN",
        "there is no container 'sidee'",
    ),
    (
        "main",
        "image: ., before: {main: {ready: started}}",
        "SCORE-BEFORE-CYCLE",
        "'main' needs 'main'",
    ),
    (
        "main",
        "image: ., before: {side: {ready: healthy}}",
        "SCORE-BEFORE-PROBE",
        "'main' has no probe",
    ),
    ("main", "image: ., files: {/a: {binaryContent: '*'}}", "SCORE-INVALID", "is not base64"),
    (
        "main",
        "image: ., files: [{target: /a, content: x}, {target: /a, content: y}]",
        "SCORE-INVALID",
        "'/a' is there 2 times",
    ),
    (
        "main",
        "image: ., variables: {A: '${foo.bar}'}",
        "SCORE-PLACEHOLDER",
        "its root 'foo' is unknown",
    ),
    (
        "main",
        "image: ., variables: {A: '${resources.db.url}'}",
        "SCORE-PLACEHOLDER",
        "which 'resources' does not have",
    ),
    ("main", "image: ., variables: {A: '${resources}'}", "SCORE-PLACEHOLDER", "names nothing in"),
    ("main", "image: ., variables: {A: '${}'}", "SCORE-PLACEHOLDER", "its root '' is unknown"),
    (
        "main",
        "image: ., variables: {A: '${metadata.team}'}",
        "SCORE-PLACEHOLDER",
        "refers to 'team', which the metadata does not have",
    ),
    (
        "main",
        "image: ., variables: {A: '${metadata.name.x}'}",
        "SCORE-PLACEHOLDER",
        "refers to 'x', which the metadata does not have",
    ),
    (
        "main",
        "image: ., files: {/a: {content: 'x ${resources.db.url}'}}",
        "SCORE-PLACEHOLDER",
        "containers.main.files./a.content: '${resources.db.url}' refers to 'db'",
    ),
    (
        "main",
        "image: ., volumes: {/a: {source: '${resources.files}'}}",
        "SCORE-PLACEHOLDER",
        "containers.main.volumes./a.source: '${resources.files}' refers to 'files'",
    ),
    (
        "resources",
        "{db: {type: pg, params: {a: [{b: '${resources.other.x}'}]}}}",
        "SCORE-PLACEHOLDER",
        "resources.db.params.a.0.b: '${resources.other.x}'",
    ),
    (
        "resources",
        "{aa: {type: pg, params: {x: '${resources.bb.y}'}}, bb: " + _NEEDS_AA + "}",
        "SCORE-RESOURCE-CYCLE",
        "'aa' needs 'bb' needs 'aa'",
    ),
]


@pytest.mark.parametrize(("place", "text", "code", "why"), RULE_BREACHES)
def test_what_breaks_a_rule_is_refused(place: str, text: str, code: str, why: str) -> None:
    problem = _refuse(_with(place, text))
    assert problem.code == code
    assert why in problem.why
    assert problem.what == "cannot read workload 'orders'"
    assert problem.at is not None
    assert problem.at.line == {"ports": 3, "main": 5, "resources": 7}[place]


def test_a_cycle_is_named() -> None:
    text = _with("main", "image: ., before: {side: {ready: started}}").replace(
        "side: {image: .}", "side: {image: ., before: {main: {ready: complete}}}"
    )
    problem = _refuse(text)
    assert problem.code == "SCORE-BEFORE-CYCLE"
    assert "'main' needs 'side' needs 'main'" in problem.why
    assert str(problem.at) == "score.yaml:6:29"


def test_an_output_may_be_left_out_only_in_the_source_of_a_volume() -> None:
    resources = "{files: {type: volume}}"
    text = _with("resources", resources)
    volume = text.replace("main: {", "main: {volumes: {/a: {source: '${resources.files}'}}, ")
    assert parse_workload(_read(volume)).resources
    variable = text.replace("main: {", "main: {variables: {A: '${resources.files}'}, ")
    problem = _refuse(variable)
    assert problem.why.endswith("'${resources.files}' names no output")
    assert problem.fix == "write ${resources.files.<output>}"


@pytest.mark.parametrize("missing", ["apiVersion", "metadata", "containers"])
def test_a_part_that_must_be_there_is_missed(missing: str) -> None:
    lines = [
        "apiVersion: score.dev/v1b1",
        "metadata: {name: orders}",
        "containers: {aa: {image: .}}",
    ]
    text = "\n".join(line for line in lines if not line.startswith(missing))
    assert _refuse(text).why == f"'{missing}' is missing"


def test_a_workload_needs_a_container() -> None:
    problem = _refuse("apiVersion: score.dev/v1b1\nmetadata: {name: orders}\ncontainers: {}")
    assert str(problem.at) == "score.yaml:3:1"


def test_every_mistake_is_named_at_its_place() -> None:
    text = FULL.replace("image: .\n", "image: 5\n").replace("type: volume", "typ: volume")
    with pytest.raises(InvalidDocuments) as refused:
        parse_workload(_read(text))
    assert [(str(each.at), each.why, each.fix) for each in refused.value.problems] == [
        (
            "score.yaml:12:5",
            "containers.migrate.image: expected a string, got 5",
            'quote the value: image: "5"',
        ),
        (
            "score.yaml:37:3",
            "resources.files: 'type' is missing",
            "rename 'typ' to 'type'",
        ),
        (
            "score.yaml:37:11",
            "resources.files.typ: the field 'typ' is unknown",
            "did you mean 'type'?",
        ),
    ]


def test_overrides_are_laid_over_before_validation() -> None:
    text = _with("main", "image: 5, args: [a, b], variables: {A: x, B: y}")
    overrides = "containers: {main: {image: ., args: [c], variables: {A: null, C: z}}}"
    workload = parse_workload(_read(text), overrides=_read(overrides))
    assert workload.containers["main"] == Container(
        image=".", args=("c",), variables={"B": "y", "C": "z"}
    )


def test_a_mistake_in_the_overrides_is_placed_there() -> None:
    problem = _refuse(_with("main", "image: ."), "containers:\n  main:\n    image: 7")
    assert str(problem.at) == "over.yaml:3:5"
    assert "got 7" in problem.why


def test_overrides_change_neither_document() -> None:
    value = {"a": {"b": 1}}
    assert apply_overrides(value, {"a": {"b": None, "c": {"d": None}}}) == {"a": {"c": {}}}
    assert value == {"a": {"b": 1}}


def test_positions_are_known_by_json_pointer() -> None:
    positions = list_positions(_read(FULL))
    assert positions["/containers/main/variables/DATABASE_URL"] == "score.yaml:19:7"
    assert positions["/resources/db"] == "score.yaml:36:3"
    assert positions["/containers/main/files/~1etc~1raw/noExpand"] == "score.yaml:25:46"
    assert positions["/containers/main/args/1"] == "score.yaml:17:22"
