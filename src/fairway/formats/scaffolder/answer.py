"""Answers to a Template's parameters, with what is not answered taken from the defaults.

Belongs here: what a form of Backstage would send. Never here: asking. Start at `complete_answers`.
"""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import jsonschema_rs

from fairway.formats.scaffolder.parameters import Schema

_MOST_ROUNDS = 10


def complete_answers(schema: Schema, answers: dict[str, Any]) -> dict[str, Any]:
    """Return `answers` with the defaults of what is missing, those of met conditions among them."""
    made: dict[str, Any] = deepcopy(answers)
    # A default may meet the condition of another.
    for _ in range(_MOST_ROUNDS):
        before = deepcopy(made)
        _fill(schema, made)
        if made == before:
            break
    return made


def list_errors(schema: Schema, answers: dict[str, Any]) -> list[str]:
    """Return what the schema does not allow in the answers, or that it is none."""
    try:
        validator = jsonschema_rs.Draft202012Validator(schema, mask="•••")
    except ValueError as error:
        return [f"its parameters are no JSON Schema: {error}"]
    return sorted(
        f"{'.'.join(map(str, error.instance_path))}: {error.message}".removeprefix(": ")
        for error in validator.iter_errors(answers)
    )


def _fill(schema: Schema, value: dict[str, Any]) -> None:
    for name, sub in (schema.get("properties") or {}).items():
        if not isinstance(sub, dict):
            continue
        if name not in value:
            if "default" in sub:
                value[name] = deepcopy(sub["default"])
            elif sub.get("type") == "object" and (inner := complete_answers(sub, {})):
                value[name] = inner
        elif isinstance(value[name], dict):
            _fill(sub, value[name])
    for branch in _list_met(schema, value):
        _fill(branch, value)


def _list_met(schema: Schema, value: dict[str, Any]) -> Iterator[Schema]:
    """Yield the parts of the schema that hold for `value`."""
    yield from (part for part in schema.get("allOf") or () if isinstance(part, dict))
    for name, part in (schema.get("dependentSchemas") or {}).items():
        if name in value and isinstance(part, dict):
            yield part
    if "if" in schema:
        branch = schema.get("then" if _is_valid(schema["if"], value) else "else")
        if isinstance(branch, dict):
            yield branch
    for key in ("oneOf", "anyOf"):
        for branch in schema.get(key) or ():
            if isinstance(branch, dict) and _is_meant(branch, value):
                yield branch
                break


def _is_meant(branch: Schema, value: dict[str, Any]) -> bool:
    """Return whether the answers given so far are those of this branch."""
    properties = branch.get("properties") or {}
    is_complete = all(
        name in value or "default" in properties.get(name, {})
        for name in branch.get("required") or ()
    )
    is_named = any(name in value for name in properties)
    return (is_named or is_complete) and _is_valid({"properties": properties}, value)


def _is_valid(schema: Any, value: Any) -> bool:
    try:
        return bool(jsonschema_rs.Draft202012Validator(schema).is_valid(value))
    except ValueError:
        return False
