"""What the gateway itself says when no instance does.

Belongs here: the gateway's problems as HTTP responses for people and programs. Never here: when
to say them.
"""

import json
from dataclasses import dataclass
from http import HTTPStatus

from fairway.gateway.message import RequestHead, ResponseHead


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A problem in the form of all of Fairway's: what, why and how to fix it."""

    status: int
    code: str
    what: str
    why: str
    fix: str


def make_no_route(request: RequestHead) -> Answer:
    return Answer(
        status=404,
        code="GATEWAY-NO-ROUTE",
        what=f"cannot find a route for '{request.host}{request.path}'",
        why="nothing that is deployed has this host name and path",
        fix="run `fairway status` to list what is deployed, with its URLs",
    )


def make_no_instance(workload: str, waited_seconds: float) -> Answer:
    environment, _, component = workload.partition("/")
    return Answer(
        status=503,
        code="GATEWAY-NO-INSTANCE",
        what=f"cannot reach workload '{workload}'",
        why=f"none of its instances became ready within {waited_seconds:g} s",
        fix=f"run `fairway status {component}` and `fairway logs {component} --env {environment}`",
    )


def make_upstream_failed(workload: str) -> Answer:
    environment, _, component = workload.partition("/")
    return Answer(
        status=502,
        code="GATEWAY-UPSTREAM-FAILED",
        what=f"cannot get a response from workload '{workload}'",
        why="its instance closed the connection, or answered with something that is not HTTP",
        fix=f"run `fairway logs {component} --env {environment}`; the request may have had effect",
    )


def make_bad_request(why: str, status: int = 400) -> Answer:
    return Answer(
        status=status,
        code="GATEWAY-BAD-REQUEST",
        what="cannot take the request",
        why=why,
        fix="send one unambiguous HTTP/1.1 request",
    )


def make_slow_request(seconds: float) -> Answer:
    return Answer(
        status=408,
        code="GATEWAY-REQUEST-SLOW",
        what="cannot take the request",
        why=f"its head was not complete after {seconds:g} s",
        fix="send the head at once",
    )


def render_answer(answer: Answer, request: RequestHead) -> tuple[ResponseHead, bytes]:
    """Return head and body of `answer`: problem+json (RFC 9457) if asked for JSON, else text."""
    if request.is_json_wanted:
        kind = b"application/problem+json"
        body = json.dumps(
            {
                "type": f"about:blank#{answer.code}",
                "title": HTTPStatus(answer.status).phrase,
                "status": answer.status,
                "detail": f"{answer.what}: {answer.why}",
                "code": answer.code,
                "fix": answer.fix,
            }
        ).encode()
    else:
        kind = b"text/plain; charset=utf-8"
        body = f"error {answer.code}: {answer.what}: {answer.why}\n  fix: {answer.fix}\n".encode()
    headers = [
        (b"Content-Type", kind),
        (b"Cache-Control", b"no-store"),
        (b"X-Content-Type-Options", b"nosniff"),
        (b"X-Request-Id", request.request_id or b"-"),
    ]
    if answer.status == 503:
        headers.append((b"Retry-After", b"1"))
    head = ResponseHead(
        status=answer.status,
        reason=HTTPStatus(answer.status).phrase.encode(),
        headers=headers,
        content_length=b"%d" % len(body),
    )
    return head, body
