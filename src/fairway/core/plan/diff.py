"""Differences between two redacted documents, for people.

Belongs here: comparing leaf by leaf and showing a leaf without its secret.
"""

from collections.abc import Iterator, Mapping, Sequence

from fairway.core.graph import expression
from fairway.core.plan.plan import Change
from fairway.kits import canonical
from fairway.kits.canonical import JsonValue

HIDDEN = "•••"
_WIDTH = 120
Path = tuple[str, ...]
_ABSENT = object()


def list_differences(
    before: object, after: object, path: Path = ()
) -> Iterator[tuple[Path, object, object]]:
    """Yield the path and both values of every leaf that differs, by sorted key.

    A leaf that is not there is given as `ABSENT`; an unknown leaf differs from everything.
    """
    if _is_branch(before) and _is_branch(after):
        assert isinstance(before, Mapping)
        assert isinstance(after, Mapping)
        for key in sorted({*before, *after}):
            yield from list_differences(
                before.get(key, _ABSENT), after.get(key, _ABSENT), (*path, key)
            )
    elif before != after:
        if _is_branch(after) and before is _ABSENT and after:
            yield from list_differences({}, after, path)
        elif _is_branch(before) and after is _ABSENT and before:
            yield from list_differences(before, {}, path)
        else:
            yield path, before, after


def is_unknown(value: object) -> bool:
    """Return whether a redacted leaf will be known only later."""
    return isinstance(value, Mapping) and expression.UNKNOWN in value


def make_change(path: Path, before: object, after: object) -> Change:
    """Return the difference as people see it."""
    return Change(path=".".join(path), before=_show(before), after=_show(after))


def _is_branch(value: object) -> bool:
    return (
        isinstance(value, Mapping)
        and expression.SECRET not in value
        and expression.UNKNOWN not in value
    )


def _show(value: object) -> str | None:
    if value is _ABSENT:
        return None
    if isinstance(value, Mapping):
        if expression.SECRET in value:
            return _show_secret(value[expression.SECRET])
        if expression.UNKNOWN in value:
            return "known after " + ", ".join(str(node) for node in value[expression.UNKNOWN])
    text = value if isinstance(value, str) else _render(value)
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…"


def _show_secret(parts: Sequence[JsonValue]) -> str:
    return "".join(part if isinstance(part, str) else HIDDEN for part in parts)


def _render(value: object) -> str:
    return canonical.render_canonical(value).decode()  # type: ignore[arg-type]  # a leaf of JSON
