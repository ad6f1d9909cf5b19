"""The control API on a unix socket, for the agent.

Belongs here: reload, health, in-flight counts and metrics as HTTP/1.1 with JSON. Never here: how
they come about. Start at `serve_control`.
"""

import asyncio
import json
import re
from abc import abstractmethod
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote

from fairway.kits.canonical import JsonObject
from fairway.kits.errors import Refused

_LENGTH = re.compile(rb"^content-length:[ \t]*(\d{1,7})[ \t]*$", re.IGNORECASE | re.MULTILINE)


class Controlled(Protocol):
    """What the control API asks of the gateway."""

    @abstractmethod
    def reload(self) -> int:
        """Put the file's table in force and return its version.

        Raises:
            Refused: GATEWAY-ROUTES-INVALID; the table before stays in force.
        """

    @abstractmethod
    def get_health(self) -> JsonObject:
        """Return port and version."""

    @abstractmethod
    def get_in_flight(self, instance_id: str) -> int:
        """Return how many requests an instance has."""

    @abstractmethod
    def get_metrics(self) -> JsonObject:
        """Return counts by route."""


async def serve_control(gateway: Controlled, path: Path) -> asyncio.AbstractServer:
    """Listen on the socket `path`, which only its owner may use; an old socket is replaced."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await _answer_one(gateway, reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return
        finally:
            writer.close()

    path.unlink(missing_ok=True)
    server = await asyncio.start_unix_server(talk, path, limit=16 * 1024, start_serving=False)
    path.chmod(0o600)
    await server.start_serving()
    return server


async def _answer_one(
    gateway: Controlled, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> bool:
    head = await reader.readuntil(b"\r\n\r\n")
    if match := _LENGTH.search(head.replace(b"\r\n", b"\n")):
        await reader.readexactly(int(match[1]))
    method, _, rest = head.decode("latin-1").partition(" ")
    status, body = _route(gateway, method, rest.split(" ", 1)[0])
    content = json.dumps(body).encode()
    writer.write(
        b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
        % (status.encode(), len(content), content)
    )
    await writer.drain()
    return b"connection: close" not in head.lower()


def _route(gateway: Controlled, method: str, target: str) -> tuple[str, JsonObject]:
    match method, target.strip("/").split("/"):
        case "POST", ["reload"]:
            try:
                return "200 OK", {"version": gateway.reload()}
            except Refused as error:
                body = {"code": error.code, "detail": str(error), "fix": error.fix}
                return "422 Unprocessable Content", body
        case "GET", ["health"]:
            return "200 OK", gateway.get_health()
        case "GET", ["metrics"]:
            return "200 OK", gateway.get_metrics()
        case "GET", ["instances", instance_id, "inflight"]:
            return "200 OK", {"inflight": gateway.get_in_flight(unquote(instance_id))}
    return "404 Not Found", {
        "code": "GATEWAY-CONTROL-UNKNOWN",
        "detail": f"cannot answer {method} {target}",
        "fix": "ask for POST /reload, GET /health, /metrics or /instances/{id}/inflight",
    }
