"""The grammar's pieces, as values.

Belongs here: what parsing makes and rendering reads. Never here: either of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import TypeAlias

from fairway.formats.scaffolder.nunjucks.value import Value


@dataclass(frozen=True, slots=True)
class Node:
    """Any piece; `line` counts from 1."""

    line: int

    def walk(self) -> Iterator["Node"]:
        """Yield this piece and all within, in the order of the text."""
        yield self
        for field in fields(self):
            yield from _walk(getattr(self, field.name))


def _walk(value: object) -> Iterator[Node]:
    if isinstance(value, Node):
        yield from value.walk()
    elif isinstance(value, tuple):
        for item in value:
            yield from _walk(item)


Body: TypeAlias = tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Text(Node):
    text: str


@dataclass(frozen=True, slots=True)
class Print(Node):
    value: Node


@dataclass(frozen=True, slots=True)
class Constant(Node):
    value: Value


@dataclass(frozen=True, slots=True)
class Name(Node):
    name: str


@dataclass(frozen=True, slots=True)
class Group(Node):
    """What is between round brackets."""

    value: Node


@dataclass(frozen=True, slots=True)
class ListOf(Node):
    items: Body


@dataclass(frozen=True, slots=True)
class MappingOf(Node):
    items: tuple[tuple[Node, Node], ...]


@dataclass(frozen=True, slots=True)
class Unary(Node):
    sign: str
    value: Node


@dataclass(frozen=True, slots=True)
class Binary(Node):
    sign: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Choice(Node):
    """`body if test else other`; without `other` it is an empty text."""

    test: Node
    body: Node
    other: Node | None


@dataclass(frozen=True, slots=True)
class Member(Node):
    value: Node
    key: Node


@dataclass(frozen=True, slots=True)
class Call(Node):
    function: Node
    arguments: Body
    named: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class Filter(Node):
    name: str
    value: Node
    arguments: Body
    named: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class Test(Node):
    name: str
    value: Node
    arguments: Body


@dataclass(frozen=True, slots=True)
class If(Node):
    test: Node
    body: Body
    other: Body


@dataclass(frozen=True, slots=True)
class For(Node):
    names: tuple[str, ...]
    values: Node
    body: Body
    other: Body


@dataclass(frozen=True, slots=True)
class Set(Node):
    names: tuple[str, ...]
    value: Node


@dataclass(frozen=True, slots=True)
class Capture(Node):
    """The text of a body, as a value."""

    body: Body


@dataclass(frozen=True, slots=True)
class Switch(Node):
    """The first of `cases` that is the same, without falling through except from empty ones."""

    value: Node
    cases: tuple[tuple[Node, Body], ...]
    other: Body


@dataclass(frozen=True, slots=True)
class Macro(Node):
    name: str
    parameters: tuple[str, ...]
    defaults: tuple[tuple[str, Node], ...]
    body: Body
