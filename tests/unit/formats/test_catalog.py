"""The catalog's documents: every kind, and what is said when one is wrong."""

from typing import Any

import pytest

from fairway.core.catalog.entity import Entity
from fairway.formats import schema
from fairway.formats.catalog import KINDS, parse_entities, parse_entity
from fairway.formats.yaml import Document, make_document, parse_documents
from fairway.kits.canonical import JsonObject
from fairway.kits.errors import InvalidDocuments, Refused

# Documents in the shapes that public repositories have.
PUBLIC = """\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: artist-lookup
  description: Artist Lookup
  labels: {tier: gold, empty: ""}
  tags: [java, data, c++, grpc]
  links:
    - {url: https://example.com/user, title: Examples Users, icon: user}
  annotations:
    backstage.io/techdocs-ref: dir:.
    github.com/project-slug: spotify/artist
    argocd/app-name: artist
    "jenkins.io/job-full-name": a/b
spec:
  type: service
  lifecycle: experimental
  owner: team-a
  system: artist-engagement-portal
  dependsOn: ["resource:artists-db", "component:default/www"]
  apiConsumedBy: ["component:www-artist"]
  custom: {anything: [1, 2]}
---
apiVersion: backstage.io/v1beta1
kind: API
metadata: {name: Petstore_v1.2}
spec: {type: openapi, lifecycle: production, owner: user:ana, definition: {$text: ./openapi.yaml}}
---
apiVersion: backstage.io/v1alpha1
kind: API
metadata: {name: tools}
spec: {type: mcp-server, lifecycle: x, owner: a, remotes: [{type: sse, url: "http://x"}]}
---
apiVersion: backstage.io/v1alpha1
kind: Resource
metadata: {name: artists-db, namespace: team-a}
spec: {type: database, owner: team-a, dependencyOf: ["component:artist-lookup"]}
---
apiVersion: backstage.io/v1alpha1
kind: System
metadata: {name: artist-engagement-portal}
spec: {owner: team-a, domain: artists}
---
apiVersion: backstage.io/v1alpha1
kind: Domain
metadata: {name: artists}
spec: {owner: team-a, subdomainOf: audio}
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: team-a}
spec: {type: team, profile: {email: a@x.org}, parent: org, children: [], members: [ana]}
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: ana}
spec: {profile: {displayName: Ana}, memberOf: [team-a]}
---
apiVersion: backstage.io/v1alpha1
kind: Location
metadata: {name: more}
spec: {type: url, targets: [./a.yaml, ./b.yaml], presence: optional}
---
apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: {name: service}
spec:
  type: service
  owner: team-a
  parameters: [{title: A, required: [name], properties: {name: {type: string}}}]
  steps:
    - {id: fetch, action: "fetch:template", input: {url: ./x}, if: "${{ parameters.x }}"}
  output: {links: [{title: R, url: "${{ steps.publish.output.remoteUrl }}"}]}
---
apiVersion: backstage.io/v1alpha1
kind: AiResource
metadata: {name: review}
spec: {type: plugin, lifecycle: production, owner: team-a, skills: ["airesource:default/x"]}
"""
ENTITY: dict[str, Any] = {
    "apiVersion": "backstage.io/v1alpha1",
    "kind": "Component",
    "metadata": {"name": "orders"},
    "spec": {"type": "service", "lifecycle": "production", "owner": "shop"},
}


def _with(path: str, value: object) -> Document:
    """Return a valid component in which the member at the dotted path is another, or gone."""
    entity: dict[str, Any] = {**ENTITY, "metadata": {**ENTITY["metadata"]}}
    entity["spec"] = {**ENTITY["spec"]}
    *parents, last = path.split(".")
    holder = entity
    for parent in parents:
        holder = holder[parent]
    if value is None:
        del holder[last]
    else:
        holder[last] = value
    return make_document(entity, file="x.yaml")


def _refuse(document: Document) -> Refused:
    with pytest.raises(InvalidDocuments) as refused:
        parse_entity(document)
    assert len(refused.value.problems) == 1
    return refused.value.problems[0]


