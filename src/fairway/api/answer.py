"""Answers as JSON.

Belongs here: their wire form. Never here: what they say (`document`).
"""

from collections.abc import Mapping

import msgspec
from starlette.responses import Response

from fairway.api import document
from fairway.core.run.run import Run

RUNS = "/api/v1/runs"
_ENCODER = msgspec.json.Encoder(enc_hook=dict)


def render(content: object) -> bytes:
    """Return `content` as JSON."""
    return _ENCODER.encode(content)


class JsonAnswer(Response):
    """A ready document: it is rendered once, and checked by nobody."""

    media_type = "application/json"

    def __init__(
        self, content: object, status: int = 200, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(render(content), status, headers)


def make_run_answer(run: Run) -> JsonAnswer:
    """Return the answer for a run that was just started."""
    return JsonAnswer(document.make_run(run), 202, headers={"Location": f"{RUNS}/{run.id}"})
