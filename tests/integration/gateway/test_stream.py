"""Long-lived and large exchanges pass through in bounded memory."""

import asyncio
import hashlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from tests.integration.gateway.conftest import (
    HOST,
    RawServer,
    RunningGateway,
    read_head,
    wait_until,
)

pytestmark = pytest.mark.integration
StartRaw = Callable[[Callable[[socket.socket], None]], RawServer]
MIB = 1024 * 1024
SIZE = 64 * MIB


@contextmanager
def watch_memory(gateway: RunningGateway, limit: int) -> Iterator[None]:
    """Fail when the gateway grows by more than `limit` bytes meanwhile."""
    before = gateway.read_memory_bytes()
    seen = [before]
    is_over = threading.Event()

    def look() -> None:
        while not is_over.wait(0.01):
            seen.append(gateway.read_memory_bytes())

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
    assert max(seen) - before < limit


def _drain(server: socket.socket, rest: bytes, digest: "hashlib._Hash") -> None:
    digest.update(rest)
    left = SIZE - len(rest)
    while left:
        part = server.recv(MIB)
        if not part:
            break
        left -= len(part)
        digest.update(part)


def test_a_large_body_passes_both_ways_in_bounded_memory(
    gateway: RunningGateway, start_raw: StartRaw
) -> None:
    """The instance reads all of the request slowly at first, and the client the response."""
    received = hashlib.sha256()
    block = bytes(range(256)) * 4096

    def talk(server: socket.socket) -> None:
        rest = read_head(server).partition(b"\r\n\r\n")[2]
        time.sleep(0.3)
        _drain(server, rest, received)
        server.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % SIZE)
        for _ in range(SIZE // MIB):
            server.sendall(block)

    gateway.route([start_raw(talk).entry])
    sent, returned = hashlib.sha256(), hashlib.sha256()
    with watch_memory(gateway, 12 * MIB), gateway.connect() as client:
        client.sendall(
            f"POST / HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {SIZE}\r\n\r\n".encode()
        )
        for _ in range(SIZE // MIB):
            client.sendall(block)
            sent.update(block)
        time.sleep(0.3)
        _drain(client, read_head(client).partition(b"\r\n\r\n")[2], returned)
    assert received.digest() == sent.digest() == returned.digest()


def test_a_chunked_body_of_unknown_length_passes_in_bounded_memory(
    gateway: RunningGateway, start_raw: StartRaw
) -> None:
    def talk(server: socket.socket) -> None:
        read_head(server)
        server.sendall(b"HTTP/1.0 200 OK\r\n\r\n")
        for _ in range(SIZE // MIB):
            server.sendall(b"x" * MIB)

    gateway.route([start_raw(talk).entry])
    with watch_memory(gateway, 12 * MIB), gateway.client() as client:
        client.request("GET", "/", headers={"Host": HOST})
        response = client.getresponse()
        assert response.headers["Transfer-Encoding"] == "chunked"
        time.sleep(0.3)
        size = 0
        while part := response.read(MIB):
            size += len(part)
    assert size == SIZE


def test_a_request_streams_while_its_response_does(
    gateway: RunningGateway, start_raw: StartRaw
) -> None:
    def talk(server: socket.socket) -> None:
        read_head(server)
        server.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while part := server.recv(1000):
            server.sendall(part)
            if part.endswith(b"0\r\n\r\n"):
                return

    gateway.route([start_raw(talk).entry])
    with gateway.connect() as client:
        head = f"POST / HTTP/1.1\r\nHost: {HOST}\r\nTransfer-Encoding: chunked\r\n\r\n"
        client.sendall(head.encode())
        assert read_head(client).startswith(b"HTTP/1.1 200")
        for word in (b"5\r\nhello\r\n", b"5\r\nthere\r\n", b"0\r\n\r\n"):
            client.sendall(word)
            assert client.recv(1000) == word


class SocketEcho:
    """A WebSocket server in a thread of its own."""

    def __init__(self) -> None:
        self.port = 0
        self._is_up = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        self._is_up.wait(10)

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        async def echo(connection: ServerConnection) -> None:
            async for message in connection:
                await connection.send(message)

        async with serve(echo, "127.0.0.1", 0, max_size=None) as server:
            self.port = next(iter(server.sockets)).getsockname()[1]
            self._is_up.set()
            await self._over.wait()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()


@pytest.fixture
def echo() -> Iterator[SocketEcho]:
    server = SocketEcho()
    yield server
    server.stop()


def test_a_websocket_is_tunnelled(gateway: RunningGateway, echo: SocketEcho) -> None:
    gateway.route([{"id": "ws", "address": "127.0.0.1", "port": echo.port}])

    async def talk() -> None:
        uri = f"ws://{HOST}:{gateway.port}/"
        async with connect(uri, host="127.0.0.1", port=gateway.port, max_size=None) as client:
            for message in ("hello", "x" * 200_000, b"\0\1"):
                await client.send(message)
                assert await client.recv() == message
            assert gateway.count_in_flight("ws") == 1

    asyncio.run(talk())
    wait_until(lambda: gateway.count_in_flight("ws") == 0, what="the tunnel is closed")


def test_both_ends_of_a_tunnel_may_close_on_their_own(
    gateway: RunningGateway, start_raw: StartRaw
) -> None:
    def talk(server: socket.socket) -> None:
        read_head(server)
        server.sendall(b"HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: mine\r\n\r\nhi")
        data = b""
        while part := server.recv(1000):
            data += part
        server.sendall(data[::-1])

    server = start_raw(talk)
    gateway.route([server.entry])
    with gateway.connect() as client:
        head = f"GET / HTTP/1.1\r\nHost: {HOST}\r\nConnection: Upgrade\r\nUpgrade: mine\r\n\r\n"
        client.sendall(head.encode() + b"ab")
        answer = read_head(client)
        assert answer.startswith(b"HTTP/1.1 101 Go")
        assert b"Upgrade: mine" in answer
        client.sendall(b"cd")
        client.shutdown(socket.SHUT_WR)
        rest = answer.partition(b"\r\n\r\n")[2]
        while part := client.recv(1000):
            rest += part
        assert rest == b"hidcba"


def test_an_upgrade_that_is_not_taken_is_an_ordinary_request(
    gateway: RunningGateway, start_raw: StartRaw
) -> None:
    def talk(server: socket.socket) -> None:
        while head := read_head(server):
            body = b"mine" if b"Upgrade: mine" in head else b"none"
            server.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n" + body)

    gateway.route([start_raw(talk).entry])
    first = f"GET / HTTP/1.1\r\nHost: {HOST}\r\nConnection: Upgrade\r\nUpgrade: mine\r\n\r\n"
    second = f"GET / HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n"
    answers = gateway.exchange_raw((first + second).encode())
    assert answers.count(b"200 OK") == 2
    assert answers.index(b"mine") < answers.index(b"none")
    gateway.route([])


def test_an_upgrade_to_http_2_with_a_body_is_served_as_it_is(
    gateway: RunningGateway, start_raw: StartRaw
) -> None:
    """What a Java client sends first over plain HTTP."""

    def talk(server: socket.socket) -> None:
        head = read_head(server)
        if head.endswith(b"\r\n\r\n"):
            head += server.recv(100)
        assert b"h2c" not in head
        body = head.partition(b"\r\n\r\n")[2]
        server.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n" + body)

    gateway.route([start_raw(talk).entry])
    head = (
        f"POST / HTTP/1.1\r\nHost: {HOST}\r\nConnection: Upgrade, HTTP2-Settings, close\r\n"
        "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\nContent-Length: 3\r\n\r\n"
    )
    assert gateway.exchange_raw(head.encode() + b"abc").endswith(b"\r\n\r\nabc")
