"""What is wrong with a template is found without rendering it."""

from pathlib import Path

import pytest

from fairway.kits.canonical import JsonObject
from fairway.ports.renderer import RenderLimits
from tests.integration.copier.conftest import Bench, Files

pytestmark = pytest.mark.integration
CONFIG = "_subdirectory: template\nname: {type: str}\nport: {type: int, default: 1}\n"


@pytest.mark.parametrize(
    "text",
    [
        "{{ name }} {{ port }} {% for n in range(port) %}{{ n }} {{ loop.index }}{% endfor %}",
        "{{ name }}{% set x = port %}{{ x }}{% macro f(a) %}{{ a }}{% endmacro %}{{ f(1) }}",
        "{{ _copier_answers['name'] }} {{ _copier_answers.port }} {{ _folder_name }}",
        "{{ name ~ port }}{% if y is defined %}{{ y }}{% endif %}{{ z | default('') }}",
        "{% with a = name %}{{ a }}{{ pathjoin('a', port | string) }}{% endwith %}",
        "{% include 'parts/head.txt' %}{% from 'parts/m.jinja' import m with context %}{{ m() }}",
        "{% set title = name %}{% include 'parts/title.txt' %}{{ port }}",
        "{{ name }}{{ port }}{% raw %}{{ anything }}{% endraw %}{# {{ nothing }} #}",
    ],
)
def test_a_sound_template_has_no_findings(bench: Bench, text: str) -> None:
    files: Files = {
        "copier.yml": CONFIG,
        "golden-path.yaml": "parameters: {{ name }}",
        "parts/head.txt": "{{ name }}",
        "parts/m.jinja": "{% macro m() %}{{ port }}{% endmacro %}",
        "parts/title.txt": "{{ title }}",
        "template/a.jinja": text,
        "template/ci.yml": "run: ${{ secrets.name }} {{ github.port }} {{ .Values.name }}",
        "template/blob.bin": bytes(range(256)),
    }
    assert bench.check(files) == []
    answers: list[JsonObject] = [{"name": "a"}]
    assert bench.renderer.render(bench.template, answers, limits=RenderLimits())


def test_a_name_with_a_loop_defines_its_variable(bench: Bench) -> None:
    config = "name: {type: str}\nparts: {type: yaml, default: [a]}\n"
    file = "{% yield part from parts %}{{ part }}{% endyield %}.jinja"
    assert bench.check({"copier.yml": config, file: "{{ name }} {{ part }}"}) == []


def test_undefined_variables_are_found_wherever_they_are(bench: Bench) -> None:
    config = """
name: {type: str, validator: "{{ name }}{{ in_validator }}"}
url: {type: str, default: "{{ in_default }}{{ name }}", help: "{{ late }}"}
late: {type: str, default: "{{ url }}", when: "{{ in_when }}"}
_skip_if_exists: ["{{ in_setting }}"]
"""
    files: Files = {
        "copier.yml": config,
        "a.jinja": "{{ late }}\n\n{{ in_text }}",
        "{% if in_name %}b{% endif %}": "",
        "c.jinja": "{% include 'd' %}",
        "d": "\n{{ in_include }}",
    }
    assert bench.check(files) == [
        ("a.jinja:3", "deny", "TEMPLATE-UNDEFINED"),
        ("copier.yml:2", "deny", "TEMPLATE-UNDEFINED"),
        ("copier.yml:3", "deny", "TEMPLATE-UNDEFINED"),
        ("copier.yml:3", "deny", "TEMPLATE-UNDEFINED"),
        ("copier.yml:4", "deny", "TEMPLATE-UNDEFINED"),
        ("copier.yml:5", "deny", "TEMPLATE-UNDEFINED"),
        ("d:2", "deny", "TEMPLATE-UNDEFINED"),
        ("{% if in_name %}b{% endif %}", "deny", "TEMPLATE-UNDEFINED"),
    ]


def test_what_copier_tells_of_the_machine_is_not_defined(bench: Bench) -> None:
    text = "{{ name }}{{ _copier_conf.sep }}\n{{ _copier_conf.src_path }}\n{{ _copier_python }}"
    assert bench.check({"a.jinja": text}) == [
        ("a.jinja:2", "deny", "TEMPLATE-UNDEFINED"),
        ("a.jinja:3", "deny", "TEMPLATE-UNDEFINED"),
    ]


