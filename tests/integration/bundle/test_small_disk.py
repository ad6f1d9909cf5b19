"""A full disk stores nothing, says so, and is usable again when there is space."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from fairway.drivers.filesystem.blob_store import FileBlobStore
from fairway.kits.errors import Unavailable

pytestmark = pytest.mark.integration


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(folder)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"needs the right to mount: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_named_and_stores_nothing(small_disk: Path) -> None:
    blobs = FileBlobStore(small_disk / "blobs")
    with pytest.raises(Unavailable) as unavailable:
        blobs.put(bytes([number]) * 4096 for number in range(200))
    assert unavailable.value.code == "DISK-FULL"
    assert not [path for path in small_disk.rglob("*") if path.is_file()]
    assert blobs.has(blobs.put([b"small"]))


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "blobs").write_text("a file in its way")
    with pytest.raises(Unavailable) as unavailable:
        FileBlobStore(tmp_path / "blobs").put([b"x"])
    assert unavailable.value.code == "BLOB-STORE-UNWRITABLE"
