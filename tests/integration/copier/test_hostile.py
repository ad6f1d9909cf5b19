"""Templates that mean harm are refused, by name of what they did."""

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.integration.copier.conftest import MIB, SMALL, Bench, Files

pytestmark = pytest.mark.integration


def test_an_endless_loop_ends_by_its_cpu(bench: Bench) -> None:
    loop = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
    refused = bench.refuse({"src/a.jinja": f"x\n{loop}"})
    assert (refused.code, str(refused.at)) == ("TEMPLATE-LIMIT", "src/a.jinja")
    assert "3 s of CPU" in refused.why


def test_a_loop_within_one_operation_ends_too(bench: Bench) -> None:
    started = time.monotonic()
    refused = bench.refuse({"a.jinja": "{% set n = 3 ** (10**8) %}"}, times=20)
    assert refused.code == "TEMPLATE-LIMIT"
    assert "CPU" in refused.why
    assert time.monotonic() - started < 20


def test_a_slow_pattern_ends_by_its_cpu(bench: Bench) -> None:
    text = "{{ ('a' * 50 ~ 'b') | regex_search('(a+)+$') }}"
    assert "CPU" in bench.refuse({"a.jinja": text}).why


def test_a_text_that_fills_memory_is_ended(bench: Bench) -> None:
    refused = bench.refuse({"a.jinja": "{{ 'a' * 10**10 }}"})
    assert refused.code == "TEMPLATE-LIMIT"
    assert "300 MiB of memory" in refused.why


def test_a_list_that_fills_memory_is_ended(bench: Bench) -> None:
    text = (
        "{% set l = [[1] * 10**6] %}{% for n in range(10**5) %}{% set _ = l.append([n] * 10**6) %}"
    )
    assert "memory" in bench.refuse({"a.jinja": text + "{% endfor %}"}).why


def test_a_bomb_of_aliases_is_ended(bench: Bench) -> None:
    rows = ["a0: &a0 {default: [x, x, x, x, x, x, x, x, x, x]}"]
    rows += [f"a{n}: &a{n} {{default: [{', '.join([f'*a{n - 1}'] * 10)}]}}" for n in range(1, 12)]
    refused = bench.refuse({"copier.yml": "\n".join([*rows, "name: {type: str}"])})
    assert refused.code == "TEMPLATE-LIMIT"


def test_a_bomb_of_ranges_is_refused(bench: Bench) -> None:
    refused = bench.refuse({"a.jinja": "\n{% for n in range(10**9) %}{% endfor %}"})
    assert (refused.code, str(refused.at)) == ("TEMPLATE-LIMIT", "a.jinja:2")
    assert "range" in refused.why


@pytest.mark.parametrize(
    "files",
    [
        {"a.jinja": "{% include 'a.jinja' %}"},
        {"a.jinja": "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}"},
        {"a.jinja": "{% extends 'a.jinja' %}"},
    ],
    ids=["include", "macro", "extends"],
)
def test_endless_recursion_is_refused(bench: Bench, files: dict[str, str]) -> None:
    refused = bench.refuse(files)
    assert refused.code == "TEMPLATE-LIMIT"
    assert "without end" in refused.why


def test_one_file_that_fills_the_disk_is_refused(bench: Bench) -> None:
    refused = bench.refuse({"a.jinja": "{{ 'a' * (30 * 1024**2) }}"})
    assert (refused.code, str(refused.at)) == ("TEMPLATE-LIMIT", "a.jinja")
    assert "20 MiB" in refused.why


def test_many_files_that_fill_the_disk_are_refused(bench: Bench) -> None:
    name = "{% yield n from range(200) %}{{ n }}{% endyield %}.jinja"
    refused = bench.refuse({name: "{{ 'a' * 1024**2 }}"})
    assert "20 MiB" in refused.why


def test_too_many_files_are_refused(bench: Bench) -> None:
    name = "{% yield n from range(99999) %}{{ n }}{% endyield %}.jinja"
    refused = bench.refuse({name: ""})
    assert refused.code == "TEMPLATE-LIMIT"
    assert "300 files" in refused.why


def test_limits_are_for_each_of_many_renderings(bench: Bench) -> None:
    root = bench.write({f"{n}.txt": b"a" * MIB for n in range(12)})
    limits = replace(SMALL, files=20)
    made = bench.renderer.render(root, [{"name": "a"}, {"name": "b"}], limits=limits)
    assert [len(one.tree) for one in made] == [12, 12]


@pytest.mark.parametrize(
    "text",
    [
        "{% include '/etc/passwd' %}",
        "{% include '../secret.txt' %}",
        "{% include name %}",
        "{% import 'a/../../secret.txt' as x %}{{ x }}",
        "{{ '../*' | fileglob }}",
        "{{ '$HOME' | expandvars }}",
        "{{ _copier_conf.src_path }}",
        "{{ _copier_python }}",
    ],
)
def test_a_template_reads_nothing_outside(bench: Bench, text: str) -> None:
    refused = bench.refuse({"a.jinja": text}, name="../secret.txt")
    assert refused.code in ("TEMPLATE-INVALID", "TEMPLATE-PATH")
    assert str(refused.at) == "a.jinja:1"


def test_settings_do_not_include_files_from_outside(bench: Bench) -> None:
    refused = bench.refuse({"copier.yml": "name: {type: str}\n_exclude: !include ../*.txt\n"})
    assert (refused.code, str(refused.at)) == ("TEMPLATE-INVALID", "copier.yml:2")


