"""The files of a template as they came from strangers.

Belongs here: which there are, and that none leads outside. Never here: what they say.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from fairway.drivers.template.failure import Failure, Place


def list_paths(root: Path) -> Iterator[str]:
    """Yield all names below `root`, sorted, links not followed; a `.git` at the root is no part."""
    pending = [""]
    while pending:
        folder = pending.pop()
        with os.scandir(root / folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
        for entry in found:
            if not folder and entry.name == ".git":
                continue
            path = os.path.join(folder, entry.name)  # noqa: PTH118  a Path would cost more
            yield path
            if entry.is_dir(follow_symlinks=False):
                pending.append(path)


def check_source(root: Path, path: str) -> None:
    """Raise TEMPLATE-PATH unless `path` is a file, a folder, or a link that stays in `root`."""
    try:
        path.encode()
    except UnicodeEncodeError:
        name = path.encode(errors="surrogateescape").decode(errors="backslashreplace")
        raise _refuse_path(name, "its name is not UTF-8", "rename it") from None
    mode = (root / path).lstat().st_mode
    if stat.S_ISLNK(mode):
        target = (root / path).readlink()
        real = Path(os.path.realpath(root / path))
        if target.is_absolute() or not real.is_relative_to(root):
            raise _refuse_path(
                path, f"the link leads outside the template, to '{target}'", "remove the link"
            )
    elif not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise _refuse_path(path, "it is neither a file nor a folder nor a link", "remove it")


def _refuse_path(path: str, why: str, fix: str) -> Failure:
    return Failure("TEMPLATE-PATH", why, fix=fix, at=Place(file=path))
