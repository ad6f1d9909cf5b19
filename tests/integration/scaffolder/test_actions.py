"""Each action, in the workspace of a rendering."""

from pathlib import Path

import pytest

from fairway.core.source.tree import Tree, TreeFile
from fairway.kits.canonical import JsonObject
from tests.integration.scaffolder.conftest import ASKED, Bench, make_document

pytestmark = pytest.mark.integration
BLOB = bytes(range(256))


def read(tree: Tree) -> dict[str, str]:
    return {path: file.content.decode() for path, file in tree.items()}


def make_fetch(more: str = "", *, values: str = "{name: '${{ parameters.name }}', n: 3}") -> str:
    return (
        f"    - action: fetch:template\n      input: {{url: ./skeleton, values: {values}{more}}}\n"
    )


def make_steps(*steps: str) -> str:
    """Return steps of `action {inputs}`."""
    parts = [step.partition(" ") for step in steps]
    return "".join(f"    - action: {name}\n      input: {inputs}\n" for name, _, inputs in parts)


def test_a_skeleton_is_rendered_names_and_all(bench: Bench) -> None:
    made = bench.run(
        make_fetch(),
        {
            "skeleton/${{ values.name }}/${{ values.name | upper }}.txt": "${{ values.n + 1 }}",
            "skeleton/{% if values.n > 5 %}many{% endif %}.txt": "x",
            "skeleton/{% if values.n > 5 %}gone{% endif %}/a.txt": "x",
            "skeleton/run.sh*": "echo ${{ values.name }}",
            "skeleton/logo.png": BLOB,
            "skeleton/latin.txt": "grün ${{ values.name }}".encode("latin-1"),
            "skeleton/link": Path("run.sh"),
            "skeleton/empty.txt": "",
        },
    )
    assert made == {
        ".txt": TreeFile(b"x"),
        "empty.txt": TreeFile(b""),
        "latin.txt": TreeFile("grün ${{ values.name }}".encode("latin-1")),
        "link": TreeFile(b"run.sh", "120000"),
        "logo.png": TreeFile(BLOB),
        "orders/ORDERS.txt": TreeFile(b"4"),
        "run.sh": TreeFile(b"echo orders", "100755"),
    }


def test_other_forms_of_marks_are_left_alone(bench: Bench) -> None:
    text = "{{ helm }} $x ${y} {{- if .Values.x }} ${{ values.name }}"
    made = bench.run(make_fetch(), {"skeleton/a": text})
    assert made["a"].content.decode() == text.replace("${{ values.name }}", "orders")


def test_some_files_are_copied_and_their_names_rendered(bench: Bench) -> None:
    files = {
        "skeleton/.github/workflows/${{ values.name }}.yml": "${{ secrets.X }}",
        "skeleton/a.hbs": "${{ values.name }}",
        "skeleton/deep/er/b.hbs": "${{ values.name }}",
        "skeleton/deep/c.txt": "${{ values.name }}",
    }
    patterns = ", copyWithoutTemplating: ['.github/workflows/', '**/*.hbs']"
    assert read(bench.run(make_fetch(patterns), files)) == {
        ".github/workflows/orders.yml": "${{ secrets.X }}",
        "a.hbs": "${{ values.name }}",
        "deep/c.txt": "orders",
        "deep/er/b.hbs": "${{ values.name }}",
    }


def test_some_files_are_copied_with_their_names(bench: Bench) -> None:
    files = {"skeleton/${{ values.name }}.x": "${{ values.name }}", "skeleton/b": "b"}
    assert read(bench.run(make_fetch(", copyWithoutRender: ['*.x']"), files)) == {
        "${{ values.name }}.x": "${{ values.name }}",
        "b": "b",
    }


@pytest.mark.parametrize(("extension", "suffix"), [("true", ".njk"), ("tmpl", ".tmpl")])
def test_only_files_with_the_extension_are_rendered(
    bench: Bench, extension: str, suffix: str
) -> None:
    text = "${{ values.name }}"
    files = {f"skeleton/a.txt{suffix}": text, "skeleton/${{ values.name }}.txt": text}
    made = bench.run(make_fetch(f", templateFileExtension: {extension}"), files)
    assert read(made) == {"a.txt": "orders", "orders.txt": text}


def test_skeletons_of_cookiecutter_are_rendered(bench: Bench) -> None:
    files = {
        "skeleton/{{ cookiecutter.name }}.py": "x = {{ cookiecutter.n | jsonify }} ${{ keep }}",
        "skeleton/b": "{% if cookiecutter.n == 3 %}three{% endif %}",
    }
    made = bench.run(make_fetch(", cookiecutterCompat: true"), files)
    assert read(made) == {"orders.py": "x = 3 $", "b": "three"}


