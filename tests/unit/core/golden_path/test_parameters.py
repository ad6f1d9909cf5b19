"""What golden-path.yaml may add to a template's questions."""

import pytest

from fairway.core.golden_path.parameters import merge_parameters
from fairway.kits.canonical import JsonObject
from fairway.kits.errors import Refused

QUESTIONS: JsonObject = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string"}, "port": {"type": "integer", "default": 80}},
    "ui:order": ["name", "port"],
}


def test_bounds_and_hints_are_added() -> None:
    overlay: JsonObject = {
        "type": "object",
        "title": "Orders",
        "properties": {
            "name": {"pattern": "^[a-z]+$", "description": "What it is called"},
            "port": {"minimum": 1, "ui:widget": "updown"},
        },
        "ui:order": ["port", "*"],
    }
    assert merge_parameters(QUESTIONS, overlay) == {
        "type": "object",
        "title": "Orders",
        "required": ["name"],
        "properties": {
            "name": {
                "type": "string",
                "pattern": "^[a-z]+$",
                "description": "What it is called",
            },
            "port": {"type": "integer", "default": 80, "minimum": 1, "ui:widget": "updown"},
        },
        "ui:order": ["port", "*"],
    }


def test_an_empty_overlay_changes_nothing() -> None:
    assert merge_parameters(QUESTIONS, {}) == QUESTIONS


@pytest.mark.parametrize(
    ("overlay", "key", "fix"),
    [
        ({"properties": {"prot": {}}}, "properties.prot", "write 'port'"),
        ({"properties": {"zzz": {}}}, "properties.zzz", "remove it"),
        ({"properties": {"port": {"type": "string"}}}, "properties.port.type", "copier.yml"),
        ({"properties": {"port": {"default": 1}}}, "properties.port.default", "copier.yml"),
        ({"properties": {"port": {"enum": [1]}}}, "properties.port.enum", "copier.yml"),
        ({"properties": {"port": 5}}, "port", "names and values"),
        ({"properties": []}, "properties", "names and values"),
        ({"required": ["port"]}, "required", "remove"),
        ({"type": "array"}, "type", "remove"),
        ({"ui:order": ["name", "prot"]}, "ui:order", "list questions"),
        ({"ui:order": "name"}, "ui:order", "list questions"),
        ({"ui:order": ["name"]}, "ui:order", "'*'"),
    ],
)
def test_what_the_template_says_is_not_said_anew(overlay: JsonObject, key: str, fix: str) -> None:
    with pytest.raises(Refused) as refused:
        merge_parameters(QUESTIONS, overlay)
    assert refused.value.code == "PATH-PARAMETERS"
    assert f"'{key}'" in refused.value.what
    assert fix in refused.value.fix
