"""Backstage's own client works against the platform, and gets what its in-memory twin gives."""

import http.client
import json
import re
from typing import Any

import pytest

from tests.integration.backstage.conftest import Call
from tests.running import RunningPlatform

pytestmark = pytest.mark.integration

EXISTS = "$EXISTS"
NAME = [{"field": "metadata.name", "order": "asc"}]
FILTERS: list[Any] = [
    {},
    {"kind": "component"},
    {"KIND": "Component", "SPEC.TYPE": "SERVICE"},
    # The twin looks at nothing behind a list of values.
    {"spec.owner": "shop", "kind": ["component", "api"]},
    [{"kind": "user"}, {"kind": "group", "spec.type": EXISTS}],
    [{"kind": "api"}, {"metadata.tags": "java"}],
    {"metadata.tags": ["python", "java"]},
    {"metadata.tags.python": "true", "metadata.tags.api": EXISTS},
    {"metadata.tags.python": "false"},
    {"metadata.namespace": "default", "kind": "user"},
    {"metadata.labels.tier": "one"},
    {"metadata.annotations.example.com/slug": EXISTS},
    {"relations.memberof": "group:default/shop"},
    {"relations.ownedBy": "group:default/money", "kind": "resource"},
    {"relations.dependencyOf": EXISTS},
    {"spec.profile.flag": "true"},
    {"spec.profile.size": "7"},
    {"metadata.links.url": "https://board.example"},
    {"spec.nothing": EXISTS},
    {"spec.lifecycle": ""},
]
# Backstage compares keys without case; its twin knows no key with capitals.
SPELLINGS: list[tuple[Any, list[str]]] = [
    ({"spec.dependson": "component:payments"}, ["Orders"]),
    ({"SPEC.dependsOn.component:payments": "true"}, ["Orders"]),
    ({"spec.profile.displayname": "ana"}, ["ana"]),
    ({"spec.PROVIDESAPIS": "orders-api"}, ["Orders"]),
    ({"relations.apiprovidedby": "component:default/orders"}, ["orders-api"]),
]
PREDICATES: list[Any] = [
    {"kind": "Component"},
    {"$all": [{"kind": "component"}, {"$not": {"spec.type": "website"}}]},
    {"$any": [{"kind": "api"}, {"spec.profile.displayName": {"$exists": True}}]},
    {"spec.lifecycle": {"$in": ["production", "deprecated"]}, "spec.owner": "shop"},
    {"metadata.tags": {"$contains": "api"}},
    {"relations": {"$contains": {"type": "ownedBy", "targetRef": "group:default/shop"}}},
    {"$not": {"metadata.tags": {"$exists": True}}},
    {"metadata.name": {"$hasPrefix": "ord"}},
]
SEARCHES: list[Any] = [
    {"term": "ORD", "fields": ["metadata.name", "metadata.title"]},
    {"term": "rs_100%", "fields": ["metadata.description"]},
    {"term": "ana", "fields": ["spec.profile.displayName", "metadata.name"]},
    {"term": "pyth", "fields": ["metadata.tags"]},
    {"term": "der tak", "fields": ["metadata.title"]},
    {"term": "nobody", "fields": ["metadata.name"]},
]
FACETS = [
    "kind",
    "spec.type",
    "metadata.tags",
    "metadata.namespace",
    "relations.ownedBy",
    "metadata.labels.tier",
    "spec.profile.displayName",
]


def list_names(answer: dict[str, Any]) -> list[str]:
    return sorted(entity["metadata"]["name"] for entity in answer["value"]["items"])


def test_filters_select_what_they_select_in_backstage(call: Call) -> None:
    asked = [["getEntities", {"filter": item}] for item in FILTERS]
    asked += [["queryEntities", {"filter": item, "limit": 100}] for item in FILTERS]
    for (method, request), answer in zip(asked, call(*asked), strict=True):
        assert list_names(answer["ours"]) == list_names(answer["twin"]), (method, request)


def test_keys_are_compared_without_case(call: Call) -> None:
    answers = call(*(["getEntities", {"filter": item}] for item, _ in SPELLINGS))
    assert [list_names(answer["ours"]) for answer in answers] == [name for _, name in SPELLINGS]


def test_predicates_select_what_they_select_in_backstage(call: Call) -> None:
    asked = [["queryEntities", {"query": item, "limit": 100}] for item in PREDICATES]
    for (_, request), answer in zip(asked, call(*asked), strict=True):
        assert list_names(answer["ours"]) == list_names(answer["twin"]), request
        assert answer["ours"]["value"]["totalItems"] == answer["twin"]["value"]["totalItems"]


def test_a_text_is_found_where_backstage_finds_it(call: Call) -> None:
    asked = [["queryEntities", {"fullTextFilter": item, "limit": 100}] for item in SEARCHES]
    for (_, request), answer in zip(asked, call(*asked), strict=True):
        assert list_names(answer["ours"]) == list_names(answer["twin"]), request