@pytest.mark.parametrize("keep", ["true", "false"])
@pytest.mark.parametrize("target", ["../secret.txt", "/etc/passwd", "folder/../../secret.txt"])
def test_a_link_to_outside_is_not_read(bench: Bench, target: str, keep: str) -> None:
    config = f"_preserve_symlinks: {keep}\nname: {{type: str}}\n"
    refused = bench.refuse({"copier.yml": config, "folder/x": "", "a.txt": Path(target)})
    assert (refused.code, str(refused.at)) == ("TEMPLATE-PATH", "a.txt")
    assert target in refused.why


def test_a_link_to_a_link_to_outside_is_not_read(bench: Bench) -> None:
    files = {"b.txt": Path("folder/up/secret.txt"), "folder/up": Path("../..")}
    assert bench.refuse(files).code == "TEMPLATE-PATH"


def test_an_included_link_to_outside_is_not_read(bench: Bench) -> None:
    config = "_subdirectory: template\nname: {type: str}\n"
    files = {"copier.yml": config, "template/a.jinja": "{% include 'leak' %}"}
    refused = bench.refuse({**files, "leak": Path("../secret.txt")})
    assert (refused.code, str(refused.at)) == ("TEMPLATE-PATH", "leak")


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "a/../../x",
        "/tmp/x",
        "..",
        ".git/hooks/post-checkout",
        "a/.GIT/config",
        "x\0y",
        "\udc80",
    ],
)
def test_a_name_cannot_lead_outside(bench: Bench, name: str) -> None:
    literal = "".join(char if char.isascii() else "\\udc80" for char in name)
    literal = literal.replace("\0", "\\x00").replace("/", "\\x2f")
    refused = bench.refuse({f"{{{{ '{literal}' }}}}.jinja": "x"})
    assert refused.code == "TEMPLATE-PATH"
    assert not Path("/tmp/x").exists()
    assert not (bench.scratch / "x").exists()


def test_an_answer_cannot_lead_outside(bench: Bench) -> None:
    refused = bench.refuse({"{{ name }}/a.txt": "x"}, name="../../x")
    assert (refused.code, str(refused.at)) == ("TEMPLATE-PATH", "{{ name }}")


def test_a_name_that_no_disk_takes_is_refused(bench: Bench) -> None:
    refused = bench.refuse({"{{ 'a' * 300 }}.jinja": "x"})
    assert (refused.code, str(refused.at)) == ("TEMPLATE-PATH", "{{ 'a' * 300 }}.jinja")
    assert refused.why == "file name too long"


@pytest.mark.parametrize("target", ["{{ '../x' }}", "{{ '/etc' }}", "a/{{ '../../x' }}", ".git/x"])
def test_a_link_cannot_be_made_to_lead_outside(bench: Bench, target: str) -> None:
    config = "_preserve_symlinks: true\nname: {type: str}\n"
    refused = bench.refuse({"copier.yml": config, "a/b": "", "link.jinja": Path(target)})
    assert refused.code == "TEMPLATE-PATH"
    assert str(refused.at) == "link"


def test_nothing_is_written_through_a_link(bench: Bench) -> None:
    config = "_preserve_symlinks: true\nname: {type: str}\n"
    link = Path("{{ '../..' }}")
    files: Files = {"copier.yml": config, "a.jinja": link, "{{ 'a' }}/evil.txt": "x"}
    assert bench.refuse(files).code in ("TEMPLATE-PATH", "TEMPLATE-INVALID")
    assert not (bench.scratch / "evil.txt").exists()


def test_the_subdirectory_cannot_lead_outside(bench: Bench) -> None:
    refused = bench.refuse({"copier.yml": "_subdirectory: ..\nname: {type: str}\n"})
    assert refused.code == "TEMPLATE-PATH"


def test_a_pipe_in_a_template_is_refused(bench: Bench) -> None:
    os.mkfifo(bench.write({}) / "pipe")
    assert str(bench.refuse({}).at) == "pipe"


def test_a_name_that_is_not_utf8_is_refused(bench: Bench) -> None:
    Path(os.fsdecode(os.fsencode(bench.write({})) + b"/b\xff")).write_text("x")
    refused = bench.refuse({})
    assert (refused.code, str(refused.at)) == ("TEMPLATE-PATH", "b\\xff")


def test_extensions_are_refused(bench: Bench) -> None:
    config = "_jinja_extensions: [jinja2.ext.debug]\nname: {type: str}\n"
    refused = bench.refuse({"copier.yml": config})
    assert (refused.code, str(refused.at)) == ("TEMPLATE-UNSAFE", "copier.yml:1")


def test_extensions_do_not_come_by_another_door(bench: Bench) -> None:
    config = "_envops: {extensions: [jinja2.ext.debug]}\nname: {type: str}\n"
    assert bench.refuse({"copier.yml": config}).code == "TEMPLATE-INVALID"


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ name | attr('__class__') }}",
        "{{ name['__class__'] }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ namespace.__init__.__globals__ }}",
        "{{ '{0.__class__.__mro__}'.format(name) }}",
        "{{ '{x.__class__}'.format_map({'x': name}) }}",
        "{{ _copier_conf._pending.sep.__globals__ }}",
        "{{ _copier_conf.answers_file.parser }}",
        "{{ [name] | map(attribute='__class__') | first }}",
        "{% set f = 'format' %}{{ ('{0.__class__}' | attr(f))(name) }}",
    ],
)
def test_the_sandbox_holds(bench: Bench, text: str) -> None:
    refused = bench.refuse({"a.jinja": f"\n{text}"})
    assert refused.code in ("TEMPLATE-UNSAFE", "TEMPLATE-INVALID")
    assert str(refused.at) == "a.jinja:2"
