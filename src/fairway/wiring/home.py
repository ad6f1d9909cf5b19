"""The platform's folder: private, and used by one control plane at a time.

Belongs here: making the folder, its lock, the endpoint file and the owner's token file.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fairway.kits.errors import Refused

ENDPOINT = "endpoint.json"
TOKEN = "token"  # noqa: S105 - a file's name


@contextmanager
def hold_home(home: Path) -> Iterator[None]:
    """Make `home` if need be, and hold it for this process until the block ends.

    Raises:
        Refused: HOME-UNUSABLE, UP-ALREADY.
    """
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (home / "lock").open("a+")
    except OSError as error:
        raise Refused(
            "HOME-UNUSABLE",
            what=f"cannot use the state folder '{home}'",
            why=error.strerror or str(error),
            fix="make it writable, or choose another with FAIRWAY_HOME",
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise Refused(
                "UP-ALREADY",
                what="cannot start the platform",
                why=f"process {lock.read().strip() or '?'} runs it already on '{home}'",
                fix="use that one, or choose another state folder with FAIRWAY_HOME",
                status=409,
            ) from error
        lock.seek(0)
        lock.truncate()
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def write_endpoint(home: Path, url: str) -> None:
    """Tell clients of this home where the API is."""
    _write_private(home / ENDPOINT, json.dumps({"url": url, "pid": os.getpid()}) + "\n")


def remove_endpoint(home: Path) -> None:
    """Tell clients of this home that the API is gone."""
    (home / ENDPOINT).unlink(missing_ok=True)


def write_token(home: Path, clear: str) -> None:
    """Keep the owner's token where only the owner can read it."""
    _write_private(home / TOKEN, clear + "\n")


def read_token(home: Path) -> str:
    """Return the owner's token, empty when there is none."""
    try:
        return (home / TOKEN).read_text().strip()
    except FileNotFoundError:
        return ""


def _write_private(path: Path, text: str) -> None:
    draft = path.with_suffix(".draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
