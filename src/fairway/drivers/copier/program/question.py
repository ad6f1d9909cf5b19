"""Questions of copier.yml as a JSON Schema.

Belongs here: what each property of a question means to somebody who answers. Never here: Jinja;
what only a rendering can tell is marked as computed. Start at `make_parameters`.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

import yaml

from fairway.drivers.copier.program.template import Settings, Template
from fairway.drivers.template.failure import Failure

Schema = dict[str, Any]  # Any: JSON
_COMPUTED = "computed"
_KINDS = {
    "str": "string",
    "path": "string",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "json": "",
    "yaml": "",
}
_TRUE = frozenset({"y", "yes", "t", "true", "on", "1"})
_FALSE = frozenset({"n", "no", "f", "false", "off", "0", "", "~", "null", "none"})


def make_parameters(template: Template) -> Schema:
    """Return the JSON Schema of all answers, in the order of the questions.

    Raises:
        Failure: TEMPLATE-INVALID, at the question.
    """
    properties: Schema = {}
    required: list[str] = []
    reader = _Reader(template)
    for name, question in template.questions.items():
        if reader.is_never_asked(question):
            continue
        try:
            properties[name] = reader.make_property(question, is_secret=name in template.secrets)
        except (ValueError, TypeError, AttributeError) as error:
            raise Failure(
                "TEMPLATE-INVALID",
                f"question '{name}': {error}",
                fix="correct the question",
                at=template.find_line(name),
            ) from error
        is_optional = {"default", "x-fairway-default", "x-fairway-when"} & set(properties[name])
        if not is_optional:
            required.append(name)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": False,
        "required": required,
        "properties": properties,
        "ui:order": list(properties),
    }


class _Reader:
    """Reads questions; what has one of Jinja's marks in it is known only when rendering."""

    def __init__(self, template: Template) -> None:
        envops = template.settings.get("envops") or {}
        self._marks = (
            str(envops.get("variable_start_string", "{{")),
            str(envops.get("block_start_string", "{%")),
            str(envops.get("comment_start_string", "{#")),
        )

    def _is_computed(self, value: Any) -> bool:
        if isinstance(value, str):
            return any(mark in value for mark in self._marks)
        if isinstance(value, list):
            return any(map(self._is_computed, value))
        return isinstance(value, dict) and any(
            self._is_computed(part) for pair in value.items() for part in pair
        )

    def is_never_asked(self, question: Settings) -> bool:
        when = question.get("when", True)
        return not self._is_computed(when) and not _cast_bool(when)

    def make_property(self, question: Settings, *, is_secret: bool) -> Schema:
        kind = self._find_kind(question)
        is_many = bool(question.get("multiselect"))
        answer = self._make_answer(kind, question)
        schema = {"type": "array", "items": answer, "uniqueItems": True} if is_many else answer
        if text := str(question.get("help") or "").strip():
            schema["description"] = text
        if is_secret:
            schema["writeOnly"] = True
            if "default" not in question:
                raise ValueError("a secret one needs a default, since its answer is not kept")
        self._add_default(schema, kind, question)
        if self._is_computed(question.get("when", True)):
            schema["x-fairway-when"] = question["when"]
        self._add_hints(schema, kind, question)
        return schema

    def _find_kind(self, question: Settings) -> str:
        """Return the question's type; one that is computed may be any."""
        kind = question.get("type") or type(question.get("default")).__name__
        if self._is_computed(kind):
            return "yaml"
        if kind not in _KINDS:
            if question.get("type"):
                raise ValueError(
                    f"there is no type '{kind}'; there are {', '.join(sorted(_KINDS))}"
                )
            return "yaml"
        return str(kind)

    def _make_answer(self, kind: str, question: Settings) -> Schema:
        """Return the schema of one answer, or of one of many."""
        typed: Schema = {"type": _KINDS[kind]} if _KINDS[kind] else {}
        choices = question.get("choices")
        if not choices:
            return typed
        if self._is_computed(choices):
            return {**typed, "x-fairway-choices": _COMPUTED}
        pairs = [_read_choice(choice) for choice in _list_choices(choices)]
        values = [_cast(kind, value) for _, value in pairs]
        if all(label is None for label, _ in pairs):
            return {**typed, "enum": values}
        titled = [
            {"const": value, "title": str(value if label is None else label)}
            for (label, _), value in zip(pairs, values, strict=True)
        ]
        return {**typed, "oneOf": titled}

    def _add_default(self, schema: Schema, kind: str, question: Settings) -> None:
        default = question.get("default")
        if self._is_computed(default):
            schema["x-fairway-default"] = _COMPUTED
        elif question.get("multiselect") and default is not None:
            given = yaml.safe_load(default) if isinstance(default, str) else default
            schema["default"] = [_cast(kind, value) for value in given]
        elif default is not None or (kind in ("json", "yaml") and "default" in question):
            schema["default"] = _cast(kind, default)

    def _add_hints(self, schema: Schema, kind: str, question: Settings) -> None:
        if schema.get("writeOnly") and schema.get("type") == "string" and "enum" not in schema:
            schema["ui:widget"] = "password"
        multiline = question.get("multiline", kind in ("json", "yaml"))
        if not self._is_computed(multiline) and _cast_bool(multiline) and "choices" not in question:
            schema["ui:widget"] = "textarea"
        if placeholder := question.get("placeholder"):
            schema["ui:placeholder"] = str(placeholder)


def _list_choices(choices: Any) -> list[Any]:
    if isinstance(choices, str):
        choices = yaml.safe_load(choices)
    return list(choices.items()) if isinstance(choices, dict) else list(choices)


def _read_choice(choice: Any) -> tuple[str | None, Any]:
    """Return a choice's label, if it has one, and its value."""
    if not isinstance(choice, (list, tuple)):
        return None, choice
    if len(choice) != 2:
        raise ValueError(f"a choice is a value, or a label and a value, not {choice}")
    label, value = choice
    if isinstance(value, dict):
        if "value" not in value:
            raise ValueError(f"choice '{label}' has no value")
        value = value["value"]
    return str(label), value


def _cast(kind: str, value: Any) -> Any:
    """Return `value` as Copier would take it for an answer of type `kind`."""
    casts: Mapping[str, Callable[[Any], Any]] = {
        "str": _cast_text,
        "path": _cast_text,
        "int": int,
        "float": float,
        "bool": _cast_bool,
        "json": lambda given: json.loads(given) if isinstance(given, str) else given,
        "yaml": lambda given: yaml.safe_load(given) if isinstance(given, str) else given,
    }
    try:
        return casts[kind](value)
    except (ValueError, TypeError, yaml.YAMLError):
        raise ValueError(f"{value!r} is not of type {kind}") from None


def _cast_text(value: Any) -> str:
    if isinstance(value, (str, int, float)):
        return str(value)
    raise ValueError


def _cast_bool(value: Any) -> bool:
    if isinstance(value, str):
        word = value.strip().lower()
        if word in _FALSE:
            return False
        if word in _TRUE:
            return True
    return bool(value)
