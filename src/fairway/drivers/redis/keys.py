"""The keys under one prefix: counting, saving and removing them.

Belongs here: walks over the server's keys; each goes through all of them, a thousand at a time, and
never holds the server up. Names have no letter that is special in a pattern.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from fairway.drivers.redis import connection
from fairway.drivers.redis.connection import Session
from fairway.kits.errors import Unavailable

_BATCH = 1000
_SAMPLE = 10_000


def has_keys(session: Session, name: str) -> bool:
    """Return whether there is any key under the prefix."""
    return any(True for _ in _walk(session, name))


def measure(session: Session, name: str) -> tuple[int, int]:
    """Return keys and their bytes; from ten thousand keys on the bytes are an estimate."""
    count = size = sampled = 0
    for keys in _walk(session, name):
        count += len(keys)
        if sampled < _SAMPLE:
            with session.pipeline(transaction=False) as pipeline:
                for key in keys:
                    connection.ask(pipeline, "MEMORY", "USAGE", key)
                sizes = [int(found or 0) for found in pipeline.execute()]
            size += sum(sizes)
            sampled += len(sizes)
    return count, size * count // sampled if sampled else 0


def remove_keys(session: Session, name: str) -> int:
    """Remove every key under the prefix and return how many there were."""
    removed = 0
    for keys in _walk(session, name):
        removed += int(connection.ask(session, "UNLINK", *keys))
    return removed


def write_dump(session: Session, name: str, folder: Path) -> Path:
    """Return the file in `folder` that `redis-cli --pipe` can bring the keys back from.

    It holds one RESTORE command for each key, in Redis's own protocol. A key whose time ends
    during the walk is left out.

    Raises:
        Unavailable: REDIS-DUMP-FAILED; no file is left.
    """
    target = folder / f"{name}-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}.resp"
    draft = target.with_suffix(".partial")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.touch(mode=0o600)
        try:
            with draft.open("wb") as file:
                for keys in _walk(session, name):
                    file.writelines(_dump_keys(session, keys))
                file.flush()
                os.fsync(file.fileno())
            draft.rename(target)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise Unavailable(
            "REDIS-DUMP-FAILED",
            what=f"cannot back up the keys of '{name}'",
            why=f"'{folder}': {error.strerror or error}",
            fix="free disk space, and try again; nothing was deleted",
            delay_seconds=10.0,
        ) from error
    return target


def _walk(session: Session, name: str) -> Iterator[list[bytes]]:
    cursor = 0
    while True:
        cursor, keys = connection.ask(
            session, "SCAN", cursor, "MATCH", f"{name}:*", "COUNT", _BATCH
        )
        if keys:
            yield keys
        if cursor == 0:
            return


def _dump_keys(session: Session, keys: list[bytes]) -> Iterator[bytes]:
    with session.pipeline(transaction=False) as pipeline:
        for key in keys:
            connection.ask(pipeline, "DUMP", key)
            connection.ask(pipeline, "PEXPIRETIME", key)
        answers = iter(pipeline.execute())
    for key in keys:
        content, expires = next(answers), int(next(answers))
        if content is not None:
            until = str(max(expires, 0)).encode()
            yield _render((b"RESTORE", key, until, content, b"REPLACE", b"ABSTTL"))


def _render(command: tuple[bytes, ...]) -> bytes:
    """Return a command as RESP: an array of bulk strings."""
    parts = [b"*%d\r\n" % len(command)]
    parts += [b"$%d\r\n%s\r\n" % (len(word), word) for word in command]
    return b"".join(parts)
