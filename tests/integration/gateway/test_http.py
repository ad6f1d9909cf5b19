"""The gateway speaks HTTP/1.1 correctly on both sides."""

import json
import re
import socket
import time
from collections.abc import Callable

import pytest

from tests.integration.gateway.conftest import (
    HOST,
    Backend,
    RawServer,
    RunningGateway,
    read_all,
    read_head,
    wait_until,
)

pytestmark = pytest.mark.integration
StartBackend = Callable[..., Backend]
StartRaw = Callable[[Callable[[socket.socket], None]], RawServer]
HEAD = f"Host: {HOST}\r\n".encode()


@pytest.fixture
def served(gateway: RunningGateway, start_backend: StartBackend) -> RunningGateway:
    gateway.route([start_backend().entry])
    return gateway


def _read_echo(body: bytes) -> dict[str, list[str]]:
    headers: dict[str, list[str]] = {}
    for name, value in json.loads(body)["headers"]:
        headers.setdefault(name.lower(), []).append(value)
    return headers


def test_a_request_reaches_its_instance(served: RunningGateway) -> None:
    status, body, headers = served.request("POST", "/a?b=c", b"hello")
    echo = json.loads(body)
    assert (status, echo["method"], echo["path"], echo["body"]) == (200, "POST", "/a?b=c", "hello")
    assert headers["X-Instance"] == "a"


def test_the_port_and_the_case_of_a_host_do_not_matter(served: RunningGateway) -> None:
    status, _, _ = served.request(headers={"Host": "ORDERS.Dev.localhost.:1234"})
    assert status == 200


def test_the_longest_path_prefix_wins(gateway: RunningGateway, start_backend: StartBackend) -> None:
    api = {"host": HOST, "path": "/api", "name": "api", "workload": "dev/api"}
    gateway.route([start_backend("web").entry], {**api, "instances": [start_backend("api").entry]})
    found = [gateway.request(path=path)[2]["X-Instance"] for path in ("/api", "/api/x", "/apix")]
    assert found == ["api", "api", "web"]


def test_forwarding_headers_of_a_client_are_not_believed(served: RunningGateway) -> None:
    spoofed = {
        "X-Forwarded-For": "6.6.6.6",
        "X_Forwarded_For": "6.6.6.6",
        "X-Forwarded-Proto": "https",
        "Forwarded": "for=6.6.6.6",
        "X-Real-IP": "6.6.6.6",
    }
    echo = _read_echo(served.request(headers=spoofed)[1])
    assert echo["x-forwarded-for"] == ["127.0.0.1"]
    assert echo["x-forwarded-proto"] == ["http"]
    assert echo["x-forwarded-host"] == [HOST]
    assert "6.6.6.6" not in json.dumps(echo)


def test_hop_by_hop_headers_stay_behind(served: RunningGateway) -> None:
    mine = {"Connection": "keep-alive, X-Mine, Host", "X-Mine": "1", "TE": "trailers", "X-On": "2"}
    echo = _read_echo(served.request(headers=mine)[1])
    assert not {"connection", "x-mine", "te"} & set(echo)
    assert echo["x-on"] == ["2"]
    assert echo["host"] == [HOST]


def test_a_request_id_is_kept_or_given(served: RunningGateway) -> None:
    kept = _read_echo(served.request(headers={"X-Request-Id": "abc-1"})[1])
    given = _read_echo(served.request()[1])
    assert kept["x-request-id"] == ["abc-1"]
    assert len(given["x-request-id"][0]) == 32


def test_a_head_response_announces_a_length_and_has_no_body(served: RunningGateway) -> None:
    with served.client() as client:
        for method in ("HEAD", "GET", "HEAD", "GET"):
            client.request(method, "/", headers={"Host": HOST})
            response = client.getresponse()
            body = response.read()
            assert int(response.headers["Content-Length"]) > 0
            assert bool(body) == (method == "GET")


def test_chunked_bodies_pass_both_ways(served: RunningGateway) -> None:
    with served.client() as client:
        parts = (b"x" * size for size in (1, 70_000, 3))
        client.request("POST", "/", body=parts, headers={"Host": HOST}, encode_chunked=True)
        echo = json.loads(client.getresponse().read())
    assert len(echo["body"]) == 70_004


