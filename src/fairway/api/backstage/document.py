"""Entities and locations as Backstage's catalog shows them, whole or in part.

Belongs here: rendering. Never here: choosing which.
"""

from collections.abc import Iterable, Mapping, Sequence

from fairway.core.catalog.relation import Relation
from fairway.kits import digest
from fairway.kits.canonical import JsonObject, JsonValue
from fairway.kits.errors import Refused
from fairway.ports.store.entities import StoredEntity
from fairway.ports.store.store import Transaction

Json = dict[str, JsonValue]
_RELATIONS = "relations"


def make_entities(
    tx: Transaction, items: Sequence[StoredEntity], *, fields: Sequence[str] = ()
) -> list[Json]:
    """Return entities with their relations, or those parts of them that `fields` name."""
    relations: Mapping[str, tuple[Relation, ...]] = {}
    if not fields or any(field.startswith(_RELATIONS) for field in fields):
        relations = tx.entities.list_relations_of(item.entity.ref for item in items)
    return [_project(_make_entity(item, relations), fields) for item in items]


def _make_entity(item: StoredEntity, relations: Mapping[str, tuple[Relation, ...]]) -> Json:
    entity = item.entity
    document: Json = {
        **entity.document,
        "metadata": {
            "namespace": entity.namespace,
            **entity.metadata,
            "uid": item.uid,
            "etag": digest.shorten(item.digest, 40),
        },
    }
    document[_RELATIONS] = [
        {"type": relation.type, "targetRef": relation.target}
        for relation in relations.get(entity.ref, ())
    ]
    return document


def parse_fields(given: Iterable[str]) -> tuple[str, ...]:
    """Return the paths in comma-separated lists of them.

    Raises:
        Refused: REQUEST-INVALID, one leads into a list.
    """
    fields = tuple(part for text in given for part in map(str.strip, text.split(",")) if part)
    for field in fields:
        if "[" in field:
            raise Refused(
                "REQUEST-INVALID",
                what="cannot show parts of entities",
                why=f"the field '{field}' leads into a list",
                fix="name the list",
                status=400,
            )
    return fields


def _project(document: Json, fields: Sequence[str]) -> Json:
    if not fields:
        return document
    shown: Json = {}
    for field in fields:
        path, value = _find(document, field.split("."))
        *parents, last = path or [""]
        holder = shown
        for key in parents:
            below = holder.setdefault(key, {})
            # Where the whole is shown already, its part is written onto itself.
            holder = below if isinstance(below, dict) else {}
        if path:
            holder[last] = value
    return shown


def _find(document: JsonObject, parts: Sequence[str]) -> tuple[list[str], JsonValue]:
    """Return the keys that lead to what `parts` name, and it; keys may have points in them."""
    path: list[str] = []
    value: JsonValue = document
    key = ""
    for part in parts:
        key = f"{key}.{part}" if key else part
        if isinstance(value, Mapping) and key in value:
            path.append(key)
            value, key = value[key], ""
    return ([], None) if key else (path, value)


def make_location(stored: StoredEntity) -> Json:
    """Return a registered location."""
    spec = stored.entity.spec
    return {"id": stored.uid, "type": spec.get("type"), "target": spec.get("target")}
