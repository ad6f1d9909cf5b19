"""Values as JavaScript has them, in which Nunjucks is defined.

Belongs here: truth, text, numbers, equality and order of JSON values and `UNDEFINED`. Never
here: members and methods (`member`), filters.
"""

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, TypeAlias

from fairway.formats.scaffolder.nunjucks.error import NunjucksError

# What JavaScript's `\s` and `trim` take for space.
SPACE = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
_MOST_EXACT = 2**53
_NUMBER = re.compile(r"[+-]?(?:Infinity|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)")
_BASED = re.compile(r"0(?:x[0-9a-f]+|o[0-7]+|b[01]+)", re.IGNORECASE)
Value: TypeAlias = Any  # JSON, or one of the classes below


class Undefined:
    """What a name or a member that is not there is worth."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "undefined"


UNDEFINED: Final = Undefined()


class SafeText(str):
    """Text that was escaped."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Function:
    """Something to call, with arguments in order and by name."""

    name: str
    call: Callable[[list[Value], Mapping[str, Value]], Value]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression; `is_global` when it stands for all places that match."""

    compiled: re.Pattern[str]
    is_global: bool


def is_number(value: Value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_truthy(value: Value) -> bool:
    if isinstance(value, (list, dict, Function, Pattern)):
        return True
    return bool(value) and value is not UNDEFINED and value == value  # noqa: PLR0124  NaN is false


def make_number(value: float) -> int | float:
    """Return the number as an integer where it is one that is exact."""
    if math.isfinite(value) and value == int(value) and abs(value) <= _MOST_EXACT:
        return int(value)
    return value


def to_number(value: Value) -> float:
    if isinstance(value, list):
        value = to_text(value)
    if isinstance(value, str):
        return _read_number(value.strip(SPACE))
    if value is None or isinstance(value, (bool, int, float)):
        try:
            return float(value or 0)
        except OverflowError:
            return math.copysign(math.inf, value or 0)
    return math.nan


def _read_number(text: str) -> float:
    if _BASED.fullmatch(text):
        return float(int(text, 0))
    return float(text) if _NUMBER.fullmatch(text) else math.nan if text else 0.0


def to_text(value: Value) -> str:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, list):
        return ",".join(print_text(item) for item in value)
    if isinstance(value, dict):
        return "[object Object]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, Undefined):
        return "undefined"
    if isinstance(value, (int, float)):
        return _render_number(value)
    raise NunjucksError(f"{describe(value)} cannot be written as text")


def print_text(value: Value) -> str:
    """Return what a template prints for `value`: nothing for what is not there."""
    return "" if value is None or value is UNDEFINED else to_text(value)


def describe(value: Value) -> str:
    match value:
        case Function():
            return f"the function '{value.name}'"
        case Pattern():
            return "a pattern"
        case list():
            return "a list"
        case dict():
            return "a mapping"
        case str():
            return f"the text '{value[:40]}'"
    return to_text(value)


def _render_number(value: float) -> str:
    number = float(value)
    if math.isnan(number) or math.isinf(number):
        return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"
    if isinstance(value, int) and abs(value) < 10**21:
        return str(value)
    if number == 0:
        return "0"
    sign, digits, exponent = Decimal(repr(number)).as_tuple()
    text = "".join(map(str, digits)).rstrip("0")
    assert isinstance(exponent, int)
    point = len(digits) + exponent
    if 0 < point <= 21:
        shown = text.ljust(point, "0")
        shown = f"{shown[:point]}.{shown[point:]}" if len(shown) > point else shown
    elif -6 < point <= 0:
        shown = "0." + "0" * -point + text
    else:
        power = point - 1
        shown = f"{text[0]}.{text[1:]}" if len(text) > 1 else text
        shown += f"e{'+' if power > 0 else '-'}{abs(power)}"
    return "-" * sign + shown


def add(left: Value, right: Value) -> Value:
    left, right = _make_primitive(left), _make_primitive(right)
    if isinstance(left, str) or isinstance(right, str):
        return to_text(left) + to_text(right)
    return make_number(to_number(left) + to_number(right))


def calculate(sign: str, left: Value, right: Value) -> float:
    """Return the outcome of `-`, `*`, `/`, `//`, `%` or `**` between numbers."""
    a, b = to_number(left), to_number(right)
    match sign:
        case "-":
            found = a - b
        case "*":
            found = a * b
        case "/" | "//":
            found = _divide(a, b)
            found = math.floor(found) if sign == "//" and math.isfinite(found) else found
        case "%":
            is_known = math.isfinite(a) and b != 0 and not math.isnan(b)
            found = math.fmod(a, b) if is_known else math.nan
        case _:
            found = _raise_power(a, b)
    return make_number(found)


def _divide(a: float, b: float) -> float:
    if b != 0:
        return a / b
    return math.nan if a == 0 or math.isnan(a) else math.copysign(math.inf, a * math.copysign(1, b))


def _raise_power(a: float, b: float) -> float:
    if math.isnan(b) or (abs(a) == 1 and math.isinf(b)):
        return math.nan
    try:
        return math.pow(a, b)
    except OverflowError:
        return math.inf if a > 0 or b % 2 == 0 else -math.inf
    except ValueError:
        return math.inf if a == 0 else math.nan


def is_less(left: Value, right: Value, *, or_equal: bool) -> bool:
    left, right = _make_primitive(left), _make_primitive(right)
    if isinstance(left, str) and isinstance(right, str):
        first, second = make_sort_key(left), make_sort_key(right)
        return first <= second if or_equal else first < second
    a, b = to_number(left), to_number(right)
    return a <= b if or_equal else a < b


def make_sort_key(text: str) -> bytes:
    """Return bytes that order texts by their UTF-16 units."""
    return text.encode("utf-16-be", "surrogatepass")


def is_same(left: Value, right: Value) -> bool:
    """Return what `===` says."""
    if isinstance(left, (list, dict, Function, Pattern)):
        return left is right
    if is_number(left) and is_number(right):
        return bool(left == right)
    kinds = (str, bool, Undefined)
    is_kind = any(isinstance(left, kind) and isinstance(right, kind) for kind in kinds)
    return (left is None and right is None) or (is_kind and left == right)


def is_equal(left: Value, right: Value) -> bool:
    """Return what `==` says."""
    nothing = (None, UNDEFINED)
    if left in nothing or right in nothing:
        return left in nothing and right in nothing
    objects = (list, dict, Function, Pattern)
    if isinstance(left, objects) and isinstance(right, objects):
        return left is right
    left, right = _make_primitive(left), _make_primitive(right)
    if isinstance(left, str) and isinstance(right, str):
        return left == right
    return to_number(left) == to_number(right)


def _make_primitive(value: Value) -> Value:
    return to_text(value) if isinstance(value, (list, dict, Function, Pattern)) else value


def list_keys(value: Mapping[str, Value]) -> list[str]:
    """Return keys in JavaScript's order: those that are indices first, by number."""
    indices = [key for key in value if key.isascii() and key.isdigit() and key == str(int(key))]
    if not indices:
        return list(value)
    return [*sorted(indices, key=int), *(key for key in value if key not in indices)]


