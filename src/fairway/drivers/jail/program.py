"""A program of its own: runs one command under limits and leaves nothing of it behind.

Belongs here: what must happen around a stranger's process. It is started by path with
`python -I -S`, so it imports nothing but the standard library. Never here: what the command is.

It becomes the reaper of all that the command starts, so a process that makes itself a daemon is
found too. It ends them all when the command ends, when a limit is passed, and when its standard
input closes, which it does when the starter cancels or is killed. Where control groups may be
made, the kernel holds memory and processes to their limits; elsewhere each process is held by
rlimits and their sum is looked at twenty times a second. Says what happened as JSON on the
descriptor that its first argument names.

A command that is to be offline gets a network of its own without any way out, by the account's
right to make one or, failing that, in a user namespace. Where the system forbids both it runs on
with the machine's network, so being offline is a second wall here and never the only one.
"""

import contextlib
import ctypes
import json
import os
import resource
import select
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_LOOK_SECONDS = 0.05
_DISK_LOOK_SECONDS = 0.5
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_UNTOUCHED_BYTES = 2 * 1024**3
_TICKS = os.sysconf("SC_CLK_TCK")
_V1 = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the command and all that it starts may use together.

    `disk_bytes` and `files` (0: any number) are those below `folder`.
    """

    memory_bytes: int
    cpu_seconds: int
    wall_seconds: float
    processes: int
    disk_bytes: int
    folder: str
    files: int = 0
    is_offline: bool = False


class Groups:
    """Control groups of this run, where the system lets us make them."""

    def __init__(self, limits: Limits) -> None:
        self.folders: list[Path] = []
        name = f"fairway-jail-{os.getpid()}"
        memory = str(limits.memory_bytes)
        self._make(
            _V1 / "memory" / name,
            {"memory.limit_in_bytes": memory, "memory.memsw.limit_in_bytes": memory},
        )
        self._make(_V1 / "pids" / name, {"pids.max": str(limits.processes)})
        if not self.folders:
            settings = {
                "memory.max": memory,
                "memory.swap.max": "0",
                "pids.max": str(limits.processes),
            }
            self._make(_find_own_group() / name, settings)

    def _make(self, folder: Path, settings: dict[str, str]) -> None:
        first = next(iter(settings))
        try:
            folder.mkdir()
            # Only the kernel makes this file; elsewhere it is a folder as any other.
            (folder / "cgroup.procs").stat()
            (folder / first).write_text(settings.pop(first))
        except OSError:
            with contextlib.suppress(OSError):
                folder.rmdir()
            return
        for file, value in settings.items():
            with contextlib.suppress(OSError):
                (folder / file).write_text(value)
        self.folders.append(folder)

    def enter(self) -> None:
        """Put the calling process into the groups."""
        for folder in self.folders:
            (folder / "cgroup.procs").write_text("0")

    def count_memory_kills(self) -> int:
        for folder in self.folders:
            for file in ("memory.oom_control", "memory.events"):
                with contextlib.suppress(OSError, ValueError):
                    words = (folder / file).read_text().split()
                    return int(words[words.index("oom_kill") + 1])
        return 0

    def is_process_limit_hit(self) -> bool:
        for folder in self.folders:
            with contextlib.suppress(OSError, ValueError, IndexError):
                words = (folder / "pids.events").read_text().split()
                return int(words[words.index("max") + 1]) > 0
        return False

    def list_members(self) -> set[int]:
        members: set[int] = set()
        for folder in self.folders:
            with contextlib.suppress(OSError):
                members.update(int(pid) for pid in (folder / "cgroup.procs").read_text().split())
        return members

    def remove(self) -> None:
        for folder in self.folders:
            with contextlib.suppress(OSError):
                folder.rmdir()


def _find_own_group() -> Path:
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        if line.startswith("0::"):
            return _V1 / line[3:].lstrip("/")
    return _V1


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What all processes below this one use."""

    pids: frozenset[int]
    memory_bytes: int
    cpu_seconds: float


def look() -> Usage:
    """Return what the descendants of this process use now."""
    parents: dict[int, int] = {}
    use: dict[int, tuple[int, float]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            text = (folder / "stat").read_text()
        except OSError:
            continue
        fields = text.rpartition(")")[2].split()
        pid = int(folder.name)
        parents[pid] = int(fields[1])
        ticks = sum(int(field) for field in fields[11:15])
        use[pid] = (int(fields[21]) * _PAGE_BYTES, ticks / _TICKS)
    below: set[int] = set()
    found = {os.getpid()}
    while found:
        found = {pid for pid, parent in parents.items() if parent in found} - below
        below |= found
    return Usage(
        pids=frozenset(below),
        memory_bytes=sum(use[pid][0] for pid in below),
        cpu_seconds=sum(use[pid][1] for pid in below),
    )


def measure_disk(folder: str) -> tuple[int, int]:
    """Return how many bytes and files are below `folder`; what vanishes meanwhile counts not."""
    total = count = 0
    pending = [folder]
    while pending:
        with contextlib.suppress(OSError), os.scandir(pending.pop()) as entries:
            found = list(entries)
            pending += [one.path for one in found if one.is_dir(follow_symlinks=False)]
            total += sum(map(_measure_file, found))
            count += len(found)
    return total, count


def find_passed_disk_limit(limits: Limits) -> str:
    """Return the name of a limit on what was written that was passed, or nothing."""
    size, count = measure_disk(limits.folder)
    if size > limits.disk_bytes:
        return "disk"
    return "files" if 0 < limits.files < count else ""


def _measure_file(entry: "os.DirEntry[str]") -> int:
    with contextlib.suppress(OSError):
        return entry.stat(follow_symlinks=False).st_blocks * 512
    return 0


def kill_all(groups: Groups) -> None:
    """Kill every descendant, also those that are being forked right now, and reap them."""
    while True:
        pids = set(look().pids) | groups.list_members()
        pids.discard(os.getpid())
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in pids:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, number)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if not pids:
            return
        time.sleep(0.002)


