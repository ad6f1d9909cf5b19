"""Volumes: folders that outlive the workloads which mount them.

Belongs here: making, measuring and removing them. Never here: mounting (`layout`).
"""

import os
from dataclasses import dataclass
from pathlib import Path

from fairway.agent.machine import storage
from fairway.kits.errors import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """A volume; `size_bytes` is what was asked for, `used_bytes` what is in it."""

    environment: str
    name: str
    source: Path
    size_bytes: int
    used_bytes: int


class Volumes:
    """The volumes below a home; all methods block."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "volumes"
        self._records = home / "agent" / "volumes"

    def put(self, environment: str, name: str, size_bytes: int) -> Volume:
        """Make the volume, or let it grow.

        Raises:
            Refused: VOLUME-SHRINK.
        """
        found = self.find(environment, name)
        if found is not None and size_bytes < found.size_bytes:
            raise Refused(
                "VOLUME-SHRINK",
                what=f"cannot change volume '{name}' in environment '{environment}'",
                why=f"it has {found.size_bytes} bytes and {size_bytes} were asked for",
                fix="ask for at least as much, or replace the volume and lose what is in it",
            )
        source = self._folder / environment / name
        with storage.naming_disk_faults(source):
            source.mkdir(parents=True, exist_ok=True, mode=0o700)
        storage.write_json(self._records / environment / f"{name}.json", {"size_bytes": size_bytes})
        return Volume(
            environment=environment,
            name=name,
            source=source,
            size_bytes=size_bytes,
            used_bytes=_measure(source),
        )

    def find(self, environment: str, name: str) -> Volume | None:
        """Return the volume or None."""
        source = self._folder / environment / name
        record = storage.read_json(self._records / environment / f"{name}.json")
        if record is None or not source.is_dir():
            return None
        return Volume(
            environment=environment,
            name=name,
            source=source,
            size_bytes=int(str(record["size_bytes"])),
            used_bytes=_measure(source),
        )

    def delete(self, environment: str, name: str) -> None:
        """Remove the volume and all in it; absent already is success."""
        source = self._folder / environment / name
        doomed = source.with_name(f".{name}.deleted")
        with storage.naming_disk_faults(source):
            if source.exists():
                storage.remove_tree(doomed)
                source.rename(doomed)
        storage.remove_file(self._records / environment / f"{name}.json")
        storage.remove_tree(doomed)


def _measure(folder: Path) -> int:
    total = 0
    for root, _, files in os.walk(folder):
        for name in files:
            try:
                total += (Path(root) / name).lstat().st_size
            except FileNotFoundError:
                continue
    return total
