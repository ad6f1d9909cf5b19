"""The catalog: revisions, relations, search, facets, pages."""

from datetime import timedelta
from typing import Any

import pytest

from fairway.core.catalog.entity import Entity
from fairway.core.catalog.relation import Relation
from fairway.drivers.sqlalchemy.store import SqlStore
from fairway.kits.errors import Refused
from fairway.ports.store.entities import (
    AllOf,
    AnyOf,
    Condition,
    EntityPage,
    EntityQuery,
    Matches,
    Not,
    StoredEntity,
)
from tests.contract.store.conftest import START

HOUR = timedelta(hours=1)


def make_entity(
    name: str, *, kind: str = "Component", metadata: dict[str, Any] | None = None, **spec: Any
) -> Entity:
    return Entity(
        {
            "apiVersion": "backstage.io/v1alpha1",
            "kind": kind,
            "metadata": {"name": name, **(metadata or {})},
            "spec": spec,
        }
    )


def put(store: SqlStore, *entities: Entity, hours: int = 0) -> tuple[StoredEntity, ...]:
    with store.write() as transaction:
        return transaction.entities.put_many(
            entities, actor="ana", at=START + hours * HOUR, location="file:a.yaml"
        )


def query(store: SqlStore, **fields: Any) -> EntityPage:
    with store.read() as transaction:
        return transaction.entities.query(EntityQuery(**fields))


def names(store: SqlStore, **fields: Any) -> list[str]:
    page = query(store, **fields)
    assert page.total == len(page.items) or len(page.items) == fields.get("limit", 20)
    return [item.entity.name for item in page.items]


def facets(store: SqlStore, *paths: str, **fields: Any) -> dict[str, dict[str, int]]:
    with store.read() as transaction:
        counts = transaction.entities.count_facets(paths, EntityQuery(**fields))
    return {path: dict(values) for path, values in counts.items()}


def test_an_entity_comes_back_as_written(store: SqlStore) -> None:
    entity = make_entity("Orders", metadata={"description": "a\0b", "x": {"b": 1, "a": [None]}})
    (stored,) = put(store, entity)
    with store.read() as transaction:
        found = transaction.entities.find("component:default/orders")
        assert transaction.entities.find("component:default/none") is None
        assert transaction.entities.find_many([stored.entity.ref, "x:y/z"]) == {
            "component:default/orders": stored
        }
    assert found == stored
    assert list(found.entity.document) == ["apiVersion", "kind", "metadata", "spec"]
    assert (stored.revision, stored.updated_by, stored.location) == (1, "ana", "file:a.yaml")


def test_an_equal_document_keeps_its_revision(store: SqlStore) -> None:
    (first,) = put(store, make_entity("orders", type="service", owner="shop"))
    (again,) = put(store, make_entity("orders", owner="shop", type="service"), hours=1)
    assert again == first


def test_a_changed_document_is_a_new_revision_of_the_same_entity(store: SqlStore) -> None:
    (first,) = put(store, make_entity("orders", type="service"))
    (second,) = put(store, make_entity("orders", type="website"), hours=1)
    assert (second.revision, second.uid) == (2, first.uid)
    with store.read() as transaction:
        assert transaction.entities.list_history("component:default/orders") == (second, first)
    assert names(store, filters={"spec.type": ("service",)}) == []
    assert names(store, filters={"spec.type": ("website",)}) == ["orders"]


def test_an_entity_given_twice_is_updated_twice(store: SqlStore) -> None:
    first, second = put(store, make_entity("a", type="x"), make_entity("a", type="y"))
    assert (first.revision, second.revision) == (1, 2)
    assert facets(store, "spec.type") == {"spec.type": {"y": 1}}


def test_a_removed_entity_leaves_its_history(store: SqlStore) -> None:
    (first,) = put(store, make_entity("orders", owner="shop", metadata={"tags": ["python"]}))
    with store.write() as transaction:
        for _ in range(2):
            transaction.entities.remove([first.entity.ref], actor="bob", at=START + HOUR)
        assert transaction.entities.find(first.entity.ref) is None
        assert transaction.entities.list_relations(first.entity.ref) == ()
        ended, kept = transaction.entities.list_history(first.entity.ref)
    assert kept == first
    assert (ended.revision, ended.is_deleted, ended.updated_by) == (2, True, "bob")
    assert names(store) == names(store, text="orders") == []
    assert names(store, filters={"metadata.tags": ("python",)}) == []
    assert facets(store, "kind", "spec.owner", "metadata.tags") == {
        "kind": {},
        "spec.owner": {},
        "metadata.tags": {},
    }
    (back,) = put(store, make_entity("orders"), hours=2)
    assert back.revision == 3
    assert back.uid != first.uid


