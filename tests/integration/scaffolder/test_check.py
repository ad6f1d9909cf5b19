"""What is found wrong with a template before anybody uses it."""

import pytest

from tests.integration.scaffolder.conftest import ASKED, FETCH, Bench, Files, make_document

pytestmark = pytest.mark.integration


def check_steps(bench: Bench, steps: str, parameters: str = ASKED) -> list[tuple[str, str, str]]:
    document = make_document(steps=FETCH + steps, parameters=parameters)
    return bench.check({"template.yaml": document})


def test_a_good_template_has_no_findings(bench: Bench) -> None:
    files = {"skeleton/${{ values.name }}.txt": "{% for x in [1] %}${{ x }}{% endfor %}"}
    assert bench.check(files) == []


@pytest.mark.parametrize(
    ("text", "level", "code"),
    [
        ("${{ parameters.nam }}", "warn", "TEMPLATE-UNDEFINED"),
        ("${{ steps.later.output.x }}", "warn", "TEMPLATE-UNDEFINED"),
        ("${{ each.value }}", "warn", "TEMPLATE-UNDEFINED"),
        ("${{ nonsense }}", "warn", "TEMPLATE-UNDEFINED"),
        ("${{ parameters.name | now }}", "deny", "TEMPLATE-INVALID"),
        ("${{ parameters.name is unheard }}", "deny", "TEMPLATE-INVALID"),
        ("${{ parameters.name | random }}", "deny", "TEMPLATE-INVALID"),
        ("${{ not parameters.name == 'a' }}", "deny", "TEMPLATE-INVALID"),
        ("${{ parameters.name", "deny", "TEMPLATE-INVALID"),
        ("{% include 'x' %}", "deny", "TEMPLATE-INVALID"),
        ("${{ secrets.TOKEN }}", "deny", "TEMPLATE-UNSAFE"),
        ("${{ context.task.id }}", "deny", "TEMPLATE-UNSAFE"),
        ("${{ environment.parameters.x }}", "deny", "TEMPLATE-UNSAFE"),
    ],
)
def test_texts_of_steps_are_checked(bench: Bench, text: str, level: str, code: str) -> None:
    steps = f"    - action: debug:log\n      input:\n        message: {text!r}\n"
    assert check_steps(bench, steps) == [("template.yaml:18", level, code)]


def test_inputs_that_are_never_read_are_not_checked(bench: Bench) -> None:
    publish = (
        "    - action: publish:github\n"
        "      input: {repoUrl: '${{ parameters.repoUrl }}', token: '${{ secrets.X | odd }}'}\n"
    )
    assert bench.check({"template.yaml": make_document(publish=publish)}) == []


def test_an_action_under_a_condition_is_only_warned_of(bench: Bench) -> None:
    steps = "    - {action: 'acme:x', if: '${{ parameters.name }}', input: {}}\n"
    assert check_steps(bench, steps) == [("template.yaml:16", "warn", "TEMPLATE-UNSAFE")]


def test_files_of_skeletons_are_checked(bench: Bench) -> None:
    files: Files = {
        "skeleton/a.txt": "one\n${{ values.nam }}\n${{ other }}\n${{ values.name | now }}\n",
        "skeleton/b.txt": "one\n\n{% if values.name %}",
        "skeleton/${{ values.port }}": "x",
        "skeleton/c.bin": b"\0${{",
    }
    assert bench.check(files) == [
        ("skeleton/${{ values.port }}", "warn", "TEMPLATE-UNDEFINED"),
        ("skeleton/a.txt:2", "warn", "TEMPLATE-UNDEFINED"),
        ("skeleton/a.txt:3", "warn", "TEMPLATE-UNDEFINED"),
        ("skeleton/a.txt:4", "deny", "TEMPLATE-INVALID"),
        ("skeleton/b.txt:3", "deny", "TEMPLATE-INVALID"),
    ]


def test_files_that_are_copied_are_not_checked(bench: Bench) -> None:
    fetch = FETCH.replace("./skeleton,", "./skeleton, copyWithoutTemplating: ['*.hbs'],")
    files = {"template.yaml": make_document(steps=fetch), "skeleton/a.hbs": "${{ x"}
    assert bench.check(files) == []


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("./absent", "TEMPLATE-PATH"),
        ("../outside", "TEMPLATE-PATH"),
        ("https://example.com/x", "TEMPLATE-UNSAFE"),
    ],
)
def test_what_cannot_be_fetched_is_found(bench: Bench, url: str, code: str) -> None:
    fetch = FETCH.replace("./skeleton", url)
    found = bench.check({"template.yaml": make_document(steps=fetch)})
    assert found == [("template.yaml:15", "deny", code)]


def test_parameters_that_nothing_reads_are_found(bench: Bench) -> None:
    parameters = ASKED + "        idle: {type: string}\n        kind: {type: string}\n"
    parameters += "      dependencies: {kind: {oneOf: [{properties: {kind: {enum: [a]}}}]}}\n"
    assert check_steps(bench, "", parameters) == [("template.yaml:12", "warn", "TEMPLATE-UNUSED")]


def test_parameters_that_are_no_schema_are_found(bench: Bench) -> None:
    parameters = ASKED.replace("name: {type: string}", "name: {type: text}")
    found = check_steps(bench, "", parameters)
    assert ("template.yaml:7", "deny", "TEMPLATE-INVALID") in found


def test_secrets_are_ignored_aloud(bench: Bench) -> None:
    parameters = ASKED + "        token: {type: string, ui:field: Secret}\n"
    assert check_steps(bench, "", parameters) == [("template.yaml:12", "warn", "TEMPLATE-IGNORED")]
    schema = bench.renderer.read_parameters(bench.template)
    assert "token" not in str(schema)


def test_a_parameter_that_hides_the_user_is_found(bench: Bench) -> None:
    parameters = ASKED + "        user: {type: string}\n"
    steps = "    - action: debug:log\n      input: {message: '${{ user.ref }}'}\n"
    assert check_steps(bench, steps, parameters) == [
        ("template.yaml:12", "deny", "TEMPLATE-INVALID")
    ]


def test_a_template_without_an_owner_is_no_golden_path(bench: Bench) -> None:
    document = make_document().replace("  owner: group:platform\n", "")
    assert bench.check({"template.yaml": document}) == [
        ("template.yaml:4", "deny", "TEMPLATE-INVALID")
    ]


def test_a_template_that_publishes_nothing_is_found(bench: Bench) -> None:
    found = bench.check({"template.yaml": make_document(publish="")})
    assert ("template.yaml:12", "deny", "TEMPLATE-INVALID") in found


def test_a_second_repository_is_found(bench: Bench) -> None:
    steps = "    - {action: 'publish:gitlab', input: {repoUrl: '${{ parameters.repoUrl }}'}}\n"
    assert check_steps(bench, steps) == [("template.yaml:18", "deny", "TEMPLATE-INVALID")]
    either = steps.replace("input:", "if: '${{ parameters.name }}', input:")
    assert check_steps(bench, either) == []


def test_another_catalog_file_is_found(bench: Bench) -> None:
    steps = "    - {action: 'catalog:register', input: {catalogInfoPath: /all.yaml}}\n"
    assert check_steps(bench, steps) == [("template.yaml:16", "warn", "TEMPLATE-IGNORED")]
