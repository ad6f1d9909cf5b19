r"""Placeholders, exactly as Score's reference implementation reads them.

Belongs here: the grammar `${a.b}`, `$$`, `$${x}` and `\.`. Never here:
what a reference means (`fairway.core.graph`). Start at `parse_template`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from fairway.kits.canonical import JsonValue
from fairway.kits.errors import Refused

ROOTS = ("metadata", "resources")
_TOKEN = re.compile(r"\$(?:(\$?)\{([^}]*)\}|\$)")
_UNESCAPED_DOT = re.compile(r"(?<!\\)\.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A dotted path whose first part is `metadata` or `resources`."""

    path: tuple[str, ...]

    def __str__(self) -> str:
        return ".".join(part.replace(".", "\\.") for part in self.path)


Template: TypeAlias = tuple[str | Reference, ...]


def parse_template(text: str) -> Template:
    r"""Return the literal and the referring parts of `text`, in order; no two literals touch.

    `$$` is a dollar sign, `$${x}` is the text `${x}`, and a lone `$` stays as it is.

    Raises:
        Refused: SCORE-PLACEHOLDER, a placeholder is empty or has an unknown root.

    Example:
        >>> parse_template("a-${resources.db.url}")
        ('a-', Reference(path=('resources', 'db', 'url')))
        >>> parse_template("$${literal} costs $$5")
        ('${literal} costs $5',)
    """
    if "$" not in text:
        return (text,) if text else ()
    parts: list[str | Reference] = []
    position = 0
    for match in _TOKEN.finditer(text):
        _append_literal(parts, text[position : match.start()])
        position = match.end()
        escape, inner = match.group(1), match.group(2)
        if inner is None:
            _append_literal(parts, "$")
        elif escape:
            _append_literal(parts, f"${{{inner}}}")
        else:
            parts.append(_parse_reference(inner))
    _append_literal(parts, text[position:])
    return tuple(parts)


def _append_literal(parts: list[str | Reference], literal: str) -> None:
    if not literal:
        return
    if parts and isinstance(parts[-1], str):
        parts[-1] += literal
    else:
        parts.append(literal)


def _parse_reference(inner: str) -> Reference:
    path = tuple(part.replace("\\.", ".") for part in _UNESCAPED_DOT.split(inner))
    if path[0] not in ROOTS or "" in path:
        raise Refused(
            "SCORE-PLACEHOLDER",
            what=f"cannot read placeholder '${{{inner}}}'",
            why="it has an empty part"
            if path[0] in ROOTS
            else f"its root '{path[0]}' is unknown; the roots are 'metadata' and 'resources'",
            fix="refer to ${metadata.<key>} or ${resources.<name>.<output>}, "
            "or write $${…} for the text itself",
        )
    return Reference(path=path)


def list_references(value: JsonValue) -> tuple[Reference, ...]:
    """Return the references in all strings of `value`, keys excepted, in the order of the text."""
    if isinstance(value, str):
        return tuple(part for part in parse_template(value) if isinstance(part, Reference))
    if isinstance(value, Mapping):
        return tuple(ref for item in value.values() for ref in list_references(item))
    if isinstance(value, Sequence):
        return tuple(ref for item in value for ref in list_references(item))
    return ()
