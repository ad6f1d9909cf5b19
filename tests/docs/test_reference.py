"""The reference pages say what the code does: definitions, settings, the API, Score."""

import importlib.util
import json
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from fastapi.routing import APIRoute

from fairway import settings
from fairway.api.routes import (
    deployments,
    entities,
    hooks,
    insight,
    repositories,
    runs,
    sources,
    upgrades,
    users,
)
from tests.docs.page import ROOT

REFERENCE = ROOT / "docs" / "reference"
_ROUTERS = (deployments, entities, hooks, insight, repositories, runs, sources, upgrades, users)


def _read(name: str) -> str:
    return (REFERENCE / name).read_text()


def _load_generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", REFERENCE / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_of_definitions_is_what_the_schemas_give() -> None:
    assert _read("definitions.md") == _load_generator().render_page()


def test_every_variable_that_is_read_has_its_row() -> None:
    source = (ROOT / "src" / "fairway" / "settings.py").read_text()
    section = _read("settings.md").partition("## Variables that a workload gets")[0]
    assert set(re.findall(r"^\| `(FAIRWAY_\w+)`", section, re.MULTILINE)) == set(
        re.findall(r"\"(FAIRWAY_\w+)\"", source)
    )


def test_documented_defaults_are_those_of_the_code() -> None:
    text = _read("settings.md")
    assert f"| `FAIRWAY_PORT` | `{settings.DEFAULT_PORT}` |" in text
    assert f"| `FAIRWAY_GATEWAY_PORT` | `{settings.DEFAULT_GATEWAY_PORT}` |" in text
    assert all(f"`{level}`" in text for level in settings.LOG_LEVELS)


def test_every_variable_that_a_workload_gets_has_its_row() -> None:
    source = (ROOT / "src" / "fairway" / "agent" / "layout.py").read_text()
    given = set(re.findall(r"^        \"([A-Z_]+)\": ", source, re.MULTILINE))
    section = _read("settings.md").partition("## Variables that a workload gets")[2]
    rows = re.findall(r"^\| (.+?) \|", section, re.MULTILINE)
    assert set(re.findall(r"`([A-Z_]+)`", " ".join(rows))) == given | {"PORT"}


def test_every_endpoint_has_its_row() -> None:
    served = {
        (method, route.path)
        for module in _ROUTERS
        for route in module.router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
    rows = set(re.findall(r"^\| ([A-Z]+) `([^`]+)` \|", _read("api.md"), re.MULTILINE))
    assert rows == served | {("GET", "/healthz")}


def _list_properties(schema: Any) -> Iterator[str]:
    """Yield the name of every property anywhere in a JSON Schema."""
    if isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict):
            yield from schema["properties"]
        for item in schema.values():
            yield from _list_properties(item)
    elif isinstance(schema, list):
        for item in schema:
            yield from _list_properties(item)


def test_every_field_of_score_has_its_row() -> None:
    path = ROOT / "src" / "fairway" / "formats" / "schemas" / "score-v1b1.json"
    known = set(_list_properties(json.loads(path.read_text())))
    rows = re.findall(r"^\| `([^`]+)` \|", _read("score.md"), re.MULTILINE)
    named = {part.removesuffix("[]") for row in rows for part in row.split(".")}
    assert named - {"*", "*Probe"} == known
