"""An agent of the test's own, to be killed."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.contract.target.process_stage import ProcessStage
from tests.deadline import wait_until


@pytest.fixture
def own_stage(tmp_path: Path) -> Iterator[ProcessStage]:
    """A process target whose agent has no gateway; nothing of it is left afterwards."""
    stage = ProcessStage(tmp_path, has_gateway=False)
    yield stage
    stage.agent.get_health()  # starts it, if the test left it dead
    stage.close()
    wait_until(lambda: not list_processes(stage.home))


@pytest.fixture
def kill_agent(own_stage: ProcessStage) -> Callable[[], None]:
    """Kill the agent with SIGKILL and return when it is gone."""

    def kill() -> None:
        pid = int(str(own_stage.agent.get_health()["pid"]))
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not _is_alive(pid))

    return kill


def list_processes(home: Path) -> list[int]:
    """Return all processes that run for `home`."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            texts = (path / "cmdline").read_bytes() + (path / "environ").read_bytes()
        except OSError:
            continue
        if f"{home}/".encode() in texts or f"{home}\0".encode() in texts:
            found.append(int(path.name))
    return found


def _is_alive(pid: int) -> bool:
    try:
        return b") Z " not in Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return False
