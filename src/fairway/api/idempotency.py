"""Idempotency keys: a repeated request gets the first one's answer.

Belongs here: the middleware. A key belongs to one actor; with another request it is refused.
"""

import hashlib

from anyio import to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fairway.api import problem
from fairway.kits.errors import Refused
from fairway.ports.store.idempotency import RememberedAnswer
from fairway.usecases.platform import Platform

HEADER = "Idempotency-Key"
MOST_BYTES = 16 * 1024**2


class IdempotencyMiddleware:
    """Remembers the answers to mutating requests that carry a key."""

    def __init__(self, app: ASGIApp, *, platform: Platform) -> None:
        self._app = app
        self._platform = platform

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        key = headers.get(HEADER)
        if not key or scope["method"] not in ("POST", "PUT", "DELETE", "PATCH"):
            await self._app(scope, receive, send)
            return
        body = await _read_body(receive)
        actor = hashlib.sha256(headers.get("Authorization", "").encode()).hexdigest()
        request = hashlib.sha256(
            f"{scope['method']} {scope['path']}?{scope['query_string'].decode()}\n".encode() + body
        ).hexdigest()
        known = await to_thread.run_sync(self._find, actor, key)
        if known is not None:
            await _answer_again(known, request)(scope, receive, send)
            return
        recorder = _Recorder(send)
        await self._app(scope, _replay(body), recorder)
        if recorder.status < 500:
            await to_thread.run_sync(self._remember, actor, key, request, recorder)

    def _find(self, actor: str, key: str) -> RememberedAnswer | None:
        with self._platform.store.read() as tx:
            return tx.idempotency.find(actor, key)

    def _remember(self, actor: str, key: str, request: str, recorder: "_Recorder") -> None:
        answer = RememberedAnswer(
            actor=actor,
            key=key,
            request=request,
            status=recorder.status,
            body=bytes(recorder.body),
            at=self._platform.clock.now(),
        )
        with self._platform.store.write() as tx:
            if tx.idempotency.find(actor, key) is None:
                tx.idempotency.put(answer)


class _Recorder:
    """Passes an answer on and keeps it."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 500
        self.body = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")
        await self._send(message)


async def _read_body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body") or len(body) > MOST_BYTES:
            return bytes(body)


def _replay(body: bytes) -> Receive:
    is_sent = False

    async def receive() -> Message:
        nonlocal is_sent
        if is_sent:
            return {"type": "http.disconnect"}
        is_sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _answer_again(known: RememberedAnswer, request: str) -> Response:
    if known.request != request:
        refusal = Refused(
            "IDEMPOTENCY-KEY-REUSED",
            what="cannot answer the request",
            why="its idempotency key belongs to another request",
            fix="use a new key for every request",
        )
        return JSONResponse(problem.make_document(refusal, 422), 422, media_type=problem.MEDIA_TYPE)
    answer = Response(known.body, known.status, media_type="application/json")
    MutableHeaders(raw=answer.raw_headers)["Idempotent-Replayed"] = "true"
    return answer
