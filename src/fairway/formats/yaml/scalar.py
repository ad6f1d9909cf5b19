"""What a plain scalar means, by the core schema of YAML 1.2.2 (section 10.3.2).

Belongs here: one scalar's text to its value. Never here: collections, tags.
"""

import math
import re

Scalar = bool | int | float | str | None

_CONSTANTS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_NUMBER_START = frozenset("+-.0123456789")
MIN_INTEGER, MAX_INTEGER = -(2**63), 2**64 - 1


def parse_scalar(text: str) -> Scalar:
    """Return the value of a plain scalar.

    Raises:
        ValueError: a number is not finite or beyond 64 bits; the message says which.

    Example:
        >>> [parse_scalar(text) for text in ("no", "0o14", "012", "1e3", "~")]
        ['no', 12, 12, 1000.0, None]
    """
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in _NUMBER_START:
        return text
    if _INTEGER.fullmatch(text):
        return _parse_integer(text)
    if _FLOAT.fullmatch(text):
        number = float(text)
        if math.isfinite(number):
            return number
        raise ValueError(f"the number {shorten(text)} is out of range")
    if _NOT_FINITE.fullmatch(text):
        raise ValueError(f"the number {text} is not finite")
    return text


def _parse_integer(text: str) -> int:
    # 64 bits have at most 22 digits; a longer text is not worth converting.
    if len(text.lstrip("+-0")) <= 24:
        base = {"0o": 8, "0x": 16}.get(text[:2], 10)
        number = int(text, base)
        if MIN_INTEGER <= number <= MAX_INTEGER:
            return number
    raise ValueError(f"the number {shorten(text)} needs more than 64 bits")


def shorten(text: str, length: int = 40) -> str:
    """Return `text` on one line of at most `length` characters."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1]}…"
