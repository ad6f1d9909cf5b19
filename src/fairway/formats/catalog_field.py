"""The fields of catalog entities by path, as their schemas know them.

Belongs here: how a path is spelt, and which fields hold lists of texts.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from fairway.formats import schema
from fairway.formats.catalog import KINDS
from fairway.kits.canonical import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """Paths by their lower-case form; `lists` are those that hold lists of texts."""

    spellings: Mapping[str, str]
    lists: frozenset[str]


@cache
def read_fields() -> Fields:
    """Return the fields of all kinds."""
    envelope = schema.read_schema("entity")
    found = dict(_list_fields(envelope, envelope, ""))
    for name in KINDS.values():
        found |= dict(_list_fields(schema.read_schema(name), envelope, ""))
    return Fields(
        spellings={path.lower(): path for path in found},
        lists=frozenset(path for path, is_list in found.items() if is_list),
    )


def _list_fields(form: JsonObject, envelope: JsonObject, path: str) -> Iterator[tuple[str, bool]]:
    """Yield each path below `form` and whether it holds a list of texts."""
    properties = cast("Mapping[str, Any]", form.get("properties", {}))
    for name, given in properties.items():
        below = f"{path}.{name}" if path else name
        found = _resolve(given, envelope)
        items = _resolve(found.get("items") or {}, envelope)
        yield below, items.get("type") == "string"
        yield from _list_fields(found, envelope, below)


def _resolve(form: Mapping[str, Any], envelope: JsonObject) -> Mapping[str, Any]:
    name = str(form.get("$ref", "")).partition("#/$defs/")[2]
    definitions = cast("Mapping[str, Any]", envelope["$defs"])
    return {**definitions[name], **form} if name else form
