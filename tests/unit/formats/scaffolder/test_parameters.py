"""Pages of parameters as one schema, and answers completed by it."""

from typing import Any

import pytest

from fairway.formats.scaffolder.answer import complete_answers, list_errors
from fairway.formats.scaffolder.parameters import Parameters, make_parameters
from fairway.formats.scaffolder.template import read_template
from fairway.formats.yaml import render_documents


def make(*pages: dict[str, Any], has_user: bool = False) -> Parameters:
    document: dict[str, Any] = {
        "apiVersion": "scaffolder.backstage.io/v1beta3",
        "kind": "Template",
        "metadata": {"name": "web"},
        "spec": {"type": "x", "parameters": list(pages), "steps": [{"action": "debug:log"}]},
    }
    return make_parameters(read_template(render_documents([document])), has_user=has_user)


def make_schema(*pages: dict[str, Any]) -> Any:
    return make(*pages).schema


KIND = {
    "title": "Kind",
    "properties": {"kind": {"type": "string", "enum": ["a", "b"]}},
    "dependencies": {
        "kind": {
            "oneOf": [
                {
                    "properties": {"kind": {"enum": ["a"]}, "size": {"type": "integer"}},
                    "required": ["size"],
                },
                {"properties": {"kind": {"enum": ["b"]}, "color": {"type": "string"}}},
            ]
        }
    },
}


def test_pages_are_joined_and_remembered() -> None:
    one = {"title": "One", "required": ["a"], "properties": {"a": {"type": "string"}}}
    two = {"title": "Two", "properties": {"b": {"type": "integer", "ui:widget": "updown"}}}
    schema = make_schema(one, two)
    assert list(schema["properties"]) == ["name", "owner", "a", "b"]
    assert schema["required"] == ["name", "a"]
    assert schema["properties"]["b"] == {"type": "integer", "ui:widget": "updown"}
    assert schema["x-fairway-pages"] == [
        {"title": "One", "properties": ["a"]},
        {"title": "Two", "properties": ["b"]},
    ]


def test_what_the_platform_answers_is_not_asked() -> None:
    made = make(
        {
            "required": ["repo", "id", "token"],
            "properties": {
                "repo": {"ui:field": "RepoUrlPicker", "ui:options": {"allowedHosts": ["a.b", "c"]}},
                "token": {"ui:field": "Secret"},
                "id": {"type": "string", "ui:field": "EntityNamePicker"},
            },
        },
        has_user=True,
    )
    properties: Any = made.schema["properties"]
    assert set(properties) == {"name", "owner", "user", "id"}
    assert made.schema["required"] == ["name"]
    assert made.repo_urls == {"repo": "a.b"}
    assert made.secrets == {"token"}
    assert properties["user"]["x-fairway-answer"] == "user"
    assert properties["id"]["x-fairway-answer"] == "name"


def test_conditional_parameters_are_known_and_their_conditions_kept() -> None:
    schema = make_schema(KIND)
    assert schema["properties"]["size"] == {"type": "integer", "x-fairway-when": "computed"}
    assert schema["x-fairway-pages"][0]["properties"] == ["kind", "size", "color"]
    assert list_errors(schema, {"name": "x", "kind": "a", "size": 1}) == []
    assert list_errors(schema, {"name": "x", "kind": "b", "color": "red"}) == []
    assert list_errors(schema, {"name": "x", "kind": "a"}) != []
    assert list_errors(schema, {"name": "x", "other": 1}) != []


def test_lists_of_items_are_read_in_the_newer_draft() -> None:
    pair = {"type": "array", "items": [{"type": "string"}], "additionalItems": False}
    schema = make_schema({"properties": {"pair": pair}, "dependencies": {"pair": ["more"]}})
    assert list_errors(schema, {"name": "x", "pair": ["a", "b"]}) != []
    assert any("more" in error for error in list_errors(schema, {"name": "x", "pair": ["a"]}))


@pytest.mark.parametrize(
    ("page", "given", "completed"),
    [
        ({"properties": {"a": {"default": 1}}}, {}, {"a": 1}),
        ({"properties": {"a": {"default": 1}}}, {"a": 2}, {"a": 2}),
        ({"properties": {"a": {"type": "string"}}}, {}, {}),
        (
            {"properties": {"o": {"type": "object", "properties": {"p": {"default": True}}}}},
            {},
            {"o": {"p": True}},
        ),
        (
            {
                "properties": {"a": {"default": "x"}},
                "if": {"properties": {"a": {"const": "x"}}},
                "then": {"properties": {"b": {"default": 1}}},
                "else": {"properties": {"b": {"default": 2}}},
            },
            {},
            {"a": "x", "b": 1},
        ),
        (
            {
                "properties": {"a": {"enum": ["x", "y"], "default": "y"}},
                "dependencies": {
                    "a": {
                        "oneOf": [
                            {"properties": {"a": {"enum": ["x"]}, "b": {"default": 1}}},
                            {"properties": {"a": {"enum": ["y"]}, "c": {"default": 2}}},
                        ]
                    }
                },
            },
            {},
            {"a": "y", "c": 2},
        ),
        (
            {
                "oneOf": [
                    {"properties": {"a": {"type": "string"}}, "required": ["a"]},
                    {"properties": {"b": {"default": 1}}, "required": ["b"]},
                ]
            },
            {"a": "x"},
            {"a": "x"},
        ),
    ],
)
def test_answers_are_completed_as_by_a_form(
    page: dict[str, Any], given: dict[str, Any], completed: dict[str, Any]
) -> None:
    assert complete_answers(make_schema(page), given) == completed


def test_what_is_no_schema_is_said() -> None:
    schema = make_schema({"properties": {"a": {"type": "text"}}})
    assert list_errors(schema, {})[0].startswith("its parameters are no JSON Schema")


def test_answers_do_not_appear_in_errors() -> None:
    schema = make_schema({"properties": {"a": {"type": "integer"}}})
    assert "hunter2" not in str(list_errors(schema, {"name": "x", "a": "hunter2"}))
