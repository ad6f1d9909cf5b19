"""Where git's hooks ask the control plane.

Belongs here: the hooks as files, the unix socket, the wire form of a call. Never here: what is
answered.
"""

import json
import logging
import os
import shlex
import socketserver
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import get_args

import msgspec

from fairway.core.source.repository import RefUpdate
from fairway.drivers.git import hook
from fairway.kits.errors import Problem
from fairway.ports.git_server import HookAnswer, HookCall, HookStage

_SOCKET = "socket"
_MOST_CALL_BYTES = 64 * 1024**2
_LOG = logging.getLogger(__name__)
Answer = Callable[[HookCall], HookAnswer]


class _Call(msgspec.Struct):
    stage: HookStage
    repository: str
    actor: str
    updates: list[tuple[str, str, str]]
    quarantine: dict[str, str]


class HookGate:
    """Lets git ask about pushes; everything of it lies in `folder`, which is private."""

    def __init__(self, folder: Path, python: Path) -> None:
        self.folder = folder / "hooks"
        self._socket = folder / _SOCKET
        self._python = python

    def make_environment(self, repository: str) -> Mapping[str, str]:
        """Return what the hooks of a push to `repository` need to know."""
        return {"FAIRWAY_HOOK_SOCKET": str(self._socket), "FAIRWAY_REPOSITORY": repository}

    @contextmanager
    def serve(self, answer: Answer) -> Iterator[None]:
        """Answer hooks, each on a thread of its own, until the block ends."""
        self._write_hooks()
        self._socket.unlink(missing_ok=True)
        descriptor = os.open(self._socket.parent, os.O_PATH)
        try:
            # A socket's path is short: it is named from its folder.
            server = _Server(f"/proc/self/fd/{descriptor}/{_SOCKET}", answer)
        finally:
            os.close(descriptor)
        thread = threading.Thread(target=server.serve_forever, name="fairway-hooks", daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
            self._socket.unlink(missing_ok=True)

    def _write_hooks(self) -> None:
        for folder in (self.folder.parent, self.folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        script = Path(hook.__file__).resolve()
        for stage in get_args(HookStage):
            command = shlex.join([str(self._python), "-I", "-S", str(script), stage])
            draft = self.folder / f".{stage}"
            draft.write_text(f"#!/bin/sh\nexec {command}\n")
            draft.chmod(0o700)
            draft.replace(self.folder / stage)


class _Server(socketserver.ThreadingUnixStreamServer):
    # A push that waits for its answer is not waited for: its hook fails, and so does the push.
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, path: str, answer: Answer) -> None:
        super().__init__(path, _Connection)
        self.answer = answer


class _Connection(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        try:
            answer = self._answer(self.rfile.readline(_MOST_CALL_BYTES))
            content = {"isAccepted": answer.is_accepted, "lines": answer.lines}
            self.wfile.write(json.dumps(content).encode() + b"\n")
        except OSError as error:
            _LOG.info("a hook went away: %s", error)

    def _answer(self, line: bytes) -> HookAnswer:
        try:
            return self.server.answer(_parse_call(line))
        except Problem as problem:
            return HookAnswer(is_accepted=False, lines=(f"{problem}", f"  fix: {problem.fix}"))
        except Exception:  # noqa: BLE001 - one push's bug must not stop the others
            _LOG.exception("a push could not be checked")
            text = "fairway: an internal error; the platform's log has more"
            return HookAnswer(is_accepted=False, lines=(text,))


def _parse_call(line: bytes) -> HookCall:
    call = msgspec.json.decode(line, type=_Call)
    return HookCall(
        stage=call.stage,
        repository=call.repository,
        actor=call.actor,
        updates=tuple(
            RefUpdate(ref=ref, before=before, after=after) for ref, before, after in call.updates
        ),
        quarantine=call.quarantine,
    )
