"""Templates that mean harm are refused, by name of what they did."""

import os
import time
from pathlib import Path

import pytest

from tests.integration.scaffolder.conftest import FETCH, MIB, Bench, Files, make_document

pytestmark = pytest.mark.integration
LOOP = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
TEXTS = """\
  parameters:
    - properties:
        name: {type: string}
        text: {type: string}
        repoUrl: {type: string, ui:field: RepoUrlPicker}
"""


def make_step(action: str, inputs: str) -> str:
    return f"    - id: step\n      action: {action}\n      input: {inputs}\n"


def test_an_endless_loop_ends_by_its_cpu(bench: Bench) -> None:
    refused = bench.refuse({"skeleton/a.txt": f"x\n{LOOP}"})
    assert refused.code == "TEMPLATE-LIMIT"
    assert "3 s of CPU" in refused.why


def test_a_loop_in_a_step_ends_too(bench: Bench) -> None:
    step = make_step("debug:log", f'{{message: "{LOOP}"}}')
    started = time.monotonic()
    assert "CPU" in bench.refuse({"template.yaml": make_document(steps=step)}).why
    assert time.monotonic() - started < 20


def test_a_slow_pattern_ends_by_its_cpu(bench: Bench) -> None:
    text = "${{ ('a'.repeat(50) + 'b') | replace(r/(a+)+$/, '') }}"
    assert "CPU" in bench.refuse({"skeleton/a.txt": text}).why


@pytest.mark.parametrize(
    "text",
    [
        "${{ 'a'.repeat(10000000000) }}",
        "{% set l = ['a'] %}{% for n in range(99) %}{% set l = l.concat(l) %}{% endfor %}",
        "${{ 'a' | center(10000000000) }}",
        "${{ 'a'.padStart(10000000000) }}",
    ],
)
def test_what_fills_memory_is_ended(bench: Bench, text: str) -> None:
    refused = bench.refuse({"skeleton/a.txt": text})
    assert refused.code == "TEMPLATE-LIMIT"
    assert "300 MiB of memory" in refused.why


