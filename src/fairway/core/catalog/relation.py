"""Relations between entities; each has a reverse, and both are always present.

Belongs here: the relation value, the pairs and which field of which kind implies which. Never
here: storing them, whether their ends exist. Start at `make_relations`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fairway.core.catalog.entity import Entity
from fairway.core.catalog.ref import parse_entity_ref
from fairway.kits.canonical import JsonValue


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Relation:
    """`source` and `target` are canonical refs such as `component:default/orders`."""

    source: str
    type: str
    target: str


@dataclass(frozen=True, slots=True)
class RelationField:
    """What a field of `spec` says: each ref in it is a relation of `type` and one back.

    `default_kind` is the kind of a ref that names none; without a default it must name one.
    """

    type: str
    reverse: str
    default_kind: str | None


_OWNER = {"owner": RelationField("ownedBy", "ownerOf", "Group")}
_SYSTEM = {"system": RelationField("partOf", "hasPart", "System")}
_DEPENDENCIES = {
    "dependsOn": RelationField("dependsOn", "dependencyOf", None),
    "dependencyOf": RelationField("dependencyOf", "dependsOn", None),
}

# Kinds that imply no relation have no row.
RELATION_FIELDS: Mapping[str, Mapping[str, RelationField]] = {
    "Component": {
        **_OWNER,
        **_SYSTEM,
        **_DEPENDENCIES,
        "subcomponentOf": RelationField("partOf", "hasPart", "Component"),
        "providesApis": RelationField("providesApi", "apiProvidedBy", "API"),
        "consumesApis": RelationField("consumesApi", "apiConsumedBy", "API"),
    },
    "API": {**_OWNER, **_SYSTEM},
    "Resource": {**_OWNER, **_SYSTEM, **_DEPENDENCIES},
    "System": {**_OWNER, "domain": RelationField("partOf", "hasPart", "Domain")},
    "Domain": {**_OWNER, "subdomainOf": RelationField("partOf", "hasPart", "Domain")},
    "Group": {
        "parent": RelationField("childOf", "parentOf", "Group"),
        "children": RelationField("parentOf", "childOf", "Group"),
        "members": RelationField("hasMember", "memberOf", "User"),
    },
    "User": {"memberOf": RelationField("memberOf", "hasMember", "Group")},
    "Template": _OWNER,
    "AiResource": {**_OWNER, **_SYSTEM, **_DEPENDENCIES},
    "ResourceType": _OWNER,
}


def make_relations(entity: Entity) -> tuple[Relation, ...]:
    """Return every relation that `entity` implies, in both directions, sorted, each once.

    A ref without a namespace is in the namespace of `entity`.

    Raises:
        Refused: ENTITY-REF-INVALID, a ref cannot be read.
    """
    fields = RELATION_FIELDS.get(entity.kind)
    if not fields:
        return ()
    source, namespace, spec = entity.ref, entity.namespace, entity.spec
    relations: set[Relation] = set()
    for name, field in fields.items():
        for text in list_refs(spec.get(name)):
            ref = parse_entity_ref(
                text, default_kind=field.default_kind, default_namespace=namespace
            )
            target = str(ref)
            relations.add(Relation(source=source, type=field.type, target=target))
            relations.add(Relation(source=target, type=field.reverse, target=source))
    return tuple(sorted(relations))


def list_refs(value: JsonValue) -> Iterator[str]:
    """Return the refs that a field holds: it is one string, a list of them, or absent."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        yield from (item for item in value if isinstance(item, str))
