"""An API that replays recorded answers, so that the command line can be looked at alone.

An answer is `{"body": …}` with an optional `status`, or `{"events": […]}`, a stream that resumes by
Last-Event-ID. Where an event is `{"awayAfter": REQUEST}`, the stream breaks once that request was
made, and the API is away for `AWAY_SECONDS`. `{"quiet": N}` says nothing until the client leaves,
N times.
"""

import json
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PREFIX = "/api/v1"
AWAY_SECONDS = 0.4


class FakeApi:
    """Serves `answers` by `METHOD /path?query`; `requests` are those it got."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.answers = answers
        self.requests: list[str] = []
        self._is_asked = threading.Condition()
        self._was_away = False
        self._quiet_count = 0
        self._server = _Server(("127.0.0.1", 0), self)
        self.port = self._server.server_address[1]
        self._threads: list[threading.Thread] = []
        self._start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _start(self) -> None:
        serve = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        serve.start()
        self._threads.append(serve)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        for thread in self._threads:
            thread.join()

    def note(self, request: str) -> None:
        with self._is_asked:
            self.requests.append(request)
            self._is_asked.notify_all()

    def go_away(self, request: str) -> bool:
        """Refuse connections for a while once `request` was made; False if it was so before."""
        if self._was_away:
            return False
        self._was_away = True
        with self._is_asked:
            assert self._is_asked.wait_for(lambda: request in self.requests, timeout=10)
        self._server.shutdown()
        self._server.server_close()
        comeback = threading.Thread(target=self._come_back)
        self._threads.append(comeback)
        comeback.start()
        return True

    def take_quiet(self, most: int) -> bool:
        """Return whether this connection is one of the first `most`."""
        self._quiet_count += 1
        return self._quiet_count <= most

    def _come_back(self) -> None:
        time.sleep(AWAY_SECONDS)
        self._server = _Server(("127.0.0.1", self.port), self)
        self._start()


class _Server(ThreadingHTTPServer):
    def __init__(self, address: tuple[str, int], api: FakeApi) -> None:
        self.api = api
        super().__init__(address, _Answerer)


class _Answerer(BaseHTTPRequestHandler):
    server: _Server

    def _answer(self) -> None:
        key = f"{self.command} {self.path.removeprefix(PREFIX)}"
        api = self.server.api
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        api.note(f"{key} {body.decode()}".rstrip())
        answer = api.answers.get(key)
        if answer is None:
            self._send(404, {"code": "NOT-RECORDED", "what": key, "why": "-", "fix": "record it"})
        elif "events" in answer:
            self._stream(answer["events"])
        else:
            self._send(answer.get("status", 200), answer.get("body", {}))

    do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - names that http.server calls

    def _send(self, status: int, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _stream(self, events: list[dict[str, Any]]) -> None:
        last_id = int(self.headers.get("Last-Event-ID", "0"))
        self.send_response(200)
        self.end_headers()
        for event in events:
            if "awayAfter" in event:
                if self.server.api.go_away(event["awayAfter"]):
                    return
            elif "quiet" in event:
                if self.server.api.take_quiet(event["quiet"]):
                    self.rfile.read(1)
                    return
            elif int(event.get("id", last_id + 1)) > last_id:
                fields = [f"{name}: {event[name]}" for name in ("id", "event") if name in event]
                lines = [*fields, f"data: {json.dumps(event['data'])}", "", ""]
                self.wfile.write("\n".join(lines).encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it has
        """Nothing: the test says what went wrong."""