def test_public_documents_are_read() -> None:
    entities = parse_entities(parse_documents(PUBLIC.encode(), file="catalog-info.yaml"))
    assert {entity.kind for entity in entities} == {
        kind for kind in KINDS if schema.read_schema(KINDS[kind])["title"] == kind
    } - {"Environment", "GoldenPath", "Target", "ResourceType", "Provisioner"}
    assert entities[1].ref == "api:default/petstore_v1.2"
    assert entities[3].ref == "resource:team-a/artists-db"


def test_what_a_catalog_adds_on_reading_is_left_out() -> None:
    value = {
        **ENTITY,
        "metadata": {**ENTITY["metadata"], "uid": "1", "etag": "2", "generation": 3},
        "relations": [],
        "status": {"items": []},
    }
    assert parse_entity(make_document(value, file="x.yaml")) == Entity(ENTITY)


@pytest.mark.parametrize(
    ("path", "value", "why"),
    [
        ("apiVersion", "backstage.io/v2", "apiVersion: expected 'backstage.io/v1alpha1' or"),
        ("apiVersion", None, "'apiVersion' is missing"),
        ("metadata", None, "'metadata' is missing"),
        ("spec", None, "'spec' is missing"),
        ("owner", "x", "owner: the field 'owner' is unknown"),
        ("metadata.name", "", "metadata.name: expected 1 to 63 letters, digits"),
        ("metadata.name", "a" * 64, "metadata.name: expected 1 to 63 letters, digits"),
        ("metadata.name", "-a", "metadata.name: expected 1 to 63 letters, digits"),
        ("metadata.namespace", "A", "metadata.namespace: expected 1 to 63 lower-case letters"),
        ("metadata.namespace", "a--b-", "metadata.namespace: expected 1 to 63 lower-case letters"),
        ("metadata.labels", {"a": "-"}, "metadata.labels.a: expected up to 63 letters"),
        ("metadata.labels", {"a": "b" * 64}, "metadata.labels.a: expected up to 63 letters"),
        ("metadata.labels", {"a/b/c": "x"}, "the name 'a/b/c' is not a name of up to 63"),
        ("metadata.labels", {f"{'a' * 254}/b": "x"}, "is not a name of up to 63"),
        ("metadata.annotations", {"a": 1}, "metadata.annotations.a: expected a string, got 1"),
        ("metadata.tags", ["A"], "metadata.tags.0: expected up to 63 lower-case letters"),
        ("metadata.tags", "a", "metadata.tags: expected a list, got 'a'"),
        ("metadata.links", [{"title": "x"}], "metadata.links.0: 'url' is missing"),
        ("metadata.links", [{"url": "x y"}], "metadata.links.0.url: expected a URL, got 'x y'"),
        ("spec.owner", None, "spec: 'owner' is missing"),
        ("spec.owner", {"kind": "Group"}, "spec.owner: expected a string, got a mapping"),
        ("spec.owner", "group:", "spec.owner: cannot read entity ref 'group:': a part of it"),
        ("spec.dependsOn", ["db"], "spec.dependsOn.0: cannot read entity ref 'db': it names no"),
    ],
)
def test_a_mistake_is_named(path: str, value: object, why: str) -> None:
    problem = _refuse(_with(path, value))
    assert why in problem.why
    assert problem.fix


@pytest.mark.parametrize(
    ("kind", "required"),
    [
        ("Component", {"type", "lifecycle", "owner"}),
        ("API", {"type", "lifecycle", "owner", "definition"}),
        ("Resource", {"type", "owner"}),
        ("System", {"owner"}),
        ("Domain", {"owner"}),
        ("Group", {"type", "children"}),
        ("User", {"memberOf"}),
        ("Location", set()),
        ("Template", {"type", "steps"}),
        ("AiResource", {"type", "lifecycle", "owner"}),
        ("Environment", {"type", "target"}),
        ("GoldenPath", {"owner", "lifecycle"}),
        ("Target", {"driver"}),
        ("ResourceType", {"versions"}),
        ("Provisioner", {"type", "driver"}),
    ],
)
def test_each_kind_misses_what_it_requires(kind: str, required: set[str]) -> None:
    versions: Any = schema.read_schema(KINDS[kind])["properties"]
    document = make_document(
        {
            "apiVersion": versions["apiVersion"]["enum"][0],
            "kind": kind,
            "metadata": {"name": "it"},
            "spec": {},
        },
        file="x.yaml",
    )
    if not required:
        assert parse_entity(document).kind == kind
        return
    with pytest.raises(InvalidDocuments) as refused:
        parse_entity(document)
    whys = {problem.why for problem in refused.value.problems}
    assert whys == {f"spec: '{name}' is missing" for name in required}


