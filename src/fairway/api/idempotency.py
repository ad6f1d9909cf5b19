"""Idempotency keys: a request that comes again has one effect and gets the first answer.

Belongs here: the middleware. Three things make a repetition safe:

- Two at once: the second waits until the first was answered.
- One after the answer: the answer was remembered, sealed, for a day. Refusals are not: they
  changed nothing, and the same request may succeed by now.
- One after the platform was killed between effect and answer: a run carries the identity of the
  request that asked for it, written with it in one transaction, so that a repetition finds it.
  Every other change (documents, users, approvals, plans) says what shall be: it may happen twice.

A key belongs to one user; with another request it is refused.
"""

import asyncio
import logging
import re
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

from anyio import to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fairway.api import answer as answers
from fairway.api import problem
from fairway.api.context import REQUEST_IDENTITY, ApiContext, authenticate
from fairway.api.limit import read_body, replay_body
from fairway.core.graph.live import SealedValue
from fairway.kits.digest import make_digest, make_joined_digest
from fairway.kits.errors import Problem, Refused
from fairway.ports.store.idempotency import RememberedAnswer

HEADER = "Idempotency-Key"
MUTATIONS = ("POST", "PUT", "DELETE", "PATCH")
REMEMBERED = timedelta(days=1)
KEY_PATTERN = r"^[\x21-\x7e]{1,255}$"
# Named by the digest of their content: a repetition has no effect anyhow, and they are large.
_EXEMPT = "/sources/"
_LOG = logging.getLogger(__name__)


class IdempotencyMiddleware:
    """Gives mutating requests that carry a key one effect and one answer."""

    def __init__(self, app: ASGIApp, *, context: ApiContext) -> None:
        self._app = app
        self._context = context
        self._turns = _Turns()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        key = headers.get(HEADER)
        is_exempt = key is None or scope["method"] not in MUTATIONS or _EXEMPT in scope["path"]
        if key is None or is_exempt:
            await self._app(scope, receive, send)
            return
        try:
            _check_key(key)
            actor = await authenticate(self._context, headers.get("Authorization", ""))
        except Problem as error:
            await problem.make_answer(error)(scope, receive, send)
            return
        async with self._turns.take((actor.name, key)):
            await self._answer_once(scope, receive, send, owner=(actor.name, key))

    async def _answer_once(
        self, scope: Scope, receive: Receive, send: Send, *, owner: tuple[str, str]
    ) -> None:
        body = await read_body(receive)
        request = _make_request_digest(scope, body, owner)
        try:
            known = await to_thread.run_sync(self._find_answer, owner, request)
        except Problem as error:
            await problem.make_answer(error)(scope, receive, send)
            return
        if known is not None:
            MutableHeaders(raw=known.raw_headers)["Idempotent-Replayed"] = "true"
            await known(scope, receive, send)
            return
        scope.setdefault("state", {})[REQUEST_IDENTITY] = request
        recorder = _Recorder()
        await self._app(scope, replay_body(body, receive), recorder)
        if recorder.status < 300:
            # Before it is sent: whoever has the answer can rely on its being remembered.
            await to_thread.run_sync(self._remember, owner, request, recorder)
        await recorder.send_on(send)

    def _find_answer(self, owner: tuple[str, str], request: str) -> Response | None:
        with self._context.platform.store.read() as tx:
            known = tx.idempotency.find(*owner)
            run = tx.runs.find_by_request(request)
        if known is not None and known.request != request:
            raise Refused(
                "IDEMPOTENCY-KEY-REUSED",
                what="cannot answer the request",
                why="its idempotency key belongs to another request",
                fix="use a new key for every request",
            )
        if known is not None:
            return self._open(known)
        return None if run is None else answers.make_run_answer(run)

    def _open(self, known: RememberedAnswer) -> Response:
        sealed = SealedValue(sealed=known.body.decode(), fingerprint="")
        clear = self._context.platform.sealer.open(sealed, context=_make_context(known))
        location, _, content = clear.partition("\n")
        headers = {"Location": location} if location else {}
        return Response(content, known.status, headers, media_type="application/json")

    def _remember(self, owner: tuple[str, str], request: str, recorder: "_Recorder") -> None:
        platform = self._context.platform
        now = platform.clock.now()
        answer = RememberedAnswer(
            actor=owner[0],
            key=owner[1],
            request=request,
            status=recorder.status,
            body=b"",
            at=now,
        )
        # It may hold a token, which is kept nowhere in clear.
        clear = f"{recorder.location}\n{recorder.body.decode()}"
        sealed = platform.sealer.seal(clear, context=_make_context(answer)).sealed
        try:
            with platform.store.write() as tx:
                tx.idempotency.remove_before(now - REMEMBERED)
                tx.idempotency.put(replace(answer, body=sealed.encode()))
        except Problem as error:  # the change was made: its answer must not turn into an error
            _LOG.warning("an answer could not be remembered: %s", error)


class _Turns:
    """Lets those who ask for the same go one after the other; used on one event loop only."""

    def __init__(self) -> None:
        self._locks: defaultdict[tuple[str, str], asyncio.Lock] = defaultdict(asyncio.Lock)
        self._users: Counter[tuple[str, str]] = Counter()

    @asynccontextmanager
    async def take(self, name: tuple[str, str]) -> AsyncIterator[None]:
        self._users[name] += 1
        try:
            async with self._locks[name]:
                yield
        finally:
            self._users[name] -= 1
            if not self._users[name]:
                del self._users[name], self._locks[name]


class _Recorder:
    """Keeps an answer until it may be sent."""

    def __init__(self) -> None:
        self._messages: list[Message] = []
        self.status = 500
        self.location = ""
        self.body = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.location = Headers(raw=message["headers"]).get("Location", "")
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")
        self._messages.append(message)

    async def send_on(self, send: Send) -> None:
        for message in self._messages:
            await send(message)


def _check_key(key: str) -> None:
    if re.fullmatch(KEY_PATTERN, key) is None:
        raise Refused(
            "REQUEST-INVALID",
            what="cannot use the idempotency key",
            why="it is not 1 to 255 visible ASCII characters",
            fix="use a random UUID",
            status=400,
        )


def _make_request_digest(scope: Scope, body: bytes, owner: tuple[str, str]) -> str:
    head = [*owner, scope["method"], scope["path"], scope["query_string"].decode("latin-1")]
    return make_joined_digest([*head, make_digest(body)])


def _make_context(answer: RememberedAnswer) -> str:
    return f"answer/{answer.request}"
