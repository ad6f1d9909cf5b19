"""Relations between entities; each has a reverse, and both are always present.

Belongs here: the relation value, the pairs and which field of which kind implies which. Never
here: storing them, whether their ends exist. Start at `make_relations`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fairway.core.catalog.entity import Entity
from fairway.core.catalog.ref import parse_entity_ref
from fairway.kits.canonical import JsonValue

# Each pair by the type that is its first direction.
PAIRS: Mapping[str, str] = {
    "ownedBy": "ownerOf",
    "partOf": "hasPart",
    "dependsOn": "dependencyOf",
    "providesApi": "apiProvidedBy",
    "consumesApi": "apiConsumedBy",
    "childOf": "parentOf",
    "memberOf": "hasMember",
}
REVERSES: Mapping[str, str] = {**PAIRS, **{second: first for first, second in PAIRS.items()}}


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Relation:
    """`source` and `target` are canonical refs such as `component:default/orders`."""

    source: str
    type: str
    target: str

    def reversed(self) -> "Relation":
        """Return the same relation as the target sees it."""
        return Relation(source=self.target, type=REVERSES[self.type], target=self.source)


@dataclass(frozen=True, slots=True)
class RelationField:
    """What a field of `spec` says: each ref in it is a relation of `type` and one back.

    `default_kind` is the kind of a ref that names none; without a default it must name one.
    """

    type: str
    default_kind: str | None


_OWNER = {"owner": RelationField("ownedBy", "Group")}
_SYSTEM = {"system": RelationField("partOf", "System")}
_DEPENDENCIES = {
    "dependsOn": RelationField("dependsOn", None),
    "dependencyOf": RelationField("dependencyOf", None),
}

# Kinds that imply no relation have no row.
RELATION_FIELDS: Mapping[str, Mapping[str, RelationField]] = {
    "Component": {
        **_OWNER,
        **_SYSTEM,
        **_DEPENDENCIES,
        "subcomponentOf": RelationField("partOf", "Component"),
        "providesApis": RelationField("providesApi", "API"),
        "consumesApis": RelationField("consumesApi", "API"),
    },
    "API": {**_OWNER, **_SYSTEM},
    "Resource": {**_OWNER, **_SYSTEM, **_DEPENDENCIES},
    "System": {**_OWNER, "domain": RelationField("partOf", "Domain")},
    "Domain": {**_OWNER, "subdomainOf": RelationField("partOf", "Domain")},
    "Group": {
        "parent": RelationField("childOf", "Group"),
        "children": RelationField("parentOf", "Group"),
        "members": RelationField("hasMember", "User"),
    },
    "User": {"memberOf": RelationField("memberOf", "Group")},
    "Template": _OWNER,
    "AiResource": {**_OWNER, **_SYSTEM, **_DEPENDENCIES},
    "ResourceType": _OWNER,
    "GoldenPath": _OWNER,
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
            relation = Relation(source=source, type=field.type, target=str(ref))
            relations |= {relation, relation.reversed()}
    return tuple(sorted(relations))


def list_refs(value: JsonValue) -> Iterator[str]:
    """Return the refs that a field holds: it is one string, a list of them, or absent."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        yield from (item for item in value if isinstance(item, str))
