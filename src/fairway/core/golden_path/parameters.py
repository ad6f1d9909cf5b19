"""A template's questions and what golden-path.yaml adds to them.

Belongs here: the one schema of a golden path's answers. Never here: how questions are read.
Start at `merge_parameters`.
"""

from collections.abc import Mapping

from fairway.kits import spelling
from fairway.kits.canonical import JsonObject, JsonValue
from fairway.kits.errors import Location, Refused

FILE = "golden-path.yaml"
# What a form is told, and what narrows the answers that the template takes.
_ADDED = frozenset(
    {
        *("title", "description", "examples", "deprecated", "format", "pattern"),
        *("minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
        *("multipleOf", "minItems", "maxItems"),
    }
)
_WHOLE = frozenset({"type", "title", "description", "properties"})


def merge_parameters(questions: JsonObject, overlay: JsonObject) -> JsonObject:
    """Return the template's parameters with the bounds and hints of `overlay`.

    `questions` is the schema that a renderer reads from the template: it says which answers there
    are, of what type, and their defaults. `overlay` is `spec.parameters` of golden-path.yaml.

    Raises:
        Refused: PATH-PARAMETERS, the overlay names what is no question, or says anew what the
            template says.

    Example:
        >>> questions = {"properties": {"port": {"type": "integer"}}, "ui:order": ["port"]}
        >>> merge_parameters(questions, {"properties": {"port": {"maximum": 9}}})["properties"]
        {'port': {'type': 'integer', 'maximum': 9}}
    """
    asked = _get_mapping(questions, "properties")
    for key in overlay:
        if key not in _WHOLE and not key.startswith("ui:"):
            raise _refuse(key, "only the template's copier.yml says this", f"remove '{key}'")
    if overlay.get("type", "object") != "object":
        raise _refuse("type", f"it is {overlay['type']!r}, not 'object'", "remove 'type'")
    added = _get_mapping(overlay, "properties")
    properties: dict[str, JsonValue] = dict(asked)
    for name in added:
        if name not in asked:
            fix = f"ask for '{name}' in copier.yml, or {_suggest(name, asked)}"
            raise _refuse(f"properties.{name}", "the template has no such question", fix)
        properties[name] = {
            **_get_mapping(asked, name),
            **_check_added(name, _get_mapping(added, name)),
        }
    _check_order(overlay.get("ui:order", ()), asked)
    whole = {key: value for key, value in overlay.items() if key not in ("type", "properties")}
    return {**questions, **whole, "properties": properties}


def _get_mapping(value: JsonObject, key: str) -> JsonObject:
    found = value.get(key, {})
    if not isinstance(found, Mapping):
        raise _refuse(key, "it is not a mapping", "write names and values")
    return found


def _check_added(name: str, hints: JsonObject) -> JsonObject:
    for key in hints:
        if key not in _ADDED and not key.startswith("ui:"):
            raise _refuse(
                f"properties.{name}.{key}",
                "only the template's copier.yml says this",
                f"set it for the question '{name}' in copier.yml",
            )
    return hints


def _check_order(order: JsonValue, asked: JsonObject) -> None:
    names = list(order) if isinstance(order, (list, tuple)) else None
    unknown = [name for name in names or () if name != "*" and name not in asked]
    if names is None or unknown:
        why = f"there is no question {unknown[0]!r}" if unknown else "it is not a list of names"
        raise _refuse("ui:order", why, "list questions of copier.yml, and '*' for all others")
    missing = [name for name in asked if name not in names]
    if names and missing and "*" not in names:
        raise _refuse("ui:order", f"it leaves out {missing[0]!r}", "add it, or '*' for all others")


def _suggest(name: str, asked: JsonObject) -> str:
    close = spelling.suggest(name, asked)
    return f"write '{close}'" if close else "remove it"


def _refuse(key: str, why: str, fix: str) -> Refused:
    return Refused(
        "PATH-PARAMETERS",
        what=f"cannot read parameters '{key}' of the golden path",
        why=why,
        fix=fix,
        at=Location(file=FILE),
    )
