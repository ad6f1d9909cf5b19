"""YAML: what is read, and what is refused where."""

import pytest

from fairway.formats.yaml import make_document, parse_documents, render_documents
from fairway.kits.canonical import JsonObject, JsonValue
from fairway.kits.errors import InvalidDocuments, Refused


def _parse(text: str) -> JsonObject:
    (document,) = parse_documents(text.encode(), file="x.yaml")
    return document.value


def _refuse(content: str | bytes, **limits: int) -> Refused:
    content = content.encode() if isinstance(content, str) else content
    with pytest.raises(InvalidDocuments) as refused:
        parse_documents(content, file="x.yaml", **limits)
    return refused.value.problems[0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("y", "y"),
        ("1:30", "1:30"),
        ("2024-01-31", "2024-01-31"),
        ("1_000", "1_000"),
        ("0b11", "0b11"),
        ("-0x1F", "-0x1F"),
        ("012", 12),
        ("0o14", 12),
        ("0x1F", 31),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("~", None),
        ("", None),
        ("True", True),
        ("'012'", "012"),
        ("!!str 012", "012"),
        ("!!float 1", 1.0),
        ("18446744073709551615", 2**64 - 1),
    ],
)
def test_a_scalar_means_what_yaml_1_2_says(text: str, value: JsonValue) -> None:
    read = _parse(f"a: {text}")["a"]
    assert read == value
    assert type(read) is type(value)


def test_merge_keys_give_way_to_what_is_written() -> None:
    text = "base: &base {a: 1, b: 2}\nmore: &more {b: 3, c: 4}\nit: {<<: [*base, *more], a: 0}"
    assert _parse(text)["it"] == {"a": 0, "b": 2, "c": 4}


def test_a_quoted_merge_key_is_a_key() -> None:
    assert _parse('"<<": {a: 1}') == {"<<": {"a": 1}}


def test_a_file_holds_many_documents() -> None:
    text = "%YAML 1.2\n# first\n---\na: 1\n...\n---\n# nothing\n--- {b: |-\n---\nc: |\n  ---\n  x\n"
    with pytest.raises(InvalidDocuments):
        parse_documents(text.encode(), file="x.yaml")
    text = text.replace("--- {b: |-\n", "--- {b: 2}\n")
    values = [document.value for document in parse_documents(text.encode(), file="x.yaml")]
    assert values == [{"a": 1}, {"b": 2}, {"c": "---\nx\n"}]


def test_a_byte_order_mark_and_other_line_ends_are_read() -> None:
    documents = parse_documents(b"\xef\xbb\xbfa: 1\r\n---\r\nb: |\r\n  x\r\n  y\r\n", file="x.yaml")
    assert [document.value for document in documents] == [{"a": 1}, {"b": "x\ny\n"}]
    assert str(documents[1].get_location(("b",))) == "x.yaml:3:1"


def test_json_is_read() -> None:
    assert _parse('{\n\t"a": [1, 2.5, null, "\\u00e9"]\n}') == {"a": [1, 2.5, None, "é"]}


def test_json_may_write_emoji_as_surrogate_pairs() -> None:
    (document,) = parse_documents(b'{"a": "\\ud83d\\ude00", "b": {}}\n', file="x.json")
    assert document.value == {"a": "😀", "b": {}}
    assert str(document.get_location(("b",))) == "x.json"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"a": 1, "a": 2}', "YAML-DUPLICATE-KEY"),
        ('{"a": NaN, "b": -Infinity, "b": 1}', "YAML-DUPLICATE-KEY"),
        ('{"a": 1e999}', "YAML-INVALID"),
        ('{"a": 99999999999999999999}', "YAML-INVALID"),
        ('{"a": ' * 200 + "1" + "}" * 200, "YAML-TOO-LARGE"),
        ('{"a": "\\ud83d"}', "YAML-INVALID"),
    ],
)
def test_json_keeps_the_same_rules(text: str, code: str) -> None:
    assert _refuse(text).code == code


def test_members_know_their_place() -> None:
    text = "# c\na: 1\n---\nb:\n  - c: {d: 2}\n  - 3\n"
    document = parse_documents(text.encode(), file="x.yaml")[1]
    places = {
        (): "x.yaml:4:1",
        ("b",): "x.yaml:4:1",
        ("b", 0): "x.yaml:5:5",
        ("b", 0, "c", "d"): "x.yaml:5:9",
        ("b", 1): "x.yaml:6:5",
        ("b", 0, "gone", "x"): "x.yaml:5:5",
    }
    assert {path: str(document.get_location(path)) for path in places} == places


def test_a_document_without_text_is_placed_by_its_file() -> None:
    document = make_document({"a": 1}, file="store")
    assert str(document.get_location(("a",))) == "store"


