"""Backstage's questions as parts of an entity query."""

from typing import Any

import pytest

from fairway.api.backstage import cursor, document, question
from fairway.api.backstage.cursor import FullText, OrderField, Question
from fairway.api.backstage.question import Choice, Search
from fairway.kits.canonical import JsonValue
from fairway.kits.errors import Refused
from fairway.ports.store.entities import AllOf, AnyOf, Condition, Matches, Not

API = Matches(path="kind", values=("api",))
SERVICE = Matches(path="spec.type", values=("service",))


@pytest.mark.parametrize(
    ("sets", "filters"),
    [
        ([], {}),
        (["", " , "], {}),
        (["kind=api"], {"kind": ("api",)}),
        ([" Kind = api , spec.Type"], {"kind": ("api",), "spec.type": ()}),
        (["kind=api,kind=component"], {"kind": ("api", "component")}),
        (["kind,kind=api"], {"kind": ("api",)}),
        (["kind=user", "kind=group"], {"kind": ("user", "group")}),
        (["kind=user", "kind"], {"kind": ()}),
        (["kind", "kind=user", "kind=api"], {"kind": ()}),
        (
            ["kind=api,spec.type=a", "kind=api,spec.type=b"],
            {"kind": ("api",), "spec.type": ("a", "b")},
        ),
        (["metadata.annotations.A/b=x=y"], {"metadata.annotations.A/b": ("x=y",)}),
        (["METADATA.labels.Tier="], {"metadata.labels.Tier": ("",)}),
        (["metadata.tags.C++=TRUE"], {"metadata.tags": ("C++",)}),
        (["relations.MEMBEROF=group:default/a"], {"relations.memberOf": ("group:default/a",)}),
        (["spec.custom.Thing=1"], {"spec.custom.Thing": ("1",)}),
    ],
)
def test_sets_that_are_alike_are_one(sets: list[str], filters: dict[str, Any]) -> None:
    assert question.parse_filters(sets) == Choice(filters=filters)


@pytest.mark.parametrize(
    ("sets", "where"),
    [
        (["kind=api", "spec.type=service"], AnyOf((AllOf((API,)), AllOf((SERVICE,))))),
        (["kind=api,kind=", "x"], AnyOf((AllOf((API,)), AllOf((Matches(path="x"),))))),
        (["kind="], AnyOf((AllOf((AnyOf(()),)),))),
        (["metadata.tags.a=false"], AnyOf((AllOf((AnyOf(()),)),))),
        (
            ["metadata.tags.a,metadata.tags.b"],
            AnyOf(
                (
                    AllOf(
                        (
                            Matches(path="metadata.tags", values=("a",)),
                            Matches(path="metadata.tags", values=("b",)),
                        )
                    ),
                )
            ),
        ),
    ],
)
def test_other_sets_are_a_condition(sets: list[str], where: Condition) -> None:
    assert question.parse_filters(sets) == Choice(where=where)


def test_sets_that_differ_in_two_paths_are_not_merged() -> None:
    chosen = question.parse_filters(["kind=api,spec.type=a", "kind=user,spec.type=b"])
    assert chosen.filters == {}
    assert isinstance(chosen.where, AnyOf)


@pytest.mark.parametrize(
    ("predicate", "condition"),
    [
        ({}, AllOf(())),
        ({"Kind": "api"}, AllOf((API,))),
        ({"$not": {"kind": "api"}}, Not(AllOf((API,)))),
        ({"$any": []}, AnyOf(())),
        ({"$all": [{"kind": "api"}]}, AllOf((AllOf((API,)),))),
        ({"spec.n": 7}, AllOf((Matches(path="spec.n", values=("7",)),))),
        ({"spec.n": True}, AllOf((Matches(path="spec.n", values=("true",)),))),
        ({"spec.type": {"$exists": False}}, AllOf((Not(Matches(path="spec.type")),))),
        ({"kind": {"$in": ["api"]}}, AllOf((AnyOf((API,)),))),
        (
            {"kind": {"$hasPrefix": "a"}},
            AllOf((Matches(path="kind", values=("a",), how="prefix"),)),
        ),
        (
            {"relations": {"$contains": {"type": "ownerof"}}},
            AllOf((Matches(path="relations.ownerOf"),)),
        ),
    ],
)
def test_a_predicate_is_a_condition(predicate: dict[str, Any], condition: Condition) -> None:
    assert question.parse_predicate(predicate) == condition


