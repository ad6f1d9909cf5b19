"""Errors in the form that Backstage's clients read.

Belongs here: the form, and the kind of route that answers in it.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute

from fairway.api import problem
from fairway.kits.canonical import JsonValue
from fairway.kits.errors import InvalidDocuments, Problem, Refused

_NAMES = {
    400: "InputError",
    401: "AuthenticationError",
    403: "NotAllowedError",
    404: "NotFoundError",
    409: "ConflictError",
    503: "ServiceUnavailableError",
}
# Backstage has no other word for these.
_STATUSES = {412: 409, 413: 400, 422: 400}


class BackstageRoute(APIRoute):
    """Answers errors as Backstage does, with the platform's code and fix beside."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def answer_all(request: Request) -> Response:
            try:
                return await answer(request)
            except RequestValidationError as error:
                return make_answer(problem.make_validation_problem(request, error), request)
            except Problem as error:
                return make_answer(error, request)

        return answer_all


def make_answer(error: Problem, request: Request) -> JSONResponse:
    """Return the answer that says `error`."""
    known = problem.make_answer(error)
    status = _STATUSES.get(known.status_code, known.status_code)
    content: dict[str, JsonValue] = {
        "error": make_error(error, name=_NAMES.get(status, "Error")),
        "request": {"method": request.method, "url": request.url.path},
        "response": {"statusCode": status},
    }
    headers = {
        name: known.headers[name]
        for name in ("Retry-After", "WWW-Authenticate")
        if name in known.headers
    }
    return JSONResponse(content, status, headers=headers)


def make_error(error: Problem, *, name: str) -> dict[str, JsonValue]:
    """Return one error."""
    at = {"at": str(error.at)} if error.at is not None else {}
    return {"name": name, "message": str(error), "code": error.code, "fix": error.fix, **at}


def list_errors(error: Refused) -> list[JsonValue]:
    """Return what is wrong with documents, one error each."""
    parts = error.problems if isinstance(error, InvalidDocuments) else (error,)
    return [make_error(part, name="InputError") for part in parts]
