"""The gateway's process: listening, following the table, stopping.

Belongs here: what one process has one of. Never here: what happens to a request. Start at
`run_gateway`.
"""

import asyncio
import errno
import gc
import os
import resource
import signal
import sys
from pathlib import Path

from fairway.gateway.access_log import AccessLog
from fairway.gateway.client import ClientConnection, FrontDoor
from fairway.gateway.control import Controlled, serve_control
from fairway.gateway.route import parse_routes
from fairway.gateway.router import Router
from fairway.kits.canonical import JsonObject
from fairway.kits.errors import Refused

_TICK_SECONDS = 0.1
_STOP_SECONDS = 5.0
_BACKLOG = 2048
EXIT_UNAVAILABLE = 75


def run_gateway(
    home: Path, *, host: str = "127.0.0.1", port: int = 7481, is_access_logged: bool = True
) -> None:
    """Serve requests until SIGTERM or SIGINT, then finish those under way for 5 s.

    Follows `home/gateway/routes.json` and listens for control on `home/gateway/gateway.sock`.
    `port` 0 takes a free one; `GET /health` on the socket says which.

    Raises:
        SystemExit: 75, the port cannot be had; standard error says why.
    """
    _raise_file_limit()
    gc.freeze()
    asyncio.run(_Gateway(home / "gateway", is_access_logged=is_access_logged).run(host, port))


class _Gateway(FrontDoor, Controlled):
    def __init__(self, folder: Path, *, is_access_logged: bool) -> None:
        self.router = Router()
        self.log = AccessLog(is_on=is_access_logged)
        self.clients: set[ClientConnection] = set()
        self.is_stopping = False
        self._folder = folder
        self._routes = folder / "routes.json"
        self._seen: tuple[int, int, int] | None = None
        self._port = 0

    async def run(self, host: str, port: int) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        loop = asyncio.get_running_loop()
        stopped = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopped.set)
        self._follow()
        server = await self._listen(host, port)
        control = await serve_control(self, self._folder / "gateway.sock")
        ticking = loop.create_task(self._tick())
        try:
            await stopped.wait()
        finally:
            ticking.cancel()
            server.close()
            await self._drain()
            control.close()
            self.log.flush()

    async def _listen(self, host: str, port: int) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        try:
            # Not SO_REUSEPORT: a second gateway must be refused, not get half of the requests.
            server = await loop.create_server(
                lambda: ClientConnection(self), host, port, backlog=_BACKLOG, reuse_address=True
            )
        except OSError as error:
            is_taken = error.errno == errno.EADDRINUSE
            why = f"port {port} is in use" if is_taken else (error.strerror or str(error))
            sys.stderr.write(
                f"error GATEWAY-PORT-TAKEN: cannot listen on {host}:{port}: {why}\n"
                f"  fix: stop what listens there (ss -ltnp 'sport = :{port}'), or choose another "
                "port for the gateway\n"
            )
            raise SystemExit(EXIT_UNAVAILABLE) from error
        self._port = int(server.sockets[0].getsockname()[1])
        return server

    async def _tick(self) -> None:
        """Follow the table, write the access log, and close who is idle for too long."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            self._follow()
            self.log.flush()
            now = loop.time()
            for client in tuple(self.clients):
                client.expire(now)

    async def _drain(self) -> None:
        self.is_stopping = True
        for client in tuple(self.clients):
            client.close_if_idle()
        deadline = asyncio.get_running_loop().time() + _STOP_SECONDS
        while self.clients and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.02)
        for client in tuple(self.clients):
            client.break_off(is_reset=True)

    def _follow(self) -> None:
        """Take a changed table; one that cannot be read is said once and changes nothing."""
        try:
            state = self._routes.stat()
        except OSError:
            return
        seen = (state.st_mtime_ns, state.st_ino, state.st_size)
        if seen == self._seen:
            return
        self._seen = seen
        try:
            self.reload()
        except Refused as error:
            sys.stderr.write(f"error {error.code}: {error}\n  fix: {error.fix}\n")

    def reload(self) -> int:
        try:
            content = self._routes.read_bytes()
        except OSError as error:
            raise Refused(
                "GATEWAY-ROUTES-INVALID",
                what="cannot read the gateway's routes.json",
                why=error.strerror or str(error),
                fix=f"let the agent write {self._routes}",
            ) from error
        self.router.replace(parse_routes(content))
        return self.router.version

    def get_health(self) -> JsonObject:
        return {"port": self._port, "version": self.router.version, "pid": os.getpid()}

    def get_in_flight(self, instance_id: str) -> int:
        return self.router.count_in_flight(instance_id)

    def get_metrics(self) -> JsonObject:
        return {"version": self.router.version, "routes": self.router.get_metrics()}


def _raise_file_limit() -> None:
    """Take as many open files as the system lets this process have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
