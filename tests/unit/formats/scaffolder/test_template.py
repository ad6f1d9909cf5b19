"""Template documents as values, and what makes them none."""

import pytest

from fairway.formats.scaffolder.golden_path import make_golden_path
from fairway.formats.scaffolder.template import Template, read_template
from fairway.kits.errors import InvalidDocuments, Refused

TEXT = """\
apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata:
  name: web
  title: A web service
  annotations: {fairway.dev/environments: "dev , staging"}
spec:
  owner: group:platform
  type: service
  parameters:
    properties:
      port: {type: integer}
  steps:
    - action: fetch:plain
      input: {url: ./files}
    - id: publish
      if: ${{ parameters.port }}
      action: publish:github
"""


def read(text: str = TEXT) -> Template:
    return read_template(text.encode())


def refuse(text: str) -> list[str]:
    with pytest.raises(InvalidDocuments) as refused:
        read(text)
    return [f"{item.at}: {item.why}" for item in refused.value.problems]


def test_steps_have_ids_conditions_and_places() -> None:
    template = read()
    assert [step.id for step in template.steps] == ["step-1", "publish"]
    assert [step.condition for step in template.steps] == [True, "${{ parameters.port }}"]
    assert template.locate(template.steps[1].path).line == 16


def test_parameters_may_be_one_page_without_a_list() -> None:
    (page,) = read().pages
    assert page.schema == {"properties": {"port": {"type": "integer"}}}
    assert read().locate((*page.path, "properties", "port")).line == 12
    assert read(TEXT.replace("  parameters:\n    properties:\n", "  other:\n    x:\n")).pages == ()


def test_the_template_may_be_among_other_documents() -> None:
    assert read(f"kind: Location\n---\n{TEXT}").entity.name == "web"
    with pytest.raises(Refused, match="no document of kind Template"):
        read("kind: Location\n")


def test_all_problems_are_told_with_their_places() -> None:
    text = TEXT.replace("    properties:\n", "    properties:\n      flat: text\n")
    text = text.replace("- action: fetch:plain", "- id: publish\n      action: fetch:plain")
    assert refuse(text) == [
        "template.yaml:12:7: the parameter 'flat' is no JSON Schema",
        "template.yaml:18:7: the id 'publish' is taken, on line 15",
    ]


def test_a_template_needs_steps() -> None:
    assert refuse(TEXT[: TEXT.index("  steps:")] + "  steps: []\n") == [
        "template.yaml:13:3: it has no steps"
    ]


def test_a_template_stands_for_a_golden_path() -> None:
    path = make_golden_path(read())
    assert path.ref == "goldenpath:default/web"
    assert path.title == "A web service"
    assert path.spec == {
        "owner": "group:platform",
        "lifecycle": "production",
        "type": "service",
        "environments": ["dev", "staging"],
    }


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ("  owner: group:platform\n", "", "spec.owner is missing"),
        ("  name: web\n", "  name: Web_1\n", "metadata.name"),
        ("dev , staging", "Dev Env", "environments"),
    ],
)
def test_not_every_template_can_be_a_golden_path(before: str, after: str, why: str) -> None:
    template = read(TEXT.replace(before, after))
    with pytest.raises(Refused) as refused:
        make_golden_path(template)
    assert why in refused.value.why
    assert refused.value.at is not None
    assert refused.value.at.line is not None
