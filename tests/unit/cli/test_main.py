"""The table of commands, and what starting costs."""

import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from fairway.cli import failure, lazy, main

EXIT_CODES = Path(__file__).parents[3] / "docs" / "reference" / "exit_codes.md"
ENTRIES = {name: entry for part in main.SECTIONS.values() for name, entry in part.items()}
HEAVY = "httpx2 msgspec rich yaml ryaml pydantic fastapi sqlalchemy jsonschema_rs asyncio"


@pytest.mark.parametrize("name", ENTRIES)
def test_a_command_is_listed_as_it_describes_itself(name: str) -> None:
    command = lazy.load(ENTRIES[name].path)
    assert isinstance(command, click.Command)
    assert command.name == name
    assert command.get_short_help_str(limit=200) == ENTRIES[name].help


@pytest.mark.parametrize("arguments", ["['--help']", "['status']", "['version']"])
def test_a_command_imports_nothing_heavy(arguments: str) -> None:
    script = (
        "import sys; from fairway.cli import main\n"
        f"main.run({arguments})\n"
        f"print('imported', [name for name in {HEAVY.split()} if name in sys.modules])"
    )
    environ = {"FAIRWAY_HOME": "/nowhere", "FAIRWAY_URL": "http://127.0.0.1:1"}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environ
    )
    assert done.stdout.splitlines()[-1] == "imported []"


def test_each_exit_code_is_documented() -> None:
    codes = {
        value for name, value in vars(failure).items() if name.isupper() and isinstance(value, int)
    }
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", EXIT_CODES.read_text(), re.M)}
    assert documented == codes
