"""Rendering what was parsed.

Belongs here: names and their scopes, what tags and operators do. Never here: grammar, files.
Start at `Environment`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, TypeAlias

from fairway.formats.scaffolder.nunjucks import node, operator
from fairway.formats.scaffolder.nunjucks.builtin import FUNCTIONS
from fairway.formats.scaffolder.nunjucks.error import NunjucksError
from fairway.formats.scaffolder.nunjucks.list_filter import (
    LIST_FILTERS,
    MISSING_FILTERS,
    NAMED_ARGUMENTS,
)
from fairway.formats.scaffolder.nunjucks.member import Arguments, get_argument, get_member
from fairway.formats.scaffolder.nunjucks.node import Body, Node
from fairway.formats.scaffolder.nunjucks.predicate import is_so
from fairway.formats.scaffolder.nunjucks.text_filter import TEXT_FILTERS
from fairway.formats.scaffolder.nunjucks.value import (
    UNDEFINED,
    Function,
    SafeText,
    Value,
    describe,
    is_same,
    is_truthy,
    list_keys,
    print_text,
    to_text,
)

FilterCall: TypeAlias = Callable[[Value, Arguments], Value]


@dataclass(slots=True)
class _Frame:
    """Names that a loop, a macro or the text itself set."""

    parent: "_Frame | None" = None
    values: dict[str, Value] = field(default_factory=dict)

    def find(self, name: str) -> "_Frame | None":
        frame: _Frame | None = self
        while frame is not None and frame.values.get(name, UNDEFINED) is UNDEFINED:
            frame = frame.parent
        return frame

    def assign(self, name: str, value: Value) -> None:
        """Set the name where it was set before, or here."""
        (self.find(name) or self).values[name] = value


class Environment:
    """Filters that texts may use: Nunjucks' own, and those given."""

    def __init__(self, filters: Mapping[str, FilterCall]) -> None:
        self._filters = {**TEXT_FILTERS, **LIST_FILTERS, **filters}

    def refuse_filter(self, name: str) -> str:
        """Return why a filter cannot be used, empty when it can."""
        if name in self._filters:
            return ""
        if name in MISSING_FILTERS:
            return f"the filter '{name}' is not offered: {MISSING_FILTERS[name]}"
        return f"there is no filter '{name}'"

    def get_filter(self, name: str) -> FilterCall:
        if why := self.refuse_filter(name):
            raise NunjucksError(why)
        return self._filters[name]

    def render(self, body: Body, context: Mapping[str, Value]) -> str:
        """Return the text that `body` makes with the names of `context`.

        Raises:
            NunjucksError: with the line in the text.
        """
        return _Rendering(self, dict(context)).render(body, _Frame())

    def evaluate(self, expression: Node, context: Mapping[str, Value]) -> Value:
        """Return what one expression is worth.

        Raises:
            NunjucksError: with the line in the text.
        """
        return _Rendering(self, dict(context)).evaluate(expression, _Frame())


