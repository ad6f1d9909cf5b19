"""Heads of HTTP messages: what is read from one side and what is written to the other.

Belongs here: which header fields pass, which are made anew, and what makes a request ambiguous
(RFC 9110 section 7.6, RFC 9112 section 6). Never here: sockets, routing. Start at `read_request`.
"""

import random
import re
from dataclasses import dataclass

Headers = list[tuple[bytes, bytes]]

IDEMPOTENT_METHODS = frozenset((b"GET", b"HEAD", b"OPTIONS", b"TRACE", b"PUT", b"DELETE"))
_HOP_BY_HOP = frozenset(
    (
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    )
)
# Only the gateway may say these; a client that sends them would be believed.
_FORWARDED = frozenset(
    (
        b"forwarded",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-port",
        b"x-forwarded-proto",
        b"x-forwarded-server",
        b"x-real-ip",
    )
)
_MADE_ANEW = _HOP_BY_HOP | _FORWARDED | {b"host", b"content-length", b"x-request-id"}
# Tokens of `Connection` that name no field which still passes.
_NEVER_NAMED = _MADE_ANEW | {b"close", b""}
_AUTHORITY = re.compile(rb"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]*)?")
_REQUEST_ID = re.compile(rb"[!-~]{1,128}")


class BadRequest(Exception):
    """The client's message cannot be taken; `status` and `why` are its answer."""

    def __init__(self, why: str, *, status: int = 400) -> None:
        super().__init__(why)
        self.why = why
        self.status = status


@dataclass(slots=True, kw_only=True)
class RequestHead:
    """A request without its body; `headers` holds only what passes unchanged.

    `host` is in lower case without a port, `authority` as the client wrote it.
    """

    method: bytes = b"-"
    target: bytes = b"-"
    host: str = ""
    authority: bytes = b""
    is_http_11: bool = True
    is_keep_alive: bool = False
    headers: Headers
    content_length: bytes | None = None
    is_chunked: bool = False
    upgrade: bytes | None = None
    request_id: bytes = b""

    @property
    def path(self) -> str:
        return self.target.partition(b"?")[0].decode("latin-1")

    @property
    def is_json_wanted(self) -> bool:
        return any(name.lower() == b"accept" and b"json" in value for name, value in self.headers)

    @property
    def has_body(self) -> bool:
        return self.is_chunked or self.content_length not in (None, b"0")

    @property
    def is_repeatable(self) -> bool:
        """Whether the request may be sent once more when no byte of a response came."""
        return self.method in IDEMPOTENT_METHODS and not self.has_body and self.upgrade is None


@dataclass(slots=True, kw_only=True)
class ResponseHead:
    """A response without its body; `headers` holds only what passes unchanged."""

    status: int
    reason: bytes
    headers: Headers
    content_length: bytes | None = None
    is_chunked: bool = False
    upgrade: bytes | None = None


def read_request(method: bytes, target: bytes, version: str, headers: Headers) -> RequestHead:
    """Return the head that these parts make.

    Raises:
        BadRequest: it is ambiguous, or not for a gateway.
    """
    if method == b"CONNECT":
        raise BadRequest("CONNECT is for forward proxies; this is a gateway", status=405)
    passing, special = _sort_headers(headers)
    tokens = _read_tokens(special)
    head = RequestHead(
        method=method,
        target=target,
        is_http_11=version == "1.1",
        headers=_without(passing, tokens),
    )
    hosts = special.get(b"host", [])
    if len(hosts) > 1 or (head.is_http_11 and not hosts):
        raise BadRequest(f"the request has {len(hosts)} Host headers; it needs one")
    head.authority = hosts[0] if hosts else b""
    _read_target(head)
    _read_framing(head, special)
    head.is_keep_alive = b"close" not in tokens and (head.is_http_11 or b"keep-alive" in tokens)
    upgrade = special.get(b"upgrade", [b""])[0]
    # A server may ignore an upgrade. A tunnel of HTTP/2 would hide its requests from us.
    if b"upgrade" in tokens and upgrade not in (b"", b"h2c") and not head.has_body:
        head.upgrade = upgrade
    request_id = special.get(b"x-request-id", [b""])[0]
    if _REQUEST_ID.fullmatch(request_id):
        head.request_id = request_id
    else:
        head.request_id = b"%032x" % random.getrandbits(128)
    return head


def _sort_headers(headers: Headers) -> tuple[Headers, dict[bytes, list[bytes]]]:
    """Return the headers that pass, and the values of the others by name in lower case."""
    passing: Headers = []
    special: dict[bytes, list[bytes]] = {}
    for field in headers:
        key = field[0].lower()
        if key in _MADE_ANEW:
            special.setdefault(key, []).append(field[1])
        # Many servers fold `_` and `-` together, so a spoofed X_Forwarded_For counts too.
        elif b"_" not in key or key.replace(b"_", b"-") not in _MADE_ANEW:
            passing.append(field)
    return passing, special


