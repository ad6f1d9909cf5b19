"""The OpenAPI document: what the framework cannot know is added here.

Belongs here: problems, the bearer token, idempotency keys, streams. Never here: an endpoint.
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from fairway.api import schema
from fairway.api.idempotency import HEADER, KEY_PATTERN, MUTATIONS

Responses = dict[int | str, dict[str, Any]]  # Any: what the framework calls a response
PROBLEM_TYPE = "application/problem+json"
_PROBLEM = {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
# Below this errors are in Backstage's form, but those that a request meets before it gets there.
_CATALOG = "/api/catalog"
_FAILURE = {"application/json": {"schema": {"$ref": "#/components/schemas/CatalogFailure"}}}
# What any request may meet: no JSON, a wrong token, a form that is wrong, a bug, a store away.
_ALWAYS = (400, 401, 422, 500, 503)
_OF_MUTATIONS = (403, 413)
_DESCRIPTION = """The API of Fairway. Its command line uses nothing else.

Reading is GET, with cursors and entity tags; changing is a use case, answered by the run or the
revision that it made. What takes time is answered with 202 and a run, whose address is in
`Location`. Errors are problem+json with a stable `code` and a `fix`.
"""
_TAGS = {
    "catalog": "The catalog in Backstage's form, for its clients.",
    "deployments": "Deploy, promote, roll back, remove; read logs.",
    "entities": "The catalog and the platform's definitions.",
    "golden paths": "Templates with versions, and the services made from them.",
    "insight": "What is, and where it came from.",
    "platform": "The platform itself.",
    "repositories": "Sources in git, hosted here or followed elsewhere.",
    "resources": "Rotate and back up what a component uses.",
    "runs": "Runs and plans.",
    "sources": "Uploaded source archives.",
    "users": "Users and their tokens.",
}
EVENT_STREAM: Responses = {
    200: {
        "description": "Server-sent events",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}
RUN_STARTED: Responses = {
    202: {
        "description": "The run that was started",
        "headers": {"Location": {"description": "Its address", "schema": {"type": "string"}}},
    }
}


def refusals(*statuses: int) -> Responses:
    """Return the documentation of the problems with these statuses."""
    return {status: _make_problem(status) for status in statuses}


def _make_problem(status: int) -> dict[str, Any]:
    return {"description": HTTPStatus(status).phrase, "content": _PROBLEM}


def make_operation_id(route: APIRoute) -> str:
    """Return the endpoint's own name, which is unique."""
    return route.name


def install(app: FastAPI) -> None:
    """Make `app` describe itself wholly."""
    described: dict[str, Any] = {}

    def describe() -> dict[str, Any]:
        if not described:
            described.update(_describe(app))
        return described

    app.openapi = describe  # type: ignore[method-assign]  # the framework's documented way


def _describe(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=_DESCRIPTION,
        routes=app.routes,
        tags=[{"name": name, "description": text} for name, text in _TAGS.items()],
        separate_input_output_schemas=False,
    )
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    problem = schema.Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
    _for_each_operation(document, _complete)
    return document


def _for_each_operation(
    document: Mapping[str, Any], complete: Callable[[str, str, dict[str, Any]], None]
) -> None:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            complete(path, method.upper(), operation)


def _without_null(form: dict[str, Any]) -> dict[str, Any]:
    """Return the form of a parameter: one that is optional is left out, and never null."""
    choices = [item for item in form.get("anyOf", ()) if item != {"type": "null"}]
    if len(choices) != 1:
        return form
    return {**choices[0], **{key: value for key, value in form.items() if key != "anyOf"}}


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    if path.endswith("/healthz"):
        operation["responses"] = {200: operation["responses"]["200"], 500: _make_problem(500)}
        return
    operation["security"] = [{"bearer": []}]
    for parameter in operation.get("parameters", ()):
        parameter["schema"] = _without_null(parameter["schema"])
    is_mutation = method in MUTATIONS
    for status in (*_ALWAYS, *(_OF_MUTATIONS if is_mutation else ())):
        # Also in place of the framework's own form of a validation error.
        known = operation["responses"].get(str(status), {}) if status != 422 else {}
        operation["responses"][str(status)] = _make_problem(status)
        if path.startswith(_CATALOG):
            operation["responses"][str(status)]["content"] = {
                **_PROBLEM,
                **(known.get("content") or _FAILURE),
            }
    if is_mutation:
        operation.setdefault("parameters", []).append(
            {
                "name": HEADER,
                "in": "header",
                "required": False,
                "description": "The same key with the same request has one effect.",
                "schema": {"type": "string", "pattern": KEY_PATTERN},
            }
        )
    if method == "HEAD":
        for answer in operation["responses"].values():
            answer.pop("content", None)
