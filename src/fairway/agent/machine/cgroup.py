"""Limits by control groups, where this machine permits them.

Belongs here: finding out once what is permitted, making a group per run, reading and removing it.
Never here: what the limits of a workload are.
"""

import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
_CPU_PERIOD = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a container may use; None is unlimited."""

    memory_bytes: int | None = None
    cpus: float | None = None


class Cgroups:
    """The groups of one agent's workloads; `version` is 1, 2 or None when not permitted."""

    def __init__(self, home: Path, root: Path = ROOT) -> None:
        self._name = "fairway-" + hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:10]
        self._root = root
        self._folders: dict[str, Path] = {}
        self.version: int | None = None
        if self._try_version_2():
            self.version = 2
        elif self._try_version_1():
            self.version = 1

    def _try_version_2(self) -> bool:
        own = _find_own(self._root, "")
        if not (self._root / "cgroup.controllers").exists() or own is None:
            return False
        try:
            if not {"memory", "cpu"} <= set((own / "cgroup.controllers").read_text().split()):
                return False
            if own != self._root:  # only the root group may hold processes and groups at once
                (own / f"{self._name}-agent").mkdir(exist_ok=True)
                (own / f"{self._name}-agent" / "cgroup.procs").write_text("0")
            (own / "cgroup.subtree_control").write_text("+memory +cpu")
            folder = own / self._name
            folder.mkdir(exist_ok=True)
            (folder / "cgroup.subtree_control").write_text("+memory +cpu")
        except OSError:
            return False
        self._folders = {"memory": folder, "cpu": folder}
        return True

    def _try_version_1(self) -> bool:
        for controller in ("memory", "cpu"):
            own = _find_own(self._root / controller, controller)
            if own is None:
                return False
            folder = own / self._name
            try:
                folder.mkdir(exist_ok=True)
            except OSError:
                return False
            self._folders[controller] = folder
        return True

    def make(self, name: str, limits: Limits) -> tuple[Path, ...]:
        """Make the group `name` and return the files by which a process joins it.

        Raises:
            OSError: the kernel refuses a limit.
        """
        if self.version is None or limits == Limits():
            return ()
        settings: list[tuple[str, str, str]] = []
        if limits.memory_bytes is not None:
            key = "memory.max" if self.version == 2 else "memory.limit_in_bytes"
            settings.append(("memory", key, str(limits.memory_bytes)))
        if limits.cpus is not None:
            quota = max(1000, int(limits.cpus * _CPU_PERIOD))
            if self.version == 2:
                settings.append(("cpu", "cpu.max", f"{quota} {_CPU_PERIOD}"))
            else:
                settings.append(("cpu", "cpu.cfs_quota_us", str(quota)))
        joins: list[Path] = []
        for controller, key, value in settings:
            folder = self._folders[controller] / name
            folder.mkdir(exist_ok=True)
            (folder / key).write_text(value)
            if folder / "cgroup.procs" not in joins:
                joins.append(folder / "cgroup.procs")
        return tuple(joins)

    def count_oom_kills(self, name: str) -> int:
        """Return how many processes of the group were killed for want of memory."""
        if self.version is None:
            return 0
        key = "memory.events" if self.version == 2 else "memory.oom_control"
        with suppress(OSError):
            for line in (self._folders["memory"] / name / key).read_text().splitlines():
                word, _, number = line.partition(" ")
                if word == "oom_kill":
                    return int(number)
        return 0

    def remove(self, name: str) -> None:
        """Remove an empty group; absent already is success."""
        for folder in set(self._folders.values()):
            with suppress(OSError):
                (folder / name).rmdir()

    def close(self) -> None:
        """Remove the agent's own group when nothing is left in it."""
        for folder in set(self._folders.values()):
            with suppress(OSError):
                folder.rmdir()


def _find_own(mount: Path, controller: str) -> Path | None:
    """Return the folder of this process's own group, or the mount itself where it is not shown."""
    if not os.access(mount, os.W_OK):
        return None
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(",") and (mount / path.lstrip("/")).is_dir():
            return mount / path.lstrip("/")
    return mount
