"""Which requests are git's, and whose."""

from base64 import b64encode
from typing import Any

import pytest

from fairway.api.git.endpoint import parse_request, read_login
from fairway.api.git.exchange import parse_head
from fairway.kits.errors import Refused


def make_scope(method: str, path: str, query: str = "") -> dict[str, Any]:
    return {"type": "http", "method": method, "path": path, "query_string": query.encode()}


@pytest.mark.parametrize("suffix", [".git", ""])
def test_an_advertisement_and_both_services_are_understood(suffix: str) -> None:
    for service in ("git-upload-pack", "git-receive-pack"):
        asked = parse_request(
            make_scope("GET", f"/git/orders{suffix}/info/refs", f"service={service}")
        )
        assert (asked.repository, asked.service, asked.is_advertisement) == (
            "orders",
            service,
            True,
        )
        asked = parse_request(make_scope("POST", f"/git/orders{suffix}/{service}"))
        assert (asked.service, asked.is_advertisement) == (service, False)


@pytest.mark.parametrize(
    ("method", "path", "query", "status"),
    [
        ("GET", "/git/orders.git/info/refs", "", 403),
        ("GET", "/git/orders.git/info/refs", "service=git-shell", 403),
        ("GET", "/git/orders.git/info/refs", "service=git-upload-pack&service=git-shell", 403),
        ("POST", "/git/orders.git/info/refs", "service=git-upload-pack", 405),
        ("GET", "/git/orders.git/git-upload-pack", "", 405),
        ("GET", "/git/orders.git/HEAD", "", 404),
        ("GET", "/git/../orders.git/info/refs", "service=git-upload-pack", 404),
        ("GET", "/git/a/b.git/info/refs", "service=git-upload-pack", 404),
        ("GET", "/git/Orders.git/info/refs", "service=git-upload-pack", 404),
        ("GET", "/git/orders.git/info/refs\n", "service=git-upload-pack", 404),
        ("GET", f"/git/{'a' * 64}.git/info/refs", "service=git-upload-pack", 404),
    ],
)
def test_anything_else_is_refused(method: str, path: str, query: str, status: int) -> None:
    with pytest.raises(Refused) as caught:
        parse_request(make_scope(method, path, query))
    assert (caught.value.code, caught.value.status) == ("GIT-REQUEST-UNKNOWN", status)


def encode(text: str) -> str:
    return b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("header", "shown"),
    [
        (f"Basic {encode('ana:fwy_x')}", "Bearer fwy_x"),
        (f"basic {encode('ana:a:b')}", "Bearer a:b"),
        (f"Basic {encode('ana:')}", "Bearer"),
        (f"Basic {encode('ana')}", "Bearer"),
        ("Basic ???", ""),
        (f"Basic {b64encode(bytes([255])).decode()}", ""),
        ("Bearer fwy_x", "Bearer fwy_x"),
        ("", ""),
    ],
)
def test_the_password_of_a_login_is_the_token(header: str, shown: str) -> None:
    assert read_login(header) == shown


def test_a_cgi_answer_says_status_and_headers() -> None:
    head = b"Status: 404 Not Found\r\nExpires: Fri, 01 Jan 1980 00:00:00 GMT\r\n\r\n"
    assert parse_head(head) == (404, [(b"expires", b"Fri, 01 Jan 1980 00:00:00 GMT")])
    assert parse_head(b"Content-Type: x/y\r\n\r\n") == (200, [(b"content-type", b"x/y")])
