"""Nunjucks' filters of lists and mappings.

Belongs here: one function per filter, from the value and arguments to what comes out. Never here:
filters of texts (`text_filter`).
"""

from collections.abc import Callable, Mapping
from functools import cmp_to_key

from fairway.formats.scaffolder.nunjucks.error import NunjucksError
from fairway.formats.scaffolder.nunjucks.member import Arguments, get_argument, get_member
from fairway.formats.scaffolder.nunjucks.predicate import is_so
from fairway.formats.scaffolder.nunjucks.value import (
    UNDEFINED,
    Value,
    add,
    describe,
    is_less,
    is_same,
    is_truthy,
    list_keys,
    print_text,
    to_number,
    to_text,
)


def _get_list(value: Value) -> list[Value]:
    """Return the items of a list, or the characters of a text."""
    if isinstance(value, (list, str)):
        return list(value)
    raise NunjucksError(f"it takes a list, and gets {describe(value)}")


def _get_items(value: Value) -> list[Value]:
    return [] if value is None or value is UNDEFINED else _get_list(value)


def _require_list(value: Value) -> list[Value]:
    if not isinstance(value, list):
        raise NunjucksError(f"it takes a list, and gets {describe(value)}")
    return value


def _get_attribute(item: Value, name: Value) -> Value:
    """Return the member that a dotted path leads to."""
    for part in name.split(".") if isinstance(name, str) else [name]:
        key = to_text(part)
        is_own = isinstance(item, dict) and key in item
        is_own |= isinstance(item, (list, str)) and (key == "length" or key.isdigit())
        item = get_member(item, key) if is_own else UNDEFINED
    return item


def _require_member(item: Value, name: Value) -> Value:
    if item is None or item is UNDEFINED:
        raise NunjucksError(f"it asks for '{to_text(name)}' of what is not there")
    return get_member(item, name)


def _batch(value: Value, given: Arguments) -> Value:
    size = int(to_number(get_argument(given, 0, 0)) or 0)
    fill = get_argument(given, 1)
    items = _get_list(value)
    if size <= 0:
        raise NunjucksError("it takes the number of items in a batch")
    made = [items[start : start + size] for start in range(0, len(items), size)]
    if made and is_truthy(fill):
        made[-1] += [fill] * (size - len(made[-1]))
    return made


def _slice(value: Value, given: Arguments) -> Value:
    count = int(to_number(get_argument(given, 0, 0)) or 0)
    fill = get_argument(given, 1)
    items = _get_list(value)
    if count <= 0 or isinstance(value, str):
        raise NunjucksError("it takes a list and the number of slices")
    size, extra = divmod(len(items), count)
    made: list[Value] = []
    start = 0
    for index in range(count):
        end = start + size + (index < extra)
        is_filled = is_truthy(fill) and index >= extra
        made.append(items[start:end] + ([fill] if is_filled else []))
        start = end
    return made


def _sort_pairs(value: Value, given: Arguments) -> Value:
    by = get_argument(given, 1, "key")
    if not isinstance(value, dict) or by not in ("key", "value"):
        raise NunjucksError("it takes a mapping, and sorts by 'key' or 'value'")
    is_exact = is_truthy(get_argument(given, 0))
    place = 0 if by == "key" else 1

    def compare(one: list[Value], other: list[Value]) -> int:
        a, b = (
            pair[place].upper() if isinstance(pair[place], str) and not is_exact else pair[place]
            for pair in (one, other)
        )
        return 1 if is_less(b, a, or_equal=False) else 0 if is_same(a, b) else -1

    return sorted(([key, value[key]] for key in list_keys(value)), key=cmp_to_key(compare))


