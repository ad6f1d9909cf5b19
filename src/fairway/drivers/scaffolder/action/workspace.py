"""The folder that the steps of one rendering fill.

Belongs here: paths that stay within, what may be written in all. Never here: what is written.
"""

import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from fairway.drivers.template.failure import Failure


@dataclass(slots=True, kw_only=True)
class Quota:
    """What one rendering may write still."""

    disk_bytes: int
    files: int

    def take(self, size: int) -> None:
        self.disk_bytes -= size
        self.files -= 1
        if self.disk_bytes < 0 or self.files < 0:
            raise Failure("TEMPLATE-LIMIT", "disk" if self.disk_bytes < 0 else "files", fix="")


def confine(root: Path, text: str) -> Path:
    """Return the path below `root` that `text` names, no part of it a link that leads outside.

    Raises:
        Failure: TEMPLATE-PATH.
    """
    parts = [part for part in PurePosixPath(text).parts if part != "."]
    why = ""
    if text.startswith("/") or ".." in parts:
        why = "leads outside the root"
    elif any(part.casefold() == ".git" for part in parts):
        why = "belongs to git"
    elif "\0" in text:
        why = "is no name"
    path = root.joinpath(*parts)
    if not why and not Path(os.path.realpath(path)).is_relative_to(root):
        why = "is a link that leads outside the root"
    if why:
        fix = "name something within, or validate the answers that the name is made of"
        raise Failure("TEMPLATE-PATH", f"'{text!s}' {why}", fix=fix)
    return path


class Workspace:
    """Files below `root`; each that is written counts against the quota."""

    def __init__(self, root: Path, quota: Quota) -> None:
        self.root = root
        self._quota = quota
        root.mkdir(parents=True)

    def resolve(self, text: str) -> Path:
        return confine(self.root, text)

    def require(self, text: str) -> Path:
        """Return the path of something that is there."""
        path = self.resolve(text)
        if not os.path.lexists(path):
            raise Failure(
                "TEMPLATE-INVALID",
                f"there is no '{text}' among the files made so far",
                fix="name a file that an earlier step makes",
            )
        return path

    def make_folder(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)

    def write(self, path: Path, content: bytes, *, mode: int = 0o644) -> None:
        """Write a whole file; what was at `path` before is replaced, never written through."""
        self._quota.take(len(content))
        self._clear(path)
        path.write_bytes(content)
        path.chmod(0o755 if mode & stat.S_IXUSR else 0o644)

    def copy(self, source: Path, path: Path) -> None:
        """Copy a file as it is, a link as a link."""
        if not source.is_symlink():
            self.write(path, source.read_bytes(), mode=source.stat().st_mode)
            return
        self._quota.take(0)
        self._clear(path)
        path.symlink_to(os.readlink(source))  # noqa: PTH115  a Path would change the text

    def move(self, source: Path, path: Path) -> None:
        self._clear(path)
        source.rename(path)

    def remove(self, path: Path) -> None:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    def list_paths(self) -> tuple[str, ...]:
        """Return the paths of all files, sorted."""
        return tuple(
            str(path.relative_to(self.root))
            for path in sorted(self.root.rglob("*"))
            if path.is_symlink() or not path.is_dir()
        )

    def _clear(self, path: Path) -> None:
        """Make way for something at `path`."""
        path.parent.mkdir(parents=True, exist_ok=True)
        if os.path.lexists(path):
            self.remove(path)
