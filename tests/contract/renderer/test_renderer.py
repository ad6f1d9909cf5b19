"""What every renderer of Copier's language does."""

from collections.abc import Callable
from pathlib import Path

import pytest

from fairway.core.source.tree import TreeFile
from fairway.drivers.jsonschema.checker import JsonSchemaChecker
from fairway.kits.canonical import JsonObject
from fairway.kits.errors import Refused
from fairway.ports.renderer import Renderer, Rendering, RenderLimits
from tests.contract.renderer.conftest import Files, MakeTemplate

ORDERS: JsonObject = {"name": "orders"}
Render = Callable[..., Rendering]


@pytest.fixture
def render(renderer: Renderer, make_template: MakeTemplate) -> Render:
    def run(files: Files, answers: JsonObject = ORDERS) -> Rendering:
        return renderer.render(make_template(files), [answers], limits=RenderLimits())[0]

    return run


def _refuse(render: Render, files: Files, answers: JsonObject = ORDERS) -> Refused:
    with pytest.raises(Refused) as refused:
        render(files, answers)
    return refused.value


def test_files_with_the_suffix_are_rendered_and_others_copied(render: Render) -> None:
    made = render({"a.txt.jinja": "{{ name }}!\n", "b.txt": "{{ name }}!\n"})
    assert made.tree == {
        "a.txt": TreeFile(b"orders!\n"),
        "b.txt": TreeFile(b"{{ name }}!\n"),
    }


def test_only_the_subdirectory_is_rendered(render: Render) -> None:
    config = "_subdirectory: template\nname: {type: str}\n"
    made = render({"copier.yml": config, "README.md": "of the path", "template/a.txt": "a"})
    assert set(made.tree) == {"a.txt"}


def test_names_are_rendered_and_empty_ones_left_out(render: Render) -> None:
    config = "name: {type: str}\ndb: {type: bool, default: false}\n"
    made = render(
        {
            "copier.yml": config,
            "src/{{ name }}/main.py": "x",
            "{% if db %}migrations{% endif %}/1.sql": "x",
            "{% if not db %}memory.py{% endif %}.jinja": "{{ name }}",
        }
    )
    assert set(made.tree) == {"src/orders/main.py", "memory.py"}


def test_one_file_becomes_many(render: Render) -> None:
    config = "name: {type: str}\nparts: {type: yaml, default: [a, b]}\n"
    name = "{% yield part from parts %}{{ part }}{% endyield %}.txt.jinja"
    made = render({"copier.yml": config, name: "{{ part }} of {{ name }}", "z.jinja": "z"})
    assert {path: file.content for path, file in made.tree.items()} == {
        "a.txt": b"a of orders",
        "b.txt": b"b of orders",
        "z": b"z",
    }


def test_loops_includes_and_macros_work(render: Render) -> None:
    made = render(
        {
            "copier.yml": "_subdirectory: template\nname: {type: str}\n",
            "parts/head.txt": "# {{ name }}\n",
            "parts/macros.jinja": "{% macro line(n) %}line {{ n }}\n{% endmacro %}",
            "template/a.jinja": "{% include 'parts/head.txt' %}"
            "{% from 'parts/macros.jinja' import line %}"
            "{% for n in range(2) %}{{ line(n) }}{% endfor %}",
        }
    )
    assert made.tree["a"].content == b"# orders\nline 0\nline 1\n"


def test_modes_and_links_are_kept(render: Render) -> None:
    made = render(
        {
            "copier.yml": "_preserve_symlinks: true\nname: {type: str}\n",
            "run.sh.jinja*": "echo {{ name }}",
            "bin/tool*": "x",
            "latest": Path("bin/tool"),
            "gone": Path("bin/absent"),
            "folder": Path("bin"),
            "{{ name }}.link.jinja": Path("bin/{{ name }}"),
        }
    )
    assert {path: (file.mode, file.content) for path, file in made.tree.items()} == {
        "bin/tool": ("100755", b"x"),
        "run.sh": ("100755", b"echo orders"),
        "latest": ("120000", b"bin/tool"),
        "gone": ("120000", b"bin/absent"),
        "folder": ("120000", b"bin"),
        "orders.link": ("120000", b"bin/orders"),
    }


