"""Steps one after the other: conditions, loops, what they know of each other and of answers."""

import pytest

from fairway.kits.canonical import JsonObject
from fairway.ports.renderer import RenderLimits
from tests.integration.scaffolder.conftest import FETCH, SMALL, Bench, make_document

pytestmark = pytest.mark.integration
PARAMETERS = """\
  parameters:
    - title: One
      properties:
        name: {type: string}
        owner: {type: string}
        flag: {type: boolean, default: false}
        parts: {type: array, items: {type: string}, default: []}
        ports: {type: object, default: {web: 80, admin: 9000}}
    - title: Two
      properties:
        repoUrl: {type: string, ui:field: RepoUrlPicker, ui:options: {allowedHosts: [git.example]}}
        kind: {type: string, enum: [queue, web], default: web}
      dependencies:
        kind:
          oneOf:
            - properties: {kind: {enum: [queue]}, topic: {type: string, default: jobs}}
              required: [topic]
            - properties: {kind: {enum: [web]}, path: {type: string, default: /}}
"""


def log(message: str, *more: str) -> str:
    lines = "".join(f"      {line}\n" for line in more)
    return f"    - action: debug:log\n{lines}      input: {{message: {message!r}}}\n"


def read_log(bench: Bench, steps: str, **answers: object) -> object:
    document = make_document(steps=steps, parameters=PARAMETERS)
    return bench.render({"template.yaml": document}, **answers).output.get("log")


@pytest.mark.parametrize(
    ("condition", "is_run"),
    [
        ("${{ parameters.flag }}", False),
        ("${{ not parameters.flag }}", True),
        ("${{ parameters.parts }}", False),
        ("${{ parameters.parts | length }}", False),
        ("${{ parameters.absent }}", False),
        ("${{ parameters.kind === 'web' }}", True),
        ("${{ '' }}", False),
        ("${{ 0 }}", False),
        ("${{ none }}", False),
        ("false ${{ parameters.kind }}", True),
        ("false", True),
    ],
)
def test_a_step_is_run_on_its_condition(bench: Bench, condition: str, is_run: bool) -> None:
    found = read_log(bench, log("x", f'if: "{condition}"'))
    assert found == (["x"] if is_run else None)


def test_a_condition_may_be_no_text(bench: Bench) -> None:
    assert read_log(bench, log("a", "if: false") + log("b", "if: true")) == ["b"]


def test_a_step_is_run_for_each_item(bench: Bench) -> None:
    one = log("${{ each.key }}=${{ each.value }}", "each: ${{ parameters.parts }}")
    two = log("${{ each.key }}=${{ each.value + 1 }}", "each: ${{ parameters.ports }}")
    three = log("${{ each.value }}", "each: [x, '${{ parameters.kind }}']")
    found = read_log(bench, one + two + three, parts=["a", "b"])
    assert found == ["0=a", "1=b", "web=81", "admin=9001", "x", "web"]


def test_what_is_no_list_cannot_be_gone_through(bench: Bench) -> None:
    document = make_document(steps=log("x", "each: ${{ parameters.kind }}"), parameters=PARAMETERS)
    refused = bench.refuse({"template.yaml": document})
    assert "neither a list nor a mapping" in refused.why


def test_steps_know_the_output_of_those_before(bench: Bench) -> None:
    write = (
        "    - id: one\n      action: roadiehq:utils:fs:write\n"
        "      input: {path: a, content: x}\n"
        "    - id: many\n      action: roadiehq:utils:fs:write\n"
        "      each: [b, c]\n"
        "      input: {path: '${{ each.value }}', content: x}\n"
        "    - id: never\n      if: false\n      action: roadiehq:utils:fs:write\n"
        "      input: {path: d, content: x}\n"
    )
    told = log("${{ steps.one.output.path }} ${{ steps['many'].output.path | dump }}")
    told += log("${{ steps.never.output.path }}|${{ steps.never is defined }}")
    assert read_log(bench, write + told) == ['a ["b","c"]', "|false"]


def test_values_keep_their_types(bench: Bench) -> None:
    values = (
        "{n: '${{ parameters.ports.web }}', t: '${{ parameters.ports.web }}x', "
        "b: '${{ parameters.flag }}', l: ' ${{ parameters.parts }}', "
        "m: '${{ parameters.ports }}', e: '${{ parameters.absent }}', "
        "i: '{% if parameters.flag %}a{% else %}${{ parameters.ports }}{% endif %}', "
        "s: '${{ \"5\" }}', z: '${{ none }}'}"
    )
    steps = f"    - action: fetch:template\n      input: {{url: ./skeleton, values: {values}}}\n"
    document = make_document(steps=steps, parameters=PARAMETERS)
    made = bench.render(
        {"template.yaml": document, "skeleton/a": "${{ values | dump }}"}, parts=["x"]
    )
    assert made.tree["a"].content.decode() == (
        '{"n":80,"t":"80x","b":false,"l":" x","m":{"web":80,"admin":9000},'
        '"i":{"web":80,"admin":9000},"s":"5","z":null}'
    )


