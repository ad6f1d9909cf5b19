"""Nunjucks' tests: what may stand after `is`, and be named to `select` and `reject`.

Belongs here: all of them. Never here: what is done with the outcome.
"""

from collections.abc import Callable, Mapping

from fairway.formats.scaffolder.nunjucks.error import NunjucksError
from fairway.formats.scaffolder.nunjucks.value import (
    UNDEFINED,
    Function,
    SafeText,
    Value,
    calculate,
    is_less,
    is_number,
    is_same,
    is_truthy,
)


def _is_iterable(value: Value) -> bool:
    if value is None or value is UNDEFINED:
        raise NunjucksError("'iterable' is asked of what is not there")
    return isinstance(value, (str, list))


def _is_case(value: Value, change: Callable[[str], str]) -> bool:
    if not isinstance(value, str):
        raise NunjucksError("'lower' and 'upper' are asked of a text only")
    return change(value) == value


_ONE: Mapping[str, Callable[[Value], bool]] = {
    "callable": lambda value: isinstance(value, Function),
    "defined": lambda value: value is not UNDEFINED,
    "escaped": lambda value: isinstance(value, SafeText),
    "even": lambda value: calculate("%", value, 2) == 0,
    "falsy": lambda value: not is_truthy(value),
    "iterable": _is_iterable,
    "lower": lambda value: _is_case(value, str.lower),
    "mapping": lambda value: isinstance(value, dict),
    "null": lambda value: value is None,
    "number": is_number,
    "odd": lambda value: calculate("%", value, 2) == 1,
    "string": lambda value: isinstance(value, str) and not isinstance(value, SafeText),
    "truthy": is_truthy,
    "undefined": lambda value: value is UNDEFINED,
    "upper": lambda value: _is_case(value, str.upper),
}
_TWO: Mapping[str, Callable[[Value, Value], bool]] = {
    "divisibleby": lambda one, two: calculate("%", one, two) == 0,
    "eq": is_same,
    "equalto": is_same,
    "ge": lambda one, two: is_less(two, one, or_equal=True),
    "greaterthan": lambda one, two: is_less(two, one, or_equal=False),
    "gt": lambda one, two: is_less(two, one, or_equal=False),
    "le": lambda one, two: is_less(one, two, or_equal=True),
    "lessthan": lambda one, two: is_less(one, two, or_equal=False),
    "lt": lambda one, two: is_less(one, two, or_equal=False),
    "ne": lambda one, two: not is_same(one, two),
    "sameas": is_same,
}
NAMES = frozenset((*_ONE, *_TWO))


def is_so(name: str, value: Value, other: Value = UNDEFINED) -> bool:
    """Return what the test `name` says of `value`.

    Raises:
        NunjucksError: there is no such test, or it cannot be asked of `value`.
    """
    if name in _ONE:
        return _ONE[name](value)
    if name in _TWO:
        return _TWO[name](value, other)
    raise NunjucksError(f"there is no test '{name}'")
