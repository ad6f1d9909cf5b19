"""What a rendering left in a folder, as a tree of files.

Belongs here: taking nothing on trust from the process that wrote it. Never here: what is told to
people. Start at `collect_tree`.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from fairway.core.source.tree import FileMode, TreeFile


class UnsafeOutput(Exception):
    """A file that no tree may have; `path` is its name, as well as it can be written."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(path, why)
        self.path = path
        self.why = why


class TooMuchOutput(Exception):
    """`limit` names what was passed."""

    def __init__(self, limit: str) -> None:
        super().__init__(limit)
        self.limit = limit


def collect_tree(root: Path, *, disk_bytes: int, files: int) -> dict[str, TreeFile]:
    """Return the files below `root` by path, sorted; no link is followed.

    Raises:
        UnsafeOutput: a name that is not UTF-8 or belongs to git, a link that leads outside, or
            something that is neither file nor link nor folder.
        TooMuchOutput: there is more than allowed.
    """
    tree: dict[str, TreeFile] = {}
    left = disk_bytes
    real_root = Path(os.path.realpath(root))
    for path in _list_files(real_root, ""):
        tree[path] = file = _read_file(real_root, path, left)
        left -= len(file.content)
        if len(tree) > files:
            raise TooMuchOutput("files")
    return dict(sorted(tree.items()))


def _list_files(root: Path, folder: str) -> Iterator[str]:
    with os.scandir(root / folder) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        path = f"{folder}/{entry.name}" if folder else entry.name
        _check_name(path, entry.name)
        if entry.is_dir(follow_symlinks=False):
            yield from _list_files(root, path)
        else:
            yield path


def _check_name(path: str, name: str) -> None:
    try:
        path.encode()
    except UnicodeEncodeError:
        shown = os.fsencode(path).decode(errors="backslashreplace")
        raise UnsafeOutput(shown, "its name is not UTF-8") from None
    if name.casefold() == ".git":
        raise UnsafeOutput(path, "its name belongs to git")


def _read_file(root: Path, path: str, left: int) -> TreeFile:
    full = root / path
    status = full.lstat()
    if stat.S_ISLNK(status.st_mode):
        target = os.readlink(os.fsencode(full))  # noqa: PTH115  a Path would lose bytes
        _check_link(root, path, os.fsdecode(target))
        return TreeFile(target, "120000")
    if not stat.S_ISREG(status.st_mode):
        raise UnsafeOutput(path, "it is neither a file nor a link")
    if status.st_size > left:
        raise TooMuchOutput("disk")
    mode: FileMode = "100755" if status.st_mode & stat.S_IXUSR else "100644"
    return TreeFile(full.read_bytes(), mode)


def _check_link(root: Path, path: str, target: str) -> None:
    real = Path(os.path.realpath(root / path))
    is_inside = real.is_relative_to(root) and not Path(target).is_absolute()
    if not is_inside or ".git" in [part.casefold() for part in real.relative_to(root).parts]:
        raise UnsafeOutput(path, f"the link leads outside the root, to '{target}'")
