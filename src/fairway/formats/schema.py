"""The published JSON Schemas, and what a value that breaks one should be told.

Belongs here: reading, compiling and applying the schemas in `schemas/`. Never here: rules that
a schema cannot state. Start at `list_violations`.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, cast

import jsonschema_rs
from jsonschema_rs import ValidationErrorKind as Kind

from fairway.formats.yaml import Path
from fairway.kits import spelling
from fairway.kits.canonical import JsonObject, JsonValue

_FOLDER = resources.files("fairway.formats") / "schemas"
_TYPES = {
    "string": "a string",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "a mapping",
    "array": "a list",
    "null": "nothing",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """Something in a value that a schema does not allow; `path` leads to it."""

    path: Path
    why: str
    fix: str


@cache
def list_schemas() -> tuple[str, ...]:
    """Return the names of the published schemas, sorted."""
    return tuple(sorted(file.name.removesuffix(".json") for file in _FOLDER.iterdir()))


@cache
def read_schema(name: str) -> JsonObject:
    """Return the published schema of that name, such as `component` or `score-v1b1`."""
    return cast("JsonObject", json.loads((_FOLDER / f"{name}.json").read_text()))


def is_valid(name: str, value: JsonObject) -> bool:
    """Return whether `value` is as the schema says."""
    return bool(_compile(name).is_valid(value))


def list_violations(name: str, value: JsonObject) -> tuple[Violation, ...]:
    """Return everything in `value` that the schema does not allow, in the order of its paths."""
    violations = {
        (each.path, each.why): each
        for error in _compile(name).iter_errors(value)
        for each in _explain(error, name)
    }
    return tuple(sorted(violations.values(), key=lambda each: [str(part) for part in each.path]))


@cache
def _compile(name: str) -> Any:
    # Compiling takes milliseconds: done when a kind is first seen.
    schema = dict(read_schema(name))
    registry = jsonschema_rs.Registry(
        [(cast("str", each["$id"]), dict(each)) for each in (read_schema("entity"),)]
    )
    return jsonschema_rs.Draft202012Validator(schema, registry=registry)


def _explain(error: jsonschema_rs.ValidationError, name: str) -> Iterator[Violation]:
    path = tuple(error.instance_path)
    label = _render_path(path)
    schema = _find_subschema(error, name)
    match error.kind:
        case Kind.AdditionalProperties(unexpected):
            for key in unexpected:
                yield _explain_unknown(path, key, schema)
        case Kind.Required(key):
            yield _explain_missing(path, key, schema, error.instance)
        case Kind.PropertyNames(inner):
            key = cast("str", inner.instance)
            expected = _find_subschema(inner, name).get("title", inner.message)
            why = f"{label}: the name '{key}' is not {expected}"
            yield Violation(path=(*path, key), why=why, fix=f"rename '{key}'")
        case Kind.Enum(options):
            yield _explain_choice(path, error.instance, options)
        case Kind.Constant(expected):
            yield _explain_choice(path, error.instance, [expected])
        case Kind.OneOfMultipleValid() | Kind.OneOfNotValid() | Kind.AnyOf():
            yield _explain_alternatives(path, error, schema)
        case Kind.Type(types):
            yield _explain_type(path, error.instance, types)
        case _:
            yield _explain_form(path, error, schema)


def _explain_unknown(path: Path, key: str, schema: JsonObject) -> Violation:
    known = cast("dict[str, JsonValue]", schema.get("properties", {}))
    meant = spelling.suggest(key, known)
    names = ", ".join(f"'{name}'" for name in known)
    fix = f"did you mean '{meant}'?" if meant else f"remove it; the known fields are {names}"
    why = f"{_render_path((*path, key))}: the field '{key}' is unknown"
    return Violation(path=(*path, key), why=why, fix=fix)


def _explain_missing(path: Path, key: str, schema: JsonObject, instance: Any) -> Violation:
    known = cast("dict[str, JsonValue]", schema.get("properties", {}))
    others = [name for name in instance if name not in known]
    meant = spelling.suggest(key, others)
    fix = f"rename '{meant}' to '{key}'" if meant else f"add '{key}'"
    where = f"{_render_path(path)}: " if path else ""
    return Violation(path=path, why=f"{where}'{key}' is missing", fix=fix)


def _explain_choice(path: Path, value: Any, options: Iterable[Any]) -> Violation:
    quoted = " or ".join(_quote(option) for option in options)
    meant = spelling.suggest(value, map(str, options)) if isinstance(value, str) else None
    fix = f"did you mean '{meant}'?" if meant else f"write {quoted}"
    return Violation(
        path=path, why=f"{_render_path(path)}: expected {quoted}, got {_quote(value)}", fix=fix
    )


def _explain_alternatives(
    path: Path, error: jsonschema_rs.ValidationError, schema: JsonObject
) -> Violation:
    branches = cast("list[dict[str, list[str]]]", schema.get("oneOf") or schema.get("anyOf"))
    names = [name for branch in branches for name in branch["required"]]
    instance = cast("JsonObject", error.instance)
    given = [f"'{name}'" for name in names if name in instance]
    count = "exactly" if "oneOf" in schema else "at least"
    choice = ", ".join(f"'{name}'" for name in names)
    got = " and ".join(given) or "none of them"
    why = f"{_render_path(path)}: expected {count} one of {choice}; got {got}"
    return Violation(path=path, why=why, fix="keep one of them" if given else "add one of them")


def _explain_type(path: Path, value: Any, types: list[str]) -> Violation:
    expected = " or ".join(_TYPES[name] for name in types)
    why = f"{_render_path(path)}: expected {expected}, got {_quote(value)}"
    if "string" in types and isinstance(value, bool | int | float):
        key = f"{path[-1]}:" if isinstance(path[-1], str) else "-"
        fix = f'quote the value: {key} "{_render_scalar(value)}"'
    else:
        fix = f"write {expected} here"
    return Violation(path=path, why=why, fix=fix)


def _explain_form(
    path: Path, error: jsonschema_rs.ValidationError, schema: JsonObject
) -> Violation:
    label = _render_path(path)
    if title := schema.get("title"):
        return Violation(
            path=path,
            why=f"{label}: expected {title}, got {_quote(error.instance)}",
            fix="write it in that form",
        )
    return Violation(path=path, why=f"{label}: {error.message}", fix="correct the value")


def _find_subschema(error: jsonschema_rs.ValidationError, name: str) -> JsonObject:
    """Return the schema that holds the keyword which failed, whichever file it is in."""
    location = error.absolute_keyword_location or ""
    file, _, pointer = location.partition("#")
    owner = file.rpartition("/")[2].removesuffix(".json") or name
    found: Any = read_schema(owner)
    keys = pointer.strip("/").split("/")[:-1]
    for escaped in keys:
        key = escaped.replace("~1", "/").replace("~0", "~").replace("%24", "$")
        found = found[int(key)] if isinstance(found, list) else found.get(key, {})
    return cast("JsonObject", found if isinstance(found, dict) else {})


def _render_path(path: Path) -> str:
    if not path:
        return "the document"
    return ".".join(str(part).replace(".", "\\.") for part in path)


def _quote(value: Any) -> str:
    if isinstance(value, str):
        return f"'{value}'" if len(value) <= 80 else f"'{value[:79]}…'"
    if isinstance(value, dict | list):
        return _TYPES["object" if isinstance(value, dict) else "array"]
    return "nothing" if value is None else _render_scalar(value)


def _render_scalar(value: Any) -> str:
    return json.dumps(value)
