"""What is wrong between definitions."""

from collections.abc import Mapping

import pytest

from fairway.core.definition.check import Path, check_definitions
from fairway.core.definition.definition import (
    Criterion,
    Definitions,
    Environment,
    ProvisionerDefinition,
    ResourceType,
    ResourceTypeVersion,
)
from fairway.kits.canonical import JsonObject
from tests.unit.core.definition.conftest import MakePlatform


def _environment(name: str, *, target: str = "here", sources: tuple[str, ...] = ()) -> Environment:
    return Environment(name=name, title="", type=name, target=target, promotes_from=sources)


def _provisioner(
    match: Mapping[Criterion, str], type_: str = "postgres"
) -> dict[str, ProvisionerDefinition]:
    return {"it": ProvisionerDefinition(name="it", type=type_, match=match, driver="x")}


def _type(
    params: JsonObject, outputs: JsonObject, names: tuple[str, ...] = ("v1",)
) -> ResourceType:
    versions = tuple(
        ResourceTypeVersion(name=name, classes=("default",), params=params, outputs=outputs)
        for name in names
    )
    return ResourceType(name="it", title="", owner=None, versions=versions)


def _check(definitions: Definitions) -> list[tuple[str, str, str, str]]:
    def locate(ref: str, path: Path) -> str:
        return f"{ref} {'.'.join(map(str, path))}"

    found = check_definitions(definitions, locate=locate)
    return [(each.code, each.at, each.text, each.fix) for each in found]


def test_a_platform_that_holds_together_has_no_findings(make_platform: MakePlatform) -> None:
    assert _check(make_platform()) == []


def test_an_unknown_target_is_named(make_platform: MakePlatform) -> None:
    environments = {"prod": _environment("prod", target="heer")}
    assert _check(make_platform(environments)) == [
        (
            "DEFINITION-UNKNOWN",
            "environment:default/prod spec.target",
            "environment 'prod' names target 'heer', which is not defined",
            "did you mean 'here'?",
        )
    ]


def test_an_unknown_source_of_promotion_is_named(make_platform: MakePlatform) -> None:
    environments = {"prod": _environment("prod", sources=("dev", "qa"))}
    assert _check(make_platform(environments)) == [
        (
            "DEFINITION-UNKNOWN",
            "environment:default/prod spec.promotesFrom.1",
            "environment 'prod' promotes from environment 'qa', which is not defined",
            "use one of 'dev', 'prod', or define it",
        )
    ]


def test_a_circle_of_promotions_is_named(make_platform: MakePlatform) -> None:
    environments = {
        "qa": _environment("qa", sources=("prod",)),
        "prod": _environment("prod", sources=("qa",)),
    }
    ((code, at, text, _),) = _check(make_platform(environments))
    assert (code, at) == ("DEFINITION-CYCLE", "environment:default/prod spec.promotesFrom")
    assert text.endswith("'prod' needs 'qa' needs 'prod'")


def test_an_environment_does_not_promote_from_itself(make_platform: MakePlatform) -> None:
    environments = {"prod": _environment("prod", sources=("prod",))}
    assert [code for code, *_ in _check(make_platform(environments))] == ["DEFINITION-CYCLE"]


def test_an_unknown_type_is_named(make_platform: MakePlatform) -> None:
    provisioners = _provisioner({}, type_="postgress")
    ((code, at, text, fix),) = _check(make_platform(None, None, provisioners))
    assert (code, at) == ("DEFINITION-UNKNOWN", "provisioner:default/it spec.type")
    assert text == "provisioner 'it' names resource type 'postgress', which is not defined"
    assert fix == "did you mean 'postgres'?"


@pytest.mark.parametrize(
    ("criterion", "value", "fix"),
    [
        ("environment", "devv", "did you mean 'dev'?"),
        ("environmentType", "developmnet", "did you mean 'development'?"),
        ("class", "ha", "use one of 'default', or define it"),
    ],
)
def test_a_criterion_that_nothing_meets_is_a_warning(
    make_platform: MakePlatform, criterion: Criterion, value: str, fix: str
) -> None:
    platform = make_platform(None, None, _provisioner({criterion: value}))
    (finding,) = check_definitions(platform)
    assert (finding.code, finding.level) == ("DEFINITION-UNMATCHED", "warn")
    assert finding.fix == fix


def test_two_equally_specific_provisioners_are_both_named(make_platform: MakePlatform) -> None:
    platform = make_platform(None, None, _provisioner({"targetDriver": "process"}))
    ((code, at, text, _),) = _check(platform)
    assert (code, at) == ("DEFINITION-TIE", "provisioner:default/local spec.match")
    assert "'it' and 'local' match the same resources of type 'postgres'" in text


def test_provisioners_that_differ_in_a_criterion_do_not_tie(make_platform: MakePlatform) -> None:
    assert not _check(make_platform(None, None, _provisioner({"targetDriver": "docker"})))
    assert not _check(make_platform(None, None, _provisioner({"id": "x"})))


@pytest.mark.parametrize(
    ("params", "outputs", "field"),
    [
        ({"type": "strng"}, {}, "params"),
        ({}, {"properties": {"a": {"pattern": "("}}}, "outputs"),
        ({"$ref": "https://example.com/schema.json"}, {}, "params"),
    ],
)
def test_what_is_no_schema_is_named(
    make_platform: MakePlatform, params: JsonObject, outputs: JsonObject, field: str
) -> None:
    ((code, at, text, _),) = _check(make_platform(None, {"it": _type(params, outputs)}))
    assert (code, at) == ("DEFINITION-SCHEMA", f"resourcetype:default/it spec.versions.0.{field}")
    assert f"the {field} of resource type 'it' v1 are not a JSON Schema: " in text


def test_a_version_is_there_once(make_platform: MakePlatform) -> None:
    platform = make_platform(None, {"it": _type({}, {}, ("v1", "v2", "v1"))})
    ((code, at, *_),) = _check(platform)
    assert (code, at) == ("DEFINITION-TWICE", "resourcetype:default/it spec.versions.2.name")