def test_relations_go_both_ways_and_follow_their_document(store: SqlStore) -> None:
    put(store, make_entity("shop", kind="Group", children=[]), make_entity("a", owner="shop"))
    component, group = "component:default/a", "group:default/shop"
    with store.read() as transaction:
        assert transaction.entities.list_relations(component) == (
            Relation(source=component, type="ownedBy", target=group),
        )
        assert transaction.entities.list_relations(group) == (
            Relation(source=group, type="ownerOf", target=component),
        )
        assert transaction.entities.list_dangling() == ()
    put(store, make_entity("a", owner="gone"))
    with store.read() as transaction:
        assert transaction.entities.list_relations(group) == ()
        assert transaction.entities.list_dangling() == (
            Relation(source=component, type="ownedBy", target="group:default/gone"),
        )


def test_definitions_are_listed_by_kind_and_api(store: SqlStore) -> None:
    ours = Entity(
        {"apiVersion": "fairway.dev/v1", "kind": "Environment", "metadata": {"name": "dev"}}
    )
    put(store, make_entity("dev", kind="Environment2"), make_entity("x"), ours)
    with store.read() as transaction:
        found = transaction.entities.list_by_kind("fairway.dev/", ["Environment", "Target"])
        assert transaction.entities.list_by_kind("other.dev/", ["Environment"]) == ()
    assert [item.entity for item in found] == [ours]


CATALOG = (
    make_entity(
        "orders",
        type="Service",
        owner="shop",
        lifecycle="production",
        system="sales",
        dependsOn=["component:payments"],
        flag=True,
        metadata={
            "title": "Order taking",
            "description": "Takes ORDERS_100% from Shops",
            "tags": ["python", "api"],
            "labels": {"tier": "One"},
            "annotations": {"example.com/slug": "org/Orders"},
        },
    ),
    make_entity("payments", type="service", owner="money", metadata={"tags": ["python"]}),
    make_entity("site", type="website", owner="shop", lifecycle="experimental"),
    make_entity("orders-api", kind="API", type="openapi", owner="shop"),
)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ["orders", "orders-api", "payments", "site"]),
        ({"kind": "component"}, ["orders", "payments", "site"]),
        ({"kind": "API"}, ["orders-api"]),
        ({"filters": {"kind": ("api", "none")}}, ["orders-api"]),
        ({"kind": "Component", "filters": {"kind": ("api",)}}, []),
        ({"filters": {"spec.type": ("SERVICE",)}}, ["orders", "payments"]),
        ({"filters": {"spec.type": ("website", "openapi")}}, ["orders-api", "site"]),
        ({"filters": {"spec.lifecycle": ()}}, ["orders", "site"]),
        ({"filters": {"spec.owner": ("shop",), "spec.type": ("service",)}}, ["orders"]),
        ({"filters": {"metadata.name": ("Site",)}}, ["site"]),
        ({"filters": {"metadata.tags": ("python",)}}, ["orders", "payments"]),
        ({"filters": {"metadata.tags": ("python", "api")}}, ["orders", "payments"]),
        ({"filters": {"metadata.labels.tier": ("one",)}}, ["orders"]),
        ({"filters": {"metadata.annotations.example.com/slug": ("org/orders",)}}, ["orders"]),
        ({"filters": {"metadata.annotations.example.com/slug": ()}}, ["orders"]),
        ({"filters": {"relations.ownedBy": ("group:default/money",)}}, ["payments"]),
        ({"filters": {"relations.dependsOn": ()}}, ["orders"]),
        ({"filters": {"spec.dependsOn": ("Component:Payments",)}}, ["orders"]),
        ({"filters": {"spec.flag": ("true",)}}, ["orders"]),
        ({"filters": {"spec.flag": ("1",)}}, []),
        ({"filters": {"spec.dependsOn": ()}}, ["orders"]),
        ({"filters": {'spec.odd"path': ("x",)}}, []),
        ({"text": "ORD"}, ["orders", "orders-api"]),
        ({"text": "rde"}, ["orders", "orders-api"]),
        ({"text": "s_100%"}, ["orders"]),
        ({"text": "sxoo"}, []),
        ({"text": "orders tak"}, ["orders"]),
        ({"text": "pi"}, ["orders-api"]),
        ({"text": 'a" OR "b'}, []),
        ({"text": "  "}, ["orders", "orders-api", "payments", "site"]),
        ({"text": "orders", "kind": "api"}, ["orders-api"]),
        ({"order": "-name"}, ["site", "payments", "orders-api", "orders"]),
        ({"order": "spec.owner"}, ["payments", "orders", "site", "orders-api"]),
    ],
)
def test_a_query_finds(store: SqlStore, fields: dict[str, Any], expected: list[str]) -> None:
    put(store, *CATALOG)
    assert names(store, **fields) == expected


