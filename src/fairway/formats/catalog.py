"""Catalog entities: Backstage's kinds and Fairway's own, in one envelope.

Belongs here: which kinds there are, validation, documents to entities and back. Never here: what
relations a document implies (`fairway.core.catalog`), files. Start at `parse_entity`.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from fairway.core.catalog.entity import Entity
from fairway.core.catalog.ref import parse_entity_ref
from fairway.core.catalog.relation import RELATION_FIELDS
from fairway.formats import schema
from fairway.formats.problem import sort_problems
from fairway.formats.yaml import Document, Path
from fairway.kits import spelling
from fairway.kits.canonical import JsonObject, JsonValue
from fairway.kits.errors import InvalidDocuments, Refused

FAIRWAY_API_VERSION = "fairway.dev/v1"
_BACKSTAGE_KINDS = (
    "API",
    "AiResource",
    "Component",
    "Domain",
    "Group",
    "Location",
    "Resource",
    "System",
    "Template",
    "User",
)
_FAIRWAY_KINDS = ("Environment", "GoldenPath", "Provisioner", "ResourceType", "Target")
# The name of each kind's schema.
KINDS: Mapping[str, str] = {kind: kind.lower() for kind in (*_BACKSTAGE_KINDS, *_FAIRWAY_KINDS)}
# What a catalog adds on reading, so that what was read can be applied again.
_ADDED_FIELDS = frozenset({"relations", "status"})
_ADDED_METADATA = frozenset({"uid", "etag", "generation"})


def parse_entity(document: Document) -> Entity:
    """Return the entity that `document` describes, without what a catalog adds on reading.

    Raises:
        InvalidDocuments: with one problem per mistake. Their codes are ENTITY-KIND-UNKNOWN,
            ENTITY-INVALID, DEFINITION-INVALID (Fairway's kinds) and ENTITY-REF-INVALID.
    """
    value = document.value
    kind = value.get("kind")
    name = KINDS.get(kind) if isinstance(kind, str) else None
    if name is None:
        raise InvalidDocuments((_refuse_kind(document),))
    if not schema.is_valid(name, value):
        raise InvalidDocuments(sort_problems(_list_problems(document, name)))
    entity = Entity(_strip(value))
    if problems := sort_problems(_list_ref_problems(document, entity)):
        raise InvalidDocuments(problems)
    return entity


def parse_entities(documents: Iterable[Document]) -> tuple[Entity, ...]:
    """Return the entities of all documents, or say everything that is wrong with any.

    Raises:
        InvalidDocuments: as `parse_entity`, and ENTITY-DUPLICATE where two documents describe
            one entity.
    """
    entities: dict[str, tuple[Entity, Document]] = {}
    problems: list[Refused] = []
    for document in documents:
        try:
            entity = parse_entity(document)
        except InvalidDocuments as refused:
            problems += refused.problems
            continue
        if entity.ref in entities:
            problems.append(refuse_duplicate(document, entity, entities[entity.ref][1]))
        entities[entity.ref] = (entity, document)
    if problems:
        raise InvalidDocuments(sort_problems(problems))
    return tuple(entity for entity, _ in entities.values())


def render_entity(entity: Entity) -> JsonObject:
    """Return the document of `entity`."""
    return entity.document


def describe(value: JsonObject) -> str:
    """Return what a document is about, for errors: `component 'orders'`."""
    kind, metadata = value.get("kind"), value.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    noun = kind.lower() if isinstance(kind, str) else "document"
    return f"{noun} '{name}'" if isinstance(name, str) else noun


def refuse_duplicate(document: Document, entity: Entity, first: Document) -> Refused:
    """Return the problem that `document` describes what `first` describes already."""
    return Refused(
        "ENTITY-DUPLICATE",
        what=f"cannot read {describe(entity.document)}",
        why=f"'{entity.ref}' is also described at {first.get_location()}",
        fix="keep one of the two documents, or rename one",
        at=document.get_location(),
    )


def list_doubtful_fields(entity: Entity) -> Iterator[tuple[Path, str]]:
    """Return each field that nothing reads but that is spelt much like one that is not given.

    Backstage's kinds may have fields of anybody's choice, so none of them is a mistake for sure.
    """
    root = cast("dict[str, Any]", schema.read_schema(KINDS[entity.kind]))
    envelope = cast("dict[str, Any]", schema.read_schema("entity"))
    for part, known, given in (
        ("metadata", envelope["$defs"]["metadata"]["properties"], entity.metadata),
        ("spec", root["properties"]["spec"]["properties"], entity.spec),
    ):
        absent = [name for name in known if name not in given]
        for name in given:
            meant = None if name in known else spelling.suggest(name, absent)
            if meant:
                yield (part, name), meant


def _strip(value: JsonObject) -> JsonObject:
    metadata = cast("JsonObject", value["metadata"])
    if _ADDED_METADATA.isdisjoint(metadata) and _ADDED_FIELDS.isdisjoint(value):
        return value
    kept = {key: item for key, item in metadata.items() if key not in _ADDED_METADATA}
    whole = {key: item for key, item in value.items() if key not in _ADDED_FIELDS}
    return {**whole, "metadata": kept}


def _list_problems(document: Document, name: str) -> Iterator[Refused]:
    is_ours = str(document.value.get("apiVersion")).startswith("fairway.dev/")
    for violation in schema.list_violations(name, document.value):
        yield Refused(
            "DEFINITION-INVALID" if is_ours else "ENTITY-INVALID",
            what=f"cannot read {describe(document.value)}",
            why=violation.why,
            fix=violation.fix,
            at=document.get_location(violation.path),
        )


def _list_ref_problems(document: Document, entity: Entity) -> Iterator[Refused]:
    for path, text, default_kind in list_refs(entity):
        try:
            parse_entity_ref(text, default_kind=default_kind)
        except Refused as refused:
            yield Refused(
                refused.code,
                what=f"cannot read {describe(entity.document)}",
                why=f"{'.'.join(map(str, path))}: {refused}",
                fix=refused.fix,
                at=document.get_location(path),
            )


def list_refs(entity: Entity) -> Iterator[tuple[Path, str, str | None]]:
    """Return each ref to another entity in `entity`: its path, text and default kind."""
    spec = entity.spec
    for name, field in RELATION_FIELDS.get(entity.kind, {}).items():
        yield from _list_texts(("spec", name), spec.get(name), field.default_kind)
    approval = spec.get("approval") if entity.kind == "Environment" else None
    if isinstance(approval, Mapping):
        yield from _list_texts(("spec", "approval", "from"), approval.get("from"), "Group")


def _list_texts(
    path: Path, value: JsonValue, default_kind: str | None
) -> Iterator[tuple[Path, str, str | None]]:
    if isinstance(value, str):
        yield path, value, default_kind
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield (*path, index), cast("str", item), default_kind


def _refuse_kind(document: Document) -> Refused:
    kind = document.value.get("kind")
    known = ", ".join(sorted(KINDS))
    if not isinstance(kind, str):
        why, fix = "'kind' is missing or no string", f"add the kind, one of {known}"
    else:
        meant = spelling.suggest(kind, KINDS)
        why = f"the kind '{kind}' is unknown"
        fix = f"did you mean '{meant}'?" if meant else f"use one of {known}"
    return Refused(
        "ENTITY-KIND-UNKNOWN",
        what=f"cannot read {describe(document.value)}",
        why=why,
        fix=fix,
        at=document.get_location(("kind",)),
    )