NESTED: Any = {}
for _ in range(50):
    NESTED = {"$not": NESTED}


@pytest.mark.parametrize(
    "predicate",
    [
        None,
        [],
        "x",
        NESTED,
        {"$all": {}},
        {"$any": [1]},
        {"$all": [], "kind": "api"},
        {"kind": None},
        {"kind": ["api"]},
        {"kind": {}},
        {"kind": {"$exists": "yes"}},
        {"kind": {"$in": "api"}},
        {"kind": {"$in": [None]}},
        {"kind": {"$like": "x"}},
        {"kind": {"$in": ["a"], "$exists": True}},
        {"metadata.links": {"$contains": {"url": "x"}}},
        {"relations": {"$contains": {"targetRef": "x"}}},
        {"relations": {"$contains": {"type": "ownedBy", "more": 1}}},
        {'a"b': "x"},
        {"a\0b": "x"},
    ],
)
def test_a_predicate_that_cannot_be_read_is_refused(predicate: Any) -> None:
    with pytest.raises(Refused) as caught:
        question.parse_predicate(predicate)
    assert (caught.value.code, caught.value.status) == ("REQUEST-INVALID", 400)


def test_a_filter_without_a_key_is_refused() -> None:
    with pytest.raises(Refused, match="the filter '=api' has no key"):
        question.parse_filters(["=api"])


def test_a_search_without_fields_is_in_what_people_read() -> None:
    names = ("metadata.name", "metadata.title", "metadata.description")
    parts = tuple(Matches(path=name, values=("ord",), how="part") for name in names)
    assert question.make_search(" ord ", (), order="name") == Search(text="ord", where=AnyOf(parts))
    assert question.make_search("  ", ("kind",), order="name") == Search()
    ordered = question.make_search("x", (), order="-spec.type,name")
    assert ordered == Search(where=AnyOf((Matches(path="spec.type", values=("x",), how="part"),)))


def test_orders_are_written_as_the_store_reads_them() -> None:
    fields = [("Metadata.Name", "asc"), ("spec.type", "desc")]
    assert question.make_order(fields) == "metadata.name,-spec.type"
    assert question.make_order([]) == "name"
    for wrong in (("kind", "up"), ("a,b", "asc"), ("", "asc"), ('a"', "asc")):
        with pytest.raises(Refused):
            question.make_order([wrong])


def test_a_cursor_holds_its_question() -> None:
    asked = Question(
        filter=("kind=api",),
        order_fields=(OrderField("kind", "desc"),),
        full_text_filter=FullText("é", ("a",)),
    )
    text = cursor.render_cursor(asked, page="next")
    read = cursor.parse_cursor(text)
    assert (read.filter, read.order_fields, read.page) == (
        asked.filter,
        asked.order_fields,
        "next",
    )
    assert read.full_text_filter == asked.full_text_filter
    for wrong in ("", "é", "AAAA", "W10=", "eyJmaWx0ZXIiOjF9", text[:-5]):
        with pytest.raises(Refused) as caught:
            cursor.parse_cursor(wrong)
        assert caught.value.code == "CURSOR-INVALID"


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        (["kind"], {"kind": "API"}),
        (["kind, metadata.name "], {"kind": "API", "metadata": {"name": "a"}}),
        (["metadata.a.b/c"], {"metadata": {"a.b/c": 1}}),
        (["metadata.none", "none", "kind.x"], {}),
        (["metadata", "metadata.name"], {"metadata": {"name": "a", "a.b/c": 1}}),
        (["metadata.name", "metadata"], {"metadata": {"name": "a", "a.b/c": 1}}),
    ],
)
def test_fields_are_parts_of_a_document(fields: list[str], shown: dict[str, Any]) -> None:
    whole: dict[str, JsonValue] = {"kind": "API", "metadata": {"name": "a", "a.b/c": 1}}
    assert document._project(dict(whole), document.parse_fields(fields)) == shown
    assert whole == {"kind": "API", "metadata": {"name": "a", "a.b/c": 1}}


def test_a_field_that_leads_into_a_list_is_refused() -> None:
    with pytest.raises(Refused):
        document.parse_fields(["metadata.tags[0]"])
