"""Expressions: documents whose strings may refer to outputs of nodes.

Belongs here: turning placeholders into references to nodes, and filling them in. An expression
is a JSON value in which `{"$template": [part, …]}` stands for a string that depends on outputs;
a part is a literal or `{"node": …, "output": …}`. A user's own key that starts with `$` gets one
more. Never here: which node a name means (the caller's `bind`). Start at `make_expression`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, cast

from fairway.core.graph.live import NodeId
from fairway.core.workload import placeholder
from fairway.core.workload.placeholder import Reference
from fairway.kits import canonical
from fairway.kits.canonical import JsonObject, JsonValue

TEMPLATE = "$template"
SECRET = "$secret"  # noqa: S105 - the name of a marker, not a secret
UNKNOWN = "$unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputReference:
    """An output of a node; `output` is a dotted path into its outputs."""

    node: NodeId
    output: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A secret output: its fingerprint always, its clear text only while a step runs."""

    fingerprint: str
    clear: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """An output that will be known only after a step of `node`."""

    node: NodeId


Output: TypeAlias = JsonValue | Secret | Unknown
Bind = Callable[[Reference], JsonValue | OutputReference]
Lookup = Callable[[OutputReference], Output]


def make_expression(value: JsonValue, bind: Bind) -> JsonValue:
    """Return `value` as an expression: placeholders that `bind` knows are filled at once.

    Raises:
        Refused: a placeholder is malformed, or `bind` refuses it.
    """
    if isinstance(value, str):
        return _make_text(value, bind)
    if isinstance(value, Mapping):
        return {escape_key(key): make_expression(item, bind) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [make_expression(item, bind) for item in value]
    return value


def make_literal(value: JsonValue) -> JsonValue:
    """Return `value` as an expression in which no string is a template."""
    if isinstance(value, str) or value is None or isinstance(value, int | float):
        return value
    if isinstance(value, Mapping):
        return {escape_key(key): make_literal(item) for key, item in value.items()}
    return [make_literal(item) for item in value]


def escape_key(key: str) -> str:
    """Return a user's key such that it cannot be taken for a marker."""
    return f"${key}" if key.startswith("$") else key


def unescape_key(key: str) -> str:
    """Return the user's key that `escape_key` was given."""
    return key.removeprefix("$")


def _make_text(text: str, bind: Bind) -> JsonValue:
    if "$" not in text:
        return text
    parts: list[JsonValue] = []
    for part in placeholder.parse_template(text):
        bound = part if isinstance(part, str) else bind(part)
        if isinstance(bound, OutputReference):
            parts.append({"node": bound.node, "output": bound.output})
            continue
        literal = bound if isinstance(bound, str) else _render_value(bound)
        if parts and isinstance(parts[-1], str):
            parts[-1] += literal
        else:
            parts.append(literal)
    if all(isinstance(part, str) for part in parts):
        return "".join(cast("list[str]", parts))
    return {TEMPLATE: parts}


def list_references(expression: JsonValue) -> Iterator[OutputReference]:
    """Yield every reference in `expression`, in document order, repeats included."""
    if isinstance(expression, Mapping):
        template = expression.get(TEMPLATE)
        if template is None:
            for item in expression.values():
                yield from list_references(item)
        else:
            yield from (_reference(part) for part in _parts(template) if isinstance(part, Mapping))
    elif isinstance(expression, Sequence) and not isinstance(expression, str):
        for item in expression:
            yield from list_references(item)


def redact(expression: JsonValue, lookup: Lookup) -> JsonValue:
    """Return `expression` filled, secrets as `{"$secret": …}`, unknowns as `{"$unknown": …}`.

    The result is safe to store and to show, and equal results mean equal clear values.
    """
    if isinstance(expression, Mapping):
        template = expression.get(TEMPLATE)
        if template is None:
            return {key: redact(item, lookup) for key, item in expression.items()}
        return _redact_template(_parts(template), lookup)
    if isinstance(expression, Sequence) and not isinstance(expression, str):
        return [redact(item, lookup) for item in expression]
    return expression


def _redact_template(parts: Sequence[JsonValue], lookup: Lookup) -> JsonValue:
    values = [part if isinstance(part, str) else lookup(_reference(part)) for part in parts]
    unknown = sorted({value.node for value in values if isinstance(value, Unknown)})
    if unknown:
        return {UNKNOWN: unknown}
    if any(isinstance(value, Secret) for value in values):
        return {
            SECRET: [
                {"fingerprint": value.fingerprint}
                if isinstance(value, Secret)
                else _render_value(cast("JsonValue", value))
                for value in values
            ]
        }
    return "".join(_render_value(cast("JsonValue", value)) for value in values)


def fill(expression: JsonValue, lookup: Lookup) -> JsonValue:
    """Return `expression` with every value in clear and users' keys as they wrote them.

    Call it only while a step runs; never store or log what it returns.

    Raises:
        LookupError: a value is unknown, or a secret's clear text was not opened.
    """
    if isinstance(expression, Mapping):
        template = expression.get(TEMPLATE)
        if template is None:
            return {unescape_key(key): fill(item, lookup) for key, item in expression.items()}
        return "".join(
            part if isinstance(part, str) else _clear(_reference(part), lookup)
            for part in _parts(template)
        )
    if isinstance(expression, Sequence) and not isinstance(expression, str):
        return [fill(item, lookup) for item in expression]
    return expression


def _clear(reference: OutputReference, lookup: Lookup) -> str:
    value = lookup(reference)
    if isinstance(value, Unknown) or (isinstance(value, Secret) and value.clear is None):
        raise LookupError(f"{reference.node} has no clear value for {reference.output} yet")
    return value.clear or "" if isinstance(value, Secret) else _render_value(value)


def list_unknown_paths(redacted: JsonValue, path: str = "") -> tuple[tuple[str, NodeId], ...]:
    """Return the dotted paths in `redacted` that are unknown, and after which node each is."""
    if isinstance(redacted, Mapping):
        nodes = redacted.get(UNKNOWN)
        if nodes is not None:
            return tuple((path, NodeId(str(node))) for node in _parts(nodes))
        return tuple(
            found
            for key, item in redacted.items()
            for found in list_unknown_paths(item, f"{path}.{key}" if path else key)
        )
    if isinstance(redacted, Sequence) and not isinstance(redacted, str):
        return tuple(
            found
            for index, item in enumerate(redacted)
            for found in list_unknown_paths(item, f"{path}[{index}]")
        )
    return ()


def read_output(outputs: JsonObject, path: str) -> JsonValue:
    """Return the value at the dotted `path` of `outputs`.

    Raises:
        KeyError: there is none.
    """
    value: JsonValue = outputs
    for part in path.split("."):
        if not isinstance(value, Mapping):
            raise KeyError(path)
        value = value[part]
    return value


def _parts(value: JsonValue) -> Sequence[JsonValue]:
    return cast("Sequence[JsonValue]", value)


def _reference(part: JsonValue) -> OutputReference:
    mapping = cast("Mapping[str, str]", part)
    return OutputReference(node=NodeId(mapping["node"]), output=mapping["output"])


def _render_value(value: JsonValue) -> str:
    return value if isinstance(value, str) else canonical.render_canonical(value).decode()
