"""Errors as RFC 9457 problem+json.

Belongs here: the one form in which every error leaves the API.
"""

import logging
import math
import uuid
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from fairway.kits.canonical import JsonValue
from fairway.kits.errors import InvalidDocuments, Problem, Refused, Unavailable

MEDIA_TYPE = "application/problem+json"
DOCS = "/docs/errors#"
_LOG = logging.getLogger(__name__)


def install(app: FastAPI) -> None:
    """Make `app` answer every error as problem+json."""
    app.add_exception_handler(Problem, _answer_problem)
    app.add_exception_handler(RequestValidationError, _answer_validation)
    app.add_exception_handler(HTTPException, _answer_http)
    app.add_exception_handler(ClientDisconnect, _answer_nobody)
    app.add_exception_handler(Exception, _answer_bug)


def make_document(problem: Problem, status: int) -> dict[str, JsonValue]:
    """Return the problem as JSON; `errors` lists each of several."""
    document: dict[str, JsonValue] = {
        "type": f"{DOCS}{problem.code.lower()}",
        "title": problem.what,
        "status": status,
        "detail": problem.why,
        "code": problem.code,
        "what": problem.what,
        "why": problem.why,
        "fix": problem.fix,
    }
    if problem.at is not None:
        document["at"] = str(problem.at)
    if isinstance(problem, InvalidDocuments):
        document["errors"] = [_make_part(part) for part in problem.problems]
    return document


def _make_part(problem: Refused) -> dict[str, JsonValue]:
    return {
        "code": problem.code,
        "what": problem.what,
        "why": problem.why,
        "fix": problem.fix,
        "at": str(problem.at) if problem.at else None,
    }


def _answer_problem(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)
    return make_answer(error)


def make_answer(error: Problem) -> JSONResponse:
    """Return the answer that says `error`."""
    headers = {}
    status = 503
    if isinstance(error, Refused):
        status = error.status
    if isinstance(error, Unavailable):
        headers["Retry-After"] = str(math.ceil(error.delay_seconds))
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(
        make_document(error, status), status, headers=headers, media_type=MEDIA_TYPE
    )


def _answer_validation(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return _answer_problem(request, make_validation_problem(request, error))


def make_validation_problem(request: Request, error: RequestValidationError) -> Refused:
    """Return what is wrong with the form of a request."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return Refused(
        "REQUEST-INVALID",
        what=f"cannot read the request {request.method} {request.url.path}",
        why=f"{where}: {first['msg']}",
        fix="correct the request; its form is in /api/v1/openapi.json",
    )


def _answer_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    problem = Refused(
        f"HTTP-{error.status_code}",
        what=f"cannot answer {request.method} {request.url.path}",
        why=HTTPStatus(error.status_code).phrase.lower(),
        fix="see the paths in /api/v1/openapi.json",
        status=error.status_code,
    )
    answer = _answer_problem(request, problem)
    answer.headers.update(error.headers or {})
    return answer


def _answer_nobody(_request: Request, _error: Exception) -> Response:
    """Whoever asked has gone in mid-request, which is no bug; nobody reads this."""
    return Response(status_code=400)


def _answer_bug(request: Request, error: Exception) -> JSONResponse:
    incident = uuid.uuid4().hex[:12]
    _LOG.error("incident %s: %s %s", incident, request.method, request.url.path, exc_info=error)
    problem = Refused(
        "INTERNAL",
        what=f"cannot answer {request.method} {request.url.path}",
        why=f"an internal error, incident {incident}",
        fix="look for the incident in the platform's log and report it",
        status=500,
    )
    return _answer_problem(request, problem)
