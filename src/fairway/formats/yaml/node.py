"""Documents as trees that know the place of every member.

Belongs here: reading one document event by event, with every rule checked and every problem
placed. Never here: splitting a file, the fast way that bulk reading takes (`document` beside
this file). Start at `compose_node`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import yaml

from fairway.formats.yaml import scalar
from fairway.kits.canonical import JsonValue
from fairway.kits.errors import Location, Refused

MAX_DEPTH = 100
# What aliases may add to a document, in values; a few anchors repeat far less.
MAX_ALIASED = 10_000
_CORE_TAG = "tag:yaml.org,2002:"
_SCALAR_TAGS = {"int": int, "float": float, "bool": bool, "null": type(None)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A value and where it starts as a member: at its key, or at itself in a list.

    Lines and columns count from 1. `text` is a scalar as written; `size` counts all values.
    """

    value: JsonValue
    line: int
    column: int
    text: str | None = None
    members: dict[str | int, "Node"] = field(default_factory=dict)
    size: int = 1

    def find(self, path: tuple[str | int, ...]) -> "Node":
        """Return the node at `path`, or the nearest above it that exists."""
        node = self
        for part in path:
            if part not in node.members:
                break
            node = node.members[part]
        return node


def compose_node(text: str, *, file: str, first_line: int = 1) -> Node:
    """Return the tree of the only document in `text`, whose first line is `first_line` of `file`.

    Raises:
        Refused: YAML-INVALID, YAML-DUPLICATE-KEY, YAML-ALIASES, YAML-TAG or YAML-TOO-LARGE.
    """
    return _Composer(text, file, first_line).compose()