def test_facets_count_what_backstage_counts(call: Call) -> None:
    filters = [{}, {"kind": "component"}, [{"kind": "user"}, {"spec.owner": "shop"}]]
    asked = [["getEntityFacets", {"facets": FACETS, "filter": item}] for item in filters]
    asked += [["getEntityFacets", {"facets": FACETS, "query": {"kind": "Component"}}]]
    for answer in call(*asked):
        counts = [
            {
                facet: {value["value"].lower(): value["count"] for value in values}
                for facet, values in answer[side]["value"]["facets"].items()
            }
            for side in ("ours", "twin")
        ]
        assert counts[0] == counts[1]


def test_fields_show_the_parts_that_backstage_shows(call: Call) -> None:
    fields = ["kind", "metadata.annotations.example.com/slug", "spec.profile", "metadata.none"]
    request = {"filter": {"metadata.name": "orders"}, "fields": fields}
    orders, related = call(
        ["getEntities", request],
        ["getEntities", {"filter": {"kind": "system"}, "fields": ["relations", "metadata.name"]}],
    )
    assert orders["ours"] == orders["twin"]
    assert orders["ours"]["value"]["items"][0]["metadata"] == {
        "annotations": {"example.com/slug": "org/Orders"}
    }
    assert related["ours"] == related["twin"]


@pytest.mark.parametrize(
    "order",
    [
        NAME,
        [{"field": "metadata.title", "order": "desc"}],
        [{"field": "spec.type", "order": "asc"}, {"field": "metadata.name", "order": "desc"}],
        [{"field": "spec.profile.displayName", "order": "asc"}],
    ],
)
def test_orders_are_those_of_backstage(call: Call, order: list[dict[str, str]]) -> None:
    (answer,) = call(["getEntities", {"order": [*order, *NAME], "limit": 100}])
    names = [
        [(entity["kind"], entity["metadata"]["name"]) for entity in answer[side]["value"]["items"]]
        for side in ("ours", "twin")
    ]
    assert [name for _, name in names[0]] == [name for _, name in names[1]]


def test_pages_lead_through_everything_and_back(call: Call) -> None:
    (whole,) = call(["queryEntities", {"orderFields": NAME, "limit": 1000}])
    expected = [item["metadata"]["uid"] for item in whole["ours"]["value"]["items"]]
    for question in ({"orderFields": NAME}, {"query": {}, "orderFields": NAME}):
        seen: list[str] = []
        request: dict[str, Any] = {**question, "limit": 7}
        while True:
            (answer,) = call(["queryEntities", request])
            page = answer["ours"]["value"]
            seen += [item["metadata"]["uid"] for item in page["items"]]
            assert page["totalItems"] == len(expected)
            if "nextCursor" not in page["pageInfo"]:
                break
            request = {"cursor": page["pageInfo"]["nextCursor"], "limit": 7}
        assert seen == expected
        (back,) = call(["queryEntities", {"cursor": page["pageInfo"]["prevCursor"], "limit": 3}])
        shown = [item["metadata"]["uid"] for item in back["ours"]["value"]["items"]]
        start = len(expected) - len(page["items"])
        assert shown == expected[start - 3 : start]


def test_everything_is_streamed(call: Call) -> None:
    streamed, listed = call(["streamEntities", {"pageSize": 4}], ["getEntities", {}])
    pages = streamed["ours"]["value"]
    assert max(map(len, pages)) == 4
    assert sum(map(len, pages)) == len(listed["ours"]["value"]["items"])


def test_entities_are_found_by_ref(call: Call) -> None:
    refs = ["component:default/orders", "user:asia/bob", "user:default/nobody"]
    found, chosen, predicate, one, none = call(
        ["getEntitiesByRefs", {"entityRefs": refs, "fields": ["metadata.name"]}],
        ["getEntitiesByRefs", {"entityRefs": refs, "filter": {"kind": "user"}}],
        ["getEntitiesByRefs", {"entityRefs": refs, "query": {"kind": "component"}}],
        ["getEntityByRef", "component:orders"],
        ["getEntityByRef", "component:nothing"],
    )
    assert found["ours"] == found["twin"]
    assert [item is not None for item in chosen["ours"]["value"]["items"]] == [False, True, False]
    assert [bool(item) for item in predicate["ours"]["value"]["items"]] == [True, False, False]
    assert one["ours"] == one["twin"]
    entity = one["ours"]["value"]
    assert entity["metadata"]["namespace"] == "default"
    assert {"type": "ownedBy", "targetRef": "group:default/shop"} in entity["relations"]
    assert none["ours"] == {}


