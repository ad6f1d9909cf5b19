"""The catalog files of a tree: locations followed, placeholders filled in, all of it confined."""

import json
from typing import Any

import pytest

from fairway.formats import catalog_source
from fairway.formats.catalog_source import CatalogSource, find_path, read_catalog
from fairway.kits.errors import InvalidDocuments

ROOT = "catalog-info.yaml"
HEAD = "apiVersion: backstage.io/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}}}\n"


def make(kind: str, name: str, **spec: object) -> str:
    return HEAD.format(kind=kind, name=name) + f"spec: {json.dumps(spec)}\n"


def component(name: str = "orders", **spec: object) -> str:
    return make("Component", name, type="service", lifecycle="production", owner="shop", **spec)


def api(definition: object) -> str:
    spec = {"type": "openapi", "lifecycle": "production", "owner": "shop"}
    return make("API", "orders", **spec, definition=definition)


def location(name: str = "more", **spec: object) -> str:
    return make("Location", name, **spec)


def read(**files: str | bytes) -> CatalogSource:
    return read_files({ROOT: files.pop("root", ""), **files})


def read_files(files: dict[str, Any]) -> CatalogSource:
    contents = {
        name: text.encode() if isinstance(text, str) else text for name, text in files.items()
    }
    return read_catalog(contents.get)


def refs(source: CatalogSource) -> list[str]:
    return [item.entity.ref for item in source.entities]


def test_a_tree_without_a_catalog_file_says_nothing() -> None:
    assert read_files({"docs/catalog-info.yaml": component()}) == CatalogSource()


def test_either_ending_is_found_and_the_first_is_taken() -> None:
    assert read_files({"catalog-info.yml": component()}).root == "catalog-info.yml"
    both = read_files({"catalog-info.yml": component("b"), ROOT: component("a")})
    assert refs(both) == ["component:default/a"]


def test_locations_lead_from_file_to_file_by_their_own_folders() -> None:
    source = read_files(
        {
            ROOT: f"{component()}---\n{location(targets=['./apis/all.yaml', 'teams.yaml'])}",
            "apis/all.yaml": location("apis", target="../apis/deep/x.yaml", type="url"),
            "apis/deep/x.yaml": component("deep"),
            "teams.yaml": make("Group", "shop", type="team", children=[]),
        }
    )
    assert not source.problems
    assert {item.entity.ref: item.file for item in source.entities} == {
        "component:default/orders": ROOT,
        "location:default/more": ROOT,
        "location:default/apis": "apis/all.yaml",
        "component:default/deep": "apis/deep/x.yaml",
        "group:default/shop": "teams.yaml",
    }


def test_a_file_that_two_locations_name_is_read_once() -> None:
    source = read_files(
        {
            ROOT: f"{location('a', target='./x.yaml')}---\n{location('b', target='x.yaml')}",
            "x.yaml": component(),
        }
    )
    assert not source.problems
    assert not source.findings
    assert refs(source).count("component:default/orders") == 1


def test_a_cycle_of_locations_is_told_and_harmless() -> None:
    source = read_files(
        {ROOT: location("a", target="b.yaml"), "b.yaml": location("b", target=f"./{ROOT}")}
    )
    (finding,) = source.findings
    assert (finding.code, finding.level) == ("CATALOG-TARGET-SKIPPED", "warn")
    assert "'catalog-info.yaml' leads to itself" in finding.text
    assert refs(source) == ["location:default/a", "location:default/b"]


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"target": "https://git.example/x.yaml"}, "an absolute URL is not fetched"),
        ({"type": "github-discovery", "target": "x"}, "type 'github-discovery' are not followed"),
        ({"targets": ["./*/catalog-info.yaml"]}, "patterns are not followed"),
    ],
)
def test_what_is_elsewhere_is_told_and_left(spec: dict[str, Any], why: str) -> None:
    source = read(root=location(**spec))
    (finding,) = source.findings
    assert why in finding.text
    assert finding.at.startswith("catalog-info.yaml:4:")
    assert refs(source) == ["location:default/more"]
    assert not source.problems


def test_a_missing_target_is_a_problem_unless_it_is_optional() -> None:
    (problem,) = read(root=location(targets=["./none.yaml"])).problems
    assert problem.code == "CATALOG-TARGET-MISSING"
    assert problem.why == "spec.targets.0: there is no file 'none.yaml'"
    assert str(problem.at) == "catalog-info.yaml:4:20"
    assert not read(root=location(target="./none.yaml", presence="optional")).problems


@pytest.mark.parametrize("target", ["../x.yaml", "/etc/passwd", "a/../../x", "..", ".\\x", "."])
def test_no_path_leads_outside(target: str) -> None:
    assert find_path(target, beside=ROOT) is None
    for text in (location(target=target), api({"$text": target})):
        (problem,) = read(root=text).problems
        assert problem.code == "CATALOG-TARGET-OUTSIDE"
        assert f"'{target}' is no path inside the repository" in problem.why


