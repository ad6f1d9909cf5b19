"""Answers to a golden path's questions."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from fairway.cli.answer import Answer
from fairway.cli.answers import collect_answers
from fairway.kits.canonical import JsonObject
from fairway.kits.errors import Refused

PARAMETERS = Answer(
    {
        "type": "object",
        "required": ["name", "team"],
        "properties": {
            "name": {"type": "string"},
            "team": {"type": "string", "title": "Team"},
            "port": {"type": "integer", "default": 8080},
            "cache": {"type": "boolean", "default": False},
            "store": {"type": "string", "enum": ["postgres", "none"], "default": "none"},
            "tags": {"type": "array"},
            "password": {"type": "string", "writeOnly": True, "default": "none"},
        },
    }
)


def ask(typed: str) -> JsonObject:
    """Return what a person is understood to have answered."""
    found: list[JsonObject] = []

    @click.command()
    def command() -> None:
        found.append(collect_answers(PARAMETERS, file=None, pairs=(), can_ask=True))

    outcome = CliRunner().invoke(command, input=typed)
    assert outcome.exception is None, outcome.output
    return found[0]


def collect(*pairs: str, file: Path | None = None) -> JsonObject:
    name = None if file is None else str(file)
    return collect_answers(PARAMETERS, file=name, pairs=pairs, can_ask=False)


def test_pairs_are_read_as_their_parameters_say() -> None:
    assert collect("port=9000", "cache=yes", 'tags=["a"]', "team=007") == {
        "port": 9000,
        "cache": True,
        "tags": ["a"],
        "team": "007",
    }


def test_pairs_win_over_a_file(tmp_path: Path) -> None:
    file = tmp_path / "answers.yaml"
    file.write_text("port: 1\nteam: shop\n")
    assert collect("port=2", file=file) == {"port": 2, "team": "shop"}


@pytest.mark.parametrize("pair", ["port=many", "cache=perhaps", "tags=a"])
def test_what_is_of_another_type_is_refused(pair: str) -> None:
    with pytest.raises(Refused) as caught:
        collect(pair)
    assert caught.value.code == "PARAMETER-INVALID"


def test_an_unknown_parameter_is_refused_with_a_guess() -> None:
    with pytest.raises(Refused) as caught:
        collect("prot=1")
    assert "port" in caught.value.fix


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        collect(file=tmp_path / "none.yaml")
    assert caught.value.code == "ANSWERS-UNREADABLE"


def test_a_person_may_take_every_default() -> None:
    assert ask("shop\n\n\n\n\n\n") == {
        "team": "shop",
        "port": 8080,
        "cache": False,
        "store": "none",
        "password": "none",
    }


def test_a_person_is_asked_again_for_what_cannot_be_left_out_or_chosen() -> None:
    answers = ask("\nshop\n9000\ny\nmysql\npostgres\n[1]\nsecret\n")
    assert answers == {
        "team": "shop",
        "port": 9000,
        "cache": True,
        "store": "postgres",
        "tags": [1],
        "password": "secret",
    }
