"""Text in Nunjucks, cut into tokens.

Belongs here: marks, white space around them, literals. Never here: grammar. Start at
`list_tokens`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from fairway.formats.scaffolder.nunjucks.error import NunjucksError
from fairway.formats.scaffolder.nunjucks.value import SPACE

Kind: TypeAlias = Literal[
    "data", "print", "end-print", "block", "end-block",
    "string", "int", "float", "name", "regex", "sign",
]  # fmt: skip
_SIGNS = ("===", "!==", "==", "!=", "<=", ">=", "//", "**")
_DELIMITERS = "()[]{}%*-+~/#,:|.<>=!"
_SPACES = " \n\t\r\xa0"
_WORD = re.compile(rf"[^{re.escape(_SPACES + _DELIMITERS)}]+")
_INTEGER = re.compile(r"[0-9]+", re.ASCII)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
_RAW = ("raw", "verbatim")


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """How a text says what is no plain text, and what becomes of the space around it."""

    start: str = "${{"
    end: str = "}}"
    is_trimmed: bool = False
    is_left_stripped: bool = False


@dataclass(frozen=True, slots=True)
class Token:
    kind: Kind
    value: str
    line: int
    flags: str = ""

    def is_sign(self, *values: str) -> bool:
        return self.kind == "sign" and self.value in values

    def is_name(self, *values: str) -> bool:
        return self.kind == "name" and self.value in values


def list_tokens(text: str, marks: Marks) -> list[Token]:
    """Return the tokens of `text`; space that its marks take away is gone, and so are comments.

    Raises:
        NunjucksError: a mark, a string or a comment is not closed.
    """
    return list(_Reader(text, marks).read())


class _Reader:
    def __init__(self, text: str, marks: Marks) -> None:
        self._text = text
        self._marks = marks
        self._at = 0
        self._line = 1
        self._is_cut = False

    def read(self) -> Iterator[Token]:
        while self._at < len(self._text):
            yield from self._read_data()
            if self._matches("{#"):
                self._skip_comment()
            elif self._at < len(self._text):
                yield from self._read_code(is_block=self._matches("{%"))

    def _matches(self, mark: str) -> bool:
        return self._text.startswith(mark, self._at)

    def _take(self, length: int) -> str:
        taken = self._text[self._at : self._at + length]
        self._at += length
        self._line += taken.count("\n")
        return taken

    def _fail(self, why: str) -> NunjucksError:
        return NunjucksError(why, line=self._line)

    def _read_data(self) -> Iterator[Token]:
        line, start = self._line, self._at
        starts = [self._text.find(mark, start) for mark in ("{%", self._marks.start, "{#")]
        end = min((found for found in starts if found >= 0), default=len(self._text))
        stray = self._text.find("#}", start, end)
        data = self._take(end - start)
        if stray >= 0:
            line += data.count("\n", 0, stray - start)
            raise NunjucksError("'#}' closes a comment that nothing opened", line=line)
        if self._is_cut:
            data = data.lstrip(SPACE)
        self._is_cut = False
        for mark in ("{%", self._marks.start, "{#"):
            if self._matches(f"{mark}-"):
                data = data.rstrip(SPACE)
        if self._marks.is_left_stripped and self._matches("{%"):
            whole = self._text.rfind("\n", 0, end) + 1
            if not self._text[max(whole, start) : end].strip(SPACE) and whole >= start:
                data = data[: len(data) - (end - whole)] if data else data
        if data:
            yield Token("data", data, line)

    def _skip_comment(self) -> None:
        end = self._text.find("#}", self._at + 2)
        if end < 0:
            raise self._fail("a comment is not closed by '#}'")
        self._is_cut = self._text[end - 1] == "-"
        self._take(end + 2 - self._at)

    def _read_code(self, *, is_block: bool) -> Iterator[Token]:
        mark = "{%" if is_block else self._marks.start
        close = "%}" if is_block else self._marks.end
        first = Token("block" if is_block else "print", mark, self._line)
        self._take(len(mark) + self._text.startswith("-", self._at + len(mark)))
        if is_block and (raw := self._find_raw()):
            yield from self._read_raw(raw)
            return
        yield first
        while not self._matches(close) and not self._matches(f"-{close}"):
            if self._at >= len(self._text):
                raise NunjucksError(f"'{mark}' is not closed by '{close}'", line=first.line)
            if self._text[self._at] in _SPACES:
                self._take(1)
            else:
                yield self._read_token()
        yield Token("end-block" if is_block else "end-print", close, self._line)
        self._close(close, is_block=is_block)

    def _close(self, close: str, *, is_block: bool) -> None:
        self._is_cut = self._matches("-")
        self._take(len(close) + self._is_cut)
        if is_block and self._marks.is_trimmed:
            self._take(2 if self._matches("\r\n") else 1 if self._matches("\n") else 0)

    def _find_raw(self) -> str:
        found = re.compile(rf"\s*({'|'.join(_RAW)})\s*(?=-?%}})").match(self._text, self._at)
        if found is None:
            return ""
        self._take(found.end() - self._at)
        self._close("%}", is_block=True)
        return found[1]

    def _read_raw(self, name: str) -> Iterator[Token]:
        line, start, depth = self._line, self._at, 1
        for found in re.compile(rf"{{%\s*(end)?{name}\s*%}}").finditer(self._text, start):
            depth += -1 if found[1] else 1
            if depth == 0:
                data = self._take(found.start() - start)
                yield Token("data", data.lstrip(SPACE) if self._is_cut else data, line)
                # Nunjucks leaves the line's end after it, unlike after other tags.
                self._take(found.end() - self._at)
                self._is_cut = False
                return
        raise NunjucksError(f"'{name}' is not closed by '{{% end{name} %}}'", line=line)

    def _read_token(self) -> Token:
        line, char = self._line, self._text[self._at]
        if char in "\"'":
            return Token("string", self._read_string(char), line)
        if self._matches("r/"):
            return self._read_regex()
        if char in _DELIMITERS:
            sign = next((sign for sign in _SIGNS if self._matches(sign)), char)
            return Token("sign", self._take(len(sign)), line)
        word = _WORD.match(self._text, self._at)
        assert word is not None
        self._take(len(word[0]))
        if not _INTEGER.fullmatch(word[0]):
            return Token("name", word[0], line)
        if not self._matches("."):
            return Token("int", word[0], line)
        self._take(1)
        decimals = _INTEGER.match(self._text, self._at)
        return Token("float", f"{word[0]}.{self._take(len(decimals[0]) if decimals else 0)}", line)

    def _read_string(self, quote: str) -> str:
        line = self._line
        self._take(1)
        parts: list[str] = []
        while self._at < len(self._text):
            char = self._take(1)
            if char == quote:
                return "".join(parts)
            if char == "\\":
                escaped = self._take(1)
                char = _ESCAPES.get(escaped, escaped)
            parts.append(char)
        raise NunjucksError(f"a string is not closed by {quote}", line=line)

    def _read_regex(self) -> Token:
        line = self._line
        found = re.compile(r"r/((?:\\.|[^/\\])*)/([gimy]*)").match(self._text, self._at)
        if found is None:
            raise self._fail("a pattern is not closed by '/'")
        self._take(len(found[0]))
        return Token("regex", found[1], line, found[2])
