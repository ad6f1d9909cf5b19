"""A change of instances fails no request, and the gateway's own life is safe."""

import http.client
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.gateway.conftest import (
    HOST,
    Backend,
    RawServer,
    RunningGateway,
    read_head,
    wait_until,
)

pytestmark = pytest.mark.integration
StartBackend = Callable[..., Backend]
StartRaw = Callable[[Callable[[socket.socket], None]], RawServer]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Load:
    """Clients on kept-alive connections that ask until told to stop."""

    def __init__(self, gateway: RunningGateway, clients: int) -> None:
        self.answers: Counter[str] = Counter()
        self._gateway = gateway
        self._is_over = threading.Event()
        self._threads = [
            threading.Thread(target=self._ask, args=(number,)) for number in range(clients)
        ]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, number: int) -> None:
        method, body = (("GET", None), ("POST", b"x" * 100))[number % 2]
        with self._gateway.client() as client:
            while not self._is_over.is_set():
                try:
                    client.request(method, "/", body=body, headers={"Host": HOST})
                    response = client.getresponse()
                    response.read()
                    self.answers[f"{response.status}"] += 1
                except (OSError, http.client.HTTPException) as error:
                    self.answers[type(error).__name__] += 1
                    client.close()


def test_swapping_instances_under_load_fails_no_request(
    gateway: RunningGateway, tmp_path: Path
) -> None:
    current = [Backend(f"0-{number}") for number in range(2)]
    gateway.route([one.entry for one in current])
    with Load(gateway, 4) as load:
        for round_number in range(1, 13):
            done = load.answers.total()
            wait_until(lambda: load.answers.total() > done + 20, what="load")  # noqa: B023
            fresh = [Backend(f"{round_number}-{number}") for number in range(2)]
            gateway.route([one.entry for one in fresh])
            for old in current:
                name = old.name
                wait_until(lambda: gateway.count_in_flight(name) == 0, what="drained")  # noqa: B023
                old.stop()
            current = fresh
    for backend in current:
        backend.stop()
    assert set(load.answers) == {"200"}
    assert load.answers["200"] > 240


