"""Small files that only the platform's user reads.

Belongs here: writing one whole or not at all, also across a kill or a power cut.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fairway.kits.errors import Unavailable


def replace_private(path: Path, text: str) -> None:
    """Write `text` to `path` with mode 0600, in place of what was there."""
    with _drafted(path, text) as draft:
        draft.replace(path)


def create_private(path: Path, text: str) -> str:
    """Write `text` to `path` unless it exists, and return what is there then.

    Processes that race to be first all get the same text.
    """
    if not path.exists():
        with _drafted(path, text) as draft, suppress(FileExistsError):
            os.link(draft, path)
    return path.read_text()


def make_unusable(path: Path, error: OSError) -> Unavailable:
    """Return the problem that `path` in the platform's home cannot be read or written."""
    return Unavailable(
        "HOME-UNUSABLE",
        what=f"cannot read or write '{path}'",
        why=error.strerror or str(error),
        fix="make the folder writable for the user that Fairway runs as, and free disk space",
        delay_seconds=10.0,
    )


@contextmanager
def _drafted(path: Path, text: str) -> Iterator[Path]:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        yield draft
    finally:
        draft.unlink(missing_ok=True)
