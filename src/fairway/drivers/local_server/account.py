"""The account that a local server runs under.

Belongs here: choosing it, running a command as it, knowing what it can reach. When Fairway is not
root there is nothing to choose: servers run as Fairway's own user.
"""

import os
import pwd
import stat
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fairway.kits.errors import Refused

# Nothing of the platform's environment, which may hold secrets, reaches a server.
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A user of this machine; `is_other` when Fairway is root and must become it.

    `kept` are open files, such as a lock, that commands keep open until they end, also when
    whoever ran them was killed.
    """

    name: str
    uid: int
    gid: int
    is_other: bool
    kept: tuple[int, ...] = ()

    def own(self, path: Path) -> None:
        """Give `path` to this account."""
        if self.is_other:
            os.chown(path, self.uid, self.gid)

    def run(
        self, command: Sequence[str], *, folder: Path, timeout_seconds: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run `command` as this account in `folder`, in a session of its own."""
        return subprocess.run(
            command,
            cwd=folder,
            env=_ENVIRONMENT | {"HOME": str(folder)},
            user=self.uid if self.is_other else None,
            group=self.gid if self.is_other else None,
            extra_groups=[] if self.is_other else None,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            pass_fds=self.kept,
            timeout=timeout_seconds,
            check=False,
        )


def get_account(preferred: Sequence[str]) -> Account:
    """Return Fairway's own user, or for root the first of `preferred` that exists.

    An account made for the server, such as `postgres`, comes before `nobody`, because other
    programs may run as `nobody` too and could then read the data.

    Raises:
        Refused: SERVER-NO-ACCOUNT.
    """
    if os.geteuid() != 0:
        return Account(name=str(os.geteuid()), uid=os.geteuid(), gid=os.getegid(), is_other=False)
    for name in preferred:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid, is_other=True)
    raise Refused(
        "SERVER-NO-ACCOUNT",
        what="cannot run a database server as root",
        why=f"none of the unprivileged users exists: {', '.join(preferred)}",
        fix="make one: useradd --system --no-create-home fairway",
    )


def is_open_to_all(path: Path) -> bool:
    """Return whether every user may read `path` (enter it, if a folder) and reach it."""
    needed = stat.S_IROTH | (stat.S_IXOTH if path.is_dir() else 0)
    return bool(path.stat().st_mode & needed == needed) and is_reachable_by_all(path)


def is_reachable_by_all(path: Path) -> bool:
    """Return whether every user may enter each folder above `path`, links resolved."""
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in path.resolve().parents)
