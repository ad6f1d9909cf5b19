"""Words and columns that all views share.

Belongs here: alignment, moments, durations, short names of digests, commits and nodes.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import click

from fairway.cli.answer import Answer
from fairway.kits import digest

NOTHING = "–"
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def align(rows: Iterable[Sequence[str]], *, gap: int = 2, indent: int = 0) -> tuple[str, ...]:
    """Return one line per row, columns as wide as their widest cell, no trailing blanks.

    Example:
        >>> align([("a", "1"), ("long", "2")])
        ('a     1', 'long  2')
    """
    table = [list(row) for row in rows]
    count = max((len(row) for row in table), default=0)
    widths = [
        max((measure(row[column]) for row in table if column < len(row)), default=0)
        for column in range(count)
    ]
    return tuple((" " * indent + (" " * gap).join(map(pad, row, widths))).rstrip() for row in table)


def pad(text: str, width: int) -> str:
    """Return `text` filled with blanks up to `width` visible characters."""
    return text + " " * (width - measure(text))


def measure(text: str) -> int:
    """Return how many characters of `text` are visible."""
    return len(click.unstyle(text))


def render_moment(text: str, now: datetime | None) -> str:
    """Return a moment relative to `now`, as it is without one.

    Example:
        >>> from datetime import datetime, timezone
        >>> render_moment("2026-01-01T00:00:00Z", datetime(2026, 1, 1, 2, tzinfo=timezone.utc))
        '2 h ago'
    """
    if now is None or not text:
        return text
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return _render_distance((now - moment).total_seconds())


def _render_distance(seconds: float) -> str:
    words = "in {}" if seconds < -1 else "{} ago"
    distance = abs(seconds)
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if distance >= size:
            return words.format(f"{int(distance // size)} {unit}")
    return words.format(f"{int(distance)} s") if distance >= 1 else "just now"


def render_seconds(seconds: float) -> str:
    """Return a duration with its unit.

    Example:
        >>> render_seconds(4.12), render_seconds(75)
        ('4.1 s', '1 min 15 s')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def render_commit(commit: Answer) -> str:
    """Return a commit's short id, with `+` when files were changed since."""
    name = commit.text("id", "-")
    short = name[:7] if _COMMIT.fullmatch(name) else name
    return f"{short}+" if commit.flag("isDirty") else short


def shorten_digest(text: str) -> str:
    """Return a digest as `sha256:9f2c…`."""
    return f"sha256:{digest.shorten(text, 4)}…" if text else ""


def shorten_node(node: str, component: str) -> str:
    """Return a node's name as its owner wrote it.

    Example:
        >>> shorten_node("postgres.default#orders.db", "orders")
        'db'
        >>> shorten_node("workload/orders", "orders")
        'orders'
    """
    name = node.rpartition("#")[2] if "#" in node else node.partition("/")[2] or node
    return name.removeprefix(f"{component}.")


def describe_node(node: str, component: str) -> str:
    """Return a node's type and name, such as `postgres db`."""
    kind = node.partition("/")[0] if "#" not in node else node.partition("#")[0].partition(".")[0]
    return f"{kind} {shorten_node(node, component)}"


def count(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun.

    Example:
        >>> count(2, "denial")
        '2 denials'
    """
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"
