"""The file of keys: one key per line, in base64; the last seals, every one opens.

Belongs here: making it once and reading it safely. To rotate, append a line; secrets sealed
before stay readable, and once all are sealed anew the old line may go.
"""

import base64
import binascii
import os
import secrets
import stat
from pathlib import Path

from fairway.kits.errors import Refused, Unavailable

KEY_BYTES = 32


def read_or_create_keys(path: Path) -> tuple[bytes, ...]:
    """Return the keys in `path`, oldest first; the first call ever makes the file with one key.

    Processes that race to be first all get the same key.

    Raises:
        Refused: KEY-EXPOSED, somebody else may read or own the file. KEY-INVALID.
        Unavailable: KEY-UNWRITABLE, the file cannot be made or read now.
    """
    try:
        if not path.exists():
            _create(path)
        return _read(path)
    except OSError as error:
        raise Unavailable(
            "KEY-UNWRITABLE",
            what=f"cannot read or make key file '{path}'",
            why=error.strerror or str(error),
            fix="make the folder writable for the user that Fairway runs as, and free disk space",
        ) from error


def _create(path: Path) -> None:
    """Make the file whole or not at all: linking fails when another process was first."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
        _sync_folder(path.parent)
    finally:
        draft.unlink()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path) -> tuple[bytes, ...]:
    with path.open("rb") as file:
        _check_privacy(path, os.fstat(file.fileno()))
        lines = file.read().split()
    if not lines:
        raise _make_invalid(path, "it is empty")
    return tuple(_parse_key(path, number, line) for number, line in enumerate(lines, 1))


def _check_privacy(path: Path, status: os.stat_result) -> None:
    mode = stat.S_IMODE(status.st_mode)
    if mode & 0o077:
        raise Refused(
            "KEY-EXPOSED",
            what=f"cannot use key file '{path}'",
            why=f"its mode is {mode:04o}, so other users may read it",
            fix=f"run: chmod 600 {path}",
        )
    if status.st_uid != os.geteuid():
        raise Refused(
            "KEY-EXPOSED",
            what=f"cannot use key file '{path}'",
            why=f"it belongs to user {status.st_uid}, and Fairway runs as {os.geteuid()}",
            fix=f"run Fairway as its owner, or: chown {os.geteuid()} {path}",
        )


def _parse_key(path: Path, number: int, line: bytes) -> bytes:
    try:
        key = base64.b64decode(line, validate=True)
    except binascii.Error as error:
        raise _make_invalid(path, f"line {number} is not base64") from error
    if len(key) != KEY_BYTES:
        raise _make_invalid(path, f"line {number} holds {len(key)} bytes instead of {KEY_BYTES}")
    return key


def _make_invalid(path: Path, why: str) -> Refused:
    return Refused(
        "KEY-INVALID",
        what=f"cannot use key file '{path}'",
        why=why,
        fix="restore the file from a backup: what it sealed can be opened with its keys only",
    )
