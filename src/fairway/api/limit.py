"""Request bodies are read whole, up to a limit.

Belongs here: the limit, and giving a body that was read to whoever reads next. Source archives
are streamed and have a limit of their own (`routes.sources`).
"""

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fairway.api import problem
from fairway.kits.errors import Refused

MOST_BYTES = 64 * 1024**2
_STREAMED = "/sources/"


class BodyLimitMiddleware:
    """Refuses a body that is too large before anything of it is understood."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _STREAMED in scope["path"]:
            await self._app(scope, receive, send)
            return
        length = Headers(scope=scope).get("Content-Length", "")
        try:
            if length.isdecimal() and int(length) > MOST_BYTES:
                raise _make_refusal()
            body = await read_body(receive)
        except ClientDisconnect:
            return  # a request that was cut off is none
        except Refused as error:
            await problem.make_answer(error)(scope, receive, send)
            return
        await self._app(scope, replay_body(body, receive), send)


async def read_body(receive: Receive) -> bytes:
    """Return the whole body.

    Raises:
        Refused: REQUEST-TOO-LARGE.
        ClientDisconnect: the client went away before its end.
    """
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        if len(body) > MOST_BYTES:
            raise _make_refusal()
        if not message.get("more_body"):
            return bytes(body)


def _make_refusal() -> Refused:
    return Refused(
        "REQUEST-TOO-LARGE",
        what="cannot read the request",
        why=f"its body has more than {MOST_BYTES} bytes",
        fix="send the documents in several requests",
        status=413,
    )


def replay_body(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives `body` first."""
    is_sent = False

    async def replay() -> Message:
        nonlocal is_sent
        if is_sent:
            return await receive()
        is_sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
