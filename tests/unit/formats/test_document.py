"""Any mixture of documents, checked without a platform."""

import pytest

from fairway import builtin
from fairway.core.definition.check import check_definitions
from fairway.core.definition.make import make_definitions
from fairway.formats.builtin_platform import get_builtin_entities
from fairway.formats.document import check_documents, find_format, is_foreign
from fairway.formats.yaml import make_document

COMPONENT = """\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: orders}
spec: {type: service, lifecycle: production, owner: group:platform}
"""
SCORE = """\
apiVersion: score.dev/v1b1
metadata: {name: orders}
containers: {main: {image: .}}
resources: {db: {type: postgres}}
"""


def _check(**files: str) -> list[tuple[str, str, str, str, str]]:
    found = check_documents({name: text.encode() for name, text in files.items()})
    return [(each.level, each.code, each.at, each.text, each.fix) for each in found]


def test_a_document_is_recognised_by_its_content() -> None:
    formats = {
        "score": {"apiVersion": "score.dev/v1b9"},
        "entity": {"apiVersion": "fairway.dev/v1", "kind": "Target"},
        None: {"kind": "Target"},
    }
    for form, value in formats.items():
        assert find_format(make_document(value, file="x")) == form


def test_documents_without_a_mistake_have_no_findings() -> None:
    assert _check(a=COMPONENT, b=SCORE) == []


def test_the_built_in_platform_holds_together() -> None:
    files = builtin.read_builtin_documents()
    assert check_documents(files) == ()
    definitions = make_definitions((each, 1) for each in get_builtin_entities().values())
    assert check_definitions(definitions) == ()
    assert set(definitions.environments) == {"dev", "staging", "prod"}
    assert set(definitions.resource_types) == {
        "postgres",
        "redis",
        "volume",
        "dns",
        "route",
        "service-port",
        "environment",
    }
    assert {each.type for each in definitions.provisioners.values()} == set(
        definitions.resource_types
    )


def test_secrets_of_the_built_in_types_are_marked() -> None:
    definitions = make_definitions((each, 1) for each in get_builtin_entities().values())
    secrets = {
        name: each.versions[-1].list_secret_outputs()
        for name, each in definitions.resource_types.items()
    }
    assert {name: found for name, found in secrets.items() if found} == {
        "postgres": {"password", "url"},
        "redis": {"password", "url"},
    }


def test_each_mistake_in_a_mixture_is_one_finding_in_order() -> None:
    files = {
        "a": COMPONENT.replace("lifecycle", "lifecicle") + "---\na: [\n---\nkind: Foo\n",
        "b": "\n" * 9 + SCORE.replace("image: .", "image: 5"),
        "c": SCORE.replace("postgres", "postgress"),
    }
    assert [(level, code, at) for level, code, at, *_ in _check(**files)] == [
        ("deny", "ENTITY-INVALID", "a:4:1"),
        ("deny", "YAML-INVALID", "a:7:1"),
        ("deny", "DOCUMENT-UNKNOWN", "a:8:1"),
        ("deny", "SCORE-INVALID", "b:12:21"),
        ("warn", "RESOURCE-TYPE-UNKNOWN", "c:4:18"),
    ]


def test_an_owner_that_is_not_there_is_a_warning() -> None:
    found = _check(a=COMPONENT.replace("group:platform", "shop"))
    ((level, code, at, why, fix),) = found
    assert (level, code, at) == ("warn", "ENTITY-REF-UNKNOWN", "a:4:46")
    assert why.endswith("spec.owner names 'group:default/shop', which is not in these files")
    assert fix == "add it, unless the platform has it already"
    user = "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {name: shop}\n"
    found = _check(
        a=COMPONENT.replace("group:platform", "shop"), b=user + "spec: {memberOf: [platfrom]}"
    )
    assert [each[-1] for each in found] == [
        "did you mean 'user:default/shop'?",
        "did you mean 'platform'?",
    ]


def test_a_field_that_is_spelt_like_another_is_a_warning() -> None:
    ((level, code, at, text, fix),) = _check(a=COMPONENT.replace("{name", "{anotations: {}, name"))
    assert (level, code, at) == ("warn", "ENTITY-FIELD-UNKNOWN", "a:3:12")
    assert text == "component 'orders': nothing reads the field 'anotations'"
    assert fix == "did you mean 'annotations'?"


def test_an_entity_is_described_once() -> None:
    ((level, code, at, text, _),) = _check(a=COMPONENT, b=COMPONENT)
    assert (level, code, at) == ("deny", "ENTITY-DUPLICATE", "b:1:1")
    assert text.endswith("'component:default/orders' is also described at a:1:1")


def test_definitions_are_checked_with_the_built_in_ones() -> None:
    text = """\
apiVersion: fairway.dev/v1
kind: Environment
metadata: {name: qa}
spec:
  type: qa
  target: elsewhere
  promotesFrom: [dev]
  approval: {required: 1, from: [testers]}
---
apiVersion: fairway.dev/v1
kind: Provisioner
metadata: {name: another}
spec:
  type: postgres
  match: {targetDriver: process}
  driver: postgresql
"""
    found = _check(a=text)
    assert [(level, code, at) for level, code, at, *_ in found] == [
        ("warn", "DEFINITION-UNKNOWN", "a:6:3"),
        ("warn", "ENTITY-REF-UNKNOWN", "a:8:34"),
        ("deny", "DEFINITION-TIE", "a:15:3"),
    ]
    assert "provisioners 'another' and 'postgres-local' match the same" in found[-1][3]


def test_a_copy_of_a_built_in_definition_replaces_it() -> None:
    text = builtin.read_builtin_documents()["provisioners.yaml"].decode()
    assert _check(mine=text.replace('version: "16"', 'version: "17"')) == []


def test_a_document_that_nobody_knows_is_refused() -> None:
    ((level, code, at, text, fix),) = _check(a="apiversion: v1\nkind: Pod\n")
    assert (level, code, at) == ("deny", "DOCUMENT-UNKNOWN", "a:1:1")
    assert text == "cannot tell what the document is: 'apiVersion' is missing"
    assert fix == "rename 'apiversion' to 'apiVersion'"


@pytest.mark.parametrize(
    "content", [b"site_name: Orders\n", b'{"openapi": "3.1.0"}', b"# for us\nplugins: [search]\n"]
)
def test_a_file_of_another_tool_is_foreign(content: bytes) -> None:
    assert is_foreign(content)


@pytest.mark.parametrize(
    "content", [b"apiVersion: v1\nkind: Pod\n", b"kind: Component\n", b"a: [\n", b""]
)
def test_a_file_that_is_broken_or_may_be_ours_is_not_foreign(content: bytes) -> None:
    assert not is_foreign(content)
