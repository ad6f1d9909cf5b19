"""Which relations a document implies."""

import pytest

from fairway.core.catalog.entity import Entity
from fairway.core.catalog.relation import Relation, make_relations
from fairway.kits.canonical import JsonObject
from fairway.kits.errors import Refused


def _entity(kind: str, spec: JsonObject, namespace: str | None = None) -> Entity:
    metadata: JsonObject = {"name": "It"} | ({"namespace": namespace} if namespace else {})
    return Entity(
        {"apiVersion": "backstage.io/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec}
    )


@pytest.mark.parametrize(
    ("kind", "spec", "type_", "target", "reverse"),
    [
        ("Component", {"owner": "shop"}, "ownedBy", "group:default/shop", "ownerOf"),
        ("Component", {"owner": "user:ana"}, "ownedBy", "user:default/ana", "ownerOf"),
        ("Component", {"system": "shop"}, "partOf", "system:default/shop", "hasPart"),
        ("Component", {"subcomponentOf": "web"}, "partOf", "component:default/web", "hasPart"),
        ("Component", {"providesApis": ["a"]}, "providesApi", "api:default/a", "apiProvidedBy"),
        ("Component", {"consumesApis": ["a"]}, "consumesApi", "api:default/a", "apiConsumedBy"),
        (
            "Component",
            {"dependsOn": ["Resource:db"]},
            "dependsOn",
            "resource:default/db",
            "dependencyOf",
        ),
        (
            "Resource",
            {"dependencyOf": ["component:web"]},
            "dependencyOf",
            "component:default/web",
            "dependsOn",
        ),
        ("API", {"system": "shop"}, "partOf", "system:default/shop", "hasPart"),
        ("System", {"domain": "sales"}, "partOf", "domain:default/sales", "hasPart"),
        ("Domain", {"subdomainOf": "all"}, "partOf", "domain:default/all", "hasPart"),
        ("User", {"memberOf": ["shop"]}, "memberOf", "group:default/shop", "hasMember"),
        ("Group", {"parent": "all"}, "childOf", "group:default/all", "parentOf"),
        ("Group", {"children": ["a"]}, "parentOf", "group:default/a", "childOf"),
        ("Group", {"members": ["ana"]}, "hasMember", "user:default/ana", "memberOf"),
        ("Template", {"owner": "shop"}, "ownedBy", "group:default/shop", "ownerOf"),
        (
            "ResourceType",
            {"owner": "group:platform"},
            "ownedBy",
            "group:default/platform",
            "ownerOf",
        ),
    ],
)
def test_a_field_implies_a_relation_and_its_reverse(
    kind: str, spec: JsonObject, type_: str, target: str, reverse: str
) -> None:
    source = f"{kind.lower()}:default/it"
    assert set(make_relations(_entity(kind, spec))) == {
        Relation(source=source, type=type_, target=target),
        Relation(source=target, type=reverse, target=source),
    }


def test_a_ref_is_in_the_namespace_of_its_entity() -> None:
    relations = make_relations(_entity("Component", {"owner": "shop"}, namespace="Asia"))
    assert {relation.target for relation in relations} == {"group:asia/shop", "component:asia/it"}


def test_relations_are_sorted_and_each_is_given_once() -> None:
    spec = {"dependsOn": ["resource:b", "Resource:a", "resource:default/b"]}
    relations = make_relations(_entity("Component", spec))
    assert len(relations) == 4
    assert relations == tuple(sorted(relations))


def test_a_dependency_must_name_its_kind() -> None:
    with pytest.raises(Refused, match="names no kind"):
        make_relations(_entity("Component", {"dependsOn": ["db"]}))


def test_a_field_of_another_kind_implies_nothing() -> None:
    assert make_relations(_entity("Component", {"parent": "all"})) == ()
    assert make_relations(_entity("Location", {"owner": "shop"})) == ()
