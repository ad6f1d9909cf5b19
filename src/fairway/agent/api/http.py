"""HTTP/1.1 on a unix socket, one request for each connection.

Belongs here: reading a request, answering it whole or line by line. Never here: what is asked.
"""

import asyncio
import json
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import h11

from fairway.kits.errors import Problem, Refused, Unavailable

_BODY_LIMIT = 64 * 1024**2
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked; `path` is its segments, decoded."""

    method: str
    path: tuple[str, ...]
    query: Mapping[str, str]
    body: bytes


Lines = AsyncIterator[bytes]
Answer = bytes | Lines
Answerer = Callable[[Request], Awaitable[Answer]]


async def serve(socket_path: Path, answer: Answerer) -> asyncio.AbstractServer:
    """Listen on a unix socket of any path length, readable by its owner only."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.CancelledError):
            await _talk(reader, writer, answer)
        with suppress(OSError):
            writer.close()

    socket_path.unlink(missing_ok=True)
    folder = os.open(socket_path.parent, os.O_PATH)
    mask = os.umask(0o177)
    try:
        return await asyncio.start_unix_server(talk, f"/proc/self/fd/{folder}/{socket_path.name}")
    finally:
        os.umask(mask)
        os.close(folder)


async def _talk(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: Answerer
) -> None:
    connection = h11.Connection(h11.SERVER)
    try:
        request = await _read_request(connection, reader)
    except h11.RemoteProtocolError:
        return
    if request is None:
        return
    status, body = 200, b""
    try:
        found = await answer(request)
        if not isinstance(found, bytes):
            await _stream(connection, reader, writer, found)
            return
        body = found
    except Problem as problem:
        status, body = _render_problem(problem)
    except Exception:  # noqa: BLE001  # a bug in one request must not end the agent
        _LOG.exception("%s /%s", request.method, "/".join(request.path))
        status = 500
        body = b'{"code":"AGENT-BUG","what":"cannot answer","why":"a bug","fix":"see agent.log"}'
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    writer.write(_send_head(connection, status, headers))
    writer.write(connection.send(h11.Data(data=body)) or b"")
    writer.write(connection.send(h11.EndOfMessage()) or b"")
    await writer.drain()


async def _read_request(connection: h11.Connection, reader: asyncio.StreamReader) -> Request | None:
    head: h11.Request | None = None
    body = bytearray()
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(65536))
        elif isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > _BODY_LIMIT:
                return None
        elif isinstance(event, h11.EndOfMessage) and head is not None:
            break
        else:
            return None
    target = urlsplit(head.target.decode())
    return Request(
        method=head.method.decode(),
        path=tuple(unquote(part) for part in target.path.strip("/").split("/")),
        query=dict(parse_qsl(target.query)),
        body=bytes(body),
    )


def _send_head(connection: h11.Connection, status: int, headers: list[tuple[str, str]]) -> bytes:
    response = h11.Response(status_code=status, headers=[*headers, ("Connection", "close")])
    return connection.send(response) or b""


async def _stream(
    connection: h11.Connection,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    lines: Lines,
) -> None:
    """Send lines as they come, until they end or the client goes away."""
    writer.write(_send_head(connection, 200, [("Content-Type", "application/x-ndjson")]))
    gone = asyncio.create_task(reader.read(1))
    sending = asyncio.create_task(_send_lines(connection, writer, lines))
    try:
        await asyncio.wait({gone, sending}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (gone, sending):
            task.cancel()
        await asyncio.gather(gone, sending, return_exceptions=True)


async def _send_lines(
    connection: h11.Connection, writer: asyncio.StreamWriter, lines: Lines
) -> None:
    async for line in lines:
        writer.write(connection.send(h11.Data(data=line + b"\n")) or b"")
        await writer.drain()
    writer.write(connection.send(h11.EndOfMessage()) or b"")
    await writer.drain()


def _render_problem(problem: Problem) -> tuple[int, bytes]:
    body: dict[str, object] = {
        "code": problem.code,
        "what": problem.what,
        "why": problem.why,
        "fix": problem.fix,
    }
    status = 500
    if isinstance(problem, Refused):
        status = problem.status
    elif isinstance(problem, Unavailable):
        status = 503
        body["delay_seconds"] = problem.delay_seconds
    return status, json.dumps(body).encode()
