"""Members of values, methods of texts and lists among them.

Belongs here: what `a.b`, `a[b]` and `a.b(…)` mean. Never here: filters. Start at `get_member`.
"""

import math
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import partial
from typing import TypeAlias

from fairway.formats.scaffolder.nunjucks import regex
from fairway.formats.scaffolder.nunjucks.error import NunjucksError, NunjucksUnsafe
from fairway.formats.scaffolder.nunjucks.value import (
    SPACE,
    UNDEFINED,
    Function,
    Pattern,
    Value,
    describe,
    is_number,
    is_same,
    list_keys,
    to_number,
    to_text,
)

Arguments: TypeAlias = list[Value]
_WIDE = Context(prec=200)
_INSIDES = frozenset(
    {
        *("constructor", "prototype", "__proto__", "caller", "callee", "arguments"),
        *("__defineGetter__", "__defineSetter__", "__lookupGetter__", "__lookupSetter__"),
    }
)
# JavaScript has them, templates may expect them, and they are not offered here.
_MISSING = frozenset(
    {
        *("localeCompare", "matchAll", "normalize", "search", "toLocaleLowerCase"),
        *("toLocaleUpperCase", "toLocaleString", "codePointAt", "substr", "isWellFormed"),
        *("copyWithin", "entries", "every", "fill", "filter", "find", "findIndex", "findLast"),
        *("findLastIndex", "flatMap", "forEach", "keys", "map", "reduce", "reduceRight", "some"),
        *("sort", "splice", "toSorted", "toSpliced", "unshift", "shift", "values", "with"),
        *("toExponential", "toPrecision", "valueOf", "isPrototypeOf", "propertyIsEnumerable"),
        *("apply", "bind", "call", "exec", "test"),
    }
)


def get_member(value: Value, key: Value) -> Value:
    """Return the member, `UNDEFINED` where there is none.

    Raises:
        NunjucksUnsafe: the name leads to the insides of the language.
        NunjucksError: JavaScript has the method, and it is not offered.
    """
    name = key if isinstance(key, str) else to_text(key)
    if name in _INSIDES or (name.startswith("__") and not isinstance(value, dict)):
        raise NunjucksUnsafe(f"'{name}' cannot be reached from a template")
    if isinstance(value, dict):
        if name in value:
            return value[name]
        found = _MAPPING.get(name)
    elif isinstance(value, (str, list)):
        if name == "length":
            return len(value)
        if name.isascii() and name.isdigit() and name == str(int(name)):
            return value[int(name)] if int(name) < len(value) else UNDEFINED
        found = (_TEXT if isinstance(value, str) else _LIST).get(name)
    elif value is None or value is UNDEFINED:
        return UNDEFINED
    else:
        found = _NUMBER.get(name) if is_number(value) else _ANY.get(name)
    if found is not None:
        return Function(name, partial(_call, found, value))
    if name in _MISSING:
        raise NunjucksError(f"the method '{name}' of {describe(value)} is not offered here")
    return UNDEFINED


def _call(
    method: Callable[[Value, Arguments], Value],
    value: Value,
    arguments: Arguments,
    named: Mapping[str, Value],
) -> Value:
    if named:
        raise NunjucksError(f"a method of {describe(value)} takes no arguments by name")
    return method(value, arguments)


def get_argument(arguments: Arguments, index: int, default: Value = UNDEFINED) -> Value:
    if index >= len(arguments) or arguments[index] is UNDEFINED:
        return default
    return arguments[index]


def _get_integer(arguments: Arguments, index: int, default: int) -> int:
    given = get_argument(arguments, index)
    if given is UNDEFINED:
        return default
    number = to_number(given)
    if math.isnan(number):
        return 0
    return int(max(-(2.0**53), min(2.0**53, number)))


def _get_text(arguments: Arguments, index: int) -> str:
    return to_text(get_argument(arguments, index))


def _slice(value: Value, arguments: Arguments) -> Value:
    start, end = _get_integer(arguments, 0, 0), _get_integer(arguments, 1, len(value))
    return value[start:end]


def _substring(value: str, arguments: Arguments) -> str:
    start, end = _get_integer(arguments, 0, 0), _get_integer(arguments, 1, len(value))
    low, high = sorted(max(0, min(len(value), index)) for index in (start, end))
    return value[low:high]


def _split(value: str, arguments: Arguments) -> list[str]:
    mark = get_argument(arguments, 0)
    most = get_argument(arguments, 1)
    if isinstance(mark, Pattern):
        raise NunjucksError("'split' by a pattern is not offered here")
    if mark is UNDEFINED:
        parts = [value]
    else:
        parts = value.split(to_text(mark)) if to_text(mark) else list(value)
    return parts if most is UNDEFINED else parts[: int(to_number(most))]


def _replace(value: str, arguments: Arguments, *, is_all: bool) -> str:
    old, new = get_argument(arguments, 0), get_argument(arguments, 1)
    if isinstance(new, Function):
        raise NunjucksError("'replace' by a function is not offered here")
    if isinstance(old, Pattern):
        return regex.replace(value, old, to_text(new))
    if "$" in to_text(new):
        raise NunjucksError("'replace' by a text with '$' in it is not offered here")
    return value.replace(to_text(old), to_text(new), -1 if is_all else 1)


