"""What people see: each `*.txt` is a script of commands with their output, replayed.

Beside it, a `*.json` of the same name holds the API's answers. `UPDATE_GOLDENS=1` writes the
scripts anew. `# on a terminal` makes times relative; `[exit 2]` is an exit code other than 0.
"""

import contextlib
import io
import itertools
import json
import os
import re
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fairway.cli import main
from fairway.cli.session import Surroundings
from tests.golden.cli.fake_api import FakeApi

FOLDER = Path(__file__).parent
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SCRIPTS = sorted(FOLDER.glob("*.txt"))
PROMPT = "$ "


def _replay(script: str, api: FakeApi) -> str:
    lines = list(itertools.takewhile(lambda line: line.startswith("#"), script.splitlines()))
    for line in script.splitlines():
        if line.startswith(PROMPT):
            lines += ["", line, *_run(line, api, is_terminal="# on a terminal" in script)]
    return "\n".join(lines).strip() + "\n"


def _run(line: str, api: FakeApi, *, is_terminal: bool) -> Iterator[str]:
    name, *args = shlex.split(line.removeprefix(PROMPT))
    assert name == "fairway"
    surroundings = Surroundings(
        environ={"FAIRWAY_URL": api.url, "FAIRWAY_TOKEN": "t", "FAIRWAY_HOME": "/nowhere"},
        is_terminal=is_terminal,
        can_ask=False,
        get_now=lambda: NOW,
    )
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        exit_code = main.run(args, obj=surroundings)
    yield from _normalise(said.getvalue(), api).splitlines()
    if exit_code:
        yield f"[exit {exit_code}]"


def _normalise(text: str, api: FakeApi) -> str:
    text = text.replace(api.url, "http://127.0.0.1:7480")
    return re.sub(r" in \d+\.\d s\.", " in 4.1 s.", text)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_transcript_is_as_it_was(path: Path) -> None:
    api = FakeApi(json.loads(path.with_suffix(".json").read_text()))
    try:
        replayed = _replay(path.read_text(), api)
    finally:
        api.close()
    if os.environ.get("UPDATE_GOLDENS"):
        path.write_text(replayed)
    assert replayed == path.read_text()
    assert "NOT-RECORDED" not in replayed


def test_each_answer_has_its_script() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == {path.stem for path in SCRIPTS}
