"""Backups of one database by `pg_dump`, in its custom format.

Belongs here: writing a dump that is whole and was read back, or none.
"""

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from psycopg import conninfo

from fairway.drivers.postgresql import binaries
from fairway.drivers.postgresql.connection import Server
from fairway.kits.errors import Unavailable


def write_dump(server: Server, *, database: str, major: int, folder: Path) -> Path:
    """Return the file in `folder` that `pg_restore --create` can bring `database` back from.

    Raises:
        Refused: POSTGRES-DUMP-MISSING, no `pg_dump` is new enough.
        Unavailable: POSTGRES-DUMP-FAILED; no file is left.
    """
    programs = binaries.get_dump_programs(major)
    target = folder / f"{database}-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}.dump"
    draft = target.with_suffix(".partial")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.touch(mode=0o600)
        try:
            _dump(server, programs, database, draft)
            _check(programs, database, draft)
            _sync(draft)
            draft.rename(target)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise _make_failed(database, f"'{folder}': {error.strerror or error}") from error
    return target


def _dump(server: Server, programs: Path, database: str, draft: Path) -> None:
    # The password goes by the environment, which other users cannot read, not by the arguments.
    parts = {key: str(value) for key, value in conninfo.conninfo_to_dict(server.conninfo).items()}
    password = parts.pop("password", "")
    target = conninfo.make_conninfo(**{**parts, "dbname": database})
    answer = subprocess.run(
        [programs / "pg_dump", "--format=custom", "--no-password", f"--file={draft}", target],
        env=_make_environment(password),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if answer.returncode != 0:
        raise _make_failed(database, answer.stderr)


def _make_environment(password: str) -> dict[str, str]:
    """Return the variables of pg_dump: the server's password, or where the operator keeps it."""
    found = {name: os.environ[name] for name in ("HOME", "PGPASSFILE") if name in os.environ}
    given = {"PGPASSWORD": password} if password else found
    return {"PATH": os.defpath, "LC_ALL": "C", **given}


def _check(programs: Path, database: str, draft: Path) -> None:
    """Read the dump's table of contents back: an unreadable backup is none."""
    answer = subprocess.run(
        [programs / "pg_restore", "--list", draft],
        env={"PATH": os.defpath, "LC_ALL": "C"},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if answer.returncode != 0 or "; " not in answer.stdout:
        raise _make_failed(database, answer.stderr or "the dump is empty")


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _make_failed(database: str, output: str) -> Unavailable:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return Unavailable(
        "POSTGRES-DUMP-FAILED",
        what=f"cannot back up database '{database}'",
        why=lines[-1] if lines else "pg_dump said nothing",
        fix="free disk space, see the server's log, and try again; nothing was deleted",
        delay_seconds=10.0,
    )