def test_a_bomb_of_aliases_is_refused(bench: Bench) -> None:
    rows = ["  a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"  a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    text = make_document() + "\n".join(rows)
    refused = bench.refuse({"template.yaml": text})
    assert refused.code in ("TEMPLATE-INVALID", "TEMPLATE-LIMIT")


def test_counting_too_far_is_refused(bench: Bench) -> None:
    refused = bench.refuse({"skeleton/a.txt": "\n${{ range(1000000000) }}"})
    assert (refused.code, str(refused.at)) == ("TEMPLATE-LIMIT", "skeleton/a.txt:2")
    assert "range" in refused.why


@pytest.mark.parametrize(
    "text",
    [
        "{% macro f() %}${{ f() }}{% endmacro %}${{ f() }}",
        "${{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
        "{% if 1 %}" * 3000 + "{% endif %}" * 3000,
        "{% set a = [] %}{% for n in range(99999) %}{% set a = [a] %}{% endfor %}${{ a | dump }}",
    ],
    ids=["macro", "brackets", "tags", "value"],
)
def test_endless_depth_is_refused(bench: Bench, text: str) -> None:
    refused = bench.refuse({"skeleton/a.txt": text})
    assert refused.code in ("TEMPLATE-LIMIT", "TEMPLATE-INVALID")
    assert "without end" in refused.why or "nested too deeply" in refused.why


def test_what_fills_the_disk_is_refused(bench: Bench) -> None:
    refused = bench.refuse({"skeleton/a.txt": f"${{{{ 'a'.repeat({30 * MIB}) }}}}"})
    assert (refused.code, "20 MiB" in refused.why) == ("TEMPLATE-LIMIT", True)
    loop = "    - {action: 'fs:append', each: '${{ range(999) }}', input: {path: a, content: x}}\n"
    steps = loop.replace("content: x", f"content: '${{{{ \"a\".repeat({MIB}) }}}}'")
    refused = bench.refuse({"skeleton/a.txt": "", "template.yaml": make_document(steps=steps)})
    assert (refused.code, "20 MiB" in refused.why) == ("TEMPLATE-LIMIT", True)


def test_too_many_files_are_refused(bench: Bench) -> None:
    step = make_step("roadiehq:utils:fs:write", "{path: '${{ each.key }}', content: x}")
    steps = step + "      each: ${{ range(900) }}\n"
    refused = bench.refuse({"template.yaml": make_document(steps=steps)})
    assert (refused.code, "300 files" in refused.why) == ("TEMPLATE-LIMIT", True)


PATHS = ("../x", "a/../../x", "/tmp/evil-x", ".git/hooks/post-checkout", "a/.GIT/config")


@pytest.mark.parametrize(
    ("action", "inputs"),
    [
        ("fetch:template", "{url: ./skeleton, targetPath: PATH}"),
        ("fetch:plain", "{url: ./skeleton, targetPath: PATH}"),
        ("fetch:plain:file", "{url: ./skeleton/a, targetPath: PATH}"),
        ("fetch:template:file", "{url: ./skeleton/a, targetPath: PATH}"),
        ("catalog:write", "{filePath: PATH, entity: {kind: Component}}"),
        ("fs:delete", "{files: [PATH]}"),
        ("fs:read", "{path: PATH}"),
        ("fs:readdir", "{paths: [PATH]}"),
        ("fs:rename", "{files: [{from: PATH, to: x}]}"),
        ("roadiehq:utils:merge", "{path: PATH, content: {}}"),
        ("publish:gitea", "{repoUrl: '${{ parameters.repoUrl }}', sourcePath: PATH}"),
    ],
)
def test_no_action_leaves_the_workspace(bench: Bench, action: str, inputs: str) -> None:
    _refuse_path(bench, action, inputs, "../x")


@pytest.mark.parametrize("path", PATHS)
def test_no_path_leaves_the_workspace(bench: Bench, path: str) -> None:
    _refuse_path(bench, "fs:append", "{path: PATH, content: x}", path)


def _refuse_path(bench: Bench, action: str, inputs: str, path: str) -> None:
    step = make_step(action, inputs.replace("PATH", "'${{ parameters.text }}'"))
    document = make_document(steps=step, parameters=TEXTS)
    refused = bench.refuse({"template.yaml": document, "skeleton/a": "a"}, text=path)
    assert (refused.code, str(refused.at)) == ("TEMPLATE-PATH", "template.yaml:13")
    assert not Path("/tmp/evil-x").exists()
    assert not (bench.scratch / "x").exists()


@pytest.mark.parametrize("path", [*PATHS, "..", "x\0y"])
def test_a_files_name_cannot_lead_outside(bench: Bench, path: str) -> None:
    steps = FETCH.replace("name: ", "text: ").replace("parameters.name", "parameters.text")
    document = make_document(steps=steps, parameters=TEXTS)
    files = {"template.yaml": document, "skeleton/a/${{ values.text }}.txt": "x"}
    if path.startswith("/"):
        made = bench.render({**files, "skeleton/b": "b"}, text=path)
        assert set(made.tree) == {"b"}
        return
    refused = bench.refuse(files, text=path + "/x")
    assert refused.code == "TEMPLATE-PATH"
    assert str(refused.at) == "skeleton/a/${{ values.text }}.txt"


@pytest.mark.parametrize(
    "url",
    ["../secret.txt", "..", "/etc", "https://example.com/x", "file:///etc", "skeleton/../../x"],
)
@pytest.mark.parametrize("action", ["fetch:template", "fetch:plain", "fetch:plain:file"])
def test_nothing_is_fetched_from_outside(bench: Bench, action: str, url: str) -> None:
    steps = make_step(action, f"{{url: '{url}', targetPath: a}}")
    refused = bench.refuse({"template.yaml": make_document(steps=steps)})
    assert refused.code in ("TEMPLATE-PATH", "TEMPLATE-UNSAFE")
    assert refused.at is not None
    assert refused.at.file == "template.yaml"


@pytest.mark.parametrize("target", ["../secret.txt", "../../secret.txt", "/etc/passwd"])
def test_a_link_to_outside_is_not_read(bench: Bench, target: str) -> None:
    refused = bench.refuse({"skeleton/a.txt": Path(target)})
    assert refused.code == "TEMPLATE-PATH"
    # The first leads nowhere in the template, and outside in the repository.
    assert str(refused.at) == ("a.txt" if target == "../secret.txt" else "skeleton/a.txt")


@pytest.mark.parametrize("path", ["link", "link/x"])
def test_a_link_is_not_followed_to_where_it_leads_after_the_copy(bench: Bench, path: str) -> None:
    write = make_step("fs:append", f"{{path: {path}, content: x}}").replace("id: step", "id: write")
    steps = make_step("fetch:plain", "{url: ./a/b/c}") + write
    files: Files = {"a/b/c/link": Path("../../../skeleton"), "skeleton/x": "x"}
    refused = bench.refuse({"template.yaml": make_document(steps=steps), **files})
    assert (refused.code, str(refused.at)) == ("TEMPLATE-PATH", "template.yaml:16")


def test_a_pipe_in_a_template_is_refused(bench: Bench) -> None:
    os.mkfifo(bench.write({}) / "pipe")
    assert str(bench.refuse({}).at) == "pipe"


@pytest.mark.parametrize(
    "text",
    [
        "${{ ''.constructor.constructor('return process')() }}",
        "${{ [].constructor }}",
        "${{ values.__proto__ }}",
        "${{ values['constructor'] }}",
        "${{ range.constructor }}",
        "${{ ({}).__defineGetter__ }}",
        "{% macro m() %}{% endmacro %}${{ m.call.constructor }}",
        "${{ cycler.__init__.__globals__ }}",
        "${{ ''.__class__.__mro__ }}",
        "${{ values.name.at.constructor }}",
    ],
)
def test_there_is_no_way_to_what_interprets_a_text(bench: Bench, text: str) -> None:
    refused = bench.refuse({"skeleton/a.txt": f"\n{text}"})
    assert refused.code in ("TEMPLATE-UNSAFE", "TEMPLATE-INVALID")
    assert str(refused.at) == "skeleton/a.txt:2"


def test_the_machine_is_not_seen(bench: Bench) -> None:
    names = "process env require global globalThis __dirname os sys self this console Date Math"
    text = "".join(f"${{{{ {name} }}}}" for name in names.split())
    made = bench.render({"skeleton/a.txt": text})
    assert made.tree["a.txt"].content == b""


def test_an_answer_is_never_run_as_a_text(bench: Bench) -> None:
    document = make_document(
        steps=FETCH.replace("parameters.name", "parameters.text").replace("name:", "text:"),
        parameters=TEXTS,
    )
    files = {"template.yaml": document, "skeleton/a.txt": "${{ values.text }}"}
    made = bench.render(files, text="${{ 1 + 1 }}{% raw %}")
    assert made.tree["a.txt"].content == b"${{ 1 + 1 }}{% raw %}"
