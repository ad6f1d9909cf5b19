"""What signs between values mean.

Belongs here: operators on values. Never here: which parts are evaluated at all (`render`).
Start at `combine`.
"""

from collections.abc import Callable, Mapping

from fairway.formats.scaffolder.nunjucks.error import NunjucksError
from fairway.formats.scaffolder.nunjucks.value import (
    Value,
    add,
    calculate,
    describe,
    is_equal,
    is_less,
    is_same,
    is_truthy,
    make_number,
    to_number,
    to_text,
)


def combine(sign: str, left: Value, right: Value) -> Value:
    """Return what `left sign right` is worth.

    Raises:
        NunjucksError: `in` looks into something that holds nothing.
    """
    known = _SIGNS.get(sign)
    return known(left, right) if known else calculate(sign, left, right)


def apply(sign: str, value: Value) -> Value:
    """Return what `sign value` is worth."""
    if sign == "not":
        return not is_truthy(value)
    number = to_number(value)
    return make_number(-number if sign == "-" else number)


def _is_within(item: Value, values: Value) -> bool:
    if isinstance(values, list):
        return any(is_same(each, item) for each in values)
    if isinstance(values, (str, dict)):
        return to_text(item) in values
    raise NunjucksError(f"'in' looks into a list, a text or a mapping, not into {describe(values)}")


_SIGNS: Mapping[str, Callable[[Value, Value], Value]] = {
    "+": add,
    "~": lambda left, right: to_text(left) + to_text(right),
    "in": _is_within,
    "==": is_equal,
    "!=": lambda left, right: not is_equal(left, right),
    "===": is_same,
    "!==": lambda left, right: not is_same(left, right),
    "<": lambda left, right: is_less(left, right, or_equal=False),
    "<=": lambda left, right: is_less(left, right, or_equal=True),
    ">": lambda left, right: is_less(right, left, or_equal=False),
    ">=": lambda left, right: is_less(right, left, or_equal=True),
}
