"""Layers: deterministic archives of a folder.

Belongs here: making the bytes of a layer, and removing from installed packages what differs from
one installation to the next. Never here: installing, storing. Start at `pack_layer`.
"""

import base64
import csv
import gzip
import hashlib
import re
import shutil
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from fairway.drivers.bundle.recipe import Content

_CHUNK_BYTES = 1024 * 1024
_SHEBANG = re.compile(rb"\A#!(?:/bin/sh\n'''exec' [^\n]*\n' '''|[^\n]*python[^\n]*)\n")
_PORTABLE = b"#!/usr/bin/env python3\n"
_INSTALLER_FILES = ("INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "uv_build.json")


class _Drain:
    """A file that keeps what is written until it is taken."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._chunks.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """There is nowhere to flush to."""

    def take(self) -> Iterator[bytes]:
        chunks, self._chunks = self._chunks, []
        yield from chunks


def pack_layer(content: Content) -> Iterator[bytes]:
    """Yield the bytes of a tar.gz of `content`; equal trees, equal bytes."""
    drain = _Drain()
    with (
        gzip.GzipFile(filename="", mode="wb", compresslevel=1, fileobj=drain, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        for path in sorted({*_list_files(content), *content.links}):
            name = f"{content.prefix}/{path}"
            if path in content.links:
                _add_link(tar, name, content.links[path])
            else:
                _add(tar, content.folder / path, name)
            yield from drain.take()
    yield from drain.take()


def _list_files(content: Content) -> Iterable[str]:
    for top in content.folder.iterdir():
        if top.name in content.leave_out:
            continue
        is_folder = top.is_dir() and not top.is_symlink()
        for path in top.rglob("*") if is_folder else (top,):
            if path.is_symlink() or path.is_file():
                yield path.relative_to(content.folder).as_posix()


def _add_link(tar: tarfile.TarFile, name: str, target: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname, entry.mode = tarfile.SYMTYPE, target, 0o777
    tar.addfile(entry)


def _add(tar: tarfile.TarFile, path: Path, name: str) -> None:
    if path.is_symlink():
        _add_link(tar, name, str(path.readlink()))
        return
    entry = tarfile.TarInfo(name)
    state = path.stat()
    entry.size = state.st_size
    entry.mode = 0o755 if state.st_mode & 0o100 else 0o644
    with path.open("rb") as content:
        tar.addfile(entry, content)


def normalise_installation(folder: Path) -> None:
    """Make the packages installed in `folder` the same wherever and whenever they were installed.

    Bytecode and the installer's notes go, scripts find their interpreter by PATH, and each RECORD
    lists what is left.
    """
    for cache in list(folder.rglob("__pycache__")):
        shutil.rmtree(cache)
    for path in (*folder.rglob("*.pyc"), folder / ".lock", folder / "CACHEDIR.TAG"):
        path.unlink(missing_ok=True)
    for name in _INSTALLER_FILES:
        for path in folder.glob(f"*.dist-info/{name}"):
            path.unlink()
    changed = {path.resolve() for path in folder.glob("bin/*") if _make_portable(path)}
    for record in folder.glob("*.dist-info/RECORD"):
        _rewrite_record(record, folder, changed)


def _make_portable(script: Path) -> bool:
    if script.is_symlink() or not script.is_file():
        return False
    content = script.read_bytes()
    portable, count = _SHEBANG.subn(_PORTABLE, content, count=1)
    if count:
        script.write_bytes(portable)
    return count > 0


def _rewrite_record(record: Path, folder: Path, changed: set[Path]) -> None:
    rows = []
    with record.open(newline="", encoding="utf-8") as file:
        for row in csv.reader(file):
            if not row:
                continue
            path = (folder / row[0]).resolve()
            if not path.exists():
                continue
            if path in changed:
                content = path.read_bytes()
                mark = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
                row[1:] = [f"sha256={mark.decode()}", str(len(content))]
            rows.append(row)
    with record.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(sorted(rows))
