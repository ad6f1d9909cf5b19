"""A real gateway process, and real servers behind it.

Belongs here: what the gateway's tests share: starting it, its table, clients of bytes.
"""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

HOST = "orders.dev.localhost"
JsonDict = dict[str, object]


def wait_until(is_true: Callable[[], bool], *, what: str, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.01)


class Echo(BaseHTTPRequestHandler):
    """Answers with what it got; the path says how."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    name = "a"

    def do_GET(self) -> None:
        if self.path == "/events":
            self.send_events()
            return
        body = json.dumps(
            {
                "instance": self.name,
                "method": self.command,
                "path": self.path,
                "headers": list(self.headers.items()),
                "body": self.read_body().decode("latin-1"),
            }
        ).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Instance", self.name)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_POST = do_PUT = do_DELETE = do_HEAD = do_GET  # noqa: N815  http.server's names

    def read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def send_events(self) -> None:
        """Five events, 0.1 s apart, in a response that ends with the connection."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for number in range(5):
            self.wfile.write(f"data: {number} {time.time()}\n\n".encode())
            time.sleep(0.1)
        self.close_connection = True

    def log_message(self, *args: object) -> None:
        """Say nothing."""


class QuietServer(ThreadingHTTPServer):
    """A server whose clients may leave without a traceback on standard error."""

    request_queue_size = 256

    def handle_error(self, request: object, client_address: object) -> None:
        del request, client_address


class Backend:
    """An instance: a real HTTP server on a port of its own."""

    def __init__(self, name: str, handler: type[BaseHTTPRequestHandler] = Echo) -> None:
        self.name = name
        kind = type("Named", (handler,), {"name": name})
        self._server = QuietServer(("127.0.0.1", 0), kind)
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}
        )
        self._thread.start()

    @property
    def entry(self) -> JsonDict:
        return {"id": self.name, "address": "127.0.0.1", "port": self.port}

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class RawServer:
    """An instance that does with each connection what a function says."""

    def __init__(self, talk: Callable[[socket.socket], None]) -> None:
        self._talk = talk
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.connections = 0
        self._threads: list[threading.Thread] = []
        self._acceptor = threading.Thread(target=self._accept)
        self._acceptor.start()

    @property
    def entry(self) -> JsonDict:
        return {"id": f"raw-{self.port}", "address": "127.0.0.1", "port": self.port}

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection,))
            thread.start()
            self._threads.append(thread)

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(20)
        with connection:
            try:
                self._talk(connection)
            except OSError:
                return

    def stop(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._acceptor.join()
        for thread in self._threads:
            thread.join(20)
            assert not thread.is_alive()


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("gateway", timeout=10)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(10)
        self.sock.connect(str(self._path))


class RunningGateway:
    """A gateway process and its folder."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.folder = home / "gateway"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.version = 0
        self.port = 0
        self.process: subprocess.Popen[bytes] | None = None
        self.log = home / "access.log"

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def start(self, port: int = 0) -> None:
        command = [sys.executable, "-m", "fairway.gateway", str(self.home), "--port", str(port)]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3] / "src")}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, env=environment)
        wait_until(self._is_up, what="the gateway is up")
        self.port = int(str(self.ask("GET", "/health")["port"]))

    def _is_up(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None
        try:
            return self.ask("GET", "/health")["pid"] == self.pid
        except OSError:
            return False

    def read_memory_bytes(self) -> int:
        status = Path(f"/proc/{self.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) * 1024

    def kill(self, number: int = signal.SIGKILL) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(10)

    def ask(self, method: str, path: str) -> JsonDict:
        connection = _UnixConnection(self.folder / "gateway.sock")
        try:
            connection.request(method, path)
            answer = json.loads(connection.getresponse().read())
            assert isinstance(answer, dict)
            return answer
        finally:
            connection.close()

    def count_in_flight(self, instance: str) -> int:
        return int(str(self.ask("GET", f"/instances/{instance}/inflight")["inflight"]))

    def write_table(self, instances: list[JsonDict], *more: JsonDict) -> int:
        """Write a table in which `instances` serve HOST, without asking for a reload."""
        self.version += 1
        route = {"host": HOST, "path": "/", "name": "www", "workload": "dev/orders"}
        routes = [{**route, "instances": instances}, *more]
        draft = self.folder / "routes.json.draft"
        draft.write_text(json.dumps({"version": self.version, "routes": routes}))
        draft.replace(self.folder / "routes.json")
        return self.version

    def route(self, instances: list[JsonDict], *more: JsonDict) -> None:
        version = self.write_table(instances, *more)
        assert self.ask("POST", "/reload") == {"version": version}

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    @contextmanager
    def client(self) -> Iterator[http.client.HTTPConnection]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            yield connection
        finally:
            connection.close()

    def request(
        self,
        method: str = "GET",
        path: str = "/",
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, bytes, http.client.HTTPMessage]:
        with self.client() as client:
            client.request(method, path, body=body, headers={"Host": HOST, **(headers or {})})
            response = client.getresponse()
            return response.status, response.read(), response.headers

    def exchange_raw(self, data: bytes) -> bytes:
        """Send `data` and return all that comes until the gateway closes."""
        with self.connect() as client:
            client.sendall(data)
            return read_all(client)


def read_all(client: socket.socket) -> bytes:
    parts = []
    while part := client.recv(65536):
        parts.append(part)
    return b"".join(parts)


def read_head(client: socket.socket) -> bytes:
    """Read from `client` up to the end of a head and return all that came."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = client.recv(65536)
        if not part:
            break
        data += part
    return data


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[RunningGateway]:
    running = RunningGateway(tmp_path)
    running.start()
    yield running
    if running.process is not None and running.process.poll() is None:
        running.kill()


@pytest.fixture
def start_backend() -> Iterator[Callable[..., Backend]]:
    backends: list[Backend] = []

    def start(name: str = "a", handler: type[BaseHTTPRequestHandler] = Echo) -> Backend:
        backends.append(Backend(name, handler))
        return backends[-1]

    yield start
    for backend in backends:
        backend.stop()


@pytest.fixture
def start_raw() -> Iterator[Callable[[Callable[[socket.socket], None]], RawServer]]:
    servers: list[RawServer] = []

    def start(talk: Callable[[socket.socket], None]) -> RawServer:
        servers.append(RawServer(talk))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()
