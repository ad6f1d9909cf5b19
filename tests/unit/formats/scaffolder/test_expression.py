"""Values with expressions in them, Backstage's filters, and what a text uses."""

from typing import Any

import pytest

from fairway.formats.scaffolder.expression import ENVIRONMENT, list_texts, resolve
from fairway.formats.scaffolder.nunjucks import UNDEFINED, NunjucksError, parse_text
from fairway.formats.scaffolder.usage import find_usage
from fairway.formats.yaml import Path

CONTEXT: dict[str, Any] = {
    "parameters": {
        "n": 5,
        "flag": True,
        "list": [1, "a"],
        "text": "x",
        "empty": "",
        "url": "git.example?owner=shop&repo=orders&project=p%20q",
        "deep": {"a": {"b": [{"c": 1}]}, "x.y": 2},
    }
}


def evaluate(value: Any) -> Any:
    def fail(error: NunjucksError, path: Path) -> Exception:
        return ValueError(f"{path}: {error.why}")

    return resolve(value, CONTEXT, path=("spec",), fail=fail)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${{ parameters.n }}", 5),
        ("${{ parameters.flag }}", True),
        ("${{ parameters.list }}", [1, "a"]),
        ("${{ parameters.n / 2 }}", 2.5),
        ("${{ 1 / 0 }}", None),
        ("${{ none }}", None),
        ("${{ parameters.empty }}", ""),
        ("${{ parameters.absent }}", UNDEFINED),
        (" ${{ parameters.n }}", " 5"),
        ("${{ parameters.n }}${{ parameters.n }}", "55"),
        ("${{ parameters.absent }}${{ parameters.absent }}", UNDEFINED),
        ("{# note #}${{ parameters.n }}", 5),
        ("{% if parameters.flag %}${{ parameters.list }}{% endif %}", [1, "a"]),
        ("{% if parameters.flag %}say ${{ parameters.text }}{% endif %}", "say x"),
        ("{% if parameters.flag %}12{% endif %}", 12),
        ("{% if not parameters.flag %}12{% endif %}", UNDEFINED),
        ("plain", "plain"),
        (7, 7),
    ],
)
def test_one_expression_keeps_its_type(text: Any, value: Any) -> None:
    assert evaluate(text) == value


def test_what_is_not_there_is_left_out_of_mappings() -> None:
    value = {"a": "${{ parameters.absent }}", "b": ["${{ parameters.absent }}", {"c": "${{ 1 }}"}]}
    assert evaluate(value) == {"b": [None, {"c": 1}]}


def test_an_error_names_its_place() -> None:
    with pytest.raises(ValueError, match=r"\('spec', 'a', 1\): there is no filter 'now'"):
        evaluate({"a": ["x", "${{ '' | now }}"]})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (
            "${{ parameters.url | parseRepoUrl }}",
            {"host": "git.example", "owner": "shop", "repo": "orders", "project": "p q"},
        ),
        ("${{ (parameters.url | parseRepoUrl).repo }}", "orders"),
        ('${{ (parameters.url | parseRepoUrl)["owner"] }}', "shop"),
        ("${{ parameters.url | parseRepoUrl | pick('host') }}", "git.example"),
        ("${{ parameters.url | projectSlug }}", "shop/orders"),
        (
            "${{ 'group:a/b' | parseEntityRef }}",
            {"kind": "group", "namespace": "a", "name": "b"},
        ),
        (
            "${{ 'b' | parseEntityRef({ defaultKind: 'User', defaultNamespace: 'n' }) }}",
            {"kind": "User", "namespace": "n", "name": "b"},
        ),
        ("${{ 'group:b' | parseEntityRef | pick('name') }}", "b"),
        ("${{ parameters.deep | pick('a.b[0].c') }}", 1),
        ("${{ parameters.deep | pick('a[\"b\"].0.c') }}", 1),
        ("${{ parameters.deep | pick('x.y') }}", 2),
        ("${{ parameters.deep | pick(['a', 'b']) }}", [{"c": 1}]),
        ("${{ parameters.deep | pick('a.q.z') }}", UNDEFINED),
    ],
)
def test_backstages_filters_work(text: str, value: object) -> None:
    assert evaluate(text) == value


@pytest.mark.parametrize(
    "text", ["${{ 'x' | parseRepoUrl }}", "${{ 5 | parseRepoUrl }}", "${{ 'b' | parseEntityRef }}"]
)
def test_what_a_filter_cannot_read_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="the filter 'parse"):
        evaluate(text)


def test_texts_are_listed_with_their_places() -> None:
    value = {"a": ["x", {"b": "y"}], "n": 1}
    assert list(list_texts(value, ("s",))) == [(("s", "a", 0), "x"), (("s", "a", 1, "b"), "y")]


def test_what_a_text_uses_is_found() -> None:
    text = (
        "{% for x in a.list %}${{ x.y ~ loop.index ~ b['c'] ~ d[e] }}{% endfor %}\n"
        "{% set f = g | now %}${{ f if h is unheard }}${{ range(i) }}"
    )
    usage = find_usage(parse_text(text), ENVIRONMENT)
    assert usage.names == {
        ("a", "list"): 1,
        ("b", "c"): 1,
        ("d",): 1,
        ("e",): 1,
        ("g",): 2,
        ("h",): 2,
        ("i",): 2,
    }
    assert usage.problems == (
        (2, "there is no filter 'now'"),
        (2, "there is no test 'unheard'"),
    )
