"""One request and the process that answers it.

Belongs here: carrying bytes both ways as they come, and ending the process with the request. A
push that was received whole is carried to its end even if its client went away.
"""

import asyncio
import logging
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Send

from fairway.kits.errors import Refused, Unavailable
from fairway.ports.git_server import GitCommand

_CHUNK_BYTES = 256 * 1024
# A client that sends or takes nothing for so long is gone.
IDLE_SECONDS = 300.0
# How long a process may take to end in order, removing its locks.
END_SECONDS = 5.0
_MOST_SAID_BYTES = 4096
_ENDS = (signal.SIGTERM, signal.SIGKILL)
_LOG = logging.getLogger(__name__)


class Exchange:
    """Runs `command` for one request; `is_whole` afterwards if it ended well."""

    def __init__(
        self, command: GitCommand, *, has_body: bool, is_push: bool, most_bytes: int
    ) -> None:
        self.is_push = is_push
        self.is_whole = False
        self._command = command
        self._has_body = has_body
        self._most_bytes = most_bytes
        self._is_received = asyncio.Event()
        self._is_answered = False

    async def run(self, receive: Receive, send: Send) -> None:
        """Answer the request.

        Raises:
            Refused: PUSH-TOO-LARGE, before an answer began.
            Unavailable: GIT-FAILED, before an answer began.
            ClientDisconnect: the client went away.
        """
        process = await self._start()
        said = asyncio.create_task(_read_end(process))
        feed = asyncio.create_task(self._feed(process, receive))
        answer = asyncio.create_task(self._answer(process, send))
        try:
            await asyncio.wait({feed, answer}, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done() and self.is_push and self._is_received.is_set():
                await asyncio.wait({answer})
            await (answer if answer.done() else feed)
            self.is_whole = await process.wait() == 0
        except TimeoutError as error:
            raise ClientDisconnect from error
        finally:
            for task in (feed, answer):
                task.cancel()
            await _end(process, is_patient=self.is_push)
            await asyncio.gather(feed, answer, return_exceptions=True)
            if process.returncode and (text := await said):
                _LOG.info("%s: %s", " ".join(self._command.arguments), text)
            said.cancel()

    async def _start(self) -> Process:
        try:
            return await asyncio.create_subprocess_exec(
                *self._command.arguments,
                env=self._command.environment,
                stdin=PIPE if self._has_body else DEVNULL,
                stdout=PIPE,
                stderr=PIPE,
                limit=_CHUNK_BYTES,
                start_new_session=True,
            )
        except OSError as error:
            raise _refuse_failure(f"git: {(error.strerror or str(error)).lower()}") from error

    async def _feed(self, process: Process, receive: Receive) -> None:
        """Hand the body to the process; raise when the client is gone, before or after its end."""
        count = 0
        stdin = process.stdin
        while True:
            async with asyncio.timeout(IDLE_SECONDS):
                message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            content = message.get("body", b"")
            count += len(content)
            if count > self._most_bytes:
                if self._is_answered:
                    break
                raise _refuse_size(self._most_bytes)
            if stdin is not None and content and not stdin.transport.is_closing():
                # A process that wants no more has said why: the rest is taken and dropped.
                with suppress(ConnectionError):
                    stdin.write(content)
                    await stdin.drain()
            if not message.get("more_body"):
                break
        self._is_received.set()
        if stdin is not None:
            stdin.close()
        while (await receive())["type"] != "http.disconnect":
            pass
        raise ClientDisconnect

    async def _answer(self, process: Process, send: Send) -> None:
        assert process.stdout is not None
        try:
            head = await process.stdout.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            raise _refuse_failure("git ended without an answer") from error
        status, headers = parse_head(head)
        self._is_answered = True
        await send({"type": "http.response.start", "status": status, "headers": headers})
        while content := await process.stdout.read(_CHUNK_BYTES):
            async with asyncio.timeout(IDLE_SECONDS):
                await send({"type": "http.response.body", "body": content, "more_body": True})
        # The client reads the answer only when all of its body was taken.
        await self._is_received.wait()
        await send({"type": "http.response.body"})


def parse_head(head: bytes) -> tuple[int, list[tuple[bytes, bytes]]]:
    """Return status and headers of a CGI answer."""
    status = 200
    headers: list[tuple[bytes, bytes]] = []
    for line in head.strip().split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"status":
            status = int(value.split()[0])
        else:
            headers.append((name.lower(), value.strip()))
    return status, headers


async def _read_end(process: Process) -> str:
    """Return the end of what the process says on standard error."""
    assert process.stderr is not None
    said = b""
    while content := await process.stderr.read(_MOST_SAID_BYTES):
        said = (said + content)[-_MOST_SAID_BYTES:]
    return said.decode(errors="replace").strip()


async def _end(process: Process, *, is_patient: bool) -> None:
    """End the process and its children, as gently as they let it.

    A push whose body ends too soon is undone by git itself; when asked to end, git removes its
    locks; what remains after a kill is removed by the next start of the platform.
    """
    if process.stdin is not None:
        process.stdin.close()
    for number in (0, *_ENDS) if is_patient else _ENDS:
        if process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(TimeoutError):
            async with asyncio.timeout(END_SECONDS):
                await process.wait()


def _refuse_failure(why: str) -> Unavailable:
    return Unavailable(
        "GIT-FAILED",
        what="cannot answer the git client",
        why=why,
        fix="try again; the platform's log has what git said",
    )


def _refuse_size(most: int) -> Refused:
    return Refused(
        "PUSH-TOO-LARGE",
        what="cannot take the push",
        why=f"it has more than {most} bytes",
        fix="push less at once, or have FAIRWAY_PUSH_MAX_BYTES raised",
        status=413,
    )
