"""Errors: their one form and their exit codes."""

import pytest

from fairway.cli import failure
from fairway.cli.answer import Answer
from fairway.cli.failure import ApiProblem, Unreachable
from fairway.kits.canonical import JsonValue
from fairway.kits.errors import InvalidDocuments, Location, Problem, Refused, Unavailable

WHAT, WHY, FIX = "cannot read 'a'", "it is 5", "make it 6"
TEXT = {"what": WHAT, "why": WHY, "fix": FIX}


def _invalid(*lines: int) -> InvalidDocuments:
    return InvalidDocuments(
        tuple(
            Refused("BAD", what=WHAT, why=WHY, fix=FIX, at=Location(file="a.yaml", line=line))
            for line in lines
        )
    )


def test_each_problem_is_an_error_with_its_place_and_fix() -> None:
    assert list(failure.render(_invalid(1, 9))) == [
        "error BAD: cannot read 'a': it is 5",
        "  at: a.yaml:1",
        "  fix: make it 6",
        "error BAD: cannot read 'a': it is 5",
        "  at: a.yaml:9",
        "  fix: make it 6",
    ]


def test_the_errors_of_an_answer_are_said_one_by_one() -> None:
    parts: JsonValue = [{"code": "ONE", **TEXT, "at": "a.yaml:1:2"}, {"code": "TWO", **TEXT}]
    problem = ApiProblem(422, Answer({"code": "DOCUMENT-INVALID", **TEXT, "errors": parts}))
    said = list(failure.render(problem))
    assert [line for line in said if line.startswith("error")] == [
        "error ONE: cannot read 'a': it is 5",
        "error TWO: cannot read 'a': it is 5",
    ]
    assert failure.get_exit_code(problem) == failure.INVALID


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (_invalid(1), 65),
        (Refused("A", what=WHAT, why=WHY, fix=FIX), 2),
        (Unavailable("A", what=WHAT, why=WHY, fix=FIX), 75),
        (Unreachable("http://x", "refused"), 69),
        (ApiProblem(401, Answer({})), 77),
        (ApiProblem(403, Answer({})), 77),
        (ApiProblem(404, Answer({})), 2),
        (ApiProblem(409, Answer({})), 2),
        (ApiProblem(500, Answer({})), 70),
        (ApiProblem(503, Answer({})), 75),
    ],
)
def test_the_exit_code_tells_the_kind(problem: Problem, code: int) -> None:
    assert failure.get_exit_code(problem) == code