def test_links_are_followed_where_the_template_does_not_keep_them(render: Render) -> None:
    made = render({"a.txt": "a", "b.txt": Path("a.txt")})
    assert made.tree["b.txt"] == TreeFile(b"a")


def test_content_is_kept_byte_by_byte(render: Render) -> None:
    blob = bytes(range(256)) * 10
    files = {
        "logo.png": blob,
        "latin.txt": "grün".encode("latin-1"),
        "dos.txt": b"a\r\nb\r\n",
        "no_newline.jinja": "{{ name }}",
        "newline.jinja": "{{ name }}\n\n",
        "Straße/€ 😀.txt": "ü",
        "empty.txt": "",
    }
    tree = render(files).tree
    assert tree["logo.png"].content == blob
    assert tree["latin.txt"].content == b"gr\xfcn"
    assert tree["dos.txt"].content == b"a\r\nb\r\n"
    assert tree["no_newline"].content == b"orders"
    assert tree["newline"].content == b"orders\n\n"
    assert tree["Straße/€ 😀.txt"].content == "ü".encode()
    assert tree["empty.txt"].content == b""


def test_what_a_template_excludes_is_left_out(render: Render) -> None:
    config = "_exclude: ['*.tmp', copier.yml, '{{ name }}.md']\nname: {type: str}\n"
    made = render({"copier.yml": config, "a.tmp": "", "orders.md": "", "b": ""})
    assert set(made.tree) == {"b"}


def test_answers_are_those_given_and_by_default_without_secrets(render: Render) -> None:
    config = """
name: {type: str}
port: {type: int, default: 8080}
url: {type: str, default: "http://{{ name }}:{{ port }}"}
package: {type: str, default: "{{ name | replace('-', '_') }}", when: false}
password: {type: str, secret: true, default: ""}
cache: {type: bool, default: false}
cache_size: {type: int, default: 5, when: "{{ cache }}"}
"""
    files = {"copier.yml": config, "a.jinja": "{{ package }} {{ password }} {{ cache_size }}"}
    given: JsonObject = {"name": "my-app", "port": 90, "password": "hunter2", "cache_size": 7}
    made = render(files, given)
    assert made.answers == {
        "name": "my-app",
        "port": 90,
        "url": "http://my-app:90",
        "cache": False,
    }
    assert made.tree["a"].content == b"my_app hunter2 5"


def test_the_answers_file_names_answers_only(render: Render) -> None:
    config = "name: {type: str}\nport: {type: int, default: 1}\n"
    name = "{{ _copier_conf.answers_file }}.jinja"
    made = render({"copier.yml": config, name: "{{ _copier_answers | to_nice_yaml }}"})
    assert made.tree == {".copier-answers.yml": TreeFile(b"name: orders\nport: 1\n")}


def test_the_same_template_and_answers_give_the_same_tree(
    renderer: Renderer, make_template: MakeTemplate
) -> None:
    text = (
        "{% set shared = namespace(n=0) %}"
        "{% macro next() %}{% set shared.n = shared.n + 1 %}{{ shared.n }}{% endmacro %}"
    )
    use = "{% import 'm.txt' as m %}{{ m.next() }}{{ ['b', 'a', 'c'] | unique | join }}{{ name }}"
    more = "{{ _folder_name }} {{ _copier_conf.os }} {{ words }}{% do_nothing %}"
    files = {
        "copier.yml": "name: {type: str}\nwords: {type: yaml, default: [x]}\n",
        "m.txt": text,
        "a.jinja": use,
        "b.jinja": more.replace("{% do_nothing %}", "{% set _ = words.append('y') %}{{ words }}"),
    }
    root = make_template(files)
    answers: list[JsonObject] = [{"name": "orders"}, {"name": "shop"}, {"name": "orders"}]
    first, other, again = renderer.render(root, answers, limits=RenderLimits())
    (alone,) = renderer.render(root, [ORDERS], limits=RenderLimits())
    assert first == again == alone
    assert first.tree["a"].content == b"1bacorders"
    assert first.tree["b"].content == b"orders linux ['x']['x', 'y']"
    assert other.tree["a"].content == b"1bacshop"


def test_no_answers_give_no_renderings(renderer: Renderer, make_template: MakeTemplate) -> None:
    assert renderer.render(make_template({}), [], limits=RenderLimits()) == ()


