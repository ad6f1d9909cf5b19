"""Nunjucks' filters of texts and numbers.

Belongs here: one function per filter, from the value and arguments to what comes out. Never here:
filters of lists (`list_filter`).
"""

import math
import re
from collections.abc import Callable, Mapping
from urllib.parse import quote

from fairway.formats.scaffolder.nunjucks import regex
from fairway.formats.scaffolder.nunjucks.error import NunjucksError
from fairway.formats.scaffolder.nunjucks.member import Arguments, get_argument
from fairway.formats.scaffolder.nunjucks.value import (
    SPACE,
    UNDEFINED,
    Pattern,
    SafeText,
    Value,
    calculate,
    describe,
    is_number,
    is_truthy,
    list_keys,
    make_number,
    print_text,
    render_json,
    to_number,
    to_text,
)

_ESCAPED = {"&": "&amp;", '"': "&quot;", "'": "&#39;", "<": "&lt;", ">": "&gt;", "\\": "&#92;"}
_TAG = re.compile(r"</?([a-z][a-z0-9]*)\b[^>]*>|<!--[\s\S]*?-->", re.IGNORECASE | re.ASCII)
_FLOAT = re.compile(r"[+-]?(?:Infinity|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)")
_SPACES = f"[{SPACE}]"


def get_text(value: Value) -> str:
    """Return the text that a filter works on: nothing for what is not there or false.

    Raises:
        NunjucksError: it is something else than a text, on which Nunjucks stops too.
    """
    if value is None or value is UNDEFINED or value is False:
        return ""
    if isinstance(value, str):
        return str(value)
    raise NunjucksError(f"it takes a text, and gets {describe(value)}")


def _require_text(value: Value) -> str:
    if not isinstance(value, str):
        raise NunjucksError(f"it takes a text, and gets {describe(value)}")
    return str(value)


def _get_count(given: Arguments, index: int, default: int) -> int:
    value = get_argument(given, index)
    return int(to_number(value)) if is_truthy(value) else default


def _escape(value: Value, _: Arguments) -> Value:
    if isinstance(value, SafeText):
        return value
    return _force_escape(value, _)


def _force_escape(value: Value, _: Arguments) -> Value:
    return SafeText("".join(_ESCAPED.get(char, char) for char in print_text(value)))


def _safe(value: Value, _: Arguments) -> Value:
    return SafeText(print_text(value))


def capitalize(text: str) -> str:
    lowered = text.lower()
    return lowered[:1].upper() + lowered[1:]


def _title(value: Value, _: Arguments) -> Value:
    return " ".join(map(capitalize, get_text(value).split(" ")))


def _center(value: Value, given: Arguments) -> Value:
    text = get_text(value)
    width = _get_count(given, 0, 80)
    spaces = width - len(text)
    if spaces <= 0:
        return text
    # Nunjucks repeats while a counter is below half: an odd width gives one more on either side.
    left = math.ceil(spaces / 2 - spaces % 2)
    return " " * left + text + " " * math.ceil(spaces / 2)


def _indent(value: Value, given: Arguments) -> Value:
    text = get_text(value)
    if not text:
        return ""
    space = " " * _get_count(given, 0, 4)
    first, *rest = text.split("\n")
    start = space if is_truthy(get_argument(given, 1)) else ""
    return "\n".join([start + first, *(space + line for line in rest)])


def _break_lines(value: Value, _: Arguments) -> Value:
    if value is None or value is UNDEFINED:
        return ""
    return re.sub(r"\r\n|\n", "<br />\n", _require_text(value))


def _replace(value: Value, given: Arguments) -> Value:
    old, new, most = (get_argument(given, index) for index in range(3))
    if isinstance(old, Pattern):
        return regex.replace(_require_text(value), old, to_text(new))
    if not is_number(old) and not isinstance(old, str):
        return value
    if not is_number(value) and not isinstance(value, str):
        return value
    text, sought = to_text(value), to_text(old)
    new_text = to_text(new)
    if sought == "":
        return new_text + new_text.join(text) + new_text
    count = -1 if most is UNDEFINED else int(to_number(most))
    if sought not in text or count == 0:
        return value if sought not in text and isinstance(value, str) else text
    if count < -1:
        raise NunjucksError("'replace' takes no negative count")
    return text.replace(sought, new_text, count)