@pytest.mark.parametrize(
    ("path", "fields", "expected"),
    [
        ("kind", {}, {"Component": 3, "API": 1}),
        ("spec.owner", {"kind": "component"}, {"shop": 2, "money": 1}),
        ("spec.lifecycle", {}, {"production": 1, "experimental": 1}),
        ("metadata.tags", {}, {"python": 2, "api": 1}),
        ("metadata.tags", {"filters": {"spec.owner": ("money",)}}, {"python": 1}),
        ("spec.owner", {"filters": {"metadata.tags": ("python",)}}, {"shop": 1, "money": 1}),
        ("kind", {"text": "orders"}, {"Component": 1, "API": 1}),
        ("relations.ownedBy", {}, {"group:default/shop": 3, "group:default/money": 1}),
        ("relations.ownedBy", {"text": "site"}, {"group:default/shop": 1}),
        ("relations.dependsOn", {}, {"component:default/payments": 1}),
        ("metadata.labels.tier", {}, {"One": 1}),
        ("spec.dependsOn", {}, {"component:payments": 1}),
        ("spec.none", {}, {}),
    ],
)
def test_facets_count_the_matches(
    store: SqlStore, path: str, fields: dict[str, Any], expected: dict[str, int]
) -> None:
    put(store, *CATALOG)
    assert facets(store, path, **fields) == {path: expected}


def test_values_that_differ_in_case_are_one_facet(store: SqlStore) -> None:
    put(store, *CATALOG)
    (counts,) = facets(store, "spec.type", kind="component").values()
    assert {value.lower(): count for value, count in counts.items()} == {"service": 2, "website": 1}


def test_pages_lead_forward_and_back(store: SqlStore) -> None:
    put(store, *(make_entity(f"e{number}") for number in range(7)))
    seen: list[list[str]] = []
    page = query(store, limit=3)
    assert page.previous_cursor is None
    while True:
        seen.append([item.entity.name for item in page.items])
        assert page.total == 7
        if page.next_cursor is None:
            break
        page = query(store, limit=3, cursor=page.next_cursor)
    assert seen == [["e0", "e1", "e2"], ["e3", "e4", "e5"], ["e6"]]
    page = query(store, limit=3, cursor=page.previous_cursor)
    assert [item.entity.name for item in page.items] == seen[1]
    page = query(store, limit=3, cursor=page.previous_cursor)
    assert [item.entity.name for item in page.items] == seen[0]
    assert page.previous_cursor is None
    assert page.next_cursor is not None


def test_the_newest_come_first_page_by_page(store: SqlStore) -> None:
    for number in range(4):
        put(store, make_entity(f"e{number}"), hours=number)
    first = query(store, order="-updatedAt", limit=3)
    second = query(store, order="-updatedAt", limit=3, cursor=first.next_cursor)
    found = [item.entity.name for item in (*first.items, *second.items)]
    assert found == ["e3", "e2", "e1", "e0"]


@pytest.mark.parametrize("cursor", ["", "x", "é", "AAAA", "W10", "eyJhIjoxfQ"])
def test_a_cursor_that_no_page_gave_is_refused(store: SqlStore, cursor: str) -> None:
    with pytest.raises(Refused) as caught:
        query(store, cursor=cursor)
    assert caught.value.code == "CURSOR-INVALID"


def test_a_cursor_of_another_order_is_refused(store: SqlStore) -> None:
    put(store, make_entity("a"), make_entity("b"))
    cursor = query(store, limit=1).next_cursor
    for order in ("-name", "updatedAt"):
        with pytest.raises(Refused) as caught:
            query(store, limit=1, cursor=cursor, order=order)
        assert caught.value.code == "CURSOR-INVALID"


def test_an_unknown_order_is_refused(store: SqlStore) -> None:
    with pytest.raises(Refused) as caught:
        query(store, order="size")
    assert caught.value.code == "QUERY-ORDER"


def test_long_values_neither_fail_nor_get_lost(store: SqlStore) -> None:
    long = "x" * 5000
    put(store, make_entity("a", type=long, owner=long, metadata={"annotations": {"a/b": long}}))
    assert names(store, filters={"spec.type": (long,)}) == ["a"]
    assert names(store, filters={"metadata.annotations.a/b": (long,)}) == ["a"]


def test_counters_stay_true_over_many_changes(store: SqlStore) -> None:
    for number in range(12):
        put(
            store,
            make_entity(f"e{number % 5}", type=f"t{number % 3}", owner=f"o{number % 2}"),
            hours=number,
        )
    with store.write() as transaction:
        transaction.entities.remove(["component:default/e0"], actor="ana", at=START)
    paths = ("kind", "spec.type", "spec.owner", "relations.ownedBy")
    # A filter that all match is answered from the rows and not by the counters.
    counted, read = facets(store, *paths), facets(store, *paths, filters={"metadata.name": ()})
    assert counted == read


