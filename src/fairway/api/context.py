"""What every endpoint gets: the platform and the actor.

Belongs here: authentication of a request, and remembering it for a few seconds.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated

from anyio import to_thread
from fastapi import Depends, Request

from fairway.api.stream import Topics
from fairway.kits.errors import Refused
from fairway.usecases.access import manage_users
from fairway.usecases.insight.check_health import HealthCheck
from fairway.usecases.platform import Actor, Platform

REMEMBER_SECONDS = 5.0


@dataclass(slots=True, kw_only=True)
class ApiContext:
    """What the app holds: the platform, checks for `doctor`, and how to stop all that it runs."""

    platform: Platform
    topics: Topics
    health_checks: tuple[HealthCheck, ...]
    shut_down: Callable[[], None]
    started_at: float
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
    """Return who asks, by the bearer token.

    Raises:
        Refused: TOKEN-MISSING, TOKEN-INVALID.
    """
    scheme, _, clear = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not clear:
        raise Refused(
            "TOKEN-MISSING",
            what="cannot tell who you are",
            why="the request has no bearer token",
            fix="send 'Authorization: Bearer TOKEN'; fairway up wrote one to FAIRWAY_HOME/token",
            status=401,
        )
    context = get_context(request)
    now = time.monotonic()
    known = context.actors.get(clear)
    if known is not None and now - known[0] < REMEMBER_SECONDS:
        return known[1]
    actor = await to_thread.run_sync(manage_users.authenticate, context.platform, clear)
    context.actors[clear] = (now, actor)
    return actor


Context = Annotated[ApiContext, Depends(get_context)]
Ports = Annotated[Platform, Depends(get_platform)]
Who = Annotated[Actor, Depends(get_actor)]
