"""What the platform remembers of a local server, and the lock that guards it.

Belongs here: one file `<home>/servers/<name>.json`, readable by the owner only, for it holds the
administrator's password.
"""

import fcntl
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from fairway.drivers.local_server import private_file
from fairway.kits.errors import Refused, Unavailable

_LOCK_SECONDS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerRecord:
    """Where a server is. `is_created` once its data folder was made and holds something."""

    name: str
    data: str
    port: int
    password: str = field(repr=False)
    is_created: bool = False


class RecordFile:
    """The record of the server `name` of the platform in `home`."""

    def __init__(self, home: Path, name: str) -> None:
        self.path = home / "servers" / f"{name}.json"
        self._lock_path = home / "servers" / f"{name}.lock"
        self._name = name

    def find(self) -> ServerRecord | None:
        """Return what is remembered, or None before the first use.

        Raises:
            Refused: SERVER-RECORD-INVALID.
            Unavailable: HOME-UNUSABLE.
        """
        try:
            text = self.path.read_text()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise private_file.make_unusable(self.path, error) from error
        try:
            return ServerRecord(**json.loads(text))
        except (ValueError, TypeError) as error:
            raise Refused(
                "SERVER-RECORD-INVALID",
                what=f"cannot use local server '{self._name}'",
                why=f"'{self.path}' is not a record of a server",
                fix="restore the file from a backup; the data folder it named is untouched",
            ) from error

    def write(self, record: ServerRecord) -> None:
        """Remember `record`, whole or not at all, also across a power cut."""
        private_file.replace_private(self.path, json.dumps(asdict(record), indent=2))

    @contextmanager
    def lock(self) -> Iterator[int]:
        """Keep every other thread and process out until the end of the block.

        Gives the lock's file descriptor: a child that inherits it prolongs the lock.

        Raises:
            Unavailable: SERVER-BUSY, another one held the lock for two minutes.
        """
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        deadline = time.monotonic() + _LOCK_SECONDS
        with self._lock_path.open("a") as file:
            while not _try_lock(file.fileno()):
                if time.monotonic() > deadline:
                    raise Unavailable(
                        "SERVER-BUSY",
                        what=f"cannot start local server '{self._name}'",
                        why=f"another process has held '{self._lock_path}' for two minutes",
                        fix=f"see who: fuser {self._lock_path}",
                    )
                time.sleep(0.02)
            yield file.fileno()


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
