"""One run of one container: a tiny process that outlives the agent.

Started as `python -I -S shim.py FOLDER` with a JSON request on standard input. It alone is the
parent of the workload: it holds the output pipes and writes them to rotated files, ends the whole
tree of processes, and records start and exit in FOLDER so that no agent need be alive to see them.
FOLDER's `lock` is held for life, so that no folder ever has two.

Belongs here: what must survive the death of everything else. Never here: an import beyond a few
modules of the standard library (each costs memory in every replica), a decision to restart. Files:

    run.json       attempt, shim, shim_start, pid, started_at; written before the program runs
    exit-N.json    how attempt N ended; its room on disk is reserved before the program runs
    output.log     lines `<nanoseconds> <o|e> <bytes>`, older ones in output.log.1 …
    stop           seconds of grace; read when SIGTERM asks to stop
"""

# No pathlib: its import would cost every replica memory.
# ruff: noqa: PTH104, PTH110, PTH118, PTH120, PTH123, PTH208, SIM105

import ctypes
import fcntl
import json
import os
import select
import signal
import sys
import time

PR_SET_CHILD_SUBREAPER = 36
LINE_LIMIT = 64 * 1024
RECORD_ROOM = 2048
LEFTOVER_GRACE_SECONDS = 1.0
TAIL_BYTES = 2 * LINE_LIMIT
BUSY, STALE = 75, 76


