"""Backstage's filters, predicates, text searches and orders as parts of an entity query.

Belongs here: their grammar. Start at `parse_filters` and `parse_predicate`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from fairway.core.catalog.relation import REVERSES
from fairway.formats import catalog_field
from fairway.kits.canonical import JsonObject, JsonValue
from fairway.kits.errors import Refused
from fairway.ports.store.entities import AllOf, AnyOf, Condition, Matches, Not

_OPEN_MAPS = ("metadata.labels.", "metadata.annotations.")
_RELATIONS = "relations."
_RELATION_TYPES = {type_.lower(): type_ for type_ in REVERSES}
# What `EntityQuery.text` searches; with it an index narrows what a part of a text is looked for in.
_INDEXED_TEXTS = ("metadata.name", "metadata.title", "metadata.description")
_PATH = re.compile(r"[A-Za-z][-A-Za-z0-9_./@]*")
_MOST_DEPTH = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which entities are asked for, as `filters` and `where` of an entity query."""

    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    where: Condition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A text that is looked for, as `text` and a condition."""

    text: str | None = None
    where: Condition | None = None


def parse_filters(sets: Iterable[str]) -> Choice:
    """Return what `sets` of filters ask for: all conditions of one of them.

    A set is `key=value,key=value,key`; a key that is there twice may have either value.

    Raises:
        Refused: REQUEST-INVALID.
    """
    parsed = [parts for text in sets if (parts := _parse_set(text))]
    filters = _merge(parsed)
    if filters is not None:
        return Choice(filters=filters)
    return Choice(where=AnyOf(tuple(AllOf(parts) for parts in parsed)))


def _merge(sets: Sequence[Sequence[Condition]]) -> Mapping[str, tuple[str, ...]] | None:
    """Return all of `sets` as one, by path, where they differ in the values of one path at most.

    In this form the store's counters may know the answer: `kind=user` or `kind=group`.
    """
    merged: dict[str, tuple[str, ...]] = {}
    differing: set[str] = set()
    for index, parts in enumerate(sets):
        filters = {part.path: part.values for part in parts if isinstance(part, Matches)}
        if len(filters) < len(parts) or (index and filters.keys() != merged.keys()):
            return None
        for path, values in filters.items():
            known = merged.setdefault(path, values)
            if set(known) != set(values):
                differing.add(path)
                # No values mean any, which no others add to.
                merged[path] = (*known, *values) if known and values else ()
    return merged if len(differing) <= 1 else None


def _parse_set(text: str) -> tuple[Condition, ...]:
    values: dict[str, list[str]] = {}
    for statement in filter(None, map(str.strip, text.split(","))):
        key, equals, value = (part.strip() for part in statement.partition("="))
        if not key:
            raise _refuse(f"the filter '{statement}' has no key", "write key=value, or key")
        known = values.setdefault(key, [])
        if equals:
            known.append(value)
    return tuple(make_match(key, tuple(known)) for key, known in values.items())


def make_match(key: str, values: tuple[str, ...] = (), *, how: str = "whole") -> Condition:
    """Return what a key and its values ask for; keys are compared without case.

    An item of a list of texts may be a key of its own: `metadata.tags.java`.

    Raises:
        Refused: REQUEST-INVALID, the key is no path.
    """
    path = make_path(key)
    for list_ in catalog_field.read_fields().lists:
        if path.lower().startswith(f"{list_.lower()}."):
            if values and "true" not in [value.lower() for value in values]:
                return AnyOf(())
            return Matches(path=list_, values=(path[len(list_) + 1 :],))
    if values and not path.startswith(_OPEN_MAPS):
        # Only labels and annotations tell an empty value from none.
        values = tuple(filter(None, values))
        if not values:
            return AnyOf(())
    if how == "prefix":
        return Matches(path=path, values=values, how="prefix")
    return Matches(path=path, values=values)


def make_path(key: str) -> str:
    """Return the path that `key` means, spelt as documents have it.

    Example:
        >>> make_path("SPEC.dependson"), make_path("relations.memberof")
        ('spec.dependsOn', 'relations.memberOf')

    Raises:
        Refused: REQUEST-INVALID.
    """
    if len(key) > 300 or not key.isprintable() or '"' in key:
        raise _refuse(f"'{key[:300]}' is no path of an entity", "write it as metadata.name")
    lower = key.lower()
    if lower.startswith(_RELATIONS):
        type_ = key[len(_RELATIONS) :]
        return _RELATIONS + _RELATION_TYPES.get(type_.lower(), type_)
    for prefix in _OPEN_MAPS:
        if lower.startswith(prefix):
            return prefix + key[len(prefix) :]
    return catalog_field.read_fields().spellings.get(lower, key)


def parse_predicate(predicate: JsonValue, *, depth: int = 0) -> Condition:
    """Return what Backstage's predicate asks for: `$all`, `$any`, `$not`, or paths with values.

    Raises:
        Refused: REQUEST-INVALID.
    """
    if not isinstance(predicate, Mapping) or depth > _MOST_DEPTH:
        raise _refuse(
            "a predicate is an object, at most 20 deep", "see docs/reference/backstage.md"
        )
    logical = [key for key in ("$all", "$any", "$not") if key in predicate]
    if not logical:
        return AllOf(tuple(_parse_value(key, value) for key, value in predicate.items()))
    if len(predicate) > 1:
        raise _refuse(f"'{logical[0]}' stands beside other keys", "let it stand alone")
    (inner,) = predicate.values()
    if logical[0] == "$not":
        return Not(parse_predicate(inner, depth=depth + 1))
    if not isinstance(inner, list):
        raise _refuse(f"'{logical[0]}' is no list", "give it a list of predicates")
    parts = tuple(parse_predicate(item, depth=depth + 1) for item in inner)
    return AllOf(parts) if logical[0] == "$all" else AnyOf(parts)


def _parse_value(key: str, value: JsonValue) -> Condition:
    if not isinstance(value, Mapping):
        return make_match(key, (_render(key, value),))
    match list(value.items()):
        case [("$exists", bool(is_there))]:
            return make_match(key) if is_there else Not(make_match(key))
        case [("$in", list(choices))]:
            return AnyOf(tuple(make_match(key, (_render(key, item),)) for item in choices))
        case [("$hasPrefix", str(start))]:
            return make_match(key, (start,), how="prefix")
        case [("$contains", dict(item))] if key == "relations":
            return _parse_relation(item)
        case [("$contains", item)] if not isinstance(item, Mapping):
            return make_match(key, (_render(key, item),))
    raise _refuse(f"'{key}' has an operator that is not known", "use $exists, $in, $contains")


def _parse_relation(item: JsonObject) -> Condition:
    type_, target = item.get("type"), item.get("targetRef")
    if not isinstance(type_, str) or item.keys() - {"type", "targetRef"}:
        raise _refuse("a relation is not given by its type", "give type, and targetRef if need be")
    return make_match(f"{_RELATIONS}{type_}", (target,) if isinstance(target, str) else ())


def _render(key: str, value: JsonValue) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    raise _refuse(f"'{key}' has a value that is no text", "compare with a text or a number")


def make_search(term: str | None, fields: Sequence[str], *, order: str) -> Search:
    """Return what searching `term` as part of one of `fields` asks for.

    Without fields it is the field that the entities are ordered by, and else their name, title and
    description.
    """
    term = (term or "").strip()
    if not term:
        return Search()
    chosen = [make_path(name) for name in fields] or [order.partition(",")[0].removeprefix("-")]
    if chosen == ["name"]:
        chosen = [*_INDEXED_TEXTS]
    where = AnyOf(tuple(Matches(path=path, values=(term,), how="part") for path in chosen))
    return Search(text=term if set(chosen) <= set(_INDEXED_TEXTS) else None, where=where)


def make_order(fields: Iterable[tuple[str, str]]) -> str:
    """Return the order of an entity query for fields, each with `asc` or `desc`.

    Raises:
        Refused: REQUEST-INVALID.
    """
    parts = []
    for name, direction in fields:
        if direction not in ("asc", "desc") or not _PATH.fullmatch(name):
            raise _refuse(f"'{name}' cannot be ordered by '{direction}'", "write metadata.name,asc")
        parts.append(("-" if direction == "desc" else "") + make_path(name))
    return ",".join(parts) or "name"


def join(*conditions: Condition | None) -> Condition | None:
    """Return the condition that all of `conditions` hold; None: nothing is asked."""
    given = tuple(condition for condition in conditions if condition is not None)
    return AllOf(given) if len(given) > 1 else next(iter(given), None)


def _refuse(why: str, fix: str) -> Refused:
    return Refused("REQUEST-INVALID", what="cannot read the question", why=why, fix=fix, status=400)
