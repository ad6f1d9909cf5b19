"""Requests of git clients.

Belongs here: their paths, their sender, refusals in the form that the clients show to people.
"""

import asyncio
import base64
import binascii
import math
import re
from dataclasses import dataclass
from typing import cast, get_args
from urllib.parse import parse_qs

from anyio import to_thread
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from fairway.api.context import ApiContext, authenticate
from fairway.api.git.exchange import Exchange
from fairway.core.source.repository import Repository
from fairway.kits.errors import Problem, Refused, Unavailable
from fairway.ports.git_server import GitCommand, GitRequest, GitServer, Service
from fairway.usecases.platform import Actor
from fairway.usecases.source import check_push, manage_repositories, receive_push

PREFIX = "/git/"
# Each is a process of git's, which may use a processor and much memory.
MOST_AT_ONCE = 64
# Around the pack: commands, and what its compression may cost.
_SLACK_BYTES = 16 * 1024**2
_PATH = re.compile(
    r"/git/(?P<repository>[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)(?:\.git)?"
    r"/(?P<act>info/refs|git-upload-pack|git-receive-pack)"
)
_PUSH: Service = "git-receive-pack"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What a request asks for."""

    repository: str
    service: Service
    is_advertisement: bool


class GitMiddleware:
    """Answers what is below `/git/`, and hands on everything else."""

    def __init__(self, app: ASGIApp, *, context: ApiContext) -> None:
        self._app = app
        self._context = context
        self._turns = asyncio.Semaphore(MOST_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._app(scope, receive, send)
            return
        try:
            await self._answer(scope, receive, send)
        except ClientDisconnect:
            return  # nobody is there to be answered
        except Problem as problem:
            await _make_answer(problem)(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        actor = await authenticate(self._context, read_login(headers.get("Authorization", "")))
        asked = parse_request(scope)
        repository = await to_thread.run_sync(self._find_repository, asked.repository)
        if asked.service == _PUSH:
            check_push.check_right(actor, repository)
        server = self._context.git_server
        most = server.max_push_bytes + _SLACK_BYTES
        _check_length(headers, most)
        async with self._turns:
            exchange = Exchange(
                _make_command(server, asked, actor, headers),
                has_body=not asked.is_advertisement,
                is_push=asked.service == _PUSH and not asked.is_advertisement,
                most_bytes=most,
            )
            try:
                await exchange.run(receive, send)
            finally:
                if exchange.is_push and not exchange.is_whole:
                    await to_thread.run_sync(
                        receive_push.look_again, self._context.platform, asked.repository
                    )

    def _find_repository(self, name: str) -> Repository:
        with self._context.platform.store.read() as tx:
            return manage_repositories.get_repository(tx, name)


def read_login(authorization: str) -> str:
    """Return the `Authorization` that shows the token: the password of a basic one."""
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() != "basic":
        return authorization
    try:
        clear = base64.b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
    return f"Bearer {clear.partition(':')[2]}".strip()


def parse_request(scope: Scope) -> _Asked:
    """Return what is asked.

    Raises:
        Refused: GIT-REQUEST-UNKNOWN, it is nothing that the smart protocol knows.
    """
    match = _PATH.fullmatch(scope["path"])
    if match is None:
        raise _refuse_request(scope, "there is nothing of that name", status=404)
    is_advertisement = match["act"] == "info/refs"
    if scope["method"] != ("GET" if is_advertisement else "POST"):
        raise _refuse_request(scope, "the method is not that of git's protocol", status=405)
    services = [match["act"]]
    if is_advertisement:
        services = parse_qs(scope["query_string"].decode("latin-1")).get("service", [])
    if len(services) != 1 or services[0] not in get_args(Service):
        raise _refuse_request(scope, "only git's smart protocol is spoken here", status=403)
    return _Asked(
        repository=match["repository"],
        service=cast("Service", services[0]),
        is_advertisement=is_advertisement,
    )


def _make_command(server: GitServer, asked: _Asked, actor: Actor, headers: Headers) -> GitCommand:
    return server.make_command(
        GitRequest(
            repository=asked.repository,
            service=asked.service,
            is_advertisement=asked.is_advertisement,
            actor=actor.name,
            headers=dict(headers.items()),
        )
    )


def _check_length(headers: Headers, most: int) -> None:
    length = headers.get("Content-Length", "")
    if length.isdecimal() and int(length) > most:
        raise Refused(
            "PUSH-TOO-LARGE",
            what="cannot take the push",
            why=f"it has {length} bytes; the most is {most}",
            fix="push less at once, or have FAIRWAY_PUSH_MAX_BYTES raised",
            status=413,
        )


def _refuse_request(scope: Scope, why: str, *, status: int) -> Refused:
    return Refused(
        "GIT-REQUEST-UNKNOWN",
        what=f"cannot answer {scope['method']} {scope['path']}",
        why=why,
        fix="use a git client with an address such as http://127.0.0.1:7480/git/orders.git",
        status=status,
    )


def _make_answer(problem: Problem) -> PlainTextResponse:
    """Return the refusal as plain text, which git clients show line by line."""
    headers = {"Cache-Control": "no-store"}
    status = problem.status if isinstance(problem, Refused) else 503
    if isinstance(problem, Unavailable):
        headers["Retry-After"] = str(math.ceil(problem.delay_seconds))
    if status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="Fairway", charset="UTF-8"'
    text = f"error {problem.code}: {problem}\n  fix: {problem.fix}\n"
    return PlainTextResponse(text, status, headers=headers)
