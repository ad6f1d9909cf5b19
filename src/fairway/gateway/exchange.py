"""One request and its response, from the head to the line in the access log.

Belongs here: finding a connection, trying again when that is safe, and passing bytes both ways
as fast as the slower side takes them. Never here: parsing. Start at `Exchange.start`.
"""

import asyncio
import time
from abc import abstractmethod
from typing import Protocol

from fairway.gateway import answer as answers
from fairway.gateway.access_log import AccessLog
from fairway.gateway.answer import Answer
from fairway.gateway.message import RequestHead, ResponseHead, render_request, render_response
from fairway.gateway.router import LiveRoute, Router
from fairway.gateway.upstream import Receiver, Upstream, UpstreamConnection

_WAIT_SECONDS = 2.0
_RETRY_SECONDS = 0.1
_MAX_SENDINGS = 4
_BODYLESS_STATUSES = frozenset((204, 304))


class Client(Protocol):
    """The side that asked."""

    peer: bytes
    is_blocked: bool

    @abstractmethod
    def write(self, data: bytes) -> None:
        """Send bytes, or keep them until they can be sent."""

    @abstractmethod
    def finish(self, exchange: "Exchange", *, is_kept_alive: bool) -> None:
        """The response is complete."""

    @abstractmethod
    def break_off(self, *, is_reset: bool) -> None:
        """The response cannot be completed: close so that the client sees it."""

    @abstractmethod
    def open_tunnel(self) -> None:
        """Pass what the client sends, unparsed, to the exchange from now on."""

    @abstractmethod
    def reject_tunnel(self) -> None:
        """The instance answered in HTTP: parse what the client sends again."""

    @abstractmethod
    def write_end(self) -> None:
        """Send no more, but go on receiving."""

    @abstractmethod
    def close(self) -> None:
        """Close after what was written is sent."""

    @abstractmethod
    def update_reading(self) -> None:
        """Pause or go on reading, as the exchange can take it."""