@pytest.mark.parametrize(
    ("text", "code", "at", "why"),
    [
        ("a: 1\n b: 2", "YAML-INVALID", "2:3", "mapping values are not allowed"),
        (
            "a:\n- [1",
            "YAML-INVALID",
            "3:1",
            "or ']' while parsing a flow sequence that starts on line 2",
        ),
        ("a: *x", "YAML-INVALID", "1:4", "the alias '*x' has no anchor"),
        ("a: 1\n---\nb: 1\nb: 2", "YAML-DUPLICATE-KEY", "4:1", "'b' is already on line 3"),
        ("a: {b: 1, 'b': 2}", "YAML-DUPLICATE-KEY", "1:11", "'b' is already on line 1"),
        ("a: !vault x", "YAML-TAG", "1:4", "the tag '!vault' is unknown"),
        ("a: !!binary aGk=", "YAML-TAG", "1:4", "the tag '!!binary' is unknown"),
        ("a: !!int x", "YAML-INVALID", "1:4", "'x' is not of type !!int"),
        ("a:\n  - .inf", "YAML-INVALID", "2:5", "the number .inf is not finite"),
        ("a: 1e400", "YAML-INVALID", "1:4", "the number 1e400 is out of range"),
        ("a: 99999999999999999999", "YAML-INVALID", "1:4", "more than 64 bits"),
        ("a:\n  1: x", "YAML-INVALID", "2:3", "the key 1 is not a string"),
        ("true: x", "YAML-INVALID", "1:1", "the key true is not a string"),
        ("? [a]\n: b", "YAML-INVALID", "1:3", "a key is not a string"),
        ("a: {<<: 1}", "YAML-INVALID", "1:5", "not a mapping"),
        ("- a", "YAML-INVALID", "1:1", "a document is a mapping, and this is a list"),
        ("hello", "YAML-INVALID", "1:1", "this is a single value"),
        ("a: x\ny: \x07", "YAML-INVALID", "2:4", "the character U+0007 is not allowed"),
        ("a: &x [*x]", "YAML-ALIASES", "1:8", "is inside of what it repeats"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(
    text: str, code: str, at: str, why: str
) -> None:
    problem = _refuse(text)
    assert (problem.code, str(problem.at)) == (code, f"x.yaml:{at}")
    assert why in problem.why
    assert problem.what == "cannot read x.yaml"
    assert problem.fix


def test_each_broken_document_is_named() -> None:
    with pytest.raises(InvalidDocuments) as refused:
        parse_documents(b"a: [\n---\nb: 1\n---\nc: {\n", file="x.yaml")
    lines = [problem.at.line for problem in refused.value.problems if problem.at]
    assert lines == [2, 6]


def test_an_alias_bomb_is_refused() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 30)
    )
    problem = _refuse(bomb)
    assert problem.code == "YAML-ALIASES"
    assert "repeat more than 10000 values" in problem.why


def test_deep_nesting_is_refused() -> None:
    assert _refuse("a: " + "[" * 300 + "]" * 300).code == "YAML-TOO-LARGE"
    assert _refuse("a: " + "[" * 900_000).code in ("YAML-TOO-LARGE", "YAML-INVALID")


def test_large_documents_and_files_are_refused() -> None:
    ten_megabytes = b"a: " + b"x" * (10 * 2**20 - 3)
    problem = _refuse(ten_megabytes)
    assert problem.code == "YAML-TOO-LARGE"
    assert "the document has 10485760 bytes, more than the limit of 1048576" in problem.why
    assert "the file has" in _refuse(ten_megabytes + b"x").why
    problem = _refuse("a: 1\n---\nb: éé", max_document_bytes=10)
    assert str(problem.at) == "x.yaml:2"


@pytest.mark.parametrize(
    ("content", "why", "at"),
    [
        (b"a: 1\nb: \xff", "byte 0xff is not UTF-8", "x.yaml:2:4"),
        ("a: 1".encode("utf-16"), "it is UTF-16", "x.yaml:1:1"),
    ],
)
def test_other_encodings_are_refused(content: bytes, why: str, at: str) -> None:
    problem = _refuse(content)
    assert (problem.code, problem.why, str(problem.at)) == ("YAML-ENCODING", why, at)


def test_text_is_rendered_to_be_read_by_people() -> None:
    value: JsonObject = {"a": "x\ny\n", "b": ["no", "12", {"c": {}}], "d": None, "e": 1e30}
    assert render_documents([value, {}]).decode() == (
        "a: |\n  x\n  y\nb:\n- 'no'\n- \"12\"\n- c: {}\nd: null\ne: 1.0e+30\n---\n{}\n"
    )
