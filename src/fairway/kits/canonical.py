"""Canonical JSON: one value, one sequence of bytes.

Belongs here: the value type of documents and its canonical form. Never here: reading files,
schemas. Start at `render_canonical`.
"""

import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

JsonValue: TypeAlias = (
    bool | int | float | str | Sequence["JsonValue"] | Mapping[str, "JsonValue"] | None
)
JsonObject: TypeAlias = Mapping[str, JsonValue]

_ENCODER = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False, default=dict
)


def render_canonical(value: JsonValue) -> bytes:
    """Return the one JSON text of `value`: keys sorted, no white space, UTF-8.

    Raises:
        ValueError: a number is not finite.

    Example:
        >>> render_canonical({"b": 1, "a": "é"})
        b'{"a":"\\xc3\\xa9","b":1}'
    """
    return _ENCODER.encode(value).encode()