def test_pipelined_requests_are_answered_in_order(served: RunningGateway) -> None:
    requests = [b"GET /%d HTTP/1.1\r\n%b\r\n" % (number, HEAD) for number in range(200)]
    requests[-1] = b"GET /199 HTTP/1.1\r\nConnection: close\r\n%b\r\n" % HEAD
    answers = served.exchange_raw(b"".join(requests))
    paths = re.findall(rb'"path": "/(\d+)"', answers)
    assert paths == [b"%d" % number for number in range(200)]


def test_an_old_client_gets_a_response_it_can_read(served: RunningGateway) -> None:
    answer = served.exchange_raw(b"GET /events HTTP/1.0\r\n%b\r\n" % HEAD)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"chunked" not in head.lower()
    assert body.count(b"data: ") == 5


def test_an_absolute_target_names_the_host(served: RunningGateway) -> None:
    request = b"GET http://%b/x?y HTTP/1.1\r\nHost: other\r\nConnection: close\r\n\r\n"
    answer = served.exchange_raw(request % HOST.encode())
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["path"] == "/x?y"


def test_a_client_may_wait_for_100_continue(gateway: RunningGateway, start_raw: StartRaw) -> None:
    def talk(server: socket.socket) -> None:
        read_head(server)
        server.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = server.recv(100)
        server.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + body)

    gateway.route([start_raw(talk).entry])
    with gateway.connect() as client:
        wanted = b"POST / HTTP/1.1\r\n%bContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
        client.sendall(wanted % HEAD)
        assert client.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"hello")
        assert read_head(client).startswith(b"HTTP/1.1 200 OK")


def test_events_arrive_when_they_are_sent(served: RunningGateway) -> None:
    with served.client() as client:
        client.request("GET", "/events", headers={"Host": HOST})
        response = client.getresponse()
        delays = []
        while line := response.readline():
            if line.startswith(b"data:"):
                delays.append(time.time() - float(line.split()[2]))
    assert len(delays) == 5
    assert max(delays) < 0.08


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"POST / HTTP/1.1\r\n%bContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400),
        (b"POST / HTTP/1.1\r\n%bContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400),
        (b"POST / HTTP/1.1\r\n%bContent-Length: 3, 3\r\n\r\nabc", 400),
        (b"POST / HTTP/1.1\r\n%bContent-Length: +3\r\n\r\nabc", 400),
        (b"POST / HTTP/1.1\r\n%bContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0", 400),
        (b"POST / HTTP/1.1\r\n%bTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
        (b"POST / HTTP/1.1\r\n%bTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501),
        (b"POST / HTTP/1.1\r\n%bTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\n%bTransfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\n%bTransfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n", 400),
        (b"POST / HTTP/1.0\r\n%bTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n%bX: a\r\n b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n%bX: a\nY: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n%bHost: other\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nX: no-host%b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a/b\r\nX: %b\r\n\r\n", 400),
        (b"nonsense %b\r\n\r\n", 400),
        (b"CONNECT a:1 HTTP/1.1\r\n%b\r\n", 405),
    ],
)
def test_an_ambiguous_request_is_refused(
    gateway: RunningGateway, start_raw: StartRaw, request_bytes: bytes, status: int
) -> None:
    server = start_raw(lambda connection: connection.close())
    gateway.route([server.entry])
    text = HEAD if b"\r\nX:" not in request_bytes or b"%bX" in request_bytes else b""
    answer = gateway.exchange_raw(request_bytes % text)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert b"GATEWAY-BAD-REQUEST" in answer
    assert answer.count(b"Content-Length: ") == 1
    assert server.connections == 0


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\n" + HEAD + b"X: " + b"a" * 100_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + HEAD + b"X: a\r\n" * 300 + b"\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n" + HEAD + b"\r\n",
    ],
    ids=["long header", "many headers", "long target"],
)
def test_a_head_that_is_too_large_is_refused(served: RunningGateway, head: bytes) -> None:
    assert served.exchange_raw(head).startswith(b"HTTP/1.1 431 ")


def _can_send(client: socket.socket) -> bool:
    try:
        client.sendall(b"a" * 65536)
    except ConnectionError:
        return False
    return True