def _strip_tags(value: Value, given: Arguments) -> Value:
    text = _TAG.sub("", get_text(value)).strip(SPACE)
    if not is_truthy(get_argument(given, 0)):
        return re.sub(f"{_SPACES}+", " ", text)
    text = re.sub(r"^ +| +$", "", text, flags=re.MULTILINE)
    text = re.sub(r" +", " ", text).replace("\r\n", "\n")
    return re.sub(r"\n\n\n+", "\n\n", text)


def _trim(value: Value, _: Arguments) -> Value:
    return _require_text(value).strip(SPACE)


def _truncate(value: Value, given: Arguments) -> Value:
    text = get_text(value)
    length = _get_count(given, 0, 255)
    if len(text) <= length:
        return text
    if is_truthy(get_argument(given, 1)):
        text = text[:length]
    else:
        space = text.rfind(" ", 0, length + 1)
        text = text[: length if space < 0 else space]
    end = get_argument(given, 2, None)
    return text + ("..." if end is None else to_text(end))


def _encode(value: Value) -> str:
    return quote(to_text(value), safe="!'()*-._~")


def _encode_url(value: Value, _: Arguments) -> Value:
    if isinstance(value, str):
        return _encode(value)
    if isinstance(value, dict):
        pairs = [(key, value[key]) for key in list_keys(value)]
    elif isinstance(value, list) and all(isinstance(item, list) for item in value):
        pairs = [(get_argument(item, 0), get_argument(item, 1)) for item in value]
    else:
        raise NunjucksError(f"it takes a text or a mapping, and gets {describe(value)}")
    return "&".join(f"{_encode(key)}={_encode(item)}" for key, item in pairs)


def _count_words(value: Value, _: Arguments) -> Value:
    return len(re.findall(r"\w+", get_text(value), re.ASCII)) or None


def _make_float(value: Value, given: Arguments) -> Value:
    found = _FLOAT.match(to_text(value).lstrip(SPACE))
    return make_number(float(found[0])) if found else get_argument(given, 0)


def _make_integer(value: Value, given: Arguments) -> Value:
    base = get_argument(given, 1, 10)
    if not is_number(base) or not 2 <= base <= 36:
        raise NunjucksError("the base of a number is from 2 to 36")
    text = to_text(value).strip(SPACE)
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    if base == 16:
        digits = digits.removeprefix("0x").removeprefix("0X")
    known = "0123456789abcdefghijklmnopqrstuvwxyz"[: int(base)]
    end = next((i for i, char in enumerate(digits.lower()) if char not in known), len(digits))
    if not end:
        return get_argument(given, 0)
    return sign * int(digits[:end], int(base))


def _round(value: Value, given: Arguments) -> Value:
    factor = calculate("**", 10, _get_count(given, 0, 0))
    scaled = to_number(calculate("*", value, factor))
    if not math.isfinite(scaled):
        return scaled
    method = get_argument(given, 1)
    if method in ("ceil", "floor"):
        rounded = math.ceil(scaled) if method == "ceil" else math.floor(scaled)
    else:
        rounded = math.floor(scaled + 0.5)
    return calculate("/", rounded, factor)


def _default(value: Value, given: Arguments) -> Value:
    if is_truthy(get_argument(given, 1)):
        return value if is_truthy(value) else get_argument(given, 0)
    return get_argument(given, 0) if value is UNDEFINED else value


def _string(value: Value, _: Arguments) -> Value:
    return value if isinstance(value, SafeText) else to_text(value)


TEXT_FILTERS: Mapping[str, Callable[[Value, Arguments], Value]] = {
    "abs": lambda value, _: make_number(abs(to_number(value))),
    "capitalize": lambda value, _: capitalize(get_text(value)),
    "center": _center,
    "d": _default,
    "default": _default,
    "dump": lambda value, given: render_json(value, get_argument(given, 0)),
    "e": _escape,
    "escape": _escape,
    "float": _make_float,
    "forceescape": _force_escape,
    "indent": _indent,
    "int": _make_integer,
    "lower": lambda value, _: get_text(value).lower(),
    "nl2br": _break_lines,
    "replace": _replace,
    "round": _round,
    "safe": _safe,
    "string": _string,
    "striptags": _strip_tags,
    "title": _title,
    "trim": _trim,
    "truncate": _truncate,
    "upper": lambda value, _: get_text(value).upper(),
    "urlencode": _encode_url,
    "wordcount": _count_words,
}
