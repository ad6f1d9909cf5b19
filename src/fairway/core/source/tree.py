"""A tree of files as version control knows it.

Belongs here: values only. Start at `Tree`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from fairway.kits import digest
from fairway.kits.digest import Digest

# A file, a file that may be executed, a symbolic link: git's own modes.
FileMode = Literal["100644", "100755", "120000"]


@dataclass(frozen=True, slots=True)
class TreeFile:
    """One file; the content of a symbolic link is the path that it leads to."""

    content: bytes
    mode: FileMode = "100644"


# By path relative to the root, with slashes, never `..`, never absolute; no empty folders.
Tree: TypeAlias = Mapping[str, TreeFile]


def show_path(path: str) -> str:
    """Return a path as text that can be stored and sent, whatever its bytes are.

    Example:
        >>> show_path("gr\\udcf6sse")
        'gr\\\\xf6sse'
    """
    return path.encode(errors="surrogateescape").decode(errors="backslashreplace")


def make_file_digests(tree: Tree) -> Mapping[str, Digest]:
    """Return a digest for each file's mode and content, by path."""
    return {
        path: digest.make_digest(file.mode.encode() + b"\0" + file.content)
        for path, file in sorted(tree.items())
    }
