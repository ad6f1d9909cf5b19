"""The agent as a process.

Belongs here: one agent for each home, its signals and its log. Never here: what it does.
"""

import asyncio
import fcntl
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from fairway.agent import agent as agents
from fairway.agent.agent import Agent
from fairway.agent.api import http
from fairway.agent.api.server import Server
from fairway.agent.machine import storage
from fairway.kits.errors import Refused
from fairway.ports.sealer import Sealer


def run_agent(home: Path, sealer: Sealer, *, gateway_command: Sequence[str] = ()) -> None:
    """Run this home's agent until a signal or a request ends it; workloads go on.

    `gateway_command` starts the gateway, which the agent keeps running; none, no gateway.

    Raises:
        Refused: AGENT-RUNNING, another one serves this home.
    """
    home = home.absolute()
    agents.prepare_home(home)
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    with storage.naming_disk_faults(home), (home / "agent" / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Refused(
                "AGENT-RUNNING",
                what=f"cannot start the agent of '{home}'",
                why="it runs already",
                fix="use the one that runs",
                status=409,
            ) from error
        asyncio.run(_serve(home, sealer, gateway_command))


async def _serve(home: Path, sealer: Sealer, gateway_command: Sequence[str]) -> None:
    agent = Agent(home, sealer, gateway_command)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: agent.ask_to_end(is_stopping_workloads=False))
    running = asyncio.create_task(agent.run())
    await asyncio.sleep(0)
    socket_path = home / "agent" / "agent.sock"
    server = await http.serve(socket_path, Server(agent).answer)
    try:
        await running
    finally:
        server.close()
        socket_path.unlink(missing_ok=True)