def test_an_answer_to_no_question_is_left_out(render: Render) -> None:
    files = {"a.jinja": "{{ name }}{{ old is defined }}"}
    made = render(files, {"name": "orders", "old": 1})
    assert (made.tree["a"].content, made.answers) == (b"ordersFalse", {"name": "orders"})


def test_an_undefined_variable_is_named_with_its_line(render: Render) -> None:
    refused = _refuse(render, {"src/a.py.jinja": "x = 1\n{{ nmae }}\n"})
    assert refused.code == "TEMPLATE-INVALID"
    assert "'nmae' is undefined" in refused.why
    assert str(refused.at) == "src/a.py.jinja:2"
    assert "for 'orders'" in refused.what


def test_a_variable_that_is_tested_may_be_undefined(render: Render) -> None:
    made = render({"a.jinja": "{% if x is defined %}{{ x }}{% endif %}{{ y | default('z') }}"})
    assert made.tree["a"].content == b"z"


def test_a_syntax_error_is_named_with_its_line(render: Render) -> None:
    refused = _refuse(render, {"a.jinja": "\n\n{% if name %}\n"})
    assert (refused.code, str(refused.at)) == ("TEMPLATE-INVALID", "a.jinja:3")


def test_an_undefined_variable_in_a_name_is_named_with_the_file(render: Render) -> None:
    refused = _refuse(render, {"{{ nmae }}.txt": ""})
    assert (refused.code, str(refused.at)) == ("TEMPLATE-INVALID", "{{ nmae }}.txt")
    assert "'nmae' is undefined" in refused.why


def test_an_undefined_variable_in_a_question_is_named_with_its_line(render: Render) -> None:
    config = 'name: {type: str}\nurl: {type: str, default: "{{ nmae }}"}\n'
    refused = _refuse(render, {"copier.yml": config})
    assert (refused.code, str(refused.at)) == ("TEMPLATE-INVALID", "copier.yml:2")


def test_a_missing_answer_is_named(render: Render) -> None:
    refused = _refuse(render, {}, {})
    assert refused.code == "TEMPLATE-ANSWER"
    assert refused.why == "name: an answer is required"


def test_a_validator_says_why_an_answer_is_refused(render: Render) -> None:
    validator = "{% if name == 'orders' %}{{ name }} is taken{% endif %}"
    refused = _refuse(render, {"copier.yml": f'name: {{type: str, validator: "{validator}"}}\n'})
    assert (refused.code, refused.why) == ("TEMPLATE-ANSWER", "name: orders is taken")
    assert str(refused.at) == "copier.yml:1"


def test_an_answer_that_is_no_choice_is_refused(render: Render) -> None:
    config = "name: {type: str}\nsize: {type: str, choices: [small, large]}\n"
    refused = _refuse(render, {"copier.yml": config}, {"name": "a", "size": "huge"})
    assert refused.code == "TEMPLATE-ANSWER"
    assert refused.why == "size: 'huge' is not in ['small', 'large']"


def test_a_refused_secret_is_not_told(render: Render) -> None:
    config = (
        "name: {type: str}\n"
        'key: {type: str, secret: true, default: "", validator: "{{ key }} is too short"}\n'
    )
    refused = _refuse(render, {"copier.yml": config}, {"name": "a", "key": "hunter2"})
    assert refused.why == "key: ••• is too short"


def test_two_files_that_become_one_are_refused(render: Render) -> None:
    refused = _refuse(render, {"{{ name }}.txt": "a", "orders.txt": "b"})
    assert refused.code == "TEMPLATE-INVALID"
    assert "'orders.txt'" in refused.why


def test_a_file_and_a_folder_of_one_name_are_refused(render: Render) -> None:
    refused = _refuse(render, {"{{ name }}/a.txt": "a", "orders": "b"})
    assert refused.code == "TEMPLATE-INVALID"


def test_tasks_and_migrations_are_not_run(render: Render) -> None:
    config = """
name: {type: str}
_tasks: ["touch made-by-task"]
_migrations: [{version: v1, command: touch made-by-migration}]
_message_after_copy: "{{ undefined }}"
"""
    assert set(render({"copier.yml": config, "a": ""}).tree) == {"a"}