def test_a_head_without_end_does_not_fill_memory(served: RunningGateway) -> None:
    before = served.read_memory_bytes()
    with served.connect() as client:
        client.sendall(b"GET / HTTP/1.1\r\n" + HEAD + b"X: ")
        wait_until(lambda: not _can_send(client), what="the gateway closes")
    assert served.read_memory_bytes() - before < 8 * 1024 * 1024


def test_an_unknown_host_is_told_what_to_do(served: RunningGateway) -> None:
    status, text, _ = served.request(headers={"Host": "nobody.localhost"})
    assert status == 404
    assert b"nobody.localhost" in text
    assert b"fairway status" in text
    accept = {"Host": "nobody.localhost", "Accept": "application/json"}
    status, body, headers = served.request(headers=accept)
    assert headers["Content-Type"] == "application/problem+json"
    assert json.loads(body)["code"] == "GATEWAY-NO-ROUTE"


def test_a_connection_goes_on_after_a_404(served: RunningGateway) -> None:
    with served.client() as client:
        for host, status in (("nobody.localhost", 404), (HOST, 200)):
            client.request("GET", "/", headers={"Host": host})
            response = client.getresponse()
            response.read()
            assert response.status == status


def test_a_response_that_breaks_off_is_seen_to_be_cut(
    gateway: RunningGateway, start_raw: StartRaw
) -> None:
    def talk(server: socket.socket) -> None:
        chunked = b"/chunked" in read_head(server)
        framing = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: 100"
        body = b"5\r\nhello\r\n" if chunked else b"hello"
        server.sendall(b"HTTP/1.1 200 OK\r\n%b\r\n\r\n%b" % (framing, body))

    gateway.route([start_raw(talk).entry])
    for path in (b"/chunked", b"/length"):
        answer = gateway.exchange_raw(b"GET %b HTTP/1.1\r\n%b\r\n" % (path, HEAD))
        assert b"hello" in answer
        assert not answer.endswith(b"0\r\n\r\n")


def test_what_is_not_http_becomes_a_502(gateway: RunningGateway, start_raw: StartRaw) -> None:
    def talk(server: socket.socket) -> None:
        read_head(server)
        server.sendall(b"SSH-2.0-OpenSSH\r\n")

    gateway.route([start_raw(talk).entry])
    status, body, _ = gateway.request()
    assert status == 502
    assert b"GATEWAY-UPSTREAM-FAILED" in body
    assert b"dev/orders" in body


def test_a_client_that_leaves_is_noticed_by_the_instance(
    gateway: RunningGateway, start_raw: StartRaw
) -> None:
    ends: list[bytes] = []

    def talk(server: socket.socket) -> None:
        read_head(server)
        try:
            ends.append(server.recv(10))
        except ConnectionError:
            ends.append(b"")

    server = start_raw(talk)
    gateway.route([server.entry])
    with gateway.connect() as client:
        client.sendall(b"GET / HTTP/1.1\r\n%b\r\n" % HEAD)
        name = str(server.entry["id"])
        wait_until(lambda: gateway.count_in_flight(name) == 1, what="one in flight")
    wait_until(lambda: ends == [b""], what="the instance saw the end")
    wait_until(lambda: gateway.count_in_flight(name) == 0, what="none in flight")


def test_the_access_log_has_a_line_per_request_without_its_query(
    served: RunningGateway,
) -> None:
    served.request("GET", "/a?token=geheim")
    wait_until(lambda: b'"/a"' in served.log.read_bytes(), what="the line")
    text = served.log.read_text()
    assert "geheim" not in text
    line = json.loads(text.splitlines()[0])
    assert (line["method"], line["status"], line["instance"]) == ("GET", 200, "a")


def test_a_client_slow_to_read_does_not_hold_up_another(
    gateway: RunningGateway, start_raw: StartRaw
) -> None:
    def talk(server: socket.socket) -> None:
        size = 32 * 1024 * 1024 if b"/big" in read_head(server) else 2
        server.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size)

    gateway.route([start_raw(talk).entry])
    with gateway.connect() as slow:
        slow.sendall(b"GET /big HTTP/1.1\r\n%bConnection: close\r\n\r\n" % HEAD)
        assert slow.recv(10)
        assert gateway.request()[1] == b"xx"
        assert len(read_all(slow)) > 32 * 1024 * 1024
