"""The OpenAPI document is true: whatever is asked, the answer is one that it describes."""

from typing import Any, TypeAlias, cast

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import positive_data_acceptance

from fairway.api.app import make_app
from fairway.api.context import ApiContext
from tests.running import RunningPlatform

pytestmark = pytest.mark.integration

EXAMPLES = 12
# It would end the platform under test.
LAST = "/platform/down"
# A schema cannot say which content has a digest, which cursor a page gave, which key is new.
NOT_HELD: list[Any] = [positive_data_acceptance]

Operation: TypeAlias = schemathesis.APIOperation[Any, Any, Any, Any]


def list_operations() -> dict[str, Operation]:
    """Return the operations that the document describes; the document needs no platform."""
    app = make_app(cast("ApiContext", None))
    schema = schemathesis.openapi.from_dict(app.openapi())
    found = [cast("Operation", result.ok()) for result in schema.get_all_operations()]  # type: ignore[union-attr]  # a broken description raises
    return {item.label: item for item in found if not item.path.endswith(LAST)}


OPERATIONS = list_operations()
QUESTIONS = [
    (label, mode)
    for label in OPERATIONS
    for mode in GenerationMode
    if not (mode is GenerationMode.NEGATIVE and label.endswith("/healthz"))  # nothing to get wrong
]


@pytest.mark.parametrize(("label", "mode"), QUESTIONS)
def test_every_answer_is_as_described(
    label: str, mode: GenerationMode, api: RunningPlatform
) -> None:
    token = (api.home / "token").read_text().strip()

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=OPERATIONS[label].as_strategy(generation_mode=mode))
    def ask(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(
            base_url=f"http://127.0.0.1:{api.port}",
            headers={"Authorization": f"Bearer {token}"},
            excluded_checks=NOT_HELD,
            timeout=30,
        )

    ask()


def test_the_document_describes_all_there_is(api: RunningPlatform) -> None:
    status, document = api.ask("GET", "/openapi.json", token="")
    assert (status, document["openapi"][:3]) == (200, "3.1")
    operations = [
        (f"{method} {path}", operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    names = [operation["operationId"] for _, operation in operations]
    assert len(set(names)) == len(names)
    for name, operation in operations:
        assert operation["description"], name
        assert operation["tags"], name
        if "/healthz" not in name:
            assert operation["security"] == [{"bearer": []}], name
            assert "application/problem+json" in str(operation["responses"]["503"]) or (
                "head" in name
            ), name
        good = [code for code in operation["responses"] if str(code).startswith("2")]
        assert len(good) == 1, name
        if name.partition(" ")[0] != "head" and good != ["204"]:
            [content] = operation["responses"][good[0]]["content"].values()
            assert content["schema"], name
