"""Records of decisions are numbered without gaps, have one form, and are all listed."""

import re
from pathlib import Path

DECISIONS = Path(__file__).parents[2] / "docs" / "decisions"
_SECTIONS = ["Context", "Decision", "Consequences"]


def _list_records() -> list[Path]:
    return sorted(path for path in DECISIONS.glob("*.md") if path.name != "README.md")


def test_records_are_numbered_without_gaps() -> None:
    numbers = [path.name[:4] for path in _list_records()]
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]


def test_a_record_says_context_decision_and_consequences() -> None:
    for path in _list_records():
        text = path.read_text()
        assert text.startswith(f"# {path.name[:4]}: "), path.name
        assert re.search(r"^Status: (accepted|replaced by \d{4})$", text, re.MULTILINE), path.name
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == _SECTIONS, path.name


def test_the_list_names_every_record_by_its_title() -> None:
    rows = re.findall(r"^- \[(.+)\]\((.+)\)$", (DECISIONS / "README.md").read_text(), re.MULTILINE)
    titles = [
        (path.read_text().partition("\n")[0].removeprefix("# "), path.name)
        for path in _list_records()
    ]
    assert rows == titles