def _sort(value: Value, given: Arguments) -> Value:
    is_reversed, is_exact = (is_truthy(get_argument(given, index)) for index in (0, 1))
    name = get_argument(given, 2)

    def compare(one: Value, other: Value) -> int:
        a, b = (_get_attribute(item, name) if is_truthy(name) else item for item in (one, other))
        if not is_exact and isinstance(a, str) and isinstance(b, str):
            a, b = a.lower(), b.lower()
        if is_less(a, b, or_equal=False):
            return 1 if is_reversed else -1
        return (-1 if is_reversed else 1) if is_less(b, a, or_equal=False) else 0

    items = _get_items(value)
    known = [item for item in items if item is not UNDEFINED]
    # JavaScript never compares what is undefined: it comes last.
    return sorted(known, key=cmp_to_key(compare)) + [UNDEFINED] * (len(items) - len(known))


def _group(value: Value, given: Arguments) -> Value:
    made: dict[str, Value] = {}
    for item in _get_list(value):
        made.setdefault(to_text(_get_attribute(item, get_argument(given, 0))), []).append(item)
    return made


def _join(value: Value, given: Arguments) -> Value:
    mark, name = get_argument(given, 0), get_argument(given, 1)
    items = _require_list(value)
    if is_truthy(name):
        items = [_require_member(item, name) for item in items]
    return (to_text(mark) if is_truthy(mark) else "").join(map(print_text, items))


def _length(value: Value, _: Arguments) -> Value:
    if value is None or value is UNDEFINED or value is False:
        return 0
    if isinstance(value, (str, list, dict)):
        return len(value)
    return UNDEFINED


def _list(value: Value, _: Arguments) -> Value:
    if isinstance(value, dict):
        return [{"key": key, "value": value[key]} for key in list_keys(value)]
    return _get_list(value) if isinstance(value, str) else _require_list(value)


def _select(value: Value, given: Arguments, *, wanted: bool) -> Value:
    name, other = get_argument(given, 0, "truthy"), get_argument(given, 1)
    return [item for item in _get_list(value) if is_so(to_text(name), item, other) is wanted]


def _select_by(value: Value, given: Arguments, *, wanted: bool) -> Value:
    name = get_argument(given, 0)
    if len(given) > 1:
        raise NunjucksError("it takes the name of a member, and no test")
    return [
        item for item in _require_list(value) if is_truthy(_require_member(item, name)) is wanted
    ]


def _sum(value: Value, given: Arguments) -> Value:
    name, total = get_argument(given, 0), 0
    items = _get_items(value) if is_truthy(name) else _require_list(value)
    for item in items:
        total = add(total, _require_member(item, name) if is_truthy(name) else item)
    return add(get_argument(given, 1, 0), total)


def _reverse(value: Value, _: Arguments) -> Value:
    return value[::-1] if isinstance(value, str) else _get_items(value)[::-1]


def _get_end(value: Value, *, is_last: bool) -> Value:
    if value is None or value is UNDEFINED:
        raise NunjucksError("it takes a list, and gets nothing")
    if not isinstance(value, (list, str)):
        return UNDEFINED
    return value[-1 if is_last else 0] if value else UNDEFINED


LIST_FILTERS: Mapping[str, Callable[[Value, Arguments], Value]] = {
    "batch": _batch,
    "dictsort": _sort_pairs,
    "first": lambda value, _: _get_end(value, is_last=False),
    "groupby": _group,
    "join": _join,
    "last": lambda value, _: _get_end(value, is_last=True),
    "length": _length,
    "list": _list,
    "reject": lambda value, given: _select(value, given, wanted=False),
    "rejectattr": lambda value, given: _select_by(value, given, wanted=False),
    "reverse": _reverse,
    "select": lambda value, given: _select(value, given, wanted=True),
    "selectattr": lambda value, given: _select_by(value, given, wanted=True),
    "slice": _slice,
    "sort": _sort,
    "sum": _sum,
}
# These two take their arguments by name as well.
NAMED_ARGUMENTS = {
    "int": ("default", "base"),
    "sort": ("reverse", "case_sensitive", "attribute"),
}
# Nunjucks has them, and they are not offered here.
MISSING_FILTERS = {
    "random": "a rendering can be repeated exactly",
    "urlize": "write the link as it is to be",
}