class Exchange(Receiver):
    """One request and its response; lives on one client connection, in its order."""

    def __init__(
        self, client: Client, router: Router, log: AccessLog, request: RequestHead
    ) -> None:
        self.request = request
        self.refusal: Answer | None = None
        self.is_started = False
        self.is_over = False
        self.is_request_complete = not request.has_body
        self.is_upstream_blocked = False
        self.pending_bytes = 0
        self._client = client
        self._router = router
        self._log = log
        self._live: LiveRoute | None = None
        self._upstream: Upstream | None = None
        self._connection: UpstreamConnection | None = None
        self._task: asyncio.Task[None] | None = None
        self._sendings = 0
        self._to_upstream: list[bytes] = []
        self._to_client: list[bytes] = []
        self._status = 0
        self._bytes_out = 0
        self._is_chunked_out = False
        self._is_framed = True
        self._started_at = time.perf_counter()

    # From the client

    def start(self) -> None:
        """Send the request on its way; returns at once."""
        self.is_started = True
        if self.refusal is not None:
            self._answer(self.refusal)
        else:
            self._send()

    def add_body(self, chunk: bytes) -> None:
        """Take a piece of the request's body; it is sent at the next `flush_request`."""
        if self.request.is_chunked:
            chunk = b"%x\r\n%b\r\n" % (len(chunk), chunk)
        self._to_upstream.append(chunk)
        self.pending_bytes += len(chunk)

    def complete_request(self) -> None:
        if not self.is_request_complete:
            self.is_request_complete = True
            if self.request.is_chunked:
                self._to_upstream.append(b"0\r\n\r\n")

    def flush_request(self) -> None:
        """Send what was added, if there is a connection to send it on."""
        if self._connection is not None and self._to_upstream:
            self._connection.write(b"".join(self._to_upstream))
            self._to_upstream.clear()
            self.pending_bytes = 0

    def block_client(self, is_blocked: bool) -> None:  # noqa: FBT001  one fact, one argument
        """The client takes no more bytes for now, or takes them again."""
        if self._connection is not None:
            self._connection.pause(is_blocked)

    def send_tunnelled(self, data: bytes) -> None:
        if self._connection is not None:
            self._connection.write(data)

    def end_client_tunnel(self) -> None:
        """The client will send no more."""
        if self._connection is not None:
            self._connection.write_end()

    def abandon(self) -> None:
        """The client is gone."""
        self._conclude(self._status or 499)

    def refuse(self, refusal: Answer) -> None:
        """The rest of the request's body cannot be read."""
        if self.is_over:
            return
        if self._status:
            self._client.break_off(is_reset=False)
            self._conclude(self._status)
        else:
            self._leave(is_reusable=False)
            self._answer(refusal)

    # Finding an instance

    def _send(self) -> None:
        """Send on an idle connection if the request could be repeated, else on a fresh one."""
        self._live = live = self._router.find(self.request.host, self.request.path)
        if live is None:
            self._answer(answers.make_no_route(self.request))
            return
        self._sendings += 1
        if self.request.is_repeatable:
            upstream = live.choose((), asyncio.get_running_loop().time())
            connection = upstream.find_idle() if upstream is not None else None
            if upstream is not None and connection is not None:
                self._upstream = upstream
                upstream.in_flight += 1
                self._use(connection)
                return
        self._task = asyncio.get_running_loop().create_task(self._connect())

    async def _connect(self) -> None:
        """Connect to an instance, trying each, and waiting for one when none takes us."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _WAIT_SECONDS
        failed: set[str] = set()
        while True:
            self._live = live = self._router.find(self.request.host, self.request.path)
            upstream = live.choose(failed, loop.time()) if live is not None else None
            if upstream is None:
                left = deadline - loop.time()
                if left <= 0:
                    break
                await self._router.wait_for_change(min(left, _RETRY_SECONDS if failed else left))
                failed.clear()
                continue
            self._upstream = upstream
            upstream.in_flight += 1
            try:
                connection = await upstream.connect()
            except OSError:
                failed.add(upstream.instance.id)
                self._leave(is_reusable=False)
                continue
            self._task = None
            self._use(connection)
            return
        self._task = None
        if live is None:
            self._answer(answers.make_no_route(self.request))
        else:
            self._answer(answers.make_no_instance(live.route.workload, _WAIT_SECONDS))

    def _use(self, connection: UpstreamConnection) -> None:
        self._connection = connection
        connection.begin(self)
        self._to_upstream.insert(0, render_request(self.request, self._client.peer))
        self.flush_request()
        if self._client.is_blocked:
            connection.pause(True)
        self._client.update_reading()

    # From the instance

    def take_head(self, head: ResponseHead) -> None:
        request = self.request
        if head.status < 200 and head.status != 101:
            if request.is_http_11:
                self._to_client.append(render_response(head, is_chunked=False, connection=None))
            return
        self._status = head.status
        if head.status == 101:
            self._to_client.append(render_response(head, is_chunked=False, connection=b"Upgrade"))
            return
        is_bodyless = request.method == b"HEAD" or head.status in _BODYLESS_STATUSES
        if head.status == 204:
            head.content_length = None
        if not is_bodyless and head.content_length is None:
            self._is_chunked_out = request.is_http_11
            self._is_framed = request.is_http_11
            request.is_keep_alive = request.is_keep_alive and self._is_framed
        self._to_client.append(
            render_response(
                head, is_chunked=self._is_chunked_out, connection=self._get_connection_header()
            )
        )
        if request.upgrade is not None:
            self._client.reject_tunnel()

    def _get_connection_header(self) -> bytes | None:
        if not self.request.is_keep_alive:
            return b"close"
        return None if self.request.is_http_11 else b"keep-alive"

    def take_body(self, chunk: bytes) -> None:
        self._bytes_out += len(chunk)
        if self._is_chunked_out:
            self._to_client.append(b"%x\r\n" % len(chunk))
            self._to_client.append(chunk)
            self._to_client.append(b"\r\n")
        else:
            self._to_client.append(chunk)

    def flush(self) -> None:
        if self._to_client:
            self._client.write(
                self._to_client[0] if len(self._to_client) == 1 else b"".join(self._to_client)
            )
            self._to_client.clear()

    def end(self) -> None:
        if self._is_chunked_out:
            self._to_client.append(b"0\r\n\r\n")
        self._finish()

    def lose(self, *, is_untouched: bool) -> None:
        if is_untouched and self._upstream is not None:
            self._upstream.avoid()
        self._leave(is_reusable=False)
        if self._status:
            self.flush()
            # Without framing only a reset tells a response that was cut from a complete one.
            self._client.break_off(is_reset=not self._is_framed)
            self._conclude(self._status)
        elif is_untouched and self.request.is_repeatable and self._sendings < _MAX_SENDINGS:
            self._send()
        else:
            workload = self._live.route.workload if self._live is not None else ""
            self._answer(answers.make_upstream_failed(workload))

    def open_tunnel(self, rest: bytes) -> None:
        self._to_client.append(rest)
        self.flush()
        self._client.open_tunnel()

    def take_tunnelled(self, data: bytes) -> None:
        self._bytes_out += len(data)
        self._client.write(data)

    def end_tunnel(self, *, is_lost: bool) -> None:
        if is_lost:
            self._client.close()
            self._conclude(self._status)
        else:
            self._client.write_end()

    def block(self, is_blocked: bool) -> None:  # noqa: FBT001  one fact, one argument
        self.is_upstream_blocked = is_blocked
        self._client.update_reading()

    # Endings

    def _answer(self, answer: Answer) -> None:
        head, body = answers.render_answer(answer, self.request)
        self._status = answer.status
        self._to_client = [
            render_response(head, is_chunked=False, connection=self._get_connection_header())
        ]
        if self.request.method != b"HEAD":
            self._to_client.append(body)
        if self.request.upgrade is not None:
            self._client.reject_tunnel()
        self._finish()

    def _finish(self) -> None:
        self.flush()
        is_kept_alive = self.request.is_keep_alive and self.is_request_complete
        self._conclude(self._status)
        self._client.finish(self, is_kept_alive=is_kept_alive)

    def _conclude(self, status: int) -> None:
        """Give everything back and say what happened, once."""
        if self.is_over:
            return
        self.is_over = True
        if self._task is not None:
            self._task.cancel()
        upstream = self._upstream
        self._leave(is_reusable=self.is_request_complete)
        seconds = time.perf_counter() - self._started_at
        if self._live is not None:
            self._live.tally.add(status, seconds)
        self._log.add(
            client=self._client.peer.decode("ascii"),
            method=self.request.method.decode("latin-1"),
            host=self.request.host,
            path=self.request.path,
            status=status,
            bytes=self._bytes_out,
            ms=round(seconds * 1000, 2),
            route=self._live.route.name if self._live is not None else "",
            instance=upstream.instance.id if upstream is not None else "",
            sendings=self._sendings,
            request_id=self.request.request_id.decode("ascii"),
        )

    def _leave(self, *, is_reusable: bool) -> None:
        """Give up the connection and the place at the instance."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.release(is_reusable=is_reusable)
        upstream, self._upstream = self._upstream, None
        if upstream is not None:
            upstream.in_flight -= 1
        self.is_upstream_blocked = False