def start(command: list[str], limits: Limits, groups: Groups) -> int:
    """Start `command` in a session of its own and return its process id."""
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        groups.enter()
        if limits.is_offline:
            leave_network()
        _set_rlimits(limits, has_groups=bool(groups.folders))
        os.execvpe(command[0], command, os.environ)  # noqa: S606  no shell is meant
    except OSError as error:
        os.write(2, f"cannot start {command[0]}: {error.strerror}\n".encode())
    finally:
        os._exit(127)


def leave_network() -> None:
    """Put the calling process into a network of its own, where the system permits it."""
    unshare = ctypes.CDLL(None, use_errno=True).unshare
    if unshare(_CLONE_NEWNET):
        unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


def _set_rlimits(limits: Limits, *, has_groups: bool) -> None:
    values = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: limits.cpu_seconds,
        resource.RLIMIT_FSIZE: limits.disk_bytes,
    }
    if not has_groups:
        # Address space is more than memory: threads alone map much that they never touch.
        values[resource.RLIMIT_AS] = limits.memory_bytes + _UNTOUCHED_BYTES
        # This limit counts all of the account's threads, not only those of the command.
        values[resource.RLIMIT_NPROC] = _count_threads() + limits.processes
    for kind, value in values.items():
        _, hard = resource.getrlimit(kind)
        most = value if hard == resource.RLIM_INFINITY else min(value, hard)
        # A hard limit a little above leaves room for SIGXCPU, which tells this end from others.
        above = 5 if kind == resource.RLIMIT_CPU and hard == resource.RLIM_INFINITY else 0
        resource.setrlimit(kind, (most, most + above))


def _count_threads() -> int:
    count = 0
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if folder.stat().st_uid == os.getuid():
                count += sum(1 for _ in (folder / "task").iterdir())
    return count


def watch(pid: int, limits: Limits, groups: Groups) -> tuple[int, str]:
    """Wait for `pid` and return its wait status and which limit ended it, if one did."""
    started = time.monotonic()
    disk_at = started + _DISK_LOOK_SECONDS
    while True:
        status = reap(pid)
        if status is not None:
            return status, ""
        readable, _, _ = select.select([0], [], [], _LOOK_SECONDS)
        if readable and not os.read(0, 1):
            return 0, "cancelled"
        now = time.monotonic()
        cause = find_passed_limit(limits, groups, now - started)
        if not cause and now > disk_at:
            cause = find_passed_disk_limit(limits)
            disk_at = time.monotonic() + _DISK_LOOK_SECONDS
        if cause:
            return 0, cause


def reap(pid: int) -> int | None:
    """Take the status of all that ended, and return that of `pid` if it is among them."""
    with contextlib.suppress(ChildProcessError):
        while True:
            ended, status = os.waitpid(-1, os.WNOHANG)
            if ended == pid:
                return status
            if not ended:
                break
    return None


def find_passed_limit(limits: Limits, groups: Groups, seconds: float) -> str:
    """Return the name of a limit that was passed, or nothing."""
    usage = look()
    ended = os.times()
    cpu = usage.cpu_seconds + ended.children_user + ended.children_system
    is_over = usage.memory_bytes > limits.memory_bytes and not groups.folders
    passed = {
        "wall": seconds > limits.wall_seconds,
        "cpu": cpu > limits.cpu_seconds,
        # Before memory: what forked processes share is counted once for each of them.
        "processes": len(usage.pids) > limits.processes or groups.is_process_limit_hit(),
        "memory": is_over or groups.count_memory_kills() > 0,
    }
    return next((name for name, is_passed in passed.items() if is_passed), "")


def explain(status: int, cause: str, limits: Limits, groups: Groups) -> dict[str, object]:
    """Return what ended the command; some limits show only afterwards."""
    code = os.waitstatus_to_exitcode(status)
    if not cause and groups.count_memory_kills() and code:
        cause = "memory"
    elif not cause and groups.is_process_limit_hit() and code:
        cause = "processes"
    elif not cause and code == -signal.SIGXCPU:
        cause = "cpu"
    elif not cause and code and measure_disk(limits.folder)[0] > limits.disk_bytes * 0.95:
        cause = "disk"
    return {"code": code, "cause": cause, "is_held_by_kernel": bool(groups.folders)}


def main() -> None:
    report_to = int(sys.argv[1])
    os.set_inheritable(report_to, False)
    limits = Limits(**json.loads(sys.argv[2]))
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups = Groups(limits)
    status, cause = 0, "cancelled"
    try:
        pid = start(sys.argv[3:], limits, groups)
        status, cause = watch(pid, limits, groups)
    finally:
        kill_all(groups)
        report = explain(status, cause, limits, groups)
        groups.remove()
    with contextlib.suppress(OSError):
        os.write(report_to, json.dumps(report).encode())


if __name__ == "__main__":
    main()