def test_output_is_told(bench: Bench) -> None:
    output = (
        "  output:\n"
        "    links:\n"
        "      - {title: Repository, url: '${{ steps.publish.output.remoteUrl }}', icon: github}\n"
        "      - {title: Gone, if: x, url: '${{ steps.absent.output.x }}'}\n"
        "    text: [{title: Note, content: 'Made **${{ parameters.name }}**'}]\n"
        "    number: ${{ parameters.ports.web }}\n"
    )
    document = make_document(parameters=PARAMETERS, output=output)
    assert bench.render({"template.yaml": document}).output == {
        "links": [
            {"title": "Repository", "url": "/git/orders.git", "icon": "github"},
            {"title": "Gone", "if": "x"},
        ],
        "text": [{"title": "Note", "content": "Made **orders**"}],
        "number": 80,
    }


def test_answers_are_completed_by_defaults(bench: Bench) -> None:
    document = make_document(parameters=PARAMETERS, steps=log("${{ parameters | dump }}"))
    made = bench.render({"template.yaml": document}, kind="queue", unknown=1)
    assert made.answers == {
        "name": "orders",
        "owner": "group:shop",
        "flag": False,
        "parts": [],
        "ports": {"web": 80, "admin": 9000},
        "kind": "queue",
        "topic": "jobs",
    }
    told = made.output["log"]
    assert '"repoUrl":"git.example?owner=shop&repo=orders"' in str(told)


def test_an_answer_that_a_condition_forbids_is_refused(bench: Bench) -> None:
    document = make_document(parameters=PARAMETERS)
    refused = bench.refuse({"template.yaml": document}, kind="queue", topic=5)
    assert refused.code == "TEMPLATE-ANSWER"
    refused = bench.refuse({"template.yaml": document}, kind="other")
    assert refused.code == "TEMPLATE-ANSWER"
    assert "kind" in refused.why
    assert "other" not in refused.why


def test_the_user_is_an_answer(bench: Bench) -> None:
    steps = log("${{ user.ref }} ${{ user.entity.metadata.name }} ${{ user.entity.spec.profile }}")
    document = make_document(parameters=PARAMETERS, steps=steps)
    assert bench.render({"template.yaml": document}).output["log"] == ["user:default/guest guest "]
    made = bench.render({"template.yaml": document}, user="user:default/ana")
    assert made.output["log"] == ["user:default/ana ana "]
    assert made.answers["user"] == "user:default/ana"


def test_a_component_is_named_after_the_service(bench: Bench) -> None:
    parameters = PARAMETERS.replace(
        "name: {type: string}", "component_id: {type: string, ui:field: EntityNamePicker}"
    ).replace("title: One\n", "title: One\n      required: [component_id]\n")
    document = make_document(parameters=parameters, steps=log("${{ parameters.component_id }}"))
    files = {"template.yaml": document}
    schema = bench.renderer.read_parameters(bench.write(files))
    assert schema["required"] == ["name"]
    assert bench.render(files).output["log"] == ["orders"]
    assert bench.render(files, component_id="bills").output["log"] == ["bills"]


def test_the_same_answers_give_the_same_files(bench: Bench) -> None:
    files = {"template.yaml": make_document(), "skeleton/${{ values.name }}.txt": "${{ values }}"}
    given: list[JsonObject] = [{"name": name} for name in ("a", "b", "a")]
    made = bench.renderer.render(bench.write(files), given, limits=SMALL)
    assert [set(one.tree) for one in made] == [{"a.txt"}, {"b.txt"}, {"a.txt"}]
    assert made[0] == made[2]
    assert bench.renderer.render(bench.template, given[:1], limits=RenderLimits())[0] == made[0]


def test_a_step_fails_at_its_line_with_the_services_name(bench: Bench) -> None:
    steps = FETCH + log("${{ parameters.name.x.y.z() }}")
    refused = bench.refuse({"template.yaml": make_document(steps=steps)})
    assert str(refused.at) == "template.yaml:17"
    assert str(refused) == (
        "cannot render the template for 'orders': 'parameters.name.x.y.z' is no function"
    )


@pytest.mark.parametrize(
    ("before", "after", "line", "why"),
    [
        ("action: publish:github", "actio: x", 16, "'action' is missing"),
        ("id: publish", "id: fetch", 16, "the id 'fetch' is taken, on line 13"),
        ("name: {type: string}", "name: string", 10, "'name' is no JSON Schema"),
        ("type: service", "type: [", 8, ""),
        ("    - required:", "    - properties: {name: {}}\n    - required:", 11, "is asked for"),
    ],
)
def test_a_broken_document_is_told_with_its_line(
    bench: Bench, before: str, after: str, line: int, why: str
) -> None:
    document = make_document()
    assert before in document
    refused = bench.refuse({"template.yaml": document.replace(before, after)})
    assert refused.code == "TEMPLATE-INVALID"
    assert str(refused.at) == f"template.yaml:{line}"
    assert why in refused.why


def test_a_folder_without_a_template_is_refused(bench: Bench) -> None:
    root = bench.write({})
    (root / "template.yaml").rename(root / "other.yaml")
    assert [(one.code, one.text) for one in bench.renderer.check(root)] == [
        ("TEMPLATE-INVALID", "there is no template.yaml")
    ]
