"""Words and columns that all views share."""

from datetime import UTC, datetime

import click
import pytest

from fairway.cli.answer import Answer
from fairway.cli.views import text

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def test_columns_are_as_wide_as_what_is_seen() -> None:
    rows = [(click.style("ok", fg="green"), "a"), ("failed", "b")]
    lines = text.align(rows)
    assert [click.unstyle(line) for line in lines] == ["ok      a", "failed  b"]


def test_rows_of_unequal_length_are_aligned() -> None:
    assert text.align([("a",), ("bb", "c"), ("", "", "d")]) == ("a", "bb  c", "       d")


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        ("2026-03-01T11:59:59.500Z", "just now"),
        ("2026-03-01T11:59:30Z", "30 s ago"),
        ("2026-03-01T11:01:00Z", "59 min ago"),
        ("2026-02-28T12:00:00Z", "1 d ago"),
        ("2026-03-02T13:00:00+00:00", "in 1 d"),
        ("", ""),
        ("some day", "some day"),
    ],
)
def test_a_moment_is_relative_on_a_terminal(moment: str, said: str) -> None:
    assert text.render_moment(moment, NOW) == said


def test_a_moment_is_itself_when_piped() -> None:
    assert text.render_moment("2026-03-01T11:59:30Z", None) == "2026-03-01T11:59:30Z"


@pytest.mark.parametrize(
    ("node", "said"),
    [
        ("postgres.default#orders.db", "postgres db"),
        ("postgres.ha#shared", "postgres shared"),
        ("workload/orders", "workload orders"),
        ("volume.default#carts.files", "volume carts.files"),
    ],
)
def test_a_node_is_named_as_its_owner_wrote_it(node: str, said: str) -> None:
    assert text.describe_node(node, "orders") == said


def test_a_commit_is_short_and_says_that_files_were_changed() -> None:
    commit = Answer({"id": "4c1d2e0a6f" + "0" * 30, "isDirty": True})
    assert text.render_commit(commit) == "4c1d2e0+"
    assert text.render_commit(Answer({"id": "-"})) == "-"


def test_an_answer_of_another_shape_reads_as_empty() -> None:
    answer = Answer({"items": "no list", "number": True, "at": [1]})
    assert answer.items("items") == ()
    assert answer.number("number") is None
    assert answer.at("at").text("x") == ""
    assert not answer.at("absent")
