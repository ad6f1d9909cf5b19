"""Stable loopback ports for services: a process that passes connections on to ready instances.

Run as `python -I relay.py FILE`; it outlives the agent. FILE holds `{"services": [{"port",
"instances": [port, …]}]}` and is read again on SIGHUP, or a moment after it
was replaced. Any protocol over TCP passes; a connection that finds no instance waits for one.

Belongs here: accepting, choosing and copying. Never here: an import of Fairway (it runs as a bare
file), which instance is ready (`service`).
"""

import asyncio
import functools
import json
import signal
import sys
from contextlib import suppress
from pathlib import Path

_WAIT_SECONDS = 10.0
_LOOK_SECONDS = 0.25
_CHUNK = 64 * 1024


class Relay:
    """All services of one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._instances: dict[int, list[int]] = {}
        self._servers: dict[int, asyncio.Server] = {}
        self._changed = asyncio.Condition()
        self._turn = 0

    async def reload(self) -> None:
        """Listen for the services in the file and for no others."""
        services = json.loads(self._path.read_bytes())["services"]
        self._instances = {found["port"]: found["instances"] for found in services}
        for port in self._servers.keys() - self._instances.keys():
            self._servers.pop(port).close()
        for port in self._instances.keys() - self._servers.keys():
            try:
                pass_on = functools.partial(self._pass_on, port)
                self._servers[port] = await asyncio.start_server(pass_on, "127.0.0.1", port)
            except OSError as error:
                sys.stderr.write(f"cannot listen on port {port}: {error}\n")
        async with self._changed:
            self._changed.notify_all()

    async def _pass_on(
        self, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(_WAIT_SECONDS):
                far_reader, far_writer = await self._connect(port)
            await asyncio.gather(
                _copy(reader, far_writer), _copy(far_reader, writer), return_exceptions=True
            )
            far_writer.close()
        writer.close()

    async def _connect(self, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while True:
            known = self._instances.get(port, [])
            self._turn += 1
            for step in range(len(known)):
                with suppress(OSError):
                    target = known[(self._turn + step) % len(known)]
                    return await asyncio.open_connection("127.0.0.1", target)
            with suppress(TimeoutError):
                async with asyncio.timeout(0.1), self._changed:
                    await self._changed.wait()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
        writer.write_eof()
    except OSError:
        writer.close()


async def main(path: Path) -> None:
    """Serve until a signal ends it; a change of the file whose signal was missed is seen too."""
    relay = Relay(path)
    loop = asyncio.get_running_loop()
    ended, told = asyncio.Event(), asyncio.Event()  # an end is seen at the next look
    loop.add_signal_handler(signal.SIGHUP, told.set)
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    seen = (0, 0)
    while not ended.is_set():
        told.clear()
        status = path.stat()
        if (now := (status.st_ino, status.st_mtime_ns)) != seen:
            await relay.reload()
            seen = now
        with suppress(TimeoutError):
            await asyncio.wait_for(told.wait(), _LOOK_SECONDS)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
