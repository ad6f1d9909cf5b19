"""What every endpoint gets: the platform and the actor.

Belongs here: authentication of a request, and remembering it for a few seconds.
"""

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated

from anyio import CapacityLimiter, to_thread
from fastapi import Depends, Request
from fastapi.routing import APIRoute

from fairway.api.stream import Topics
from fairway.kits.errors import Refused
from fairway.ports.git_server import GitServer
from fairway.usecases.access import manage_users
from fairway.usecases.insight.check_health import HealthCheck
from fairway.usecases.platform import Actor, Platform

REMEMBER_SECONDS = 5.0
MOST_ACTORS = 1000
MOST_LOG_READERS = 200
# Where `idempotency` leaves the identity of a request in its state.
REQUEST_IDENTITY = "request_identity"


@dataclass(slots=True, kw_only=True)
class ApiContext:
    """What the app holds: the platform, git's server, checks for `doctor`, and how to stop all."""

    platform: Platform
    topics: Topics
    health_checks: tuple[HealthCheck, ...]
    shut_down: Callable[[], None]
    git_server: GitServer
    started_at: float
    log_readers: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(MOST_LOG_READERS))
    actors: dict[str, tuple[float, Actor]] = field(default_factory=dict)


def get_context(request: Request) -> ApiContext:
    """Return the app's context."""
    context = request.app.state.context
    assert isinstance(context, ApiContext)
    return context


def get_platform(request: Request) -> Platform:
    """Return the platform."""
    return get_context(request).platform


async def get_actor(request: Request) -> Actor:
    """Return who asks, by the bearer token, and the identity of a request that may come again.

    Raises:
        Refused: TOKEN-MISSING, TOKEN-INVALID.
    """
    actor = await authenticate(get_context(request), request.headers.get("Authorization", ""))
    identity = getattr(request.state, REQUEST_IDENTITY, None)
    return actor if identity is None else dataclasses.replace(actor, request=identity)


def refuse_unknown_query(request: Request) -> None:
    """Refuse a query that holds what the endpoint does not know: it would be ignored in silence.

    Raises:
        Refused: REQUEST-INVALID.
    """
    route = request.scope["route"]
    assert isinstance(route, APIRoute)
    known = sorted(field.alias for field in route.dependant.query_params)
    for name in request.query_params:
        if name not in known:
            raise Refused(
                "REQUEST-INVALID",
                what=f"cannot answer {request.method} {request.url.path}",
                why=f"the query has '{name}', which is not known here",
                fix=f"leave it out; known are {', '.join(known)}" if known else "leave it out",
            )


async def authenticate(context: ApiContext, authorization: str) -> Actor:
    """Return who shows the token in an `Authorization` header.

    Raises:
        Refused: TOKEN-MISSING, TOKEN-INVALID.
    """
    scheme, _, clear = authorization.partition(" ")
    if scheme.lower() != "bearer" or not clear:
        raise Refused(
            "TOKEN-MISSING",
            what="cannot tell who you are",
            why="the request has no bearer token",
            fix="send 'Authorization: Bearer TOKEN'; fairway up wrote one to FAIRWAY_HOME/token",
            status=401,
        )
    now = time.monotonic()
    known = context.actors.get(clear)
    if known is not None and now - known[0] < REMEMBER_SECONDS:
        return known[1]
    actor = await to_thread.run_sync(manage_users.authenticate, context.platform, clear)
    if len(context.actors) >= MOST_ACTORS:
        context.actors.clear()
    context.actors[clear] = (now, actor)
    return actor


Context = Annotated[ApiContext, Depends(get_context)]
Ports = Annotated[Platform, Depends(get_platform)]
Who = Annotated[Actor, Depends(get_actor)]
