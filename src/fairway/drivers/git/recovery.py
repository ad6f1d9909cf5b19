"""What git leaves behind when all is killed at once.

Belongs here: ending processes of a control plane that is dead, and removing their locks and
half-received objects. It is for a start, when nobody else works on the repositories.
"""

import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from fairway.drivers.git.command import MARK

_END_SECONDS = 10.0
_LOCK = ".lock"


def recover(root: Path) -> None:
    """End what still works on the repositories below `root`, and remove what the dead left."""
    _end_processes(root)
    if root.is_dir():
        for folder in root.iterdir():
            if folder.name.startswith("."):  # made or removed halfway
                shutil.rmtree(folder, ignore_errors=True)
            elif folder.name.endswith(".git"):
                _clean(folder)


def _end_processes(root: Path) -> None:
    deadline = time.monotonic() + _END_SECONDS
    while (found := list(_list_processes(root))) and time.monotonic() < deadline:
        for pid in found:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)


def _list_processes(root: Path) -> Iterator[int]:
    wanted = f"{MARK}={root}".encode()
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal() or int(folder.name) == os.getpid():
            continue
        with suppress(OSError):  # somebody else's, or gone meanwhile
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                yield int(folder.name)


def _clean(folder: Path) -> None:
    for path in _list_locks(folder):
        path.unlink(missing_ok=True)
    for path in (folder / "objects").glob("tmp_objdir-*"):
        shutil.rmtree(path, ignore_errors=True)
    for pattern in ("tmp_*", ".tmp-*"):
        for path in (folder / "objects" / "pack").glob(pattern):
            path.unlink(missing_ok=True)


def _list_locks(folder: Path) -> Iterator[Path]:
    """Yield every lock; no ref's name ends like one."""
    yield from folder.glob(f"*{_LOCK}")
    yield from (folder / "objects").glob(f"**/info/**/*{_LOCK}")
    for part in ("refs", "logs"):
        for parent, _, names in os.walk(folder / part):
            yield from (Path(parent, name) for name in names if name.endswith(_LOCK))