def test_an_entity_is_its_own_ancestor(call: Call) -> None:
    known, unknown = call(
        ["getEntityAncestors", {"entityRef": "component:default/orders"}],
        ["getEntityAncestors", {"entityRef": "component:default/nothing"}],
    )
    assert known["ours"] == known["twin"]
    assert unknown["ours"]["error"]["status"] == 404
    assert unknown["ours"]["error"]["cause"] == "NotFoundError"
    assert "there is no such entity" in unknown["ours"]["error"]["message"]


def test_locations_are_registered_listed_and_forgotten(call: Call) -> None:
    target = "https://git.example/shop/orders/blob/main/catalog-info.yaml"
    tried, added, again, refreshed, listed, by_ref, by_query = call(
        ["addLocation", {"target": target, "dryRun": True}],
        ["addLocation", {"target": target}],
        ["addLocation", {"target": target}],
        ["addLocation", {"target": target, "onConflict": "refresh"}],
        ["getLocations", {}],
        ["getLocationByRef", f"url:{target}"],
        ["streamLocations", {}],
    )
    assert tried["ours"]["value"]["exists"] is False
    assert tried["ours"]["value"]["entities"][0]["spec"]["target"] == target
    location = added["ours"]["value"]["location"]
    assert (location["type"], location["target"]) == ("url", target)
    assert again["ours"]["error"]["cause"] == "ConflictError"
    assert refreshed["ours"]["value"]["location"] == location
    assert location in listed["ours"]["value"]["items"]
    assert by_ref["ours"]["value"] == location
    assert location in by_query["ours"]["value"][0]
    by_id, entities, gone, missing, none = call(
        ["getLocationById", location["id"]],
        ["getEntities", {"filter": {"metadata.uid": location["id"]}}],
        ["removeLocationById", location["id"]],
        ["getLocationById", location["id"]],
        ["getLocationByEntity", "component:default/orders"],
    )
    assert by_id["ours"]["value"] == location
    (entity,) = entities["ours"]["value"]["items"]
    assert entity["metadata"]["annotations"]["backstage.io/managed-by-location"] == f"url:{target}"
    assert gone["ours"] == missing["ours"] == none["ours"] == {}


def test_entities_are_validated(call: Call) -> None:
    entity: dict[str, Any] = {
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "Component",
        "metadata": {"name": "new"},
        "spec": {"type": "service", "lifecycle": "production", "owner": "shop"},
    }
    good, bad = call(
        ["validateEntity", entity, "url:https://git.example/x.yaml"],
        ["validateEntity", {**entity, "metadata": {"name": "-"}}, "url:https://git.example/x"],
    )
    assert good["ours"]["value"] == {"valid": True}
    assert bad["ours"]["value"]["valid"] is False
    assert "metadata.name" in bad["ours"]["value"]["errors"][0]["message"]


def test_an_entity_is_refreshed_and_removed_by_uid(call: Call, platform: RunningPlatform) -> None:
    text = "apiVersion: backstage.io/v1alpha1\nkind: Domain\nmetadata: {name: it}\nspec: {owner: a}"
    platform.ask("POST", "/entities", {"files": [{"name": "x.yaml", "content": text}]})
    refreshed, unknown, found = call(
        ["refreshEntity", "domain:default/it"],
        ["refreshEntity", "domain:default/none"],
        ["getEntityByRef", "domain:it"],
    )
    assert refreshed["ours"] == {}
    assert unknown["ours"]["error"]["status"] == 404
    uid = found["ours"]["value"]["metadata"]["uid"]
    removed, gone = call(["removeEntityByUid", uid], ["getEntityByRef", "domain:it"])
    assert removed["ours"] == gone["ours"] == {}


def test_what_cannot_be_asked_is_told_in_backstages_words(call: Call) -> None:
    cursor, order, predicate = call(
        ["queryEntities", {"cursor": "AAAA"}],
        ["queryEntities", {"orderFields": {"field": "x y", "order": "asc"}}],
        ["queryEntities", {"query": {"kind": {"$like": "x"}}}],
    )
    for answer in (cursor, order, predicate):
        assert answer["ours"]["error"]["status"] == 400
        assert answer["ours"]["error"]["cause"] == "InputError"


@pytest.mark.parametrize("token", ["", "fwy_wrong"])
def test_a_wrong_token_gets_nowhere(platform: RunningPlatform, token: str) -> None:
    _, described = platform.ask("GET", "/openapi.json")
    paths = [path for path in described["paths"] if path.startswith("/api/catalog")]
    assert len(paths) > 10
    for path in paths:
        for method in described["paths"][path]:
            filled = re.sub(r"\{\w+\}", "x", path)
            connection = http.client.HTTPConnection("127.0.0.1", platform.port, timeout=30)
            headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
            connection.request(method.upper(), filled, "{}", headers)
            answer = connection.getresponse()
            failure = json.loads(answer.read())
            connection.close()
            assert answer.status in (400, 401), (method, path)
            assert failure["response"] == {"statusCode": answer.status}
            assert failure["error"]["name"] in ("AuthenticationError", "InputError")
