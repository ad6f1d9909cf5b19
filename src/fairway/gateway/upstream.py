"""Connections to instances.

Belongs here: one instance's live state (requests in flight, idle connections) and the protocol
spoken to it. Never here: which instance a request goes to, what the client is told. Start at
`Upstream`.
"""

import asyncio
from abc import abstractmethod
from typing import Protocol

import httptools

from fairway.gateway.message import Headers, RequestHead, ResponseHead, read_response
from fairway.gateway.route import Instance

_MAX_IDLE = 128
_MAX_HEAD_BYTES = 256 * 1024
_CONNECT_SECONDS = 1.0
_AVOID_SECONDS = 0.5


class Receiver(Protocol):
    """Takes what an instance answers to one request."""

    request: RequestHead

    @abstractmethod
    def take_head(self, head: ResponseHead) -> None:
        """Take an interim or the final head."""

    @abstractmethod
    def take_body(self, chunk: bytes) -> None:
        """Take a piece of the body."""

    @abstractmethod
    def flush(self) -> None:
        """All that one read brought has been given."""

    @abstractmethod
    def end(self) -> None:
        """The response is complete."""

    @abstractmethod
    def lose(self, *, is_untouched: bool) -> None:
        """No more will come; `is_untouched` when not one byte of the response came."""

    @abstractmethod
    def open_tunnel(self, rest: bytes) -> None:
        """The instance switched protocols; `rest` are its first bytes."""

    @abstractmethod
    def take_tunnelled(self, data: bytes) -> None:
        """Take bytes of the protocol switched to."""

    @abstractmethod
    def end_tunnel(self, *, is_lost: bool) -> None:
        """The instance will send no more; `is_lost` when it takes no more either."""

    @abstractmethod
    def block(self, is_blocked: bool) -> None:  # noqa: FBT001  one fact, one argument
        """The instance takes no more bytes for now, or takes them again."""