def test_space_around_tags_is_trimmed_on_demand(bench: Bench) -> None:
    files = {"skeleton/a": "  {% if values.n %}\n  x\n  {% endif %}\n"}
    assert read(bench.run(make_fetch(), files)) == {"a": "  \n  x\n  \n"}
    assert read(bench.run(make_fetch(", trimBlocks: true, lstripBlocks: true"))) == {"a": "  x\n"}


def test_a_file_that_is_there_is_kept_unless_replaced(bench: Bench) -> None:
    files = {"skeleton/a": "first", "other/a": "second", "other/b": "b"}
    again = make_fetch().replace("./skeleton", "./other")
    assert read(bench.run(make_fetch() + again, files)) == {"a": "first", "b": "b"}
    replacing = make_fetch(", replace: true").replace("./skeleton", "./other")
    assert read(bench.run(make_fetch() + replacing)) == {"a": "second", "b": "b"}


def test_files_are_fetched_into_a_folder(bench: Bench) -> None:
    files = {"skeleton/a": "${{ values.name }}", "plain/deep/b": "${{ values.name }}"}
    steps = make_fetch(", targetPath: './${{ parameters.name }}'") + make_steps(
        "fetch:plain {url: ./plain, targetPath: p}",
        "fetch:plain:file {url: ./plain/deep/b, targetPath: q/c}",
        "fetch:template:file {url: ./skeleton/a, targetPath: r, values: {name: x}}",
    )
    assert read(bench.run(steps, files)) == {
        "orders/a": "orders",
        "p/deep/b": "${{ values.name }}",
        "q/c": "${{ values.name }}",
        "r": "x",
    }


def test_files_are_renamed_and_deleted(bench: Bench) -> None:
    files = {f"skeleton/{name}": name for name in ("a", "b", "c.tmp", "d/e.tmp", "d/f", "g/h")}
    steps = make_fetch() + make_steps(
        "fs:rename {files: [{from: a, to: x/y}, {from: b, to: d/f, overwrite: true}]}",
        "fs:delete {files: ['**/*.tmp', g]}",
    )
    assert read(bench.run(steps, files)) == {"x/y": "a", "d/f": "b"}


def test_a_rename_onto_a_file_is_refused(bench: Bench) -> None:
    steps = make_fetch() + make_steps("fs:rename {files: [{from: a, to: b}]}")
    files = {"template.yaml": make_document(steps=steps), "skeleton/a": "a", "skeleton/b": "b"}
    refused = bench.refuse(files)
    assert (refused.code, str(refused.at)) == ("TEMPLATE-INVALID", "template.yaml:15")
    assert "overwrite: true" in refused.fix


def test_files_are_read_and_written(bench: Bench) -> None:
    steps = make_fetch() + (
        "    - {id: content, action: 'fs:read', input: {path: a}}\n"
        "    - {id: all, action: 'fs:readdir', input: {paths: ['.'], recursive: true}}\n"
        "    - action: roadiehq:utils:fs:write\n"
        "      input: {path: w, content: '${{ steps.content.output.content | upper }}'}\n"
        "    - action: fs:append\n"
        "      input:\n"
        "        path: w\n"
        '        content: \' ${{ steps.all.output.files | join(",", "path") }}\'\n'
    )
    made = bench.run(steps, {"skeleton/a": "text", "skeleton/d/b": "b"})
    assert made["w"].content == b"TEXT a,d/b"


def test_an_entity_is_written(bench: Bench) -> None:
    steps = make_steps(
        "catalog:write {entity: {kind: Component, metadata: {name: '${{ parameters.name }}'}}}"
    )
    made = bench.run(steps)
    text = b"kind: Component\nmetadata:\n  name: orders\n"
    assert made == {"catalog-info.yaml": TreeFile(text)}


def test_mappings_are_merged_into_files(bench: Bench) -> None:
    files = {"skeleton/a.json": '{"a": {"b": [1]}, "c": 1}', "skeleton/b.yaml": "a: {b: 1}\n"}
    steps = make_fetch() + make_steps(
        "roadiehq:utils:merge {path: a.json, content: {a: {b: [2], d: 3}}, mergeArrays: true}",
        "roadiehq:utils:json:merge {path: b.yaml, content: 'a: {c: 2}'}",
    )
    made = read(bench.run(steps, files))
    assert (
        made["a.json"]
        == '{\n  "a": {\n    "b": [\n      1,\n      2\n    ],\n    "d": 3\n  },\n  "c": 1\n}'
    )
    assert made["b.yaml"] == "a:\n  b: 1\n  c: 2\n"