def to_json(value: Value, *, in_list: bool = False) -> Value:
    """Return `value` as `JSON.stringify` would write it; what it would leave out is `UNDEFINED`."""
    match value:
        case SafeText():
            raise NunjucksError("escaped text cannot be written as JSON; leave out 'safe'")
        case dict():
            return dict(_list_written(value))
        case list():
            return [to_json(item, in_list=True) for item in value]
        case float() if not math.isfinite(value):
            return None
        case Function() | Undefined():
            return None if in_list else UNDEFINED
        case Pattern():
            return {}
    return value


def _list_written(value: Mapping[str, Value]) -> Iterator[tuple[str, Value]]:
    for key in list_keys(value):
        written = to_json(value[key])
        if written is not UNDEFINED:
            yield key, written


def render_json(value: Value, indent: Value = UNDEFINED) -> Value:
    """Return `value` as JSON text, or `UNDEFINED`; `indent` is a number of spaces or a text."""
    written = to_json(value)
    if written is UNDEFINED:
        return UNDEFINED
    if is_number(indent):
        indent = max(0, min(10, int(indent)))
    elif not isinstance(indent, str):
        indent = 0
    step = indent[:10] if isinstance(indent, str) else " " * indent
    return _write_json(written, step, "\n")


def _write_json(value: Value, step: str, margin: str) -> str:
    inner = margin + step
    if isinstance(value, dict) and value:
        colon = ": " if step else ":"
        parts = [
            json.dumps(key, ensure_ascii=False) + colon + _write_json(item, step, inner)
            for key, item in value.items()
        ]
    elif isinstance(value, list) and value:
        parts = [_write_json(item, step, inner) for item in value]
    else:
        is_plain = value is None or isinstance(value, (str, list, dict))
        return json.dumps(value, ensure_ascii=False) if is_plain else to_text(value)
    start, end = "{}" if isinstance(value, dict) else "[]"
    if not step:
        return start + ",".join(parts) + end
    return f"{start}{inner}{f',{inner}'.join(parts)}{margin}{end}"
