"""Heads of messages."""

import pytest

from fairway.gateway.message import (
    BadRequest,
    Headers,
    read_request,
    read_response,
    render_request,
    render_response,
)

HOST = (b"Host", b"a.localhost:80")


def test_a_request_keeps_the_order_and_case_of_its_headers() -> None:
    headers = [HOST, (b"B", b"1"), (b"a", b"2"), (b"B", b"3"), (b"X-Request-Id", b"7")]
    head = read_request(b"GET", b"/x", "1.1", headers)
    assert render_request(head, b"1.2.3.4") == (
        b"GET /x HTTP/1.1\r\nHost: a.localhost:80\r\nB: 1\r\na: 2\r\nB: 3\r\n"
        b"X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: http\r\n"
        b"X-Forwarded-Host: a.localhost:80\r\nX-Request-Id: 7\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("host", "read"),
    [
        (b"A.Localhost", "a.localhost"),
        (b"a.localhost.", "a.localhost"),
        (b"[::1]:80", "[::1]"),
        (b"a:", "a"),
    ],
)
def test_a_host_is_read_without_port_and_case(host: bytes, read: str) -> None:
    assert read_request(b"GET", b"/", "1.1", [(b"Host", host)]).host == read


@pytest.mark.parametrize("host", [b"a b", b"a/b", b"a@b", b"a:b", b"[::1", b"a,b", b"\xff"])
def test_a_host_that_is_none_is_refused(host: bytes) -> None:
    with pytest.raises(BadRequest, match="Host"):
        read_request(b"GET", b"/", "1.1", [(b"Host", host)])


@pytest.mark.parametrize("target", [b"x", b"*", b"https://a/", b"ftp://a/", b""])
def test_a_target_that_is_no_path_is_refused(target: bytes) -> None:
    with pytest.raises(BadRequest, match="target"):
        read_request(b"GET", target, "1.1", [HOST])


@pytest.mark.parametrize(
    ("target", "host", "path"),
    [
        (b"http://b/c?d", "b", b"/c?d"),
        (b"HTTP://b", "b", b"/"),
        (b"http://b?d", "b", b"/?d"),
        (b"http://b:81/", "b", b"/"),
    ],
)
def test_an_absolute_target_wins_over_the_host(target: bytes, host: str, path: bytes) -> None:
    head = read_request(b"GET", target, "1.1", [HOST])
    assert (head.host, head.target) == (host, path)


@pytest.mark.parametrize(
    ("version", "tokens", "is_kept_alive"),
    [
        ("1.1", b"", True),
        ("1.1", b"x, Close", False),
        ("1.0", b"", False),
        ("1.0", b"Keep-Alive", True),
    ],
)
def test_persistence_follows_version_and_connection(
    version: str, tokens: bytes, is_kept_alive: bool
) -> None:
    head = read_request(b"GET", b"/", version, [HOST, (b"Connection", tokens)])
    assert head.is_keep_alive is is_kept_alive


def test_connection_cannot_remove_what_the_gateway_needs() -> None:
    named = b"host, content-length, x-forwarded-for, cookie"
    headers = [HOST, (b"Connection", named), (b"Content-Length", b"3"), (b"Cookie", b"a")]
    text = render_request(read_request(b"POST", b"/", "1.1", headers), b"p")
    assert b"Host: a.localhost:80" in text
    assert b"Content-Length: 3" in text
    assert b"X-Forwarded-For: p" in text
    assert b"Cookie" not in text


@pytest.mark.parametrize("value", [b"", b"a b", b"x" * 129, b"\xe9"])
def test_a_request_id_that_could_harm_a_log_is_replaced(value: bytes) -> None:
    head = read_request(b"GET", b"/", "1.1", [HOST, (b"X-Request-Id", value)])
    assert len(head.request_id) == 32


@pytest.mark.parametrize(
    ("method", "headers", "is_repeatable"),
    [
        (b"GET", [], True),
        (b"DELETE", [(b"Content-Length", b"0")], True),
        (b"PUT", [(b"Content-Length", b"1")], False),
        (b"POST", [], False),
        (b"PATCH", [], False),
        (b"GET", [(b"Connection", b"upgrade"), (b"Upgrade", b"websocket")], False),
    ],
)
def test_only_idempotent_requests_without_body_are_repeatable(
    method: bytes, headers: Headers, is_repeatable: bool
) -> None:
    assert read_request(method, b"/", "1.1", [HOST, *headers]).is_repeatable is is_repeatable


def test_a_response_loses_what_was_meant_for_one_hop() -> None:
    headers = [
        (b"Connection", b"close, X-Hop"),
        (b"X-Hop", b"1"),
        (b"Keep-Alive", b"5"),
        (b"Set-Cookie", b"a"),
        (b"Set-Cookie", b"b"),
        (b"Content-Length", b"2"),
    ]
    head = read_response(200, b"OK", headers)
    assert render_response(head, is_chunked=False, connection=None) == (
        b"HTTP/1.1 200 OK\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 2\r\n\r\n"
    )
