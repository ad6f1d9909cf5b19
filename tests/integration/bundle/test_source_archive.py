"""Packing folders, and unpacking what strangers packed."""

import io
import os
import socket
import tarfile
from pathlib import Path

import pytest

from fairway.formats.source_archive import list_source, pack_source, unpack_source
from fairway.kits.errors import Refused

pytestmark = pytest.mark.integration


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "source"
    made.mkdir()
    return made


def _write(folder: Path, *paths: str) -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(path)


def _list(folder: Path) -> list[str]:
    return [file.path for file in list_source(folder)]


def test_a_tree_comes_back_as_it_was(folder: Path, tmp_path: Path) -> None:
    _write(folder, "a.py", "deep/er/b.py", "deep/ümlaut " + "x" * 120)
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o700)
    (folder / "link").symlink_to("deep/er/b.py")
    archive = tmp_path / "a.tar"
    archive.write_bytes(b"".join(pack_source(folder)))
    unpack_source(archive, tmp_path / "out")
    assert _list(tmp_path / "out") == _list(folder)
    assert (tmp_path / "out" / "link").read_text() == "deep/er/b.py"
    assert (tmp_path / "out" / "run.sh").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "out" / "a.py").stat().st_mode & 0o777 == 0o644
    assert b"".join(pack_source(tmp_path / "out")) == archive.read_bytes()


def test_times_owners_and_umask_do_not_matter(folder: Path) -> None:
    _write(folder, "b", "a")
    before = b"".join(pack_source(folder))
    os.utime(folder / "a", (1, 1))
    (folder / "a").chmod(0o600)
    assert b"".join(pack_source(folder)) == before


def test_what_git_ignores_is_left_out(folder: Path) -> None:
    _write(
        folder,
        *("keep.py", "a.log", "logs/b.log", "logs/keep.log", "build/x", "sub/build/x", "sub/y"),
        *(".git/config", "sub/.venv/x", "sub/__pycache__/y.pyc", "node_modules/z"),
    )
    (folder / ".gitignore").write_text("*.log\n/build/\n")
    (folder / "logs" / ".gitignore").write_text("!keep.log\n")
    (folder / "sub" / ".gitignore").write_text("y\n")
    found = [path for path in _list(folder) if not path.endswith(".gitignore")]
    assert found == ["keep.py", "logs/keep.log", "sub/build/x"]


@pytest.mark.parametrize("target", ["/etc/passwd", "../../secret", "inside/../../x", "dot/../.."])
def test_a_link_that_leads_outside_is_refused(folder: Path, target: str) -> None:
    (folder / "dot").symlink_to(".")
    (folder / "link").symlink_to(target)
    with pytest.raises(Refused, match="link") as refused:
        list_source(folder)
    assert refused.value.code == "SOURCE-LINK-OUTSIDE"


def test_sockets_and_pipes_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("here")
        with pytest.raises(Refused, match="'here' is a socket") as refused:
            list_source(folder)
    assert refused.value.code == "SOURCE-SPECIAL-FILE"


def test_a_source_that_is_too_large_names_its_largest_file(folder: Path) -> None:
    _write(folder, "small")
    (folder / "video.bin").write_bytes(bytes(2 * 1024**2))
    with pytest.raises(Refused, match=r"1 MiB.*'video.bin' with 2097152") as refused:
        b"".join(pack_source(folder, max_bytes=1024**2))
    assert refused.value.code == "SOURCE-TOO-LARGE"


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="nowhere"):
        list_source(tmp_path / "nowhere")


def _make_archive(path: Path, *entries: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w") as tar:
        for entry in entries:
            tar.addfile(entry, io.BytesIO(bytes(entry.size)))
    return path


def _make_entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, link
    return entry


@pytest.mark.parametrize(
    "entries",
    [
        [_make_entry("../x")],
        [_make_entry("/tmp/x")],
        [_make_entry("a/../../x")],
        [_make_entry("x", tarfile.SYMTYPE, "/etc")],
        [_make_entry("x", tarfile.SYMTYPE, "../..")],
        [_make_entry("x", tarfile.LNKTYPE, "/etc/passwd")],
        [_make_entry("x", tarfile.CHRTYPE)],
        [_make_entry("x", tarfile.FIFOTYPE)],
        [_make_entry("x"), _make_entry("./x")],
        [_make_entry("x", tarfile.SYMTYPE, "y"), _make_entry("x/z")],
        [_make_entry("d", tarfile.SYMTYPE, "."), _make_entry("e", tarfile.SYMTYPE, "d/../..")],
        [
            _make_entry("a/b", tarfile.SYMTYPE, ".."),
            _make_entry("a/c", tarfile.SYMTYPE, "b/../../x"),
        ],
    ],
)
def test_an_archive_that_reaches_outside_is_refused(
    tmp_path: Path, entries: list[tarfile.TarInfo]
) -> None:
    archive = _make_archive(tmp_path / "a.tar", *entries)
    inner = tmp_path / "inner"
    with pytest.raises(Refused) as refused:
        unpack_source(archive, inner / "out")
    assert refused.value.code == "ARCHIVE-UNSAFE"
    assert [path.name for path in inner.iterdir()] == ["out"]


def test_an_archive_that_grows_is_refused(tmp_path: Path) -> None:
    entry = _make_entry("x")
    entry.size = 4 * 1024**2
    archive = _make_archive(tmp_path / "a.tar", entry)
    with pytest.raises(Refused, match="larger than 1048576"):
        unpack_source(archive, tmp_path / "out", max_bytes=1024**2)


@pytest.mark.parametrize("content", [b"", b"x" * 5000, b"\x1f\x8b" + bytes(100)])
def test_what_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.tar").write_bytes(content)
    with pytest.raises(Refused, match="not a tar archive"):
        unpack_source(tmp_path / "a.tar", tmp_path / "out")
