"""Histories of a service: what its template did, what its people did, and what is to come of it.

Everything is told by edits of the same files, `BEFORE`: the template's, the user's, and those by
which the expected tree differs from `BEFORE`.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from fairway.core.source.tree import FileMode, Tree, TreeFile

Files = dict[str, TreeFile]
Edit = Callable[[Files], None]
NEXT = "service v2"


def text(name: str, count: int = 12) -> TreeFile:
    """Return a file of lines `name 1`, `name 2` …"""
    return TreeFile("".join(f"{name} {number}\n" for number in range(1, count + 1)).encode())


BEFORE: Mapping[str, TreeFile] = {
    "README.md": text("readme"),
    "app.py": text("app"),
    "bin/run": replace(text("run"), mode="100755"),
    "ci.yml": text("ci", 6),
    "conf/base.toml": text("base"),
    "conf/extra.toml": text("extra"),
    "current": TreeFile(b"app.py", "120000"),
    "logo.png": TreeFile(b"\x89PNG\0logo\n"),
    "util.py": text("util"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """`name` is a sentence; `expect` leads from `BEFORE` to the merged tree.

    `conflicts` and `notes` are paths with their kinds.
    """

    name: str
    template: tuple[Edit, ...] = ()
    user: tuple[Edit, ...] = ()
    expect: tuple[Edit, ...]
    conflicts: tuple[tuple[str, str], ...] = ()
    notes: tuple[tuple[str, str], ...] = ()
    start: tuple[Edit, ...] = ()

    @property
    def before(self) -> Tree:
        return _apply(dict(BEFORE), self.start)

    @property
    def ours(self) -> Tree:
        return _apply(dict(self.before), self.user)

    @property
    def theirs(self) -> Tree:
        return _apply(dict(self.before), self.template)

    @property
    def expected(self) -> Tree:
        return _apply(dict(self.before), self.expect)


def _apply(files: Files, edits: tuple[Edit, ...]) -> Tree:
    for edit in edits:
        edit(files)
    return files


def count_lost_lines(before: Tree, ours: Tree, merged: Tree) -> int:
    """Return how many of the lines that the user wrote are nowhere in the merged tree."""
    written = _count_lines(ours) - _count_lines(before)
    return (written - _count_lines(merged)).total()


def _count_lines(tree: Tree) -> Counter[bytes]:
    return Counter(
        line.rstrip(b"\r") for file in tree.values() for line in file.content.split(b"\n") if line
    )


def _change(path: str, change: Callable[[list[bytes]], None]) -> Edit:
    def edit(files: Files) -> None:
        lines = files[path].content.splitlines(keepends=True)
        change(lines)
        files[path] = replace(files[path], content=b"".join(lines))

    return edit


def line(path: str, number: int, content: str) -> Edit:
    """Give the line of that number other words."""

    def change(lines: list[bytes]) -> None:
        end = lines[number - 1][len(lines[number - 1].rstrip(b"\r\n")) :]
        lines[number - 1] = content.encode() + end

    return _change(path, change)


def insert(path: str, after: int, *contents: str) -> Edit:
    """Add lines after the line of that number, 0 for the top."""
    return _change(
        path,
        lambda lines: lines.__setitem__(slice(after, after), [f"{c}\n".encode() for c in contents]),
    )


def cut(path: str, first: int, last: int) -> Edit:
    """Remove lines."""
    return _change(path, lambda lines: lines.__delitem__(slice(first - 1, last)))


def clash(path: str, first: int, last: int, *, yours: str, theirs: str) -> Edit:
    """Have a conflict in the place of lines; the sides' lines are separated by `|`."""
    marked = [
        "<<<<<<< yours", *filter(None, yours.split("|")), "=======",
        *filter(None, theirs.split("|")), f">>>>>>> {NEXT}",
    ]  # fmt: skip
    return lambda files: (cut(path, first, last)(files), insert(path, first - 1, *marked)(files))[0]


def rename(path: str, to: str) -> Edit:
    """Move a file, or a folder if `path` ends with a slash."""

    def edit(files: Files) -> None:
        for known in [
            name for name in files if name == path or (path[-1] == "/" and name.startswith(path))
        ]:
            files[to + known.removeprefix(path)] = files.pop(known)

    return edit


def copy(path: str, to: str) -> Edit:
    """Have a second file of the same content."""
    return lambda files: files.__setitem__(to, files[path])


def delete(*paths: str) -> Edit:
    """Remove files."""

    def edit(files: Files) -> None:
        for path in paths:
            del files[path]

    return edit


def write(path: str, content: str | bytes, *, mode: FileMode = "100644") -> Edit:
    """Have a file of this content, whatever was there."""
    raw = content.encode() if isinstance(content, str) else content
    return lambda files: files.__setitem__(path, TreeFile(raw, mode))


def mark(path: str, mode: FileMode) -> Edit:
    """Change a file's mode."""
    return lambda files: files.__setitem__(path, replace(files[path], mode=mode))


def swap(path: str, old: bytes, new: bytes) -> Edit:
    """Replace bytes wherever they are in a file."""

    def edit(files: Files) -> None:
        assert old in files[path].content
        files[path] = replace(files[path], content=files[path].content.replace(old, new))

    return edit
