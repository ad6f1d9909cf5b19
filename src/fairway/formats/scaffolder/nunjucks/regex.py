"""JavaScript's regular expressions in Python's.

Belongs here: what means the same in both. Never here: guesses; the rest is refused by name.
Start at `compile_pattern`.
"""

import re

from fairway.formats.scaffolder.nunjucks.error import NunjucksError
from fairway.formats.scaffolder.nunjucks.value import SPACE, Pattern

# Escapes that mean the same, or that stand for the sign itself.
_SAME = frozenset("dDwWbBnrtfv0xu/\\^$.*+?()[]{}|-123456789 \"'#:,;=!<>@%&~`_")
_REFERENCE = re.compile(r"\$([$&]|[1-9][0-9]?)")


def compile_pattern(source: str, flags: str = "") -> Pattern:
    """Return the pattern.

    Raises:
        NunjucksError: it uses what Python's patterns have not, or is none.
    """
    if "y" in flags:
        raise NunjucksError(f"the pattern /{source}/{flags}: the flag 'y' is not offered")
    found = re.ASCII
    found |= re.IGNORECASE if "i" in flags else 0
    found |= re.MULTILINE if "m" in flags else 0
    try:
        compiled = re.compile(_translate(source, is_multiline="m" in flags), found)
    except re.error as error:
        raise NunjucksError(f"the pattern /{source}/: {error.msg}") from None
    return Pattern(compiled, is_global="g" in flags)


def _translate(source: str, *, is_multiline: bool) -> str:
    parts: list[str] = []
    is_class = False
    at = 0
    while at < len(source):
        char = source[at]
        pair = source[at : at + 2]
        if char == "\\":
            parts.append(_translate_escape(pair, source, is_class=is_class))
            at += 2
            continue
        if char == "[" and not is_class and source.startswith(("[]", "[^]"), at):
            raise NunjucksError(f"the pattern /{source}/: empty classes are not offered")
        if pair == "(?" and source[at + 2 : at + 3] not in (":", "=", "!"):
            raise NunjucksError(f"the pattern /{source}/: '{source[at : at + 3]}' is not offered")
        is_class = char == "[" or (is_class and char != "]")
        parts.append(_translate_sign(char, is_class=is_class, is_multiline=is_multiline))
        at += 1
    return "".join(parts)


def _translate_escape(pair: str, source: str, *, is_class: bool) -> str:
    if pair in ("\\s", "\\S"):
        space = "".join(map(re.escape, SPACE))
        if is_class and pair == "\\S":
            raise NunjucksError(f"the pattern /{source}/: '\\S' within a class is not offered")
        inverted = "^" if pair == "\\S" else ""
        return space if is_class else f"[{inverted}{space}]"
    if pair[1:] not in _SAME or (is_class and pair == "\\B"):
        raise NunjucksError(f"the pattern /{source}/: '{pair}' is not offered")
    return pair


def _translate_sign(char: str, *, is_class: bool, is_multiline: bool) -> str:
    if is_class:
        # Python takes a bracket within a class for a sign to come.
        return char
    if char == "$" and not is_multiline:
        return r"\Z"
    return r"[^\n\r\u2028\u2029]" if char == "." else char


def replace(text: str, pattern: Pattern, new: str) -> str:
    """Return `text` with what matches replaced; `$1` and `$&` in `new` stand for what did."""

    def fill(match: re.Match[str]) -> str:
        def expand(reference: re.Match[str]) -> str:
            name = reference[1]
            if name == "$":
                return "$"
            if name == "&":
                return match[0]
            if int(name) > (match.re.groups or 0):
                raise NunjucksError(f"'${name}' names no group of the pattern")
            return match[int(name)] or ""

        return _REFERENCE.sub(expand, new)

    return pattern.compiled.sub(fill, text, count=0 if pattern.is_global else 1)
