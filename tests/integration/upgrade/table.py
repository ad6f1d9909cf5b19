"""The table of the documentation: what became of every line that people wrote.

Belongs here: rendering and writing it. Never here: merging, Copier.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from tests.integration.upgrade.histories import ALL

RESULTS = Path(__file__).with_name("copier_results.json")
PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "upgrades.md"
BEGIN, END = "<!-- histories -->\n", "<!-- end of histories -->\n"


def read_results() -> dict[str, int]:
    """Return how many lines Copier lost when all histories were run last."""
    found: dict[str, int] = json.loads(RESULTS.read_text())
    return found


def write_results(lost: Mapping[str, int]) -> None:
    """Keep Copier's results, and put the table into the page."""
    RESULTS.write_text(json.dumps(lost, indent=1, ensure_ascii=False) + "\n")
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(before + BEGIN + render(lost) + END + after)


def render(lost: Mapping[str, int]) -> str:
    """Return the table; Fairway keeps every line, or else its own test fails."""
    kept = [history.name for history in ALL if lost[history.name] == 0]
    rows = [f"| {history.name} | kept | {_describe(lost[history.name])} |" for history in ALL]
    total = f"| **all lines kept** | **{len(ALL)} of {len(ALL)}** | **{len(kept)} of {len(ALL)}** |"
    head = "| what happened | Fairway | `copier update` |\n|---|---|---|\n"
    return head + "\n".join([*rows, total]) + "\n"


def _describe(lost: int) -> str:
    return "kept" if lost == 0 else "gave up with an error" if lost < 0 else "lost"


def find_table() -> str:
    """Return the table as the page has it."""
    return PAGE.read_text().partition(BEGIN)[2].partition(END)[0]
