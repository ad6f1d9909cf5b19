"""Patterns of paths as globby has them.

Belongs here: which paths below a folder a list of patterns names. Start at `match_paths`.
"""

import re
from collections.abc import Iterable, Sequence

from fairway.drivers.template.failure import Failure

_MOST_ALTERNATIVES = 100


def match_paths(patterns: Sequence[str], paths: Iterable[str]) -> frozenset[str]:
    """Return those of `paths` that the patterns name; a folder that is named stands for all in it.

    Raises:
        Failure: TEMPLATE-INVALID, a pattern is none.

    Example:
        >>> sorted(match_paths(["a", "*.md", "!b.md"], ["a/x", "b.md", "c.md", "d/e.md"]))
        ['a/x', 'c.md']
    """
    known = tuple(paths)
    found: set[str] = set()
    gone: set[str] = set()
    for pattern in patterns:
        chosen = gone if pattern.startswith("!") else found
        for alternative in _expand(pattern.removeprefix("!").removeprefix("./").rstrip("/")):
            compiled = re.compile(f"{_translate(alternative)}(?:/.*)?", re.DOTALL)
            chosen.update(path for path in known if compiled.fullmatch(path))
    return frozenset(found - gone)


def _expand(pattern: str) -> list[str]:
    """Return the pattern once for each of the alternatives in its braces."""
    made, ready = [pattern], []
    while made:
        text = made.pop()
        brace = re.search(r"\{([^{}]*,[^{}]*)\}", text)
        if brace is None:
            ready.append(text)
            continue
        made += [text[: brace.start()] + part + text[brace.end() :] for part in brace[1].split(",")]
        if len(made) + len(ready) > _MOST_ALTERNATIVES:
            raise Failure(
                "TEMPLATE-INVALID",
                f"the pattern '{pattern}' has more than {_MOST_ALTERNATIVES} alternatives",
                fix="write several patterns",
            )
    return ready


def _translate(pattern: str) -> str:
    """Return the regular expression of a pattern without braces."""
    parts: list[str] = []
    at = 0
    while at < len(pattern):
        if pattern.startswith("**/", at):
            parts.append("(?:.*/)?")
            at += 3
        elif pattern.startswith("**", at):
            parts.append(".*")
            at += 2
        elif pattern[at] in "*?":
            parts.append("[^/]*" if pattern[at] == "*" else "[^/]")
            at += 1
        elif found := re.compile(r"\[([!^]?)([^]/\\]+)\]").match(pattern, at):
            inverted = "^" if found[1] else ""
            signs = found[2].replace("[", r"\[")
            parts.append(f"[{inverted}{signs}]")
            at = found.end()
        else:
            parts.append(re.escape(pattern[at]))
            at += 1
    return "".join(parts)