class _Rendering:
    def __init__(self, environment: Environment, context: dict[str, Value]) -> None:
        self._environment = environment
        self._context = context

    def render(self, body: Body, frame: _Frame) -> str:
        return "".join(text for piece in body for text in self._render(piece, frame))

    def _render(self, piece: Node, frame: _Frame) -> Iterator[str]:
        match piece:
            case node.Text(_, text):
                yield text
            case node.Print(_, value):
                yield self._print(value, frame)
            case node.If(_, test, body, other):
                yield self.render(body if is_truthy(self.evaluate(test, frame)) else other, frame)
            case node.For():
                yield from self._loop(piece, frame)
            case node.Set(_, names, value):
                self._set(names, self.evaluate(value, frame), frame)
            case node.Switch():
                yield self.render(self._choose(piece, frame), frame)
            case node.Macro():
                self._set((piece.name,), self._make_macro(piece), frame)
            case _:
                raise AssertionError(piece)

    def _print(self, value: Node, frame: _Frame) -> str:
        found = self.evaluate(value, frame)
        try:
            return print_text(found)
        except NunjucksError as error:
            error.line = error.line or value.line
            raise

    def _set(self, names: tuple[str, ...], value: Value, frame: _Frame) -> None:
        for name in names:
            frame.assign(name, value)
            if frame.parent is None and "caller" not in frame.values:
                self._context[name] = value

    def _choose(self, piece: node.Switch, frame: _Frame) -> Body:
        value = self.evaluate(piece.value, frame)
        is_found = False
        for test, body in piece.cases:
            is_found = is_found or is_same(self.evaluate(test, frame), value)
            # An empty case stands for the one after it.
            if is_found and body:
                return body
        return piece.other

    def _loop(self, piece: node.For, frame: _Frame) -> Iterator[str]:
        values = self.evaluate(piece.values, frame)
        rows = self._list_rows(piece, values)
        inner = _Frame(frame)
        for index, row in enumerate(rows):
            inner.values |= row
            inner.values["loop"] = {
                "index": index + 1,
                "index0": index,
                "revindex": len(rows) - index,
                "revindex0": len(rows) - index - 1,
                "first": index == 0,
                "last": index == len(rows) - 1,
                "length": len(rows),
            }
            yield self.render(piece.body, inner)
        if not rows:
            yield self.render(piece.other, inner)

    def _list_rows(self, piece: node.For, values: Value) -> list[dict[str, Value]]:
        """Return what the loop's names stand for, one time after the other."""
        names = piece.names
        if len(names) == 1:
            items = list(values) if isinstance(values, (list, str)) else []
            return [{names[0]: item} for item in items]
        if isinstance(values, list):
            return [
                {name: get_member(item, str(place)) for place, name in enumerate(names)}
                for item in values
            ]
        if isinstance(values, dict) and len(names) == 2:
            return [{names[0]: key, names[1]: values[key]} for key in list_keys(values)]
        if not is_truthy(values):
            return []
        raise NunjucksError(f"a loop over {describe(values)} gives no pairs", line=piece.line)

    def _make_macro(self, piece: node.Macro) -> Function:
        names = (*piece.parameters, *(name for name, _ in piece.defaults))

        def call(arguments: Arguments, named: Mapping[str, Value]) -> Value:
            # A macro sees what the whole text sees, and not the loop that it is called in.
            frame = _Frame(_Frame(values={"caller": UNDEFINED}))
            given = {**dict(zip(names, arguments, strict=False)), **named}
            for name in piece.parameters:
                frame.values[name] = given.get(name, UNDEFINED)
            for name, default in piece.defaults:
                is_given = name in given
                frame.values[name] = given[name] if is_given else self.evaluate(default, frame)
            return SafeText(self.render(piece.body, frame))

        return Function(piece.name, call)

    def evaluate(self, piece: Node, frame: _Frame) -> Value:
        try:
            return self._WAYS[type(piece)](self, piece, frame)
        except NunjucksError as error:
            error.line = error.line or piece.line
            raise

    def _choose_value(self, piece: node.Choice, frame: _Frame) -> Value:
        if is_truthy(self.evaluate(piece.test, frame)):
            return self.evaluate(piece.body, frame)
        return "" if piece.other is None else self.evaluate(piece.other, frame)

    def _get_member(self, piece: node.Member, frame: _Frame) -> Value:
        return get_member(self.evaluate(piece.value, frame), self.evaluate(piece.key, frame))

    def _test(self, piece: node.Test, frame: _Frame) -> Value:
        given = [self.evaluate(item, frame) for item in piece.arguments]
        return is_so(piece.name, self.evaluate(piece.value, frame), get_argument(given, 0))

    def _make_list(self, piece: node.ListOf, frame: _Frame) -> Value:
        return [self.evaluate(item, frame) for item in piece.items]

    def _make_mapping(self, piece: node.MappingOf, frame: _Frame) -> Value:
        return {
            to_text(self.evaluate(key, frame)): self.evaluate(value, frame)
            for key, value in piece.items
        }

    def _look_up(self, name: str, frame: _Frame) -> Value:
        found = frame.find(name)
        if found is not None:
            return found.values[name]
        if name in self._context:
            return self._context[name]
        return FUNCTIONS.get(name, UNDEFINED)

    def _filter(self, piece: node.Filter, frame: _Frame) -> Value:
        call = self._environment.get_filter(piece.name)
        value = self.evaluate(piece.value, frame)
        arguments = [self.evaluate(item, frame) for item in piece.arguments]
        known = NAMED_ARGUMENTS.get(piece.name, ())
        for name, item in piece.named:
            if name not in known:
                raise NunjucksError(f"the filter '{piece.name}' takes no argument '{name}' by name")
            place = known.index(name)
            arguments += [UNDEFINED] * (place + 1 - len(arguments))
            arguments[place] = self.evaluate(item, frame)
        try:
            return call(value, arguments)
        except NunjucksError as error:
            if error.line:
                raise
            why = f"the filter '{piece.name}': {error.why}"
            raise type(error)(why, line=piece.line) from error

    def _call(self, piece: node.Call, frame: _Frame) -> Value:
        function = self.evaluate(piece.function, frame)
        if not isinstance(function, Function):
            raise NunjucksError(f"'{_name(piece.function)}' is no function", line=piece.line)
        arguments = [self.evaluate(item, frame) for item in piece.arguments]
        return function.call(
            arguments, {name: self.evaluate(item, frame) for name, item in piece.named}
        )

    def _combine(self, piece: node.Binary, frame: _Frame) -> Value:
        first = self.evaluate(piece.left, frame)
        if piece.sign in ("and", "or"):
            is_decided = is_truthy(first) is (piece.sign == "or")
            return first if is_decided else self.evaluate(piece.right, frame)
        return operator.combine(piece.sign, first, self.evaluate(piece.right, frame))

    # How each piece of an expression is evaluated.
    _WAYS: ClassVar[Mapping[type[Node], Callable[..., Value]]] = {
        node.Binary: _combine,
        node.Call: _call,
        node.Capture: lambda self, piece, frame: self.render(piece.body, frame),
        node.Choice: _choose_value,
        node.Constant: lambda _, piece, __: piece.value,
        node.Filter: _filter,
        node.Group: lambda self, piece, frame: self.evaluate(piece.value, frame),
        node.ListOf: _make_list,
        node.MappingOf: _make_mapping,
        node.Member: _get_member,
        node.Name: lambda self, piece, frame: self._look_up(piece.name, frame),
        node.Test: _test,
        node.Unary: lambda self, piece, frame: operator.apply(
            piece.sign, self.evaluate(piece.value, frame)
        ),
    }


def _name(piece: Node) -> str:
    match piece:
        case node.Name(_, name):
            return name
        case node.Member(_, value, node.Constant(_, key)):
            return f"{_name(value)}.{key}"
    return "what is called"