def write_durably(path: str, content: bytes) -> None:
    """Replace the file whole: a reader, also one after a power cut, sees the old or the new."""
    with open(path + ".new", "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.rename(path + ".new", path)
    folder = os.open(os.path.dirname(path), os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def read_start_ticks(pid: int) -> int:
    """Return when a process started, which with its id names it beyond reuse of ids."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        return int(file.read().rpartition(b")")[2].split()[19])


def list_children() -> "list[int]":
    """Return the living and dead direct children of this process."""
    me = os.getpid()
    return [
        int(name) for name in os.listdir("/proc") if name.isdigit() and _read_parent(name) == me
    ]


def _read_parent(pid: str) -> int:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[1])
    except OSError:
        return 0


class Log:
    """Appends lines to a file and turns it over before it grows past its limit.

    A full disk costs lines, never the program: they are counted, and the count is written once
    there is room again. Times grow strictly, also over restarts, so that one names its line.
    """

    def __init__(self, path: str, max_bytes: int, files: int) -> None:
        self.path, self.max_bytes, self.files = path, max_bytes, files
        self.lost = 0
        self._open()
        self.last = self._read_last_time()

    def _open(self) -> None:
        self.fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self.size = os.fstat(self.fd).st_size

    def _read_last_time(self) -> int:
        start = max(0, self.size - TAIL_BYTES)
        content = os.pread(self.fd, TAIL_BYTES, start)
        if content and not content.endswith(b"\n"):
            whole = content.rfind(b"\n") + 1
            os.ftruncate(self.fd, start + whole)
            self.size, content = start + whole, content[:whole]
        try:
            return int(content.rstrip(b"\n").rpartition(b"\n")[2].split(b" ", 1)[0])
        except ValueError:
            return 0

    def write(self, stream: bytes, lines: "list[bytes]") -> None:
        """Append lines of one stream."""
        if self.lost:
            lines = [b"fairway: %d lines lost, no space left on device" % self.lost, *lines]
        records = []
        for line in lines:
            self.last = max(self.last + 1, time.time_ns())
            records.append(b"%d %s %s\n" % (self.last, stream, line))
        content = b"".join(records)
        try:
            if self.size and self.size + len(content) > self.max_bytes:
                self._turn_over()
            if os.write(self.fd, content) != len(content):
                raise OSError
            self.size += len(content)
            self.lost = 0
        except OSError:
            os.ftruncate(self.fd, self.size)
            self.lost += len(lines) - (1 if self.lost else 0)

    def _turn_over(self) -> None:
        for number in range(self.files - 1, 0, -1):
            older = self.path if number == 1 else f"{self.path}.{number - 1}"
            if os.path.exists(older):
                os.rename(older, f"{self.path}.{number}")
        os.close(self.fd)
        self._open()


class Output:
    """One of the program's two streams, cut into lines."""

    def __init__(self, fd: int, stream: bytes, log: Log) -> None:
        self.fd, self.stream, self.log = fd, stream, log
        self.rest = b""
        os.set_blocking(fd, False)

    def read(self) -> bool:
        """Take what is there; False at the end of the stream."""
        try:
            chunk = os.read(self.fd, LINE_LIMIT)
        except BlockingIOError:
            return True
        lines = (self.rest + chunk).split(b"\n")
        self.rest = lines.pop()
        while len(self.rest) >= LINE_LIMIT or (self.rest and not chunk):
            lines.append(self.rest[:LINE_LIMIT])
            self.rest = self.rest[LINE_LIMIT:]
        if lines:
            self.log.write(self.stream, lines)
        return bool(chunk)


class Shim:
    """The life of one program."""

    def __init__(self, folder: str, request: "dict[str, object]", log: Log) -> None:
        self.folder, self.log = folder, log
        self.attempt: int = request["attempt"]  # type: ignore[assignment]  # JSON from the agent
        self.grace: float = request["stop_seconds"]  # type: ignore[assignment]  # as above
        self.is_stopping = self.has_children = False
        self.is_asked_to_stop = False
        self.status: int | None = None
        self.leftovers = 0
        self.kill_at: float | None = None
        self.outputs: dict[int, Output] = {}
        self.poller = select.poll()
        self._reserve_exit_record()
        self._watch_signals()

    def _reserve_exit_record(self) -> None:
        path = f"{self.folder}/exit-{self.attempt}.room"
        self.record = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.write(self.record, b" " * RECORD_ROOM)
        os.fsync(self.record)

    def _watch_signals(self) -> None:
        self.wake, write_end = os.pipe()
        for fd in (self.wake, write_end):
            os.set_blocking(fd, False)
        signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._ask_to_stop)
        self.poller.register(self.wake, select.POLLIN)

    def _ask_to_stop(self, *_: object) -> None:
        self.is_asked_to_stop = True

    def start(self, request: "dict[str, object]") -> str:
        """Start the program; returns why it could not, or nothing.

        The child waits until its id is on disk, so that there is never a running program that
        nobody knows of; if this process dies meanwhile the child ends.
        """
        gate_read, gate_write = os.pipe()
        fault_read, fault_write = os.pipe()
        streams = [os.pipe(), os.pipe()]
        self.started_at, self.started = time.time(), time.monotonic()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(gate_write)
            _become(request, gate_read, fault_write, streams)
        for fd in (gate_read, fault_write, streams[0][1], streams[1][1]):
            os.close(fd)
        for (fd, _), name in zip(streams, (b"o", b"e"), strict=True):
            self.outputs[fd] = Output(fd, name, self.log)
            self.poller.register(fd, select.POLLIN)
        self._write_run()
        os.write(gate_write, b"g")
        os.close(gate_write)
        with os.fdopen(fault_read, "rb") as faults:
            return faults.read().decode(errors="replace")

    def _write_run(self) -> None:
        run = {
            "attempt": self.attempt,
            "shim": os.getpid(),
            "shim_start": read_start_ticks(os.getpid()),
            "pid": self.pid,
            "started_at": self.started_at,
        }
        write_durably(f"{self.folder}/run.json", json.dumps(run).encode())

    def run_to_end(self) -> None:
        """Wait for the program and everything that it left behind, however long it takes."""
        while True:
            self._poll()
            self._reap()
            if self.is_asked_to_stop and not self.is_stopping:
                self._begin_stop()
            if self.kill_at is not None and time.monotonic() >= self.kill_at:
                self._signal_all(signal.SIGKILL)
                self.kill_at = time.monotonic() + 0.05
            if self.status is not None and not self.has_children:
                break
        for output in self.outputs.values():
            while output.read():
                if not select.select([output.fd], [], [], 0.2)[0]:
                    break

    def _poll(self) -> None:
        timeout = None
        if self.kill_at is not None:
            timeout = max(0.0, self.kill_at - time.monotonic()) * 1000 + 1
        for fd, _ in self.poller.poll(timeout):
            if fd == self.wake:
                os.read(fd, 512)
            elif not self.outputs[fd].read():
                self.poller.unregister(fd)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                self.has_children = False
                return
            if pid == 0:
                self.has_children = True
                break
            if pid == self.pid:
                self.status = status
        if self.status is not None and self.kill_at is None:
            self.leftovers = len(list_children())
            self._signal_all(signal.SIGTERM)
            self.kill_at = time.monotonic() + LEFTOVER_GRACE_SECONDS

    def _begin_stop(self) -> None:
        self.is_stopping = True
        try:
            with open(f"{self.folder}/stop", "rb") as file:
                self.grace = float(file.read())
        except (OSError, ValueError):
            pass
        self.kill_at = time.monotonic() + self.grace
        self._signal_all(signal.SIGTERM)

    def _signal_all(self, number: int) -> None:
        """Signal the program's group while it surely is its own, and all children besides."""
        if self.status is None:
            try:
                os.killpg(self.pid, number)
            except OSError:
                pass
        for pid in list_children():
            if pid != self.pid:
                try:
                    os.kill(pid, number)
                except OSError:
                    pass

    def write_exit(self, error: str) -> None:
        """Record how it ended, in the room that was reserved, so that a full disk cannot hinder."""
        code = signal_number = None
        if self.status is not None and os.WIFSIGNALED(self.status):
            signal_number = os.WTERMSIG(self.status)
        elif self.status is not None:
            code = os.WEXITSTATUS(self.status)
        record = {
            "attempt": self.attempt,
            "code": code,
            "signal": signal_number,
            "started_at": self.started_at,
            "ended_at": time.time(),
            "ran_seconds": time.monotonic() - self.started,
            "is_stopped": self.is_stopping,
            "leftovers": self.leftovers,
            "error": error[:512],
        }
        os.pwrite(self.record, json.dumps(record).encode(), 0)
        os.fsync(self.record)
        path = f"{self.folder}/exit-{self.attempt}"
        os.rename(path + ".room", path + ".json")


def _become(
    request: "dict[str, object]", gate: int, fault: int, streams: "list[tuple[int, int]]"
) -> None:
    """Turn this forked child into the program; never returns."""
    try:
        os.setsid()
        null = os.open("/dev/null", os.O_RDONLY)
        for source, target in ((null, 0), (streams[0][1], 1), (streams[1][1], 2)):
            os.dup2(source, target)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        os.umask(0o022)
        import runpy  # noqa: PLC0415  # only the child pays for it

        launch = runpy.run_path(os.path.join(os.path.dirname(__file__), "launch.py"))
        if os.read(gate, 1) == b"g":
            launch["become"](request)
    except BaseException as error:  # noqa: BLE001  # whatever it is, the agent must hear of it
        os.write(fault, str(error).encode()[:512])
    finally:
        os._exit(127)


def main(folder: str) -> int:
    """Take the folder's lock, run the request from standard input and record its end."""
    request = json.loads(sys.stdin.buffer.read())
    lock = os.open(f"{folder}/lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return BUSY
    try:
        with open(f"{folder}/run.json", "rb") as file:
            if json.load(file)["attempt"] >= request["attempt"]:
                return STALE
    except FileNotFoundError:
        pass
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    log = Log(f"{folder}/output.log", request["log_bytes"], request["log_files"])
    shim = Shim(folder, request, log)
    error = shim.start(request)
    request = None
    os.write(1, b"started\n")
    os.close(1)
    shim.run_to_end()
    shim.write_exit(error)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
