"""Pages of the documentation as blocks of code.

Belongs here: finding the blocks and what is said about each. A fence's info string is a language
and optionally `title="path"`: the reader writes the block into that file. A comment before a
block, `<!-- exits: 2 -->`, says how its last command ends; `<!-- needs: … -->` says what a page
takes for granted. Start at `read_page`.
"""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(
    r"^(?:<!-- exits: (?P<exits>\d+) -->\n)?"
    r"^(?P<indent> *)```(?P<language>\w*)(?: title=\"(?P<title>[^\"]+)\")?\n"
    r"(?P<text>.*?)^ *```$",
    re.MULTILINE | re.DOTALL,
)
_NEEDS = re.compile(r"^<!-- needs: (.+) -->$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block; `start` and `end` are where its text is in the page."""

    language: str
    title: str
    text: str
    line: int
    start: int
    end: int
    exits: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A Markdown file; `needs` are the words of its `needs` comments."""

    path: Path
    text: str
    blocks: tuple[Block, ...]
    needs: tuple[str, ...]

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT))


def list_pages() -> tuple[Page, ...]:
    """Return every page of the documentation, by path."""
    paths = {*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")}
    return tuple(read_page(path) for path in sorted(paths))


def read_page(path: Path) -> Page:
    """Return the page at `path`."""
    text = path.read_text()
    blocks = tuple(
        Block(
            language=match["language"],
            title=match["title"] or "",
            text=match["text"],
            line=text.count("\n", 0, match.start("language")) + 1,
            start=match.start("text"),
            end=match.end("text"),
            exits=int(match["exits"] or 0),
        )
        for match in _FENCE.finditer(text)
    )
    needs = tuple(word for group in _NEEDS.findall(text) for word in group.split())
    return Page(path=path, text=text, blocks=blocks, needs=needs)
