"""Fragments of the changelog have the form that a release gathers."""

import re
from pathlib import Path

CHANGES = Path(__file__).parents[2] / "changes"
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\.(added|changed|deprecated|removed|fixed|security)\.md")


def test_a_fragment_is_named_by_slug_and_type_and_says_something() -> None:
    fragments = [path for path in CHANGES.iterdir() if path.name != "README.md"]
    assert fragments
    for path in fragments:
        assert _NAME.fullmatch(path.name), path.name
        assert path.read_text().strip().endswith("."), path.name