@pytest.mark.parametrize(
    ("name", "content", "value"),
    [
        ("$text", "openapi: 3.1.0 # é\n", "openapi: 3.1.0 # é\n"),
        ("$openapi", "openapi: 3.1.0", "openapi: 3.1.0"),
    ],
)
def test_a_definition_is_taken_from_its_file(name: str, content: str, value: str) -> None:
    source = read_files(
        {
            ROOT: location(target="docs/api.yaml"),
            "docs/api.yaml": api({name: "./openapi.yaml"}),
            "docs/openapi.yaml": content,
        }
    )
    assert not source.problems
    assert source.entities[1].entity.spec["definition"] == value


def test_placeholders_give_values_anywhere_and_are_not_looked_through() -> None:
    links = '{"links": [1, {"$text": "secret.txt"}]}'
    source = read_files(
        {
            ROOT: component(custom={"$json": "a.json"}, more=[{"$yaml": "b.yaml"}], kept={"$x": 1}),
            "a.json": links,
            "b.yaml": "yes: no\n",
            "secret.txt": "never read",
        }
    )
    spec = source.entities[0].entity.spec
    assert spec["custom"] == {"links": [1, {"$text": "secret.txt"}]}
    assert spec["more"] == [{"yes": "no"}]
    assert spec["kept"] == {"$x": 1}


def test_a_placeholder_may_stand_where_only_a_text_is_valid() -> None:
    text = HEAD.format(kind="Component", name="orders")
    text = text.replace("{name: orders}", "{name: orders, description: {$text: about.md}}")
    text += "spec: {type: service, lifecycle: production, owner: shop}"
    source = read_files({ROOT: text, "about.md": "# Orders"})
    assert source.entities[0].entity.metadata["description"] == "# Orders"


def test_a_placeholder_of_a_url_is_told_and_left() -> None:
    source = read(root=api({"$text": "https://git.example/openapi.yaml"}))
    (finding,) = source.findings
    assert finding.code == "CATALOG-TARGET-SKIPPED"
    definition = source.entities[0].entity.spec["definition"]
    assert definition == {"$text": "https://git.example/openapi.yaml"}


@pytest.mark.parametrize(
    ("placeholder", "content", "why"),
    [
        ({"$text": "./x"}, None, "there is no file 'x'"),
        ({"$text": "./x"}, b"\xff", "can't decode"),
        ({"$text": 5}, b"", "it names no file"),
        ({"$text": "x"}, b"x" * (catalog_source.MOST_FILE_BYTES + 1), "'x' is too large"),
        ({"$json": "x"}, b"{", "Expecting"),
        ({"$json": "x"}, b"[" * 5000 + b"]" * 5000, ""),
        ({"$json": "x"}, b'"\\ud800"', ""),
        ({"$json": "x"}, b"NaN", ""),
        ({"$yaml": "x"}, b"a: [", ""),
        ({"$yaml": "x"}, b"a: 1\n---\nb: 2", "it has 2 documents, not one"),
        ({"$yaml": "x"}, b"a: &a [1]\nb: [" + b"*a," * 90000 + b"]", ""),
    ],
)
def test_a_placeholder_that_gives_nothing_is_a_problem(
    placeholder: dict[str, Any], content: bytes | None, why: str
) -> None:
    files = {ROOT: component(custom=placeholder)}
    problems = read_files(files if content is None else {**files, "x": content}).problems
    assert [problem.code for problem in problems] == ["CATALOG-PLACEHOLDER"]
    assert why in problems[0].why
    assert problems[0].at is not None


def test_one_entity_is_described_once() -> None:
    source = read_files(
        {ROOT: f"{component('Orders')}---\n{location(target='x.yaml')}", "x.yaml": component()}
    )
    (problem,) = source.problems
    assert problem.code == "ENTITY-DUPLICATE"
    assert "catalog-info.yaml:1:1" in problem.why
    with pytest.raises(InvalidDocuments):
        source.get_entities()


def test_all_mistakes_of_all_files_are_told_in_order() -> None:
    source = read_files(
        {
            ROOT: f"{component('-')}---\n{location(target='x.yaml')}---\na: [\n",
            "x.yaml": "kind: Nothing\napiVersion: v1\n",
        }
    )
    assert [(problem.code, str(problem.at)) for problem in source.problems] == [
        ("ENTITY-INVALID", "catalog-info.yaml:3:12"),
        ("YAML-INVALID", "catalog-info.yaml:12:1"),
        ("ENTITY-KIND-UNKNOWN", "x.yaml:1:1"),
    ]


def test_files_are_limited_in_number() -> None:
    most = catalog_source.MOST_FILES
    files = {f"{n}.yaml": location(f"l{n}", target=f"./{n + 1}.yaml") for n in range(most + 5)}
    source = read_files({ROOT: location(target="./0.yaml"), **files})
    assert [problem.code for problem in source.problems] == ["CATALOG-TOO-LARGE"]


def test_a_large_file_with_anchors_is_read() -> None:
    head = HEAD.format(kind="Component", name="NAME").replace(
        "name: NAME", "name: NAME, labels: &shared {tier: gold}, annotations: *shared"
    )
    spec = f"spec: {{type: service, lifecycle: production, owner: shop, note: {'n' * 400}}}\n"
    text = "---\n".join(head.replace("NAME", f"c{n}") + spec for n in range(200))
    assert len(text) > 100_000
    source = read(root=text)
    assert len(source.entities) == 200
    assert source.entities[7].entity.annotations == {"tier": "gold"}
