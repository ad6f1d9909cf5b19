"""Nunjucks' own functions.

Belongs here: what a text may call without being given it. Never here: filters, methods.
"""

from collections.abc import Mapping
from itertools import count

from fairway.formats.scaffolder.nunjucks.error import NunjucksError, NunjucksRange
from fairway.formats.scaffolder.nunjucks.member import Arguments, get_argument
from fairway.formats.scaffolder.nunjucks.value import (
    UNDEFINED,
    Function,
    Value,
    add,
    is_less,
    is_number,
)

MOST_RANGE = 100_000


def _make_range(arguments: Arguments, _: Mapping[str, Value]) -> Value:
    if not arguments or not all(map(is_number, arguments)):
        raise NunjucksError("'range' takes one to three numbers")
    start, stop = (0, arguments[0]) if len(arguments) == 1 else arguments[:2]
    step = get_argument(arguments, 2, 1) or 1
    made: list[Value] = []
    while is_less(start, stop, or_equal=False) if step > 0 else start > stop:
        made.append(start)
        start = add(start, step)
        if len(made) > MOST_RANGE:
            raise NunjucksRange("range")
    return made


def _make_cycler(items: Arguments, _: Mapping[str, Value]) -> Value:
    numbers = count()
    cycler: dict[str, Value] = {"current": None}

    def advance(_: Arguments, __: Mapping[str, Value]) -> Value:
        cycler["current"] = items[next(numbers) % len(items)] if items else UNDEFINED
        return cycler["current"]

    cycler["next"] = Function("next", advance)
    return cycler


def _make_joiner(arguments: Arguments, _: Mapping[str, Value]) -> Value:
    mark = get_argument(arguments, 0, ",") or ","
    marks = iter([""])
    return Function("joiner", lambda _, __: next(marks, mark))


FUNCTIONS: Mapping[str, Value] = {
    "range": Function("range", _make_range),
    "cycler": Function("cycler", _make_cycler),
    "joiner": Function("joiner", _make_joiner),
}
