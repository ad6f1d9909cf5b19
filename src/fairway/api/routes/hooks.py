"""Webhooks of other git servers.

Belongs here: what is below `/hooks`. A sender shows no token: it signs what it sends.
"""

from anyio import to_thread
from fastapi import APIRouter, Request

from fairway.api import openapi
from fairway.api import repository_schema as schema
from fairway.api.answer import JsonAnswer
from fairway.api.context import Ports
from fairway.api.parameter import Name
from fairway.usecases.source import accept_hook
from fairway.usecases.source.accept_hook import Hook

router = APIRouter(tags=["repositories"])


@router.post(
    "/hooks/{repository}",
    status_code=202,
    response_model=schema.HookOutcome,
    responses=openapi.refusals(401, 409),
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/json": {"schema": {}}}}
    },
)
async def receive_hook(platform: Ports, request: Request, repository: Name) -> JsonAnswer:
    """Take a webhook of GitHub, GitLab or Gitea, and look at the repository's origin soon."""
    hook = Hook(
        repository=repository, headers=dict(request.headers.items()), body=await request.body()
    )
    state = await to_thread.run_sync(accept_hook.accept_hook, platform, hook)
    return JsonAnswer({"state": state}, 202)