class UpstreamConnection(asyncio.Protocol):
    """One connection to an instance: one request at a time, then idle or closed."""

    def __init__(self, upstream: "Upstream") -> None:
        self.upstream = upstream
        self.instance = upstream.instance
        self.receiver: Receiver | None = None
        self._transport: asyncio.Transport | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._headers: Headers = []
        self._reason = b""
        self._head_bytes = 0
        self._reset()

    def _reset(self) -> None:
        self._is_untouched = True
        self._is_head_read = False
        self._is_until_end = False
        self._is_complete = False
        self._is_kept_alive = False
        self._is_tunnel = False

    # What the exchange asks for.

    def begin(self, receiver: Receiver) -> None:
        """Expect the response to one request, for `receiver`."""
        self.receiver = receiver
        self._reset()
        if self._parser is None:
            self._parser = httptools.HttpResponseParser(self)

    @property
    def is_usable(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def write(self, data: bytes) -> None:
        if self.is_usable and self._transport is not None:
            self._transport.write(data)

    def write_end(self) -> None:
        if self.is_usable and self._transport is not None:
            self._transport.write_eof()

    def pause(self, is_paused: bool) -> None:  # noqa: FBT001  one fact, one argument
        """Stop or go on reading, as the client can take it."""
        if self._transport is None or self._transport.is_closing():
            return
        if is_paused:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def release(self, *, is_reusable: bool) -> None:
        """End the use of this connection: it becomes idle or is closed."""
        self.receiver = None
        is_idle = is_reusable and self._is_complete and self._is_kept_alive and self.is_usable
        if self._is_tunnel and self._transport is not None:
            self._transport.close()
        elif is_idle and self.upstream.keep(self):
            self.pause(False)
        else:
            self.close()

    def close(self) -> None:
        self.receiver = None
        self._parser = None
        if self._transport is not None:
            self._transport.abort()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self.receiver is None or self._parser is None:
            self.upstream.forget(self)
            self.close()
            return
        if self._is_tunnel:
            self.receiver.take_tunnelled(data)
            return
        self._is_untouched = False
        try:
            self._parser.feed_data(data)
            self._check_head_size(len(data))
        except httptools.HttpParserUpgrade as stop:
            self._switch(data[stop.args[0] :])
            return
        except httptools.HttpParserError:
            self._lose()
            return
        if self._is_complete:
            self._end()
        elif self.receiver is not None:
            self.receiver.flush()

    def _check_head_size(self, size: int) -> None:
        self._head_bytes = 0 if self._is_head_read else self._head_bytes + size
        if self._head_bytes > _MAX_HEAD_BYTES:
            raise httptools.HttpParserError("the response's head is too large")

    def _switch(self, rest: bytes) -> None:
        if self.receiver is None or self.receiver.request.upgrade is None:
            self._lose()
            return
        self._is_tunnel = True
        self.receiver.open_tunnel(rest)

    def _end(self) -> None:
        receiver = self.receiver
        if receiver is None:
            return
        if receiver.request.method == b"HEAD":
            # The parser would wait for the body that a HEAD response only announces.
            self._parser = None
        receiver.end()

    def _lose(self) -> None:
        receiver, self.receiver = self.receiver, None
        self.close()
        if receiver is not None:
            receiver.lose(is_untouched=self._is_untouched)

    def eof_received(self) -> bool:
        if self._is_tunnel and self.receiver is not None:
            self.receiver.end_tunnel(is_lost=False)
            return True
        self.upstream.forget(self)
        if self._is_until_end and self._is_head_read and self.receiver is not None:
            self._is_complete = True
            self._is_kept_alive = False
            self._end()
        else:
            self._lose()
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  asyncio's signature
        self.upstream.forget(self)
        if self._is_tunnel and self.receiver is not None:
            self.receiver.end_tunnel(is_lost=True)
            return
        self._lose()

    def pause_writing(self) -> None:
        if self.receiver is not None:
            self.receiver.block(True)

    def resume_writing(self) -> None:
        if self.receiver is not None:
            self.receiver.block(False)

    # httptools

    def on_message_begin(self) -> None:
        if self._is_complete:
            raise ValueError("more than one response to one request")
        self._headers, self._reason = [], b""

    def on_status(self, reason: bytes) -> None:
        self._reason += reason

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._is_head_read:
            self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self.receiver is None or self._parser is None:
            return
        status = self._parser.get_status_code()
        head = read_response(status, self._reason, self._headers)
        if status == 101 and self.receiver.request.upgrade is None:
            raise ValueError("switched protocols without being asked")
        if status >= 200 or status == 101:
            self._is_head_read = True
            self._is_kept_alive = self._parser.should_keep_alive()
            self._is_until_end = head.content_length is None and not head.is_chunked
        self.receiver.take_head(head)
        if self._is_head_read and self.receiver.request.method == b"HEAD":
            self._is_complete = True

    def on_body(self, chunk: bytes) -> None:
        if self.receiver is not None and not self._is_complete:
            self.receiver.take_body(chunk)

    def on_message_complete(self) -> None:
        self._is_complete = self._is_head_read


class Upstream:
    """One instance as the gateway sees it; lives until it has left the table and is drained."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.is_listed = True
        self.in_flight = 0
        self.turn = 0
        self.avoided_until = 0.0
        self._idle: list[UpstreamConnection] = []

    def find_idle(self) -> UpstreamConnection | None:
        """Take the idle connection that was used last, or None."""
        while self._idle:
            connection = self._idle.pop()
            if connection.is_usable:
                return connection
        return None

    async def connect(self) -> UpstreamConnection:
        """Return a fresh connection.

        Raises:
            OSError: the instance does not take one; it is chosen last for a moment.
        """
        loop = asyncio.get_running_loop()
        where = self.instance
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                _, connection = await loop.create_connection(
                    lambda: UpstreamConnection(self), where.address, where.port
                )
        except OSError:
            self.avoid()
            raise
        return connection

    def avoid(self) -> None:
        """Be chosen last for a moment."""
        self.avoided_until = asyncio.get_running_loop().time() + _AVOID_SECONDS

    def keep(self, connection: UpstreamConnection) -> bool:
        """Keep `connection` for a later request; False when it should be closed."""
        is_current = self.is_listed and connection.instance is self.instance
        if not is_current or len(self._idle) >= _MAX_IDLE:
            return False
        self._idle.append(connection)
        return True

    def forget(self, connection: UpstreamConnection) -> None:
        if connection in self._idle:
            self._idle.remove(connection)

    def list_at(self, instance: Instance) -> None:
        """Take requests at `instance`, which may have moved to another address."""
        if instance != self.instance:
            self.unlist()
            self.instance = instance
        self.is_listed = True

    def unlist(self) -> None:
        """Take no new request; what is in flight goes on."""
        self.is_listed = False
        for connection in list(self._idle):
            connection.close()
        self._idle.clear()
