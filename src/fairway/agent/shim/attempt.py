"""One run of one container, seen from the agent.

Belongs here: starting a shim, finding one that an earlier agent started, waiting for its end and
asking it to stop. Never here: whether to run again (`container`).
"""

import asyncio
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from fairway.agent.machine import storage
from fairway.agent.shim import shim
from fairway.kits.errors import Problem, Unavailable

# A workload's processes carry this variable, so that those of a shim that was killed are found.
MARK = "FAIRWAY_RUN"
_SHIM = Path(shim.__file__)
_START_SECONDS = 10.0
_OVERTIME_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """How a run ended. `error` says why the program could not even start."""

    attempt: int
    code: int | None = None
    signal: int | None = None
    started_at: float = 0.0
    ended_at: float = 0.0
    ran_seconds: float = 0.0
    is_stopped: bool = False
    leftovers: int = 0
    error: str = ""


class Attempt:
    """A run that was alive when last seen; `pid` is the program's, `shim_pid` its keeper's."""

    def __init__(
        self, folder: Path, run: Mapping[str, object], process: subprocess.Popen[bytes] | None
    ) -> None:
        self._folder = folder
        self._process = process
        self.number = int(str(run["attempt"]))
        self.pid = int(str(run["pid"]))
        self.shim_pid = int(str(run["shim"]))
        self.started_at = float(str(run["started_at"]))
        self._pidfd = os.pidfd_open(self.shim_pid)
        if shim.read_start_ticks(self.shim_pid) != run["shim_start"]:
            os.close(self._pidfd)
            raise ProcessLookupError

    def is_program_alive(self) -> bool:
        """Return whether the program itself, not something it left behind, still runs."""
        try:
            state = Path(f"/proc/{self.pid}/stat").read_bytes().rpartition(b")")[2].split()[0]
        except FileNotFoundError:
            return False
        return state not in (b"Z", b"X")

    async def wait(self) -> Exit:
        """Return how the run ends; the whole tree of processes is gone by then."""
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        loop.add_reader(self._pidfd, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(self._pidfd)
        os.close(self._pidfd)
        if self._process is not None:
            self._process.wait()
        return await asyncio.to_thread(self._read_exit)

    def _read_exit(self) -> Exit:
        found = find_exit(self._folder, self.number)
        if found is None:
            kill_marked(self._folder)
            found = Exit(
                attempt=self.number,
                started_at=self.started_at,
                ended_at=time.time(),
                ran_seconds=time.time() - self.started_at,
                error="its shim was killed",
            )
        return found

    def ask_to_stop(self, grace_seconds: float) -> None:
        """Have the shim end the program: SIGTERM to all of it, after the grace SIGKILL."""
        with suppress(OSError, Problem):  # a full disk costs the grace that was set, not the stop
            storage.write_file(self._folder / "stop", str(grace_seconds).encode())
        self._signal(signal.SIGTERM)

    async def stop(self, grace_seconds: float) -> None:
        """Ask to stop; should even the shim hang, kill it and what it kept."""
        self.ask_to_stop(grace_seconds)
        await asyncio.sleep(grace_seconds + _OVERTIME_SECONDS)
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        with suppress(OSError):
            signal.pidfd_send_signal(self._pidfd, number)


def start_attempt(folder: Path, request: Mapping[str, object]) -> Attempt:
    """Start a shim in `folder` and return when its program runs, or has failed to. Blocking.

    Where a shim runs already, that one is returned: there is never a second.

    Raises:
        Unavailable: SHIM-FAILED.
    """
    with storage.naming_disk_faults(folder):
        (folder / "stop").unlink(missing_ok=True)
        with (folder / "shim.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_SHIM), str(folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd="/",
                env={"PATH": os.defpath},
                start_new_session=True,
            )
    if process.stdin is None or process.stdout is None:
        raise AssertionError
    with process.stdin, process.stdout, suppress(BrokenPipeError):
        process.stdin.write(json.dumps(request).encode())
        process.stdin.close()
        is_started = bool(process.stdout.read())
    run = storage.read_json(folder / "run.json") or {}
    if is_started and run.get("shim") == process.pid:
        return Attempt(folder, run, process)
    process.wait()
    if found := find_attempt(folder):
        return found
    fault = (folder / "shim.log").read_text(errors="replace").strip().rpartition("\n")[2]
    raise Unavailable(
        "SHIM-FAILED",
        what=f"cannot start container in '{folder}'",
        why=fault or f"its shim exited {process.returncode}",
        fix="see the agent's log; free memory, disk space or processes and wait for the next try",
    )


def find_attempt(folder: Path) -> Attempt | None:
    """Return the run whose shim is alive in `folder`, whoever started it. Blocking."""
    deadline = time.monotonic() + _START_SECONDS
    while is_locked(folder):
        with suppress(OSError):
            if run := storage.read_json(folder / "run.json"):
                return Attempt(folder, run, None)
        if time.monotonic() > deadline:
            raise Unavailable(
                "SHIM-FAILED",
                what=f"cannot adopt container in '{folder}'",
                why="its shim holds the lock and says nothing",
                fix="look at the process that holds the file 'lock' in that folder",
            )
        time.sleep(0.02)
    return None


def is_locked(folder: Path) -> bool:
    """Return whether a shim lives in `folder`."""
    try:
        fd = os.open(folder / "lock", os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def find_exit(folder: Path, number: int) -> Exit | None:
    """Return the record of how run `number` ended."""
    record = storage.read_json(folder / f"exit-{number}.json")
    return None if record is None else Exit(**record)  # type: ignore[arg-type]  # the shim's own


def read_last_number(folder: Path) -> int:
    """Return the number of the last run in `folder`; 0 when there was none."""
    run = storage.read_json(folder / "run.json")
    return 0 if run is None else int(str(run["attempt"]))


def kill_marked(folder: Path) -> None:
    """Kill every process that carries the mark of `folder`, until none is left."""
    mark = f"{MARK}={folder}".encode()
    deadline = time.monotonic() + _START_SECONDS
    while pids := [pid for pid in _list_processes() if mark in _read_environment(pid)]:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            return
        time.sleep(0.01)


def _list_processes() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208  # no stat


def _read_environment(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []
