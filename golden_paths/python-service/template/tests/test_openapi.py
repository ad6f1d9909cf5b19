"""The published interface is the one that the service has."""

from app.openapi import FILE, render_definition


def test_openapi_json_is_up_to_date() -> None:
    why = "the interface has changed: run `python -m app.openapi` and commit openapi.json"
    assert FILE.read_text(encoding="utf-8") == render_definition(), why