class _Composer:
    def __init__(self, text: str, file: str, first_line: int) -> None:
        self._events: Iterator[Any] = yaml.parse(text, Loader=yaml.CSafeLoader)
        self._text = text
        self._file = file
        self._first_line = first_line
        # None while what the anchor names is still being read.
        self._anchors: dict[str, Node | None] = {}
        self._aliased = 0

    def compose(self) -> Node:
        try:
            event = next(self._events)
            while isinstance(event, yaml.StreamStartEvent | yaml.DocumentStartEvent):
                event = next(self._events)
            if isinstance(event, yaml.StreamEndEvent):
                return Node(value=None, line=self._first_line, column=1)
            root = self._compose(event, depth=1)
            for event in self._events:
                if isinstance(event, yaml.DocumentStartEvent):
                    raise self._refuse(event.start_mark, "another document starts here")
        except yaml.MarkedYAMLError as error:
            raise self._refuse(error.problem_mark, self._explain(error)) from None
        except yaml.reader.ReaderError as error:
            raise self._refuse_character(error) from None
        return root

    def _compose(self, event: Any, *, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise self._refuse(
                event.start_mark,
                f"it is nested deeper than {MAX_DEPTH} levels",
                code="YAML-TOO-LARGE",
                fix="flatten the document",
            )
        if isinstance(event, yaml.AliasEvent):
            return self._find_anchored(event)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        if isinstance(event, yaml.ScalarEvent):
            node = self._make_scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._compose_sequence(event, depth)
        else:
            node = self._compose_mapping(event, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _find_anchored(self, event: Any) -> Node:
        if event.anchor not in self._anchors:
            raise self._refuse(event.start_mark, f"the alias '*{event.anchor}' has no anchor")
        node = self._anchors[event.anchor]
        if node is None:
            why = f"the alias '*{event.anchor}' is inside of what it repeats"
        else:
            self._aliased += node.size
            if self._aliased <= MAX_ALIASED:
                return self._place(node, event)
            why = f"its aliases repeat more than {MAX_ALIASED} values"
        raise self._refuse(
            event.start_mark,
            why,
            code="YAML-ALIASES",
            fix="write the value out instead of repeating it",
        )

    def _make_scalar(self, event: Any) -> Node:
        try:
            value = self._resolve(event)
        except ValueError as error:
            raise self._refuse(
                event.start_mark,
                str(error),
                fix=f'quote it to mean the text: "{scalar.shorten(event.value)}"',
            ) from None
        node = Node(value=value, line=0, column=0, text=event.value)
        return self._place(node, event)

    def _resolve(self, event: Any) -> scalar.Scalar:
        text: str = event.value
        if event.tag in (None, "!"):
            return scalar.parse_scalar(text) if event.implicit[0] else text
        name = event.tag.removeprefix(_CORE_TAG)
        if name == "str":
            return text
        if name not in _SCALAR_TAGS:
            raise self._refuse_tag(event)
        value = scalar.parse_scalar(text)
        if name == "float" and type(value) is int:
            return float(value)
        if type(value) is not _SCALAR_TAGS[name]:
            raise ValueError(f"'{scalar.shorten(text)}' is not of type !!{name}")
        return value

    def _compose_sequence(self, start: Any, depth: int) -> Node:
        self._check_tag(start, "seq")
        members: dict[str | int, Node] = {}
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            members[len(members)] = self._compose(event, depth=depth + 1)
        return self._make_collection(start, [node.value for node in members.values()], members)

    def _compose_mapping(self, start: Any, depth: int) -> Node:
        self._check_tag(start, "map")
        members: dict[str | int, Node] = {}
        merged: list[Node] = []
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._make_key(event)
            node = self._compose(next(self._events), depth=depth + 1)
            if key == "<<" and event.implicit[0]:
                merged += self._list_merged(event, node)
            elif key in members:
                raise self._refuse(
                    event.start_mark,
                    f"the key '{key}' is already on line {members[key].line}",
                    code="YAML-DUPLICATE-KEY",
                    fix="keep one of the two",
                )
            else:
                members[key] = self._place(node, event)
        for node in merged:
            members = {**node.members, **members}
        value = {str(key): node.value for key, node in members.items()}
        return self._make_collection(start, value, members)

    def _make_key(self, event: Any) -> str:
        if isinstance(event, yaml.ScalarEvent):
            key = self._make_scalar(event).value
            if isinstance(key, str):
                return key
            raise self._refuse(
                event.start_mark,
                f"the key {event.value or '(empty)'} is not a string",
                fix=f'quote it: "{scalar.shorten(event.value)}"',
            )
        raise self._refuse(event.start_mark, "a key is not a string", fix="write a plain key")

    def _list_merged(self, key: Any, node: Node) -> list[Node]:
        nodes = list(node.members.values()) if isinstance(node.value, list) else [node]
        if all(isinstance(each.value, dict) for each in nodes):
            return nodes
        raise self._refuse(
            key.start_mark,
            "'<<' merges something that is not a mapping",
            fix="merge an alias of a mapping, or a list of such",
        )

    def _make_collection(
        self, start: Any, value: JsonValue, members: dict[str | int, Node]
    ) -> Node:
        size = 1 + sum(node.size for node in members.values())
        return self._place(Node(value=value, line=0, column=0, members=members, size=size), start)

    def _place(self, node: Node, event: Any) -> Node:
        mark = event.start_mark
        return replace(node, line=self._first_line + mark.line, column=mark.column + 1)

    def _check_tag(self, start: Any, name: str) -> None:
        if start.tag not in (None, "!", f"{_CORE_TAG}{name}"):
            raise self._refuse_tag(start)

    def _refuse_tag(self, event: Any) -> Refused:
        tag = event.tag.replace(_CORE_TAG, "!!")
        return self._refuse(
            event.start_mark,
            f"the tag '{tag}' is unknown",
            code="YAML-TAG",
            fix="remove the tag, or quote the value if it starts with '!'",
        )

    def _explain(self, error: yaml.MarkedYAMLError) -> str:
        if error.context is None or error.context_mark is None:
            return str(error.problem)
        line = self._first_line + error.context_mark.line
        return f"{error.problem} {error.context} that starts on line {line}"

    def _refuse_character(self, error: Any) -> Refused:
        # libyaml counts bytes, and its "character" is the code point.
        before = self._text.encode()[: error.position].decode(errors="ignore")
        line = before.count("\n")
        mark = yaml.Mark("", 0, line, len(before) - (before.rfind("\n") + 1), None, 0)
        return self._refuse(
            mark, f"the character U+{error.character:04X} is not allowed", fix="remove it"
        )

    def _refuse(
        self,
        mark: Any,
        why: str,
        *,
        code: str = "YAML-INVALID",
        fix: str = "correct the YAML here or just before",
    ) -> Refused:
        line, column = (mark.line, mark.column + 1) if mark else (0, None)
        return Refused(
            code,
            what=f"cannot read {self._file}",
            why=why,
            fix=fix,
            at=Location(file=self._file, line=self._first_line + line, column=column),
        )
