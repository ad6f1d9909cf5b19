"""Files of the agent that are whole or absent, whatever is killed.

Belongs here: replacing, reading and sealing small files, and naming what a disk refuses.
Never here: what the files mean.
"""

import errno
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fairway.kits.canonical import JsonObject, render_canonical
from fairway.kits.errors import Unavailable


def write_file(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Replace `path` durably: a reader sees all of the old or all of the new.

    Raises:
        Unavailable: DISK-FULL or STATE-READ-ONLY; the old file is as it was.
    """
    draft = path.with_name(f"{path.name}.new")
    with naming_disk_faults(path):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with draft.open("wb") as file:
                os.fchmod(file.fileno(), mode)
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except OSError:
            draft.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make creations, renames and removals in `folder` survive a power cut."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def write_json(path: Path, value: JsonObject) -> None:
    """Replace `path` durably by canonical JSON."""
    write_file(path, render_canonical(value))


def read_json(path: Path) -> dict[str, object] | None:
    """Return the object in `path`, or None when there is no such file."""
    try:
        value: dict[str, object] = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    return value


def remove_file(path: Path) -> None:
    """Remove `path` durably; absent already is success."""
    with naming_disk_faults(path):
        if path.exists():
            path.unlink()
            sync_folder(path.parent)


def remove_tree(path: Path) -> None:
    """Remove a folder and all in it; absent already is success."""
    with naming_disk_faults(path):
        if path.exists():
            shutil.rmtree(path)


@contextmanager
def naming_disk_faults(path: Path) -> Iterator[None]:
    """Turn the faults of a disk that a person can mend into problems that say how."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Unavailable(
                "DISK-FULL",
                what=f"cannot write file '{path}'",
                why="no space is left on its disk",
                fix="free some space and try again; what runs goes on running",
                delay_seconds=5,
            ) from error
        if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
            raise Unavailable(
                "STATE-READ-ONLY",
                what=f"cannot write file '{path}'",
                why=f"{error.strerror} for user {os.geteuid()}",
                fix="make Fairway's home writable for this user, or set FAIRWAY_HOME to another",
                delay_seconds=5,
            ) from error
        raise
