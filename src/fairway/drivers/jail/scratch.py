"""Scratch folders that do not outlive their use, not even when the platform is killed.

Belongs here: making and removing them. Never here: what happens in one. Start at `open_scratch`.
"""

import contextlib
import fcntl
import os
import shutil
import stat
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def open_scratch(parent: Path) -> Iterator[Path]:
    """Give a new folder below `parent` and remove it at the end.

    A lock held meanwhile tells it from one whose owner was killed; those are removed first.
    """
    parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _remove_abandoned(parent)
    folder, handle = _lock_new(parent)
    try:
        folder.mkdir(mode=0o700)
        yield folder
    finally:
        remove_tree(folder)
        folder.with_suffix(".lock").unlink(missing_ok=True)
        os.close(handle)


def _lock_new(parent: Path) -> tuple[Path, int]:
    """Return the path of a folder to make, and the descriptor that holds its lock."""
    while True:
        folder = parent / f"run-{uuid.uuid4().hex[:12]}"
        lock = folder.with_suffix(".lock")
        handle = os.open(lock, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX)
        # Between the two calls another process may have taken it for abandoned.
        if lock.exists():
            return folder, handle
        os.close(handle)


def _remove_abandoned(parent: Path) -> None:
    for lock in parent.glob("run-*.lock"):
        with contextlib.suppress(OSError):
            handle = os.open(lock, os.O_RDWR)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                remove_tree(lock.with_suffix(""))
                lock.unlink(missing_ok=True)
            finally:
                os.close(handle)


def remove_tree(folder: Path) -> None:
    """Remove a folder, whatever modes were left in it."""

    def open_and_retry(remove: Callable[[str], object], name: str, _: object) -> None:
        path = Path(name)
        with contextlib.suppress(OSError):
            for locked in (path.parent, path):
                if locked.is_dir() and not locked.is_symlink():
                    locked.chmod(stat.S_IRWXU)
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        del remove

    if folder.exists():
        shutil.rmtree(folder, onerror=open_and_retry)