QUESTIONS = """
name: {type: str, help: The component's name, placeholder: orders}
owner: {type: str}
port: {type: int, default: 8080}
ratio: {type: float, default: 0.5}
db: true
size: {type: str, choices: [small, large], default: small}
region: {type: str, choices: {Europe: eu, Asia: as}}
features:
  {type: str, multiselect: true, choices: [[Logs, logs], [Metrics, metrics]], default: [logs]}
extra: {type: yaml, default: null}
notes: {type: str, multiline: true, default: ""}
package: {type: str, default: "{{ name }}"}
slug: {type: str, default: x, when: false}
cache: {type: int, when: "{{ db }}"}
password: {type: str, secret: true, default: ""}
"""
PROPERTIES: dict[str, JsonObject] = {
    "name": {
        "type": "string",
        "description": "The component's name",
        "ui:placeholder": "orders",
    },
    "owner": {"type": "string"},
    "port": {"type": "integer", "default": 8080},
    "ratio": {"type": "number", "default": 0.5},
    "db": {"type": "boolean", "default": True},
    "size": {"type": "string", "enum": ["small", "large"], "default": "small"},
    "region": {
        "type": "string",
        "oneOf": [{"const": "eu", "title": "Europe"}, {"const": "as", "title": "Asia"}],
    },
    "features": {
        "type": "array",
        "uniqueItems": True,
        "items": {
            "type": "string",
            "oneOf": [
                {"const": "logs", "title": "Logs"},
                {"const": "metrics", "title": "Metrics"},
            ],
        },
        "default": ["logs"],
    },
    "extra": {"default": None, "ui:widget": "textarea"},
    "notes": {"type": "string", "default": "", "ui:widget": "textarea"},
    "package": {"type": "string", "x-fairway-default": "computed"},
    "cache": {"type": "integer", "x-fairway-when": "{{ db }}"},
    "password": {
        "type": "string",
        "writeOnly": True,
        "default": "",
        "ui:widget": "password",
    },
}


def test_parameters_are_a_schema_of_the_answers(
    renderer: Renderer, make_template: MakeTemplate
) -> None:
    schema = renderer.read_parameters(make_template({"copier.yml": QUESTIONS}))
    assert schema == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": False,
        "required": ["name", "owner", "region"],
        "properties": PROPERTIES,
        "ui:order": list(PROPERTIES),
    }
    properties = schema["properties"]
    assert isinstance(properties, dict)
    assert list(properties) == list(PROPERTIES)
    answers: JsonObject = {"name": "a", "owner": "b", "region": "eu"}
    assert JsonSchemaChecker().list_errors(schema, answers) == ()


@pytest.mark.parametrize(
    ("config", "line", "said"),
    [
        ("name: {type: str}\nport: {type: number}\n", 2, "there is no type 'number'"),
        ("name: {type: str}\nport: {type: int, default: many}\n", 2, "'many' is not of type int"),
        ("name: {type: str}\nport: {typ: int}\n", 2, "a question has no 'typ'"),
        ("name: {type: str}\nkey: {type: str, secret: true}\n", 2, "needs a default"),
        ("name: {type: str}\nname: {type: int}\n", 2, "written twice"),
        ("name: {type: str}\nmy-port: 5\n", 2, "cannot be a variable's name"),
        ("name: [\n", 2, "not one YAML document"),
        ("- name\n", 1, "not a mapping"),
        ("name: !include other.yml\n", 1, "includes other files"),
    ],
)
def test_a_wrong_question_is_named_with_its_line(
    renderer: Renderer, make_template: MakeTemplate, config: str, line: int, said: str
) -> None:
    root = make_template({"copier.yml": config})
    with pytest.raises(Refused) as refused:
        renderer.read_parameters(root)
    assert refused.value.code == "TEMPLATE-INVALID"
    assert said in refused.value.why
    assert str(refused.value.at) == f"copier.yml:{line}"
    assert [(one.code, one.level) for one in renderer.check(root)] == [("TEMPLATE-INVALID", "deny")]


def test_a_template_without_questions_is_refused(renderer: Renderer, tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"there is no copier\.yml"):
        renderer.read_parameters(tmp_path)


def test_copier_yaml_is_read_too(renderer: Renderer, tmp_path: Path) -> None:
    (tmp_path / "copier.yaml").write_text("port: 5\n")
    assert renderer.read_parameters(tmp_path)["ui:order"] == ["port"]
