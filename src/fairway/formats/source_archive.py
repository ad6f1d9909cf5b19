"""Source trees as tar archives (POSIX.1-2001 pax, uncompressed).

Belongs here: packing a folder so that equal trees give equal bytes, and unpacking an archive that a
stranger made. Never here: where archives are kept, what is built from them. Start at
`pack_source`; the way back is `unpack_tree`.
"""

import os
import stat
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pathspec

from fairway.core.source.tree import Tree
from fairway.kits.errors import Refused

MAX_SOURCE_BYTES = 256 * 1024**2
MAX_SOURCE_FILES = 50_000
ALWAYS_IGNORED = frozenset((".git", ".venv", "__pycache__", "node_modules"))
_CHUNK_BYTES = 1024 * 1024
_Rules = tuple[tuple[str, pathspec.GitIgnoreSpec], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A file of a tree; `path` is relative to its root, `link` the target of a symbolic link."""

    path: str
    size: int
    is_executable: bool = False
    link: str | None = None


def pack_source(folder: Path, *, max_bytes: int = MAX_SOURCE_BYTES) -> Iterator[bytes]:
    """Yield the bytes of an archive of `folder`; equal trees give equal bytes.

    Left out are `.git`, `.venv`, `__pycache__`, `node_modules`, what a `.gitignore` at any depth
    names, and empty folders. Times and owners are dropped; modes become 644 or 755.

    Raises:
        Refused: SOURCE-…, the folder holds something that cannot be packed, or too much.
    """
    files = list_source(folder, max_bytes=max_bytes)
    for file in files:
        yield _make_header(file, file.path)
        if file.link is None:
            yield from _read_padded(folder, file)
    yield bytes(2 * tarfile.BLOCKSIZE)


def pack_tree(tree: Tree) -> Iterator[bytes]:
    """Yield the archive that `pack_source` gives of a folder with these files and no others.

    Raises:
        Refused: SOURCE-LINK-OUTSIDE.
    """
    for path, item in sorted(tree.items()):
        link = os.fsdecode(item.content) if item.mode == "120000" else None
        if link is not None and _is_outside(path, link):
            why = f"the symbolic link '{path}' points outside, to '{link}'"
            raise _refuse("LINK-OUTSIDE", Path(path), why, "replace it by what it points to")
        size = 0 if link is not None else len(item.content)
        file = SourceFile(path=path, size=size, is_executable=item.mode == "100755", link=link)
        yield _make_header(file, path)
        if link is None:
            yield item.content + bytes(-size % tarfile.BLOCKSIZE)
    yield bytes(2 * tarfile.BLOCKSIZE)


def list_source(folder: Path, *, max_bytes: int = MAX_SOURCE_BYTES) -> tuple[SourceFile, ...]:
    """Return what `pack_source` packs, sorted by path.

    Raises:
        Refused: as `pack_source`.
    """
    if not folder.is_dir():
        raise _refuse("UNKNOWN", folder, "it is not a folder", "name the folder of a service")
    files: list[SourceFile] = []
    total = 0
    for path in _walk(folder, "", ()):
        file = _look_at(folder, path)
        files.append(file)
        total += file.size
        if total > max_bytes or len(files) > MAX_SOURCE_FILES:
            raise _refuse_size(folder, files, max_bytes)
    return tuple(sorted(files, key=lambda file: file.path))


def _walk(folder: Path, prefix: str, rules: _Rules) -> Iterator[str]:
    """Yield the paths below `folder/prefix` that no rule ignores."""
    try:
        entries = sorted(os.scandir(folder / prefix), key=lambda entry: entry.name)
        ignore = folder / prefix / ".gitignore"
        if ignore.is_file():
            text = ignore.read_text(encoding="utf-8", errors="replace")
            rules = (*rules, (prefix, pathspec.GitIgnoreSpec.from_lines(text.splitlines())))
    except OSError as error:
        raise _refuse_unreadable(folder, error) from error
    for entry in entries:
        path = prefix + entry.name
        is_folder = entry.is_dir(follow_symlinks=False)
        if entry.name in ALWAYS_IGNORED or _is_ignored(path + "/" * is_folder, rules):
            continue
        if is_folder:
            yield from _walk(folder, path + "/", rules)
        else:
            yield path


def _is_ignored(path: str, rules: _Rules) -> bool:
    """Return what the deepest `.gitignore` that has a say on `path` says."""
    for prefix, spec in reversed(rules):
        verdict = spec.check_file(path.removeprefix(prefix)).include
        if verdict is not None:
            return verdict
    return False


def _look_at(folder: Path, path: str) -> SourceFile:
    full = folder / path
    try:
        path.encode()
        state = full.lstat()
        if stat.S_ISLNK(state.st_mode):
            return SourceFile(path=path, size=0, link=_read_link(folder, path))
    except UnicodeEncodeError as error:
        why = f"the name {path!r} is not UTF-8"
        raise _refuse("NAME-INVALID", folder, why, "rename the file") from error
    except OSError as error:
        raise _refuse_unreadable(folder, error) from error
    if not stat.S_ISREG(state.st_mode):
        why = f"'{path}' is a socket, a pipe or a device"
        raise _refuse("SPECIAL-FILE", folder, why, "remove it, or name it in .gitignore")
    return SourceFile(
        path=path, size=state.st_size, is_executable=bool(state.st_mode & stat.S_IXUSR)
    )


def _read_link(folder: Path, path: str) -> str:
    full = folder / path
    link = str(full.readlink())
    if _is_outside(path, link) or not full.resolve().is_relative_to(folder.resolve()):
        why = f"the symbolic link '{path}' points outside, to '{link}'"
        fix = "copy what it points to, or name the link in .gitignore"
        raise _refuse("LINK-OUTSIDE", folder, why, fix)
    return link


def _is_outside(path: str, link: str) -> bool:
    """Return whether `link`, found at `path`, leaves the tree by its letters alone."""
    target = os.path.normpath(PurePosixPath(path).parent / link)
    return PurePosixPath(link).is_absolute() or target == ".." or target.startswith("../")


def _make_header(file: SourceFile, name: str) -> bytes:
    entry = tarfile.TarInfo(name)
    entry.mode = 0o755 if file.is_executable else 0o644
    if file.link is not None:
        entry.type, entry.linkname, entry.mode = tarfile.SYMTYPE, file.link, 0o777
    else:
        entry.size = file.size
    return entry.tobuf(tarfile.PAX_FORMAT)


def _read_padded(folder: Path, file: SourceFile) -> Iterator[bytes]:
    """Yield the content of `file`, filled up to whole blocks."""
    read = 0
    try:
        with (folder / file.path).open("rb") as content:
            while chunk := content.read(_CHUNK_BYTES):
                read += len(chunk)
                yield chunk
    except OSError as error:
        raise _refuse_unreadable(folder, error) from error
    if read != file.size:
        why = f"'{file.path}' changed while it was read"
        raise _refuse("CHANGED", folder, why, "try again when nothing writes there")
    yield bytes(-read % tarfile.BLOCKSIZE)


def list_entries(archive: tarfile.TarFile, *, max_bytes: int) -> Iterator[tarfile.TarInfo]:
    """Yield the entries of an archive by a stranger, each checked before it is given.

    Raises:
        Refused: ARCHIVE-UNSAFE, an entry leads outside, is neither file, folder nor link inside,
            or is one too many.
    """
    total = 0
    seen: set[str] = set()
    for count, entry in enumerate(archive, start=1):
        path = PurePosixPath(entry.name)
        total += entry.size
        if path.is_absolute() or ".." in path.parts or "\0" in entry.name or not path.parts:
            raise _refuse_entry(entry.name, "leads outside")
        if not (entry.isreg() or entry.isdir() or entry.issym()) or entry.sparse is not None:
            raise _refuse_entry(entry.name, "is neither a file, a folder nor a symbolic link")
        if entry.issym() and _is_outside(str(path), entry.linkname):
            raise _refuse_entry(entry.name, f"is a link that leads outside, to '{entry.linkname}'")
        if str(path) in seen:
            raise _refuse_entry(entry.name, "is there twice")
        if total > max_bytes or count > 4 * MAX_SOURCE_FILES:
            raise _refuse_entry(entry.name, f"makes it larger than {max_bytes} bytes")
        seen.add(str(path))
        yield entry


def unpack_tree(archive: tarfile.TarFile, folder: Path, *, max_bytes: int) -> None:
    """Write the tree that `archive` holds into the new or empty `folder`.

    Links are made last and checked again, so that nothing is written through one.

    Raises:
        Refused: ARCHIVE-UNSAFE; `folder` may hold a part of the tree.
    """
    folder.mkdir(parents=True, exist_ok=True)
    links: list[tarfile.TarInfo] = []
    try:
        for entry in list_entries(archive, max_bytes=max_bytes):
            if entry.issym():
                links.append(entry)
            else:
                _write_entry(archive, entry, folder / entry.name)
        for link in links:
            path = folder / link.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(link.linkname)
    except (tarfile.TarError, EOFError, FileExistsError, NotADirectoryError) as error:
        raise _refuse_entry("", f"is not a tar archive of a tree: {error}") from error
    for link in links:
        if not (folder / link.name).resolve().is_relative_to(folder.resolve()):
            raise _refuse_entry(link.name, f"is a link that leads outside, to '{link.linkname}'")


def _write_entry(archive: tarfile.TarFile, entry: tarfile.TarInfo, path: Path) -> None:
    if entry.isdir():
        path.mkdir(parents=True, exist_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    content = archive.extractfile(entry)
    assert content is not None
    with path.open("xb") as file:
        while chunk := content.read(_CHUNK_BYTES):
            file.write(chunk)
    path.chmod(0o755 if entry.mode & stat.S_IXUSR else 0o644)


def unpack_source(archive: Path, folder: Path, *, max_bytes: int = MAX_SOURCE_BYTES) -> None:
    """Write the source tree of the file `archive` into the new or empty `folder`.

    Raises:
        Refused: ARCHIVE-UNSAFE; `folder` may hold a part of the tree.
    """
    try:
        # Not compressed: what an archive may grow to is known from its own size.
        with tarfile.open(archive, "r:") as tar:
            unpack_tree(tar, folder, max_bytes=max_bytes)
    except tarfile.TarError as error:
        raise _refuse_entry("", f"is not a tar archive: {error}") from error


def _refuse(code: str, folder: Path, why: str, fix: str) -> Refused:
    return Refused(f"SOURCE-{code}", what=f"cannot pack folder '{folder}'", why=why, fix=fix)


def _refuse_unreadable(folder: Path, error: OSError) -> Refused:
    why = f"{error.strerror}: '{error.filename}'"
    return _refuse("UNREADABLE", folder, why, "make it readable, or name it in .gitignore")


def _refuse_size(folder: Path, files: list[SourceFile], max_bytes: int) -> Refused:
    largest = max(files, key=lambda file: (file.size, file.path))
    why = (
        f"it holds more than {max_bytes // 1024**2} MiB or {MAX_SOURCE_FILES} files; the largest "
        f"so far is '{largest.path}' with {largest.size} bytes"
    )
    return _refuse("TOO-LARGE", folder, why, "name what the service does not need in .gitignore")


def _refuse_entry(name: str, why: str) -> Refused:
    subject = f"its entry '{name}'" if name else "it"
    return Refused(
        "ARCHIVE-UNSAFE",
        what="cannot unpack the source archive",
        why=f"{subject} {why}",
        fix="make the archive with `fairway build` or `fairway deploy`",
    )
