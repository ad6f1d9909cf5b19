"""Links between pages lead somewhere, and files that are named exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"`((?:src|tests|docs|examples|changes)/[\w./-]+)`")
_PAGES = sorted({*ROOT.glob("*.md"), *ROOT.glob("changes/*.md"), *ROOT.glob("docs/**/*.md")})


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _list_anchors(path: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", _FENCE.sub("", path.read_text()), re.MULTILINE)
    kept = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.strip().replace(" ", "-") for heading in kept}


@pytest.mark.parametrize("page", _PAGES, ids=_name)
def test_a_link_leads_somewhere(page: Path) -> None:
    for target in _LINK.findall(_FENCE.sub("", page.read_text())):
        if "://" in target:
            continue
        file, _, anchor = target.partition("#")
        path = (page.parent / file).resolve() if file else page
        assert path.exists(), target
        assert not anchor or anchor in _list_anchors(path), target


@pytest.mark.parametrize("page", _PAGES, ids=_name)
def test_a_file_that_is_named_exists(page: Path) -> None:
    missing = [name for name in _FILE.findall(page.read_text()) if not (ROOT / name).exists()]
    assert not missing


def test_every_page_is_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    todo = [ROOT / "README.md"]
    while todo:
        page = todo.pop()
        if page in reached:
            continue
        reached.add(page)
        for target in _LINK.findall(_FENCE.sub("", page.read_text())):
            path = (page.parent / target.partition("#")[0]).resolve()
            if "://" not in target and path.suffix == ".md" and path.exists():
                todo.append(path)
    assert {page for page in _PAGES if page.is_relative_to(ROOT / "docs")} <= reached
