"""The ASGI application.

Belongs here: putting routers, errors and middleware together. Start at `make_app`.
"""

import time

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse

import fairway
from fairway.api import problem
from fairway.api.context import ApiContext
from fairway.api.idempotency import IdempotencyMiddleware
from fairway.api.routes import deployments, entities, insight, runs, sources, users

PREFIX = "/api/v1"


def make_app(context: ApiContext) -> FastAPI:
    """Return the application that serves `context.platform`."""
    app = FastAPI(
        title="Fairway",
        version=fairway.__version__,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=False,
    )
    app.state.context = context
    problem.install(app)
    app.add_middleware(IdempotencyMiddleware, platform=context.platform)
    app.include_router(_make_health_router(context), prefix=PREFIX)
    for module in (deployments, entities, insight, runs, sources, users):
        app.include_router(module.router, prefix=PREFIX)
    return app


def _make_health_router(context: ApiContext) -> APIRouter:
    router = APIRouter(tags=["platform"])

    @router.get("/healthz")
    def healthz() -> JSONResponse:
        """Answer that the platform is up."""
        uptime = round(time.time() - context.started_at, 3)
        return JSONResponse(
            {"status": "ok", "version": fairway.__version__, "uptimeSeconds": uptime}
        )

    return router
