"""Answers to what a golden path asks: from a file, from options, from a person.

Belongs here: reading text as what a parameter's JSON Schema says it is. Never here: whether an
answer is allowed; the platform says so. Start at `collect_answers`.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import click

from fairway.cli.answer import Answer
from fairway.formats.yaml import document as yaml
from fairway.kits import spelling
from fairway.kits.canonical import JsonObject, JsonValue
from fairway.kits.errors import Refused

# Given as arguments of the command, and never asked for again.
_GIVEN = ("name", "owner")
_TRUTHS = {"true": True, "yes": True, "false": False, "no": False}


def collect_answers(
    parameters: Answer, *, file: str | None, pairs: Iterable[str], can_ask: bool
) -> JsonObject:
    """Return answers by parameter: a file's, `KEY=VALUE` over those, then a person's.

    Where nobody can be asked, what is missing is left to the path's defaults.

    Raises:
        Refused: ANSWERS-UNREADABLE, PARAMETER-INVALID.
    """
    properties = parameters.at("properties")
    answers: dict[str, JsonValue] = {} if file is None else dict(_read_file(file))
    for pair in pairs:
        key, separator, text = pair.partition("=")
        if not separator:
            raise click.BadParameter(f"'{pair}' is not KEY=VALUE")
        answers[key] = _parse(key, text, properties)
    if can_ask:
        required = parameters.texts("required")
        for key in properties.data:
            is_hidden = properties.at(key).text("ui:widget") == "hidden"
            if key not in answers and key not in _GIVEN and not is_hidden:
                asked = _ask(key, properties.at(key), is_required=key in required)
                if asked is not None:
                    answers[key] = asked
    return answers


def _read_file(file: str) -> JsonObject:
    try:
        documents = yaml.parse_documents(Path(file).read_bytes(), file=file)
    except OSError as error:
        raise Refused(
            "ANSWERS-UNREADABLE",
            what=f"cannot read answers from '{file}'",
            why=(error.strerror or str(error)).lower(),
            fix="name a file with one YAML or JSON mapping",
        ) from error
    return documents[0].value if documents else {}


def _parse(key: str, text: str, properties: Answer) -> JsonValue:
    if key not in properties.data:
        meant = spelling.suggest(key, properties.data)
        raise Refused(
            "PARAMETER-INVALID",
            what=f"cannot set '{key}'",
            why=f"the path has no such parameter; it has {', '.join(properties.data)}",
            fix=f"set {meant} instead" if meant else "leave it out",
        )
    return _convert(key, text, properties.at(key))


def _convert(key: str, text: str, schema: Answer) -> JsonValue:
    """Return what `text` means to the schema; text itself where it says nothing else."""
    kind = schema.text("type")
    if kind == "boolean" and text.lower() in _TRUTHS:
        return _TRUTHS[text.lower()]
    if kind in ("integer", "number", "boolean", "array", "object"):
        try:
            value: JsonValue = json.loads(text)
        except ValueError as error:
            raise Refused(
                "PARAMETER-INVALID",
                what=f"cannot set '{key}'",
                why=f"'{text}' is not of type {kind}",
                fix="write it as JSON",
            ) from error
        return value
    return text


def _ask(key: str, schema: Answer, *, is_required: bool) -> JsonValue:
    """Ask a person; return None for what may be left out and was."""
    default = schema.data.get("default")
    question = schema.text("title") or schema.text("description") or key
    if schema.text("type") == "boolean":
        return click.confirm(question, default=bool(default), err=True)
    choices = _list_choices(schema.data)
    shown = (
        default if isinstance(default, str) else None if default is None else json.dumps(default)
    )
    answer: str = click.prompt(
        question,
        default=shown if shown is not None else None if is_required else "",
        type=click.Choice(choices) if choices else str,
        hide_input=schema.flag("writeOnly"),
        err=True,
    )
    return _convert(key, answer, schema) if answer or is_required else None


def _list_choices(schema: Mapping[str, JsonValue]) -> tuple[str, ...]:
    values = schema.get("enum")
    if not isinstance(values, list):
        options = schema.get("oneOf")
        values = [
            option.get("const")
            for option in (options if isinstance(options, list) else [])
            if isinstance(option, Mapping)
        ]
    return tuple(item if isinstance(item, str) else json.dumps(item) for item in values)
