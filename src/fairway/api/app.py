"""The ASGI application.

Belongs here: putting routers, errors and middleware together. Start at `make_app`.
"""

import time

from fastapi import APIRouter, Depends, FastAPI

import fairway
from fairway.api import openapi, problem, schema
from fairway.api.answer import JsonAnswer
from fairway.api.context import ApiContext, refuse_unknown_query
from fairway.api.git.endpoint import GitMiddleware
from fairway.api.idempotency import IdempotencyMiddleware
from fairway.api.limit import BodyLimitMiddleware
from fairway.api.routes import (
    backstage,
    backstage_locations,
    deployments,
    entities,
    golden_paths,
    hooks,
    insight,
    repositories,
    resources,
    runs,
    sources,
    upgrades,
    users,
)

PREFIX = "/api/v1"
# Where Backstage's clients look for a catalog.
CATALOG_PREFIX = "/api/catalog"


def make_app(context: ApiContext) -> FastAPI:
    """Return the application that serves `context.platform`."""
    app = FastAPI(
        title="Fairway",
        version=fairway.__version__,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=openapi.make_operation_id,
        redirect_slashes=False,
        dependencies=[Depends(refuse_unknown_query)],
    )
    app.state.context = context
    problem.install(app)
    openapi.install(app)
    app.add_middleware(IdempotencyMiddleware, context=context)
    app.add_middleware(BodyLimitMiddleware)
    app.add_middleware(GitMiddleware, context=context)
    app.include_router(_make_health_router(context), prefix=PREFIX)
    for module in (
        deployments,
        entities,
        golden_paths,
        hooks,
        insight,
        repositories,
        resources,
        runs,
        sources,
        upgrades,
        users,
    ):
        app.include_router(module.router, prefix=PREFIX)
    for catalog in (backstage, backstage_locations):
        app.include_router(catalog.router, prefix=CATALOG_PREFIX)
    return app


def _make_health_router(context: ApiContext) -> APIRouter:
    router = APIRouter(tags=["platform"])

    @router.get("/healthz", response_model=schema.Health)
    def healthz() -> JsonAnswer:
        """Answer that the platform is up."""
        uptime = round(time.time() - context.started_at, 3)
        return JsonAnswer({"status": "ok", "version": fairway.__version__, "uptimeSeconds": uptime})

    return router