@pytest.mark.parametrize(
    ("kind", "fix"),
    [
        ("component", "did you mean 'Component'?"),
        ("Enviroment", "did you mean 'Environment'?"),
        ("Pod", "use one of API, AiResource"),
    ],
)
def test_an_unknown_kind_is_refused(kind: str, fix: str) -> None:
    problem = _refuse(_with("kind", kind))
    assert problem.code == "ENTITY-KIND-UNKNOWN"
    assert problem.why == f"the kind '{kind}' is unknown"
    assert problem.fix.startswith(fix)


def test_an_mcp_server_needs_remotes_and_no_definition() -> None:
    spec = {"type": "mcp-server", "lifecycle": "x", "owner": "a", "definition": "y"}
    problem = _refuse(make_document({**ENTITY, "kind": "API", "spec": spec}, file="x.yaml"))
    assert problem.why == "spec: 'remotes' is missing"


@pytest.mark.parametrize(
    ("kind", "spec", "why", "fix"),
    [
        (
            "Environment",
            {"type": "x", "target": "y", "aproval": {}},
            "spec.aproval: the field 'aproval' is unknown",
            "did you mean 'approval'?",
        ),
        (
            "Environment",
            {"type": "x", "target": "y", "approval": {"required": 1, "from": ["group:"]}},
            "spec.approval.from.0: cannot read entity ref 'group:': a part of it is empty",
            "write it as",
        ),
        (
            "Environment",
            {"type": "x", "target": "y", "drift": "fix"},
            "spec.drift: expected 'report' or 'repair', got 'fix'",
            "write 'report' or 'repair'",
        ),
        (
            "Provisioner",
            {"type": "postgres", "driver": "x", "match": {"enviroment": "dev"}},
            "spec.match.enviroment: the field 'enviroment' is unknown",
            "did you mean 'environment'?",
        ),
        (
            "ResourceType",
            {"versions": [{"name": "1", "outputs": {}}]},
            "spec.versions.0.name: expected a version such as v1, got '1'",
            "write it in that form",
        ),
    ],
)
def test_a_mistake_in_a_definition_is_named(
    kind: str, spec: dict[str, Any], why: str, fix: str
) -> None:
    value = {**ENTITY, "apiVersion": "fairway.dev/v1", "kind": kind, "spec": spec}
    problem = _refuse(make_document(value, file="x.yaml"))
    assert problem.why == why
    assert problem.fix.startswith(fix)
    assert problem.code in ("DEFINITION-INVALID", "ENTITY-REF-INVALID")


def test_definitions_live_in_the_default_namespace() -> None:
    value: JsonObject = {
        "apiVersion": "fairway.dev/v1",
        "kind": "Target",
        "metadata": {"name": "here", "namespace": "asia"},
        "spec": {"driver": "process"},
    }
    problem = _refuse(make_document(value, file="x.yaml"))
    assert problem.why == "metadata.namespace: expected 'default', got 'asia'"


def test_every_mistake_of_every_document_is_named_in_order() -> None:
    text = "kind: Component\napiVersion: x\n---\nkind: Foo\n---\n" + PUBLIC.split("---")[6]
    text += "---" + PUBLIC.split("---")[6]
    with pytest.raises(InvalidDocuments) as refused:
        parse_entities(parse_documents(text.encode(), file="x.yaml"))
    found = [(str(problem.at), problem.code) for problem in refused.value.problems]
    assert found[0] == ("x.yaml:1:1", "ENTITY-INVALID")
    assert ("x.yaml:4:1", "ENTITY-KIND-UNKNOWN") in found
    assert found[-1][1] == "ENTITY-DUPLICATE"


def test_every_published_schema_is_a_schema() -> None:
    jsonschema_rs = pytest.importorskip("jsonschema_rs")
    for name in schema.list_schemas():
        jsonschema_rs.meta.validate(dict(schema.read_schema(name)))
    assert set(KINDS.values()) | {"entity", "score-v1b1"} == set(schema.list_schemas())
