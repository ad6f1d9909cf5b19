"""The stage of the process target: an agent with a gateway, in a home of its own."""

import socket
import sys
from pathlib import Path

from fairway.agent.api.client import AgentClient, ensure_agent
from fairway.drivers.process.target import ProcessTarget
from tests.contract.target import agent_entry
from tests.contract.target.stage import Artifacts, Stage, fetch


class ProcessStage(Stage):
    """An agent that `close` ends with all that it runs."""

    def __init__(self, folder: Path, *, has_gateway: bool = True) -> None:
        self.home = folder / "home"
        self.port = find_free_port()
        self.artifacts = Artifacts(folder / "artifacts")
        port = (str(self.port),) if has_gateway else ()
        self.command = (sys.executable, agent_entry.__file__, str(self.home), *port)
        self.agent: AgentClient = ensure_agent(self.home, self.command)
        self.target = ProcessTarget(
            self.agent, unpack=self.artifacts.unpack, python=Path(sys.executable)
        )

    def open_route(self, environment: str, component: str) -> None:
        """Make a route of the gateway."""
        self.agent.put_route(
            environment,
            f"{component}.www",
            {
                "host": f"{component}.{environment}.localhost",
                "path": "/",
                "workload": component,
                "port": "",
            },
        )

    def get(
        self, environment: str, component: str, path: str, *, method: str = "GET"
    ) -> tuple[int, str]:
        """Ask through the gateway."""
        host = f"{component}.{environment}.localhost"
        return fetch(f"http://127.0.0.1:{self.port}{path}", host, method)

    def make_volume(self, environment: str, name: str) -> str:
        """Make a volume of the agent's."""
        return str(self.agent.put_volume(environment, name, 1024**2)["source"])

    def close(self) -> None:
        """End the agent and all it runs."""
        self.agent.shut_down(is_stopping_workloads=True)


def find_free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