def _read_tokens(special: dict[bytes, list[bytes]]) -> set[bytes]:
    """Return what `Connection` lists, in lower case."""
    values = special.get(b"connection")
    if values is None:
        return set()
    return {token.strip() for token in b",".join(values).lower().split(b",")}


def _read_framing(head: RequestHead, special: dict[bytes, list[bytes]]) -> None:
    encodings = special.get(b"transfer-encoding", [])
    lengths = special.get(b"content-length", [])
    if encodings and lengths:
        raise BadRequest("both Content-Length and Transfer-Encoding say how long the body is")
    if len(lengths) > 1:
        raise BadRequest("more than one Content-Length says how long the body is")
    if lengths:
        head.content_length = lengths[0]
    if encodings:
        if not head.is_http_11:
            raise BadRequest("HTTP/1.0 knows no Transfer-Encoding")
        if [encoding.lower() for encoding in encodings] != [b"chunked"]:
            raise BadRequest("the only Transfer-Encoding taken is chunked", status=501)
        head.is_chunked = True


def _read_target(head: RequestHead) -> None:
    """Turn the absolute form of a target into origin form, and read the host."""
    if head.target[:7].lower() == b"http://":
        authority, _, _ = head.target[7:].partition(b"/")[0].partition(b"?")
        rest = head.target[7 + len(authority) :]
        head.authority = authority
        head.target = rest if rest.startswith(b"/") else b"/" + rest
    elif not head.target.startswith(b"/") and (head.method, head.target) != (b"OPTIONS", b"*"):
        raise BadRequest("the request's target is neither a path nor an http:// URL")
    if not head.authority:
        return
    match = _AUTHORITY.fullmatch(head.authority)
    if match is None:
        raise BadRequest("the Host header is not a host name with an optional port")
    head.host = match[1].decode("ascii").lower().rstrip(".")


def _without(headers: Headers, tokens: set[bytes]) -> Headers:
    """Return `headers` without those that `Connection` names as meant for this hop only."""
    named = tokens - _NEVER_NAMED
    if not named:
        return headers
    return [(name, value) for name, value in headers if name.lower() not in named]


def render_request(head: RequestHead, peer: bytes) -> bytes:
    """Return the bytes of `head` for an instance; `peer` is the client's address."""
    authority = head.authority
    lines = [b"%s %s HTTP/1.1\r\nHost: %s\r\n" % (head.method, head.target, authority)]
    lines += [b"%s: %s\r\n" % field for field in head.headers]
    if head.is_chunked:
        lines.append(b"Transfer-Encoding: chunked\r\n")
    elif head.content_length is not None:
        lines.append(b"Content-Length: %s\r\n" % head.content_length)
    if head.upgrade is not None:
        lines.append(b"Connection: Upgrade\r\nUpgrade: %s\r\n" % head.upgrade)
    lines.append(
        b"X-Forwarded-For: %s\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: %s\r\n"
        b"X-Request-Id: %s\r\n\r\n" % (peer, authority, head.request_id)
    )
    return b"".join(lines)


def read_response(status: int, reason: bytes, headers: Headers) -> ResponseHead:
    """Return the head that these parts, already checked by the parser, make."""
    passing: Headers = []
    special: dict[bytes, list[bytes]] = {}
    for field in headers:
        key = field[0].lower()
        if key in _HOP_BY_HOP or key == b"content-length":
            special.setdefault(key, []).append(field[1])
        else:
            passing.append(field)
    return ResponseHead(
        status=status,
        reason=reason,
        headers=_without(passing, _read_tokens(special)),
        content_length=special.get(b"content-length", [None])[0],
        is_chunked=b"transfer-encoding" in special,
        upgrade=special.get(b"upgrade", [None])[0],
    )


def render_response(head: ResponseHead, *, is_chunked: bool, connection: bytes | None) -> bytes:
    """Return the bytes of `head` for a client, with the framing that its body will have."""
    lines = [b"HTTP/1.1 %d %s\r\n" % (head.status, head.reason)]
    lines += [b"%s: %s\r\n" % field for field in head.headers]
    if is_chunked:
        lines.append(b"Transfer-Encoding: chunked\r\n")
    elif head.content_length is not None:
        lines.append(b"Content-Length: %s\r\n" % head.content_length)
    if connection is not None:
        lines.append(b"Connection: %s\r\n" % connection)
    if head.upgrade is not None and head.status == 101:
        lines.append(b"Upgrade: %s\r\n" % head.upgrade)
    lines.append(b"\r\n")
    return b"".join(lines)
