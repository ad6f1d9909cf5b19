"""Where a component's tests find what they need, kept from one build to the next.

Belongs here: folders by what is installed in them. Never here: installing.

Each component has its own, so that one's tests can spoil no other's. Only the last two are kept.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from fairway.kits.digest import Digest

_KEPT = 2


class TestEnvironments:
    """Folders below `root` by key; safe among threads and processes."""

    __test__ = False

    def __init__(self, root: Path) -> None:
        self._root = root

    def provide(self, key: Digest, draft: Path, make: Callable[[Path], None]) -> Path:
        """Return the folder of `key`; where no build made it before, `make` fills `draft` for it.

        `draft` is a new path on the same disk.
        """
        folder = self._root / key.removeprefix("sha256:")
        if not folder.is_dir():
            draft.mkdir()
            make(draft)
            self._root.mkdir(parents=True, exist_ok=True)
            try:
                draft.rename(folder)
            except OSError:
                if not folder.is_dir():  # else another build was faster
                    raise
        os.utime(folder)
        others = [path for path in self._root.iterdir() if path != folder]
        for path in sorted(others, key=lambda path: path.stat().st_mtime)[: 1 - _KEPT]:
            shutil.rmtree(path, ignore_errors=True)
        return folder
