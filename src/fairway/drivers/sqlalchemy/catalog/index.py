"""What of a document is indexed: pure, and the same when it is written and when it is taken back.

Belongs here: the paths that have columns, terms or counted facets. Never here: SQL.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fairway.core.catalog.entity import Entity
from fairway.core.catalog.relation import Relation, make_relations
from fairway.kits.canonical import JsonValue

# The paths that have a column of `entities`.
COLUMNS: Mapping[str, str] = {
    "apiVersion": "api_version",
    "kind": "kind",
    "metadata.uid": "uid",
    "metadata.namespace": "namespace",
    "metadata.name": "name",
    "metadata.title": "title",
    "spec.type": "type",
    "spec.lifecycle": "lifecycle",
    "spec.owner": "owner",
    "spec.system": "system",
}
TAGS = "metadata.tags"
OPEN_MAPS = ("metadata.labels.", "metadata.annotations.")
RELATIONS = "relations."
OWNERS = "relations.ownedBy"
# The paths whose values are counted with each change; all but the last two have one value each.
SINGLE_COUNTED = (
    "kind",
    "metadata.namespace",
    "spec.type",
    "spec.lifecycle",
    "spec.owner",
    "spec.system",
)
COUNTED = (*SINGLE_COUNTED, TAGS, OWNERS)
# A longer value is cut, in rows as in questions: databases limit the size of an index's key.
_LONGEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """What is indexed of one entity.

    `columns` are folded, by name; `terms` are path, folded value and the value as written;
    `facets` are counted path, folded value and the value as written; `relations` go both ways.
    """

    columns: Mapping[str, str]
    terms: tuple[tuple[str, str, str], ...]
    facets: tuple[tuple[str, str, str], ...]
    relations: tuple[Relation, ...]
    text: str


def fold(value: str) -> str:
    """Return `value` as it is compared: in lower case, without NUL, at most 200 characters."""
    return value.replace("\0", "").lower()[:_LONGEST]


def list_words(text: str) -> tuple[str, ...]:
    """Return the words of a search."""
    return tuple(text.replace("\0", "").lower().split())


def make_index(entity: Entity) -> Index:
    """Return what is indexed of `entity`."""
    metadata, spec = entity.metadata, entity.spec
    shown = {
        "apiVersion": entity.api_version,
        "kind": entity.kind,
        "metadata.namespace": entity.namespace,
        "metadata.name": entity.name,
        "metadata.title": _text(metadata.get("title")),
        **{f"spec.{key}": _text(spec.get(key)) for key in ("type", "lifecycle", "owner", "system")},
    }
    terms = {(path, fold(value)): _clean(value) for path, value in _list_terms(entity)}
    relations = make_relations(entity)
    facets = [(path, fold(shown[path]), _clean(shown[path])) for path in SINGLE_COUNTED]
    facets += [(TAGS, value, tag) for (path, value), tag in terms.items() if path == TAGS]
    facets += [
        (OWNERS, relation.target, relation.target)
        for relation in relations
        if relation.type == "ownedBy" and relation.source == entity.ref
    ]
    described = (entity.name, shown["metadata.title"], _text(metadata.get("description")))
    return Index(
        columns={COLUMNS[path]: fold(value) for path, value in shown.items()},
        terms=tuple((path, value, term) for (path, value), term in terms.items()),
        facets=tuple(facet for facet in facets if facet[1]),
        relations=relations,
        text=" ".join(described).replace("\0", "").lower(),
    )


def _list_terms(entity: Entity) -> Iterator[tuple[str, str]]:
    for tag in entity.tags:
        yield TAGS, tag
    for key, value in _mapping(entity.metadata.get("labels")).items():
        yield f"metadata.labels.{key}", _text(value)
    for key, value in _mapping(entity.metadata.get("annotations")).items():
        yield f"metadata.annotations.{key}", _text(value)


def _mapping(value: JsonValue) -> Mapping[str, JsonValue]:
    return value if isinstance(value, Mapping) else {}


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else ""


def _clean(value: str) -> str:
    return value.replace("\0", "")[:_LONGEST]
