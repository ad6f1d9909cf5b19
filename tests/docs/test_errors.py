"""Every code of an error or a finding has its heading in docs/reference/errors.md, and no other."""

import ast
import re
from collections.abc import Iterator

from tests.docs.page import ROOT

_CODE = re.compile(r"[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)+|INTERNAL|UNREACHABLE")
_SAID = re.compile(r"\berror ([A-Z]+(?:-[A-Z]+)*): ")
# Codes that are put together when they are needed: the start that the source shows, and each end.
_COMPUTED = {
    "BUILD-": {"CANCELLED", "FAILED", "TESTS-FAILED", "DISK", "MEMORY", "PROCESSES", "TIMEOUT"},
    "HTTP-": {"STATUS"},
    "RESOURCE-": {"OUTPUTS", "PARAMS"},
    "SOURCE-": {"LINK-OUTSIDE", "NAME-INVALID", "SPECIAL-FILE", "TOO-LARGE", "UNREADABLE"},
}


def _read_trees() -> Iterator[ast.AST]:
    for path in sorted((ROOT / "src" / "fairway").rglob("*.py")):
        yield ast.parse(path.read_text())


def _list_codes() -> set[str]:
    """Return every code in the source: literals, those in texts, and the computed ones."""
    codes: set[str] = set()
    for tree in _read_trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                if _CODE.fullmatch(node.value):
                    codes.add(node.value)
                codes.update(_SAID.findall(node.value))
    ends = {end for group in _COMPUTED.values() for end in group}
    return (codes - ends) | {start + end for start, all_ in _COMPUTED.items() for end in all_}


def _list_computed() -> set[str]:
    """Return the starts of f-strings that are handed on as a code."""
    starts: set[str] = set()
    for tree in _read_trees():
        for node in ast.walk(tree):
            first = node.args[0] if isinstance(node, ast.Call) and node.args else None
            if isinstance(first, ast.JoinedStr) and isinstance(first.values[0], ast.Constant):
                start = str(first.values[0].value)
                if re.fullmatch(r"[A-Z]+-", start):
                    starts.add(start)
    return starts


def _list_headings() -> list[str]:
    text = (ROOT / "docs" / "reference" / "errors.md").read_text()
    return re.findall(r"^## (\S+)$", text, re.MULTILINE)


def test_every_code_has_its_heading_and_every_heading_its_code() -> None:
    assert set(_list_headings()) == _list_codes()


def test_headings_are_sorted_and_each_is_there_once() -> None:
    headings = _list_headings()
    assert headings == sorted(set(headings))


def test_codes_are_computed_only_where_the_ends_are_known() -> None:
    assert _list_computed() | {"HTTP-"} == set(_COMPUTED)


def test_a_heading_says_the_cause_and_what_to_do() -> None:
    text = (ROOT / "docs" / "reference" / "errors.md").read_text()
    for section in text.split("\n## ")[1:]:
        paragraphs = section.strip().split("\n\n")
        assert len(paragraphs) == 3, section
        assert all(paragraph.endswith(".") for paragraph in paragraphs[1:]), section