def test_what_is_published_is_a_folder_as_it_was_then(bench: Bench) -> None:
    publish = (
        "    - action: publish:gitlab\n"
        "      input: {repoUrl: '${{ parameters.repoUrl }}', sourcePath: ./service}\n"
    )
    steps = make_fetch(", targetPath: service") + make_steps("fs:append {path: log, content: x}")
    later = make_steps("fs:append {path: service/a, content: later}")
    document = make_document(steps=steps, publish=publish + later)
    made = bench.render({"template.yaml": document, "skeleton/a": "a"})
    assert read(made.tree) == {"a": "a"}


def test_another_repository_is_not_published(bench: Bench) -> None:
    publish = "    - {action: 'publish:azure', input: {repoUrl: 'host?owner=a&repo=bills'}}\n"
    refused = bench.refuse({"template.yaml": make_document(publish=publish)})
    assert refused.code == "TEMPLATE-ANSWER"
    assert "publishes the repository 'bills', and the service is 'orders'" in refused.why


def test_a_second_repository_is_refused(bench: Bench) -> None:
    publish = "    - {action: 'publish:github', input: {repoUrl: '${{ parameters.repoUrl }}'}}\n"
    refused = bench.refuse({"template.yaml": make_document(publish=publish * 2)})
    assert "a second repository" in refused.why


def test_a_template_that_publishes_nothing_is_refused(bench: Bench) -> None:
    refused = bench.refuse({"template.yaml": make_document(publish="")})
    assert "publishes no repository" in refused.why


@pytest.mark.parametrize(
    ("file", "ref"),
    [
        (
            "kind: API\nmetadata: {name: a}\n---\nkind: Component\nmetadata: {name: B}\n",
            "component:default/b",
        ),
        ("kind: API\nmetadata: {name: a, namespace: x}\n", "api:x/a"),
        ("[", None),
    ],
)
def test_what_is_registered_is_told(bench: Bench, file: str, ref: str | None) -> None:
    register = (
        "    - {id: register, action: 'catalog:register', input: {catalogInfoPath: /c.yaml}}\n"
        "  output: {links: [{title: It, entityRef: '${{ steps.register.output.entityRef }}'}]}\n"
    )
    document = make_document(output=register)
    made = bench.render({"template.yaml": document, "skeleton/c.yaml": file})
    expected: JsonObject = {"title": "It", **({"entityRef": ref} if ref else {})}
    assert made.output == {"links": [expected]}


@pytest.mark.parametrize(
    ("action", "why"),
    [
        ("publish:github:pull-request", "a golden path makes a new one"),
        ("publish:gitlab:merge-request", "a golden path makes a new one"),
        ("http:backstage:request", "a rendering has no network"),
        ("catalog:fetch", "depends on its answers only"),
        ("fetch:cookiecutter", "runs programs"),
        ("github:webhook", "the repository is the platform's"),
        ("acme:deploy", "a program of somebody's Backstage"),
    ],
)
def test_other_actions_are_refused_by_name(bench: Bench, action: str, why: str) -> None:
    document = make_document(steps=f"    - {{action: '{action}', input: {{x: 1}}}}\n")
    refused = bench.refuse({"template.yaml": document})
    assert (refused.code, str(refused.at)) == ("TEMPLATE-UNSAFE", "template.yaml:13")
    assert f"the action '{action}' is not run" in refused.why
    assert why in refused.why
    found = bench.check({"template.yaml": document})
    assert found == [("template.yaml:13", "deny", "TEMPLATE-UNSAFE")]


@pytest.mark.parametrize(
    ("inputs", "why"),
    [
        ("{values: {}}", "input 'url' is missing"),
        ("{url: 5}", "input 'url' is a text"),
        ("{url: ./skeleton, copyWithoutTemplating: x}", "is a list"),
        ("{url: ./skeleton, copyWithoutTemplating: [a], templateFileExtension: true}", "exclude"),
        ("{url: ./absent}", "which the template has not"),
        ("{url: '${{ parameters.absent }}'}", "missing, or comes out empty"),
    ],
)
def test_wrong_inputs_are_named(bench: Bench, inputs: str, why: str) -> None:
    steps = make_steps(f"fetch:template {inputs}")
    refused = bench.refuse({"template.yaml": make_document(steps=steps, parameters=ASKED)})
    assert refused.code in ("TEMPLATE-INVALID", "TEMPLATE-PATH")
    assert str(refused.at) == "template.yaml:13"
    assert why in refused.why