def _match(value: str, arguments: Arguments) -> Value:
    pattern = get_argument(arguments, 0)
    if not isinstance(pattern, Pattern):
        raise NunjucksError("'match' takes a pattern such as r/…/ here")
    if pattern.is_global:
        return [match[0] for match in pattern.compiled.finditer(value)] or None
    found = pattern.compiled.search(value)
    if found is None:
        return None
    return [found[0], *(UNDEFINED if group is None else group for group in found.groups())]


def _repeat(value: str, arguments: Arguments) -> str:
    times = _get_integer(arguments, 0, 0)
    if times < 0:
        raise NunjucksError("'repeat' takes a number that is not negative")
    return value * times


def _pad(value: str, arguments: Arguments, *, is_start: bool) -> str:
    fill = to_text(get_argument(arguments, 1, " "))
    count = _get_integer(arguments, 0, 0) - len(value)
    if count <= 0 or not fill:
        return value
    padding = (fill * (count // len(fill) + 1))[:count]
    return padding + value if is_start else value + padding


def _find(value: Value, arguments: Arguments, *, is_last: bool = False) -> int:
    if len(arguments) > 1:
        raise NunjucksError("a search that does not start at the end is not offered here")
    if isinstance(value, str):
        found = value.rfind if is_last else value.find
        return found(_get_text(arguments, 0))
    wanted = get_argument(arguments, 0)
    hits = [index for index, item in enumerate(value) if is_same(item, wanted)]
    return (hits[-1] if is_last else hits[0]) if hits else -1


def _contains(value: Value, arguments: Arguments) -> bool:
    return _find(value, arguments) >= 0


def _at(value: Value, arguments: Arguments) -> Value:
    index = _get_integer(arguments, 0, 0)
    return value[index] if -len(value) <= index < len(value) else UNDEFINED


def _get_character(value: str, arguments: Arguments) -> str:
    index = _get_integer(arguments, 0, 0)
    return value[index] if 0 <= index < len(value) else ""


def _concatenate(value: list[Value], arguments: Arguments) -> list[Value]:
    made = list(value)
    for item in arguments:
        made += item if isinstance(item, list) else [item]
    return made


def _push(value: list[Value], arguments: Arguments) -> int:
    value.extend(arguments)
    return len(value)


def _join(value: list[Value], arguments: Arguments) -> str:
    mark = to_text(get_argument(arguments, 0, ","))
    return mark.join("" if item is None or item is UNDEFINED else to_text(item) for item in value)


def _flatten(value: list[Value], arguments: Arguments) -> list[Value]:
    depth = _get_integer(arguments, 0, 1)
    made: list[Value] = []
    for item in value:
        if isinstance(item, list):
            made += _flatten(item, [depth - 1]) if depth > 1 else item
        else:
            made.append(item)
    return made


def _fix(value: float, arguments: Arguments) -> str:
    digits = _get_integer(arguments, 0, 0)
    if not math.isfinite(value) or abs(value) >= 1e21 or not 0 <= digits <= 100:
        raise NunjucksError("'toFixed' takes a number from 0 to 100, of a number below 1e21")
    return f"{Decimal(value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP, _WIDE):f}"


def _write(value: Value, arguments: Arguments) -> str:
    if arguments and is_number(value):
        raise NunjucksError("'toString' in another base than ten is not offered here")
    return to_text(value)


_ANY: dict[str, Callable[[Value, Arguments], Value]] = {"toString": _write}
_NUMBER = {**_ANY, "toFixed": _fix}
_MAPPING = {
    **_ANY,
    "hasOwnProperty": lambda value, given: _get_text(given, 0) in list_keys(value),
}
_TEXT: dict[str, Callable[[Value, Arguments], Value]] = {
    **_ANY,
    "at": _at,
    "charAt": _get_character,
    "charCodeAt": lambda value, given: ord(_at(value, given)),
    "concat": lambda value, given: value + "".join(map(to_text, given)),
    "endsWith": lambda value, given: value.endswith(_get_text(given, 0)),
    "includes": _contains,
    "indexOf": _find,
    "lastIndexOf": partial(_find, is_last=True),
    "match": _match,
    "padEnd": partial(_pad, is_start=False),
    "padStart": partial(_pad, is_start=True),
    "repeat": _repeat,
    "replace": partial(_replace, is_all=False),
    "replaceAll": partial(_replace, is_all=True),
    "slice": _slice,
    "split": _split,
    "startsWith": lambda value, given: value.startswith(_get_text(given, 0)),
    "substring": _substring,
    "toLowerCase": lambda value, _: value.lower(),
    "toUpperCase": lambda value, _: value.upper(),
    "trim": lambda value, _: value.strip(SPACE),
    "trimEnd": lambda value, _: value.rstrip(SPACE),
    "trimStart": lambda value, _: value.lstrip(SPACE),
}
_LIST: dict[str, Callable[[Value, Arguments], Value]] = {
    **_ANY,
    "at": _at,
    "concat": _concatenate,
    "flat": _flatten,
    "includes": _contains,
    "indexOf": _find,
    "join": _join,
    "lastIndexOf": partial(_find, is_last=True),
    "pop": lambda value, _: value.pop() if value else UNDEFINED,
    "push": _push,
    "reverse": lambda value, _: (value.reverse(), value)[1],
    "slice": _slice,
}
