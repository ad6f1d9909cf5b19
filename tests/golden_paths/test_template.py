"""The built-in golden paths as templates."""

import re
from itertools import product
from pathlib import Path
from typing import Any, cast

import jsonschema_rs
import pytest

from fairway.core.golden_path.parameters import merge_parameters
from fairway.drivers.copier.renderer import CopierRenderer
from fairway.formats import catalog, yaml
from fairway.kits.canonical import JsonObject
from tests.golden_paths.conftest import EXAMPLES, PATHS, find_registries, read_path

pytestmark = pytest.mark.integration
COMMON = {"name", "description", "owner", "system"}
_PATHS = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)


def _read_parameters(renderer: CopierRenderer, path: Path) -> dict[str, Any]:
    overlay = cast("JsonObject", read_path(path)["spec"]["parameters"])
    return dict(merge_parameters(renderer.read_parameters(path), overlay))


@_PATHS
def test_nothing_is_found_wrong_with_it(renderer: CopierRenderer, path: Path) -> None:
    assert renderer.check(path) == ()


@_PATHS
def test_it_is_described_as_a_golden_path(path: Path) -> None:
    content = (path / "golden-path.yaml").read_bytes()
    (document,) = yaml.parse_documents(content, file="golden-path.yaml")
    entity = catalog.parse_entity(document)
    assert (entity.kind, entity.name) == ("GoldenPath", path.name)
    assert re.search(r"^## v\d", (path / "CHANGELOG.md").read_text(), re.MULTILINE)


@_PATHS
def test_it_asks_what_every_path_asks(renderer: CopierRenderer, path: Path) -> None:
    parameters = _read_parameters(renderer, path)
    assert set(parameters["properties"]) >= COMMON
    assert {"name", "owner"} <= set(parameters["required"])


@_PATHS
def test_its_examples_are_valid_answers(renderer: CopierRenderer, path: Path) -> None:
    validator = jsonschema_rs.validator_for(_read_parameters(renderer, path))
    for example in EXAMPLES:
        if example.path == path:
            validator.validate(example.answers)


@_PATHS
def test_its_examples_are_all_combinations_of_its_options(
    renderer: CopierRenderer, path: Path
) -> None:
    asked: dict[str, Any] = _read_parameters(renderer, path)["properties"]
    options = {name: one["enum"] for name, one in asked.items() if "enum" in one}
    options |= {
        name: [choice["const"] for choice in one["oneOf"]]
        for name, one in asked.items()
        if "oneOf" in one
    }
    shown = {
        tuple(example.answers[name] for name in options)
        for example in EXAMPLES
        if example.path == path
    }
    assert shown == set(product(*options.values()))


@_PATHS
@pytest.mark.parametrize("name", ["Orders", "1st", "a--b", "a-", "", "a" * 41, "a b", "ä"])
def test_a_name_that_is_no_name_is_refused(renderer: CopierRenderer, path: Path, name: str) -> None:
    validator = jsonschema_rs.validator_for(_read_parameters(renderer, path))
    assert not validator.is_valid({"name": name, "owner": "group:shop"})
    assert validator.is_valid({"name": "a" * 40, "owner": "group:shop"})


@_PATHS
def test_no_file_names_a_registry(path: Path) -> None:
    for file in path.rglob("*"):
        if file.is_file():
            text = file.read_text(encoding="utf-8")
            assert not [host for host in find_registries() if host in text], file