def test_an_instance_that_refuses_connections_is_passed_over(
    gateway: RunningGateway, start_backend: StartBackend
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        closed = int(unused.getsockname()[1])
    gone = {"id": "gone", "address": "127.0.0.1", "port": closed}
    gateway.route([gone, start_backend().entry])
    for method, body in (("GET", None), ("POST", b"x"), ("GET", None), ("POST", b"x")):
        assert gateway.request(method, body=body)[0] == 200


def test_requests_go_to_all_instances(gateway: RunningGateway, start_backend: StartBackend) -> None:
    gateway.route([start_backend(name).entry for name in "abc"])
    found = Counter(gateway.request("POST", body=b"x")[2]["X-Instance"] for _ in range(30))
    assert found == {"a": 10, "b": 10, "c": 10}


def test_a_busy_instance_gets_fewer_requests(
    gateway: RunningGateway, start_backend: StartBackend, start_raw: StartRaw
) -> None:
    is_over = threading.Event()

    def talk(server: socket.socket) -> None:
        read_head(server)
        is_over.wait(10)

    busy = start_raw(talk)
    gateway.route([busy.entry])
    with gateway.connect() as waiting:
        waiting.sendall(f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        wait_until(lambda: busy.connections == 1, what="the busy instance has a request")
        gateway.route([busy.entry, start_backend().entry])
        found = {gateway.request()[2]["X-Instance"] for _ in range(10)}
        is_over.set()
    assert found == {"a"}


def test_an_idle_connection_closed_by_the_instance_fails_no_request(
    gateway: RunningGateway, start_raw: StartRaw
) -> None:
    """The instance closes each connection when the second request comes, as if it had timed out."""
    served = []

    def talk(server: socket.socket) -> None:
        served.append(read_head(server))
        server.sendall(OK)
        server.recv(1000)

    gateway.route([start_raw(talk).entry])
    assert [gateway.request("GET")[0] for _ in range(10)] == [200] * 10
    assert len(served) == 10
    gateway.route([])


def test_what_may_have_had_effect_is_never_sent_twice(
    gateway: RunningGateway, start_raw: StartRaw
) -> None:
    served = []

    def talk(server: socket.socket) -> None:
        served.append(read_head(server))

    server = start_raw(talk)
    gateway.route([server.entry])
    assert gateway.request("POST", body=b"x")[0] == 502
    assert len(served) == 1


def test_a_post_never_takes_a_connection_that_may_be_stale(
    gateway: RunningGateway, start_raw: StartRaw
) -> None:
    def talk(server: socket.socket) -> None:
        while read_head(server):
            server.sendall(OK)

    server = start_raw(talk)
    gateway.route([server.entry])
    for method in ("GET", "GET", "POST", "GET"):
        assert gateway.request(method)[0] == 200
    assert server.connections == 2
    gateway.route([])


def test_a_request_waits_for_an_instance_to_become_ready(
    gateway: RunningGateway, start_backend: StartBackend
) -> None:
    gateway.route([])
    backend = start_backend()
    timer = threading.Timer(0.5, gateway.route, ([backend.entry],))
    timer.start()
    started = time.monotonic()
    assert gateway.request()[0] == 200
    assert 0.4 < time.monotonic() - started < 1.0
    timer.join()


def test_a_workload_without_instances_is_named(gateway: RunningGateway) -> None:
    gateway.route([])
    started = time.monotonic()
    status, body, headers = gateway.request(headers={"Accept": "application/json"})
    assert status == 503
    assert 1.9 < time.monotonic() - started < 4
    problem = json.loads(body)
    assert "'dev/orders'" in problem["detail"]
    assert "fairway status orders" in problem["fix"]
    assert headers["Retry-After"] == "1"


def test_an_instance_that_left_the_table_counts_until_it_is_drained(
    gateway: RunningGateway, start_raw: StartRaw
) -> None:
    is_over = threading.Event()

    def talk(server: socket.socket) -> None:
        read_head(server)
        is_over.wait(10)
        server.sendall(OK)

    server = start_raw(talk)
    name = str(server.entry["id"])
    gateway.route([server.entry])
    with gateway.client() as client:
        client.request("POST", "/", headers={"Host": HOST})
        wait_until(lambda: gateway.count_in_flight(name) == 1, what="in flight")
        gateway.route([])
        gateway.route([])
        assert gateway.count_in_flight(name) == 1
        is_over.set()
        assert client.getresponse().read() == b"ok"
    wait_until(lambda: gateway.count_in_flight(name) == 0, what="drained")
    assert gateway.count_in_flight("never-heard-of") == 0


def test_a_new_table_is_noticed_without_a_reload(
    gateway: RunningGateway, start_backend: StartBackend
) -> None:
    version = gateway.write_table([start_backend().entry])
    started = time.monotonic()
    wait_until(lambda: gateway.ask("GET", "/health")["version"] == version, what="the table")
    assert time.monotonic() - started < 0.3
    assert gateway.request()[0] == 200


@pytest.mark.parametrize("content", ["", "[]", '{"version": 9}', '{"version": 9, "routes": [{}]}'])
def test_a_broken_table_changes_nothing(
    gateway: RunningGateway, start_backend: StartBackend, content: str
) -> None:
    gateway.route([start_backend().entry])
    (gateway.folder / "routes.json").write_text(content)
    answer = gateway.ask("POST", "/reload")
    assert answer["code"] == "GATEWAY-ROUTES-INVALID"
    assert gateway.request()[0] == 200


def test_metrics_count_by_route_and_class(
    gateway: RunningGateway, start_backend: StartBackend
) -> None:
    gateway.route([start_backend().entry])
    gateway.request()
    gateway.request()
    routes = gateway.ask("GET", "/metrics")["routes"]
    assert isinstance(routes, dict)
    assert routes[f"{HOST}/"]["requests"] == {"2xx": 2}
    assert routes[f"{HOST}/"]["seconds"] > 0


def test_a_killed_gateway_takes_its_port_again_at_once(
    gateway: RunningGateway, start_backend: StartBackend
) -> None:
    gateway.route([start_backend().entry])
    with gateway.client() as client:
        client.request("GET", "/", headers={"Host": HOST})
        client.getresponse().read()
        port = gateway.port
        gateway.kill()
        started = time.monotonic()
        gateway.start(port)
    assert time.monotonic() - started < 2
    assert gateway.port == port
    assert gateway.request()[0] == 200


def test_sigterm_lets_a_request_end(gateway: RunningGateway, start_raw: StartRaw) -> None:
    is_over = threading.Event()

    def talk(server: socket.socket) -> None:
        read_head(server)
        is_over.wait(10)
        server.sendall(OK)

    server = start_raw(talk)
    gateway.route([server.entry])
    with gateway.client() as client:
        client.request("GET", "/", headers={"Host": HOST})
        wait_until(lambda: server.connections == 1, what="the request arrived")
        assert gateway.process is not None
        gateway.process.send_signal(signal.SIGTERM)
        threading.Timer(0.2, is_over.set).start()
        response = client.getresponse()
        assert response.read() == b"ok"
    assert gateway.process.wait(10) == 0


def test_a_second_gateway_is_refused_the_port(gateway: RunningGateway, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "fairway.gateway", str(tmp_path / "other")]
    second = subprocess.run(
        [*command, "--port", str(gateway.port)],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert second.returncode == 75
    assert second.stderr.startswith("error GATEWAY-PORT-TAKEN: cannot listen on 127.0.0.1:")
    assert "fix:" in second.stderr


def test_only_the_owner_may_use_the_control_socket(gateway: RunningGateway) -> None:
    assert (gateway.folder / "gateway.sock").stat().st_mode & 0o777 == 0o600
