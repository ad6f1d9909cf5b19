"""Finding the processes and the ports of local servers.

Belongs here: questions to the kernel. A pid file alone is not believed: after a restart of the
machine or the container its number may be another program's.
"""

import socket
from collections.abc import Collection
from pathlib import Path


def find_processes(programs: Collection[str], marker: str) -> tuple[int, ...]:
    """Return the processes of `programs` whose command line or title holds `marker`."""
    numbers = (int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit())
    return tuple(sorted(pid for pid in numbers if is_process(pid, programs, marker)))


def is_process(pid: int, programs: Collection[str], marker: str) -> bool:
    """Return whether `pid` is one of `programs` with `marker` in its command line or title."""
    try:
        content = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    line = content.replace(b"\0", b" ").decode(errors="replace")
    executable = line.partition(" ")[0].rstrip(":").rpartition("/")[2]
    return executable in programs and marker in line


def read_pid_file(path: Path) -> int | None:
    """Return the number in the first line of `path`, or None."""
    try:
        return int(path.read_text().partition("\n")[0])
    except (OSError, ValueError):
        return None


def is_port_free(port: int) -> bool:
    """Return whether a server could listen on the loopback `port` now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def find_free_port(first: int) -> int:
    """Return the lowest free loopback port from `first` on."""
    return next(port for port in range(first, 65536) if is_port_free(port))
