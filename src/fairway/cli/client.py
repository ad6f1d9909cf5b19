"""The REST API over HTTP.

Belongs here: requests, problems, server-sent events. Never here: what a command does with them.
`http.client` instead of the HTTP library of the rest of the house: that one takes 100 ms of
processor time to import, and a command must start in less. Start at `Client`.
"""

import http.client
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

from fairway.cli.answer import Answer
from fairway.cli.failure import ApiProblem, Interrupted, Unreachable
from fairway.kits.canonical import JsonObject

PREFIX = "/api/v1"
ANSWER_SECONDS = 60.0
# A stream that was quiet for so long may be broken without telling: it is opened again.
SILENCE_SECONDS = 45.0
# Statuses with which a proxy before the control plane may answer.
_SAID_BY_OTHERS = (401, 403, 413, 429, 502, 503, 504)
MOST_ANSWER_BYTES = 64 * 2**20

Query = Mapping[str, str | int | bool | tuple[str, ...] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A server-sent event; `id` resumes the stream after it."""

    id: str
    kind: str
    data: Answer


def make_path(*parts: str) -> str:
    """Return the path of a resource, each part escaped.

    Example:
        >>> make_path("plans", "7f3a9c1", "apply")
        '/plans/7f3a9c1/apply'
    """
    return "".join(f"/{quote(part, safe=':')}" for part in parts)


class Client:
    """Asks the control plane at `url`, as the owner of `token`.

    Every method raises `ApiProblem` when the API refuses and `Unreachable` when nothing answers.
    """

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self._token = token

    def get(self, path: str, query: Query | None = None) -> Answer:
        """Return what is at `path`."""
        return self._ask("GET", path, query=query)

    def post(self, path: str, body: JsonObject, query: Query | None = None) -> Answer:
        """Ask for a change; a repetition after a broken connection is recognised as one."""
        return self._ask("POST", path, query=query, body=body, key=os.urandom(16).hex())

    def put(self, path: str, body: JsonObject) -> Answer:
        """Set what is at `path`."""
        return self._ask("PUT", path, body=body, key=os.urandom(16).hex())

    def delete(self, path: str, *, revision: int | None = None) -> Answer:
        """Remove what is at `path`, if it is at `revision` still."""
        headers = {} if revision is None else {"If-Match": f'"{revision}"'}
        return self._ask("DELETE", path, key=os.urandom(16).hex(), headers=headers)

    def has(self, path: str) -> bool:
        """Return whether there is something at `path`."""
        response = self._send("HEAD", path)
        response.close()
        if response.status not in (200, 204, 404):
            raise ApiProblem(response.status, Answer({}))
        return response.status != 404

    def upload(self, path: str, content: Iterable[bytes]) -> None:
        """Stream `content` to `path`."""
        headers = {"Content-Type": "application/octet-stream"}
        self._read(self._send("PUT", path, content=content, headers=headers))

    def stream(
        self, path: str, query: Query | None = None, *, last_event_id: str = ""
    ) -> Iterator[Event]:
        """Yield the events at `path` after `last_event_id` until the server ends the stream.

        The first one is of kind `open`: the control plane is there, however quiet it stays.

        Raises:
            Interrupted: the connection broke.
        """
        headers = {"Accept": "text/event-stream"}
        if last_event_id:
            headers["Last-Event-ID"] = last_event_id
        response = self._send(
            "GET", path, query=query, headers=headers, timeout_seconds=SILENCE_SECONDS
        )
        if response.status != 200:
            self._read(response)
            return
        try:
            yield Event(id="", kind="open", data=Answer({}))
            yield from _read_events(response)
        except (OSError, http.client.HTTPException) as error:
            raise Interrupted(str(error)) from error
        finally:
            response.close()

    def _ask(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: JsonObject | None = None,
        key: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        headers = {**({"Idempotency-Key": key} if key else {}), **(headers or {})}
        content = None
        if body is not None:
            content = json.dumps(body, default=dict).encode()
            headers["Content-Type"] = "application/json"
        for is_last in (False, True):
            try:
                sent = self._send(method, path, query=query, content=content, headers=headers)
                return self._read(sent)
            except Interrupted as error:
                # The same key makes the second try harmless.
                if is_last:
                    raise Unreachable(self.url, f"it broke off: {error}") from error
        raise AssertionError("the last try returns or raises")

    def _send(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        content: bytes | Iterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_seconds: float = ANSWER_SECONDS,
    ) -> http.client.HTTPResponse:
        connection = self._connect(timeout_seconds)
        target = f"{urlsplit(self.url).path}{PREFIX}{path}{_render_query(query or {})}"
        sent = {"User-Agent": "fairway-cli", "Connection": "close", **(headers or {})}
        if self._token:
            sent["Authorization"] = f"Bearer {self._token}"
        try:
            is_streamed = content is not None and not isinstance(content, bytes)
            connection.request(
                method, target, body=content, headers=sent, encode_chunked=is_streamed
            )
            return connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            raise Interrupted(str(error) or type(error).__name__) from error

    def _connect(self, timeout_seconds: float) -> http.client.HTTPConnection:
        parts = urlsplit(self.url)
        is_secure = parts.scheme == "https"
        make = http.client.HTTPSConnection if is_secure else http.client.HTTPConnection
        connection = make(parts.hostname or "", parts.port, timeout=timeout_seconds)
        try:
            connection.connect()
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise Unreachable(self.url, why) from error
        return connection

    def _read(self, response: http.client.HTTPResponse) -> Answer:
        try:
            content = response.read(MOST_ANSWER_BYTES)
        except (OSError, http.client.HTTPException) as error:
            raise Interrupted(str(error)) from error
        finally:
            response.close()
        try:
            answer = Answer(json.loads(content)) if content else Answer({})
        except ValueError as error:
            why = f"what answers there is no control plane (HTTP status {response.status})"
            raise Unreachable(self.url, why) from error
        if response.status < 400:
            return answer
        if not answer.text("code") and response.status not in _SAID_BY_OTHERS:
            why = f"what answers there is no control plane (HTTP status {response.status})"
            raise Unreachable(self.url, why)
        raise ApiProblem(response.status, answer)


def _render_query(query: Query) -> str:
    pairs: list[tuple[str, str]] = []
    for name, value in query.items():
        if isinstance(value, tuple):
            pairs += [(name, item) for item in value]
        elif isinstance(value, bool):
            pairs.append((name, "true" if value else "false"))
        elif value is not None:
            pairs.append((name, str(value)))
    return f"?{urlencode(pairs)}" if pairs else ""


def _read_events(lines: Iterable[bytes]) -> Iterator[Event]:
    """Yield events as the HTML standard reads them; comments keep the connection alive."""
    fields: dict[str, str] = {}
    data: list[str] = []
    last_id = ""
    for line in lines:
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        if text:
            name, _, value = text.partition(":")
            value = value.removeprefix(" ")
            if name == "data":
                data.append(value)
            elif name:
                fields[name] = value
            continue
        last_id = fields.get("id", last_id)
        if data:
            kind = fields.get("event", "message")
            yield Event(id=last_id, kind=kind, data=Answer(json.loads("\n".join(data))))
        fields, data = {}, []
