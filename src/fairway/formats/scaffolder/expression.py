"""Values of template.yaml with expressions in them.

Belongs here: what Backstage makes of a text with `${{ … }}` in it, types kept. Never here:
Nunjucks. Start at `resolve`.

A text that is one expression gives that expression's value, whatever its type. A text that comes
out empty is not there at all, as a mapping's member it is left out. Unlike in Backstage, a text
that cannot be rendered is an error, and is never passed on as it was written.
"""

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fairway.formats.scaffolder.filter import FILTERS
from fairway.formats.scaffolder.nunjucks import (
    UNDEFINED,
    Environment,
    NunjucksError,
    node,
    parse_text,
    to_json,
)
from fairway.formats.yaml import Path

ENVIRONMENT = Environment(FILTERS)
Fail = Callable[[NunjucksError, Path], Exception]


def resolve(value: Any, context: Mapping[str, Any], *, path: Path, fail: Fail) -> Any:
    """Return `value` with its expressions replaced by what they are worth, or `UNDEFINED`.

    `path` is where it is in the document; `fail` turns an error and its path into what is raised.
    """
    if isinstance(value, str):
        try:
            return _resolve_text(value, context)
        except NunjucksError as error:
            raise fail(error, path) from error
    if isinstance(value, list):
        items = [
            resolve(item, context, path=(*path, number), fail=fail)
            for number, item in enumerate(value)
        ]
        return [None if item is UNDEFINED else item for item in items]
    if isinstance(value, dict):
        members = {
            key: resolve(item, context, path=(*path, key), fail=fail) for key, item in value.items()
        }
        return {key: item for key, item in members.items() if item is not UNDEFINED}
    return value


def list_texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Yield every text in `value` and where it is; `path` is where `value` is."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from list_texts(item, (*path, number))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from list_texts(item, (*path, key))


def is_fulfilled(value: Any) -> bool:
    """Return whether a step whose `if` is worth `value` is run."""
    return bool(value) and value is not UNDEFINED


def _resolve_text(text: str, context: Mapping[str, Any]) -> Any:
    body = parse_text(text)
    match body:
        case (node.Print(_, expression),):
            return to_json(ENVIRONMENT.evaluate(expression, context))
        case (node.If() | node.For() | node.Switch(),):
            return _resolve_tag(body, context)
    return ENVIRONMENT.render(body, context) or UNDEFINED


def _resolve_tag(body: node.Body, context: Mapping[str, Any]) -> Any:
    """Return what one tag alone gives: what it prints as JSON if it is JSON, else its text."""
    try:
        written = ENVIRONMENT.render(tuple(map(_dump_prints, body)), context)
        return json.loads(written) if written else UNDEFINED
    except (NunjucksError, ValueError):
        return ENVIRONMENT.render(body, context) or UNDEFINED


def _dump_prints(piece: Any) -> Any:
    """Return the piece with every print in it printing JSON."""
    if isinstance(piece, tuple):
        return tuple(map(_dump_prints, piece))
    if isinstance(piece, node.Print):
        return node.Print(piece.line, node.Filter(piece.line, "dump", piece.value, (), ()))
    if isinstance(piece, (node.If, node.For, node.Switch)):
        changes = {
            field.name: _dump_prints(getattr(piece, field.name))
            for field in dataclasses.fields(piece)
            if field.name in ("body", "other", "cases")
        }
        return dataclasses.replace(piece, **changes)
    return piece