def test_what_copier_says_on_a_terminal_is_not_looked_at(bench: Bench) -> None:
    config = 'name: {type: str}\n_message_after_copy: "{{ _copier_conf.dst_path }}"\n'
    assert bench.check({"copier.yml": config, "{{ name }}": ""}) == []


def test_an_unused_question_is_found(bench: Bench) -> None:
    found = bench.check({"copier.yml": CONFIG, "template/a.jinja": "{{ name }}"})
    assert found == [("copier.yml:3", "warn", "TEMPLATE-UNUSED")]


def test_marks_that_nobody_fills_are_found(bench: Bench) -> None:
    files: Files = {
        "{{ name }}": "",
        "a.txt": "x\n{{ name | upper }}",
        "b.txt": "{% if name %}",
        "c.txt": "{{ names }} {{ other }}",
    }
    assert bench.check(files) == [
        ("a.txt:2", "warn", "TEMPLATE-MARKER"),
        ("b.txt:1", "warn", "TEMPLATE-MARKER"),
    ]


def test_links_are_found(bench: Bench) -> None:
    files: Files = {
        "{{ name }}": "",
        "in.txt": Path("{{ name }}"),
        "out.txt": Path("../secret.txt"),
        "root": Path("/etc"),
    }
    assert bench.check(files) == [
        ("in.txt", "warn", "TEMPLATE-LINK"),
        ("out.txt", "warn", "TEMPLATE-LINK"),
        ("out.txt", "deny", "TEMPLATE-PATH"),
        ("root", "warn", "TEMPLATE-LINK"),
        ("root", "deny", "TEMPLATE-PATH"),
    ]


def test_syntax_errors_are_found_with_their_line(bench: Bench) -> None:
    files: Files = {
        "{{ name }}": "",
        "a.jinja": "\n{% if %}",
        "b.jinja": "{{ 1 | no_filter }}",
        "c.jinja": "{{ 1 | random }}",
        "d.jinja": "\n\n{% include 'none' %}",
        "e.jinja": b"\xff",
        "{% f": "",
        "copier.yml": 'name: {type: str}\nport: {type: int, default: "{{ 1", when: false}\n',
    }
    assert bench.check(files) == [
        ("a.jinja:2", "deny", "TEMPLATE-INVALID"),
        ("b.jinja:1", "deny", "TEMPLATE-INVALID"),
        ("c.jinja:1", "deny", "TEMPLATE-INVALID"),
        ("copier.yml:2", "deny", "TEMPLATE-INVALID"),
        ("copier.yml:2", "warn", "TEMPLATE-UNUSED"),
        ("d.jinja:3", "deny", "TEMPLATE-INVALID"),
        ("e.jinja", "deny", "TEMPLATE-INVALID"),
        ("{% f", "deny", "TEMPLATE-INVALID"),
    ]


def test_what_never_runs_is_found(bench: Bench) -> None:
    config = "name: {type: str}\n_tasks: [x]\n_migrations: [{command: x}]\n"
    assert bench.check({"copier.yml": config, "{{ name }}": ""}) == [
        ("copier.yml:2", "warn", "TEMPLATE-IGNORED"),
        ("copier.yml:3", "warn", "TEMPLATE-IGNORED"),
    ]


def test_extensions_are_found(bench: Bench) -> None:
    config = "name: {type: str}\n_jinja_extensions: [x.Y]\n"
    assert bench.check({"copier.yml": config}) == [("copier.yml:2", "deny", "TEMPLATE-UNSAFE")]


def test_files_that_cannot_be_written_are_found(bench: Bench) -> None:
    files: Files = {
        "copier.yml": CONFIG,
        "template/{{ name }}{{ port }}": "",
        "template/.git/config": "",
        "template/a.txt": "",
        "template/a.txt.jinja": "",
    }
    assert bench.check(files) == [
        ("template/.git/config", "deny", "TEMPLATE-PATH"),
        ("template/a.txt.jinja", "warn", "TEMPLATE-SHADOWED"),
    ]


def test_a_check_has_limits_too(bench: Bench) -> None:
    files = {"{{ name }}": "", "a.jinja": "{{ 'a' * 10**10 }}"}
    assert [code for _, _, code in bench.check(files)] == ["TEMPLATE-LIMIT"]
