"""YAML: the two readers agree, and what is rendered is read back."""

import json
from collections.abc import Sequence

from hypothesis import example, given
from hypothesis import strategies as st

from fairway.formats.yaml import document, parse_documents, read_documents, render_documents
from fairway.formats.yaml.node import Node, compose_node
from fairway.kits import canonical
from fairway.kits.canonical import JsonObject, JsonValue
from tests.property.formats import strategies


@given(st.lists(strategies.json_objects, max_size=3))
def test_a_rendered_document_is_read_back(values: Sequence[JsonObject]) -> None:
    content = render_documents(values)
    documents = parse_documents(content, file="x.yaml")
    assert [each.value for each in documents] == list(values)
    assert render_documents([each.value for each in documents]) == content


@given(strategies.json_objects)
def test_the_careful_reader_reads_what_is_rendered(value: JsonObject) -> None:
    text = render_documents([value]).decode()
    assert compose_node(text, file="x.yaml").value == value


@given(strategies.yaml_texts)
@example('{"a":0b1}')
@example("a: 1\u2028---\u2028b: 2")
def test_the_fast_reader_never_differs_from_the_careful_one(text: str) -> None:
    fast = document._read_fast(text)
    if fast is None:
        return
    careful = compose_node(text, file="x.yaml").value
    assert canonical.render_canonical(fast) == canonical.render_canonical(careful)


@given(strategies.json_objects)
def test_json_means_the_same_as_yaml(value: JsonObject) -> None:
    text = json.dumps(value, indent=1)
    assert document._read_fast(text) == value
    # What YAML's own readers do not know: surrogate pairs, and this character unescaped.
    if "\\ud" not in text and "\x7f" not in text:
        assert compose_node(text, file="x.json").value == value


@given(strategies.yaml_texts)
def test_any_text_is_read_or_refused(text: str) -> None:
    documents, problems = read_documents(text.encode(), file="x.yaml")
    assert all(problem.at and problem.at.line for problem in problems)
    for each in documents:
        canonical.render_canonical(each.value)
        assert each.get_location().line


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    _, problems = read_documents(content, file="x.yaml")
    assert all(problem.code.startswith("YAML-") for problem in problems)


@given(strategies.json_objects)
def test_every_member_has_its_place(value: JsonObject) -> None:
    text = render_documents([value]).decode()
    _check_place(compose_node(text, file="x.yaml"), value, text.splitlines())


def _check_place(node: Node, value: JsonValue, lines: Sequence[str]) -> None:
    assert 1 <= node.line <= len(lines)
    assert node.column >= 1
    assert set(node.members) == set(value if isinstance(value, dict) else range(len(_items(value))))
    for key, member in node.members.items():
        _check_place(member, value[key], lines)  # type: ignore[index] # checked above


def _items(value: JsonValue) -> Sequence[JsonValue]:
    return value if isinstance(value, list) else ()