WHERE: tuple[tuple[Condition | None, list[str]], ...] = (
    (Matches(path="spec.type"), ["orders", "orders-api", "payments", "site"]),
    (
        AnyOf((Matches(path="kind", values=("api",)), Matches(path="metadata.title"))),
        ["orders", "orders-api"],
    ),
    (
        AllOf(
            (
                Matches(path="kind", values=("component",)),
                Matches(path="spec.owner", values=("SHOP",)),
            )
        ),
        ["orders", "site"],
    ),
    (AllOf(()), ["orders", "orders-api", "payments", "site"]),
    (AnyOf(()), []),
    (Not(Matches(path="metadata.tags", values=("python",))), ["orders-api", "site"]),
    (Not(Matches(path="spec.dependsOn")), ["orders-api", "payments", "site"]),
    (Matches(path="metadata.name", values=("ORD",), how="prefix"), ["orders", "orders-api"]),
    (Matches(path="metadata.name", values=("yme", "it"), how="part"), ["payments", "site"]),
    (Matches(path="metadata.title", values=("_",), how="part"), []),
    (Matches(path="metadata.description", values=("100%",), how="part"), ["orders"]),
    (Matches(path="metadata.tags", values=("pyth",), how="prefix"), ["orders", "payments"]),
    (Matches(path="relations.ownedBy", values=("mon",), how="part"), ["payments"]),
    (Matches(path="metadata.links.url", values=("https://a.example",)), ["site"]),
    (Matches(path="metadata.links.url"), ["site"]),
    (Matches(path="metadata.links.title"), []),
)


@pytest.mark.parametrize(("where", "expected"), WHERE)
def test_a_condition_selects(store: SqlStore, where: Condition | None, expected: list[str]) -> None:
    links = {"links": [{"url": "https://A.example"}, {"url": "https://b.example"}]}
    site = make_entity("site", type="website", owner="shop", metadata=links)
    put(store, *(site if item.name == "site" else item for item in CATALOG))
    assert names(store, where=where) == expected
    counted = facets(store, "metadata.namespace", "metadata.links.url", where=where)
    assert sum(counted["metadata.namespace"].values()) == len(expected)
    assert len(counted["metadata.links.url"]) == 2 * ("site" in expected)


def test_only_the_given_refs_are_chosen_from(store: SqlStore) -> None:
    put(store, *CATALOG)
    refs = ("Component:default/site", "api:default/orders-api", "user:default/none")
    assert names(store, refs=refs) == ["orders-api", "site"]
    assert names(store, refs=refs, kind="api") == ["orders-api"]
    assert names(store, refs=()) == []


def test_an_uncounted_page_has_no_total(store: SqlStore) -> None:
    put(store, *CATALOG)
    page = query(store, limit=1, is_counted=False)
    assert page.total == 0
    assert page.next_cursor is not None


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("spec.lifecycle", ["site", "orders", "payments", "orders-api"]),
        ("-spec.lifecycle", ["orders", "site", "orders-api", "payments"]),
        ("kind,-name", ["orders-api", "site", "payments", "orders"]),
        ("-kind,name", ["orders", "payments", "site", "orders-api"]),
        ("metadata.description", ["orders", "payments", "site", "orders-api"]),
        ("-metadata.description,-name", ["orders", "site", "payments", "orders-api"]),
    ],
)
def test_orders_lead_forward_and_back_with_what_is_absent_last(
    store: SqlStore, order: str, expected: list[str]
) -> None:
    put(store, *CATALOG)
    page = query(store, order=order, limit=1)
    found = [page.items[0].entity.name]
    while page.next_cursor:
        page = query(store, order=order, limit=1, cursor=page.next_cursor)
        found.append(page.items[0].entity.name)
    assert found == expected
    while page.previous_cursor:
        page = query(store, order=order, limit=1, cursor=page.previous_cursor)
        found.append(page.items[0].entity.name)
    assert found == [*expected, *reversed(expected[:-1])]


def test_a_page_may_start_at_an_offset(store: SqlStore) -> None:
    put(store, *(make_entity(f"e{number}") for number in range(5)))
    page = query(store, limit=2, offset=2)
    assert [item.entity.name for item in page.items] == ["e2", "e3"]
    assert page.total == 5
    back = query(store, limit=2, cursor=page.previous_cursor)
    assert [item.entity.name for item in back.items] == ["e0", "e1"]


def test_relations_of_many_are_those_of_each(store: SqlStore) -> None:
    put(store, make_entity("shop", kind="Group", children=[]), *CATALOG)
    refs = ["component:default/orders", "group:default/shop", "user:default/none"]
    with store.read() as transaction:
        many = transaction.entities.list_relations_of(refs)
        assert many == {ref: transaction.entities.list_relations(ref) for ref in refs}
    assert len(many["group:default/shop"]) == 3
