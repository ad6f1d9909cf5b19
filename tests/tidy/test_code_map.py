"""The code map of ARCHITECTURE.md is the tree, both ways."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "fairway"


def _list_folders() -> set[str]:
    """Return the folders that hold files of the package, relative to it."""
    files = (path for path in SOURCE.rglob("*") if path.is_file())
    kept = (path.parent for path in files if "__pycache__" not in path.parts)
    return {str(folder.relative_to(SOURCE)) for folder in kept} - {"."}


def _list_rows() -> list[str]:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    section = text.partition("\n## Code map\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)


def test_every_folder_has_its_row_and_every_row_its_folder() -> None:
    assert set(_list_rows()) == _list_folders()


def test_rows_are_sorted_and_each_is_there_once() -> None:
    assert _list_rows() == sorted(set(_list_rows()))


def test_the_layers_are_those_that_the_linter_checks() -> None:
    contract = (ROOT / ".importlinter").read_text().partition("layers =\n")[2]
    linted = [line.strip() for line in contract.splitlines() if line.startswith("    ")]
    section = (ROOT / "ARCHITECTURE.md").read_text().partition("\n## Layers\n")[2]
    shown = section.partition("```text\n")[2].partition("```")[0].splitlines()
    assert shown == linted
