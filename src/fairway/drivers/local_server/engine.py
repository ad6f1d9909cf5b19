"""What a local server must be told that is its own.

Belongs here: the contract between `LocalServer` and a kind of server.
"""

import signal
from abc import abstractmethod
from pathlib import Path
from typing import Protocol

from fairway.drivers.local_server.account import Account
from fairway.drivers.local_server.record import ServerRecord


class ServerFailed(Exception):
    """A command of the server ended badly; the text says why, in one line, without secrets."""


class Engine(Protocol):
    """A kind of server: PostgreSQL 16, Redis.

    `name` is also the record's; `programs` are what its processes are called, `accounts` whom it
    may run as under root, `first_port` where the search for a free port starts, and `stop_signal`
    what makes it save everything and leave.
    """

    name: str
    programs: tuple[str, ...]
    title: str
    accounts: tuple[str, ...]
    first_port: int
    stop_signal: signal.Signals

    @abstractmethod
    def create(self, folder: Path, record: ServerRecord, account: Account) -> None:
        """Fill the empty `folder`, the account's own, which then becomes `record.data`.

        Files beside it are private too, and removed afterwards, or after a kill by the next call.

        Raises:
            ServerFailed: nothing usable was made.
        """

    @abstractmethod
    def launch(self, record: ServerRecord, account: Account) -> None:
        """Start the server in the background and return without waiting until it is ready.

        The last part of `record.data` must show in the titles of all its processes.

        Raises:
            ServerFailed: it could not even be started.
        """

    @abstractmethod
    def is_ready(self, record: ServerRecord) -> bool:
        """Return whether the server of `record`, and no other, answers on its port."""

    @abstractmethod
    def get_pid_file(self, data: Path) -> Path:
        """Return the file in which the server keeps its process id."""

    @abstractmethod
    def read_last_words(self, data: Path) -> str:
        """Return the last line that the server logged, or nothing."""
