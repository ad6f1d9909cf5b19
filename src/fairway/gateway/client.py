"""Connections from clients.

Belongs here: parsing requests, their order on one connection, pausing, timeouts, and closing so
that the client has read the last response. Never here: where a request goes. Start at
`ClientConnection.data_received`.
"""

import asyncio
from collections import deque
from typing import Protocol

import httptools

from fairway.gateway import answer as answers
from fairway.gateway.access_log import AccessLog
from fairway.gateway.answer import Answer
from fairway.gateway.exchange import Client, Exchange
from fairway.gateway.message import BadRequest, Headers, RequestHead, read_request
from fairway.gateway.router import Router

MAX_HEAD_BYTES = 64 * 1024
_MAX_HEADERS = 256
_MAX_PENDING_BYTES = 256 * 1024
_HEAD_SECONDS = 30.0
_IDLE_SECONDS = 75.0
_LINGER_SECONDS = 2.0


class FrontDoor(Protocol):
    """What all client connections share."""

    router: Router
    log: AccessLog
    clients: set["ClientConnection"]
    is_stopping: bool


class ClientConnection(asyncio.Protocol, Client):
    """One client: its requests are answered in order, one at a time."""

    def __init__(self, door: FrontDoor) -> None:
        self.peer = b"-"
        self.is_blocked = False
        self._door = door
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._queue: deque[Exchange] = deque()
        self._deadline: float | None = None
        self._is_closing = False
        self._is_tunnel = False
        self._is_ended = False
        self._is_write_ended = False
        self._held: bytearray | None = None
        self._is_muted = False
        self._begin_head()

    def _begin_head(self) -> None:
        self._target = b""
        self._headers: Headers = []
        self._head_bytes = 0
        self._is_in_head = False
        self._is_body_wanted = False

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        peer = transport.get_extra_info("peername")
        self.peer = str(peer[0]).encode() if peer else b"-"
        self._door.clients.add(self)
        self._deadline = self._loop.time() + _HEAD_SECONDS

    def data_received(self, data: bytes) -> None:
        if self._is_tunnel:
            self._queue[0].send_tunnelled(data)
        elif self._held is not None:
            self._held += data
            self.update_reading()
        elif not self._is_closing:
            self._parse(data)

    def _parse(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
            if self._is_in_head:
                self._head_bytes += len(data)
                self._check_head_size()
        except httptools.HttpParserUpgrade as stop:
            self._pass_upgrade(data[stop.args[0] :])
        except BadRequest as error:
            self._refuse(answers.make_bad_request(error.why, error.status))
        except httptools.HttpParserError as error:
            cause = error.__context__
            why, status = str(error), 400
            if isinstance(cause, BadRequest):
                why, status = cause.why, cause.status
            self._refuse(answers.make_bad_request(why, status))
        self._advance()

    def _check_head_size(self) -> None:
        if self._head_bytes > MAX_HEAD_BYTES:
            raise BadRequest(f"its head is larger than {MAX_HEAD_BYTES} bytes", status=431)
        if len(self._headers) > _MAX_HEADERS:
            raise BadRequest(f"it has more than {_MAX_HEADERS} headers", status=431)

    def eof_received(self) -> bool:
        if self._is_tunnel and self._queue:
            self._is_ended = True
            self._queue[0].end_client_tunnel()
            return not self._is_write_ended
        if self._queue and self._transport is not None:
            # Whoever closed reads no more, and an instance should not work for nobody.
            self._transport.abort()
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  asyncio's signature
        self._door.clients.discard(self)
        self._is_closing = True
        queue, self._queue = self._queue, deque()
        for exchange in queue:
            exchange.abandon()

    def pause_writing(self) -> None:
        self.is_blocked = True
        if self._queue:
            self._queue[0].block_client(True)

    def resume_writing(self) -> None:
        self.is_blocked = False
        if self._queue:
            self._queue[0].block_client(False)

    # httptools

    def on_message_begin(self) -> None:
        self._begin_head()
        self._is_in_head = True
        self._deadline = self._loop.time() + _HEAD_SECONDS

    def on_url(self, part: bytes) -> None:
        self._target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._is_in_head:
            self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        if self._is_muted:
            return
        self._head_bytes = len(self._target) + sum(len(n) + len(v) + 4 for n, v in self._headers)
        self._check_head_size()
        parser = self._parser
        head = read_request(
            parser.get_method(), self._target, parser.get_http_version(), self._headers
        )
        self._is_body_wanted = head.has_body
        self._queue.append(Exchange(self, self._door.router, self._door.log, head))

    def on_body(self, chunk: bytes) -> None:
        if self._queue and self._is_body_wanted and not self._is_muted:
            self._queue[-1].add_body(chunk)

    def on_message_complete(self) -> None:
        if self._queue and self._is_body_wanted and not self._parser.should_upgrade():
            self._queue[-1].complete_request()
            self._is_body_wanted = False

    # Order

    def _advance(self) -> None:
        """Start or feed the request whose turn it is."""
        if not self._queue:
            return
        self._deadline = None
        front = self._queue[0]
        if front.is_started:
            front.flush_request()
        else:
            front.start()
        self.update_reading()

    def _pass_upgrade(self, rest: bytes) -> None:
        """Go on after a head that asked to switch protocols.

        `rest` is kept until the instance has answered; when the request is an ordinary one for
        us, it is read as its body and what follows.
        """
        request = self._queue[-1].request
        if request.upgrade is not None:
            self._held = bytearray(rest)
            return
        self._parser = httptools.HttpRequestParser(self)
        if request.has_body:
            framing = b"Transfer-Encoding: chunked"
            if request.content_length is not None:
                framing = b"Content-Length: " + request.content_length
            self._is_muted = True
            self._parser.feed_data(b"POST / HTTP/1.1\r\n%b\r\n\r\n" % framing)
            self._is_muted = False
            self._is_body_wanted = True
        if rest:
            self._parse(rest)

    def _refuse(self, refusal: Answer) -> None:
        """Answer what cannot be read, after what came before it, and read no more."""
        self._is_closing = True
        if self._is_body_wanted and self._queue:
            last = self._queue[-1]
            if last.is_started:
                last.refuse(refusal)
            else:
                last.refusal = refusal
            return
        request = RequestHead(method=b"-", target=b"-", headers=[])
        exchange = Exchange(self, self._door.router, self._door.log, request)
        exchange.refusal = refusal
        exchange.is_request_complete = False
        self._queue.append(exchange)

    def finish(self, exchange: Exchange, *, is_kept_alive: bool) -> None:
        if not self._queue or self._queue[0] is not exchange:
            return
        self._queue.popleft()
        if not is_kept_alive or self._door.is_stopping:
            self._queue.clear()
            self._close_after_reading(is_lingering=not exchange.is_request_complete)
        elif self._queue:
            self._loop.call_soon(self._advance)
        else:
            self._deadline = self._loop.time() + _IDLE_SECONDS
            self.update_reading()

    def _close_after_reading(self, *, is_lingering: bool) -> None:
        """Close; a client that still sends gets time to read the response first."""
        self._is_closing = True
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if is_lingering:
            transport.resume_reading()
            transport.write_eof()
            self._loop.call_later(_LINGER_SECONDS, transport.abort)
        else:
            transport.close()

    def expire(self, now: float) -> None:
        """Close when idle, or slow to send a head, for too long."""
        if self._deadline is None or now < self._deadline or self._is_closing:
            return
        if self._is_in_head:
            self._refuse(answers.make_slow_request(_HEAD_SECONDS))
            self._advance()
        else:
            self.close()

    # For the exchange

    def write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def break_off(self, *, is_reset: bool) -> None:
        self._is_closing = True
        if self._transport is None:
            return
        if is_reset:
            self._transport.abort()
        else:
            self._transport.close()

    def open_tunnel(self) -> None:
        self._is_tunnel = True
        held, self._held = self._held, None
        if held:
            self._queue[0].send_tunnelled(bytes(held))
        self.update_reading()

    def reject_tunnel(self) -> None:
        held, self._held = self._held, None
        self._parser = httptools.HttpRequestParser(self)
        if held:
            self._loop.call_soon(self._parse, bytes(held))

    def write_end(self) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if self._is_ended:
            self._transport.close()
        else:
            self._is_write_ended = True
            self._transport.write_eof()

    def close(self) -> None:
        self._is_closing = True
        if self._transport is not None:
            self._transport.close()

    def close_if_idle(self) -> None:
        """Close unless a request is under way."""
        if not self._queue:
            self.close()

    def update_reading(self) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        front = self._queue[0] if self._queue else None
        held = len(self._held) if self._held is not None else 0
        is_paused = front is not None and (
            front.is_upstream_blocked
            or len(self._queue) > 1
            or front.pending_bytes + held > _MAX_PENDING_BYTES
        )
        if is_paused:
            transport.pause_reading()
        else:
            transport.resume_reading()
