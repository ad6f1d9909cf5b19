"""The checklists of CONTRIBUTING.md name what is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
_NAMED = re.compile(r"`(\w+)`(?:,[^`]*)?\s+(?:of|in)\s+(?:the\s+)?`([\w/.-]+\.py)`")


def test_a_name_is_in_the_file_where_it_is_said_to_be() -> None:
    named = _NAMED.findall((ROOT / "CONTRIBUTING.md").read_text())
    assert len(named) >= 5
    for name, file in named:
        assert re.search(rf"\b{name}\b", (ROOT / file).read_text()), f"{name} in {file}"


def test_every_make_target_that_is_named_exists() -> None:
    targets = re.findall(r"^([a-z0-9]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for page in ("README.md", "CONTRIBUTING.md"):
        named = re.findall(r"\bmake ([a-z][a-z0-9]*)\b(?=[` \n])", (ROOT / page).read_text())
        code = [name for name in named if f"`make {name}" in (ROOT / page).read_text()]
        assert set(code) <= set(targets), page
