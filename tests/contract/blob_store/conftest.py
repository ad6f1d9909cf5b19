"""Every blob store."""

from pathlib import Path

import pytest

from fairway.drivers.filesystem.blob_store import FileBlobStore
from fairway.ports.blob_store import BlobStore


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "blobs"


@pytest.fixture(params=["filesystem"])
def blobs(folder: Path) -> BlobStore:
    return FileBlobStore(folder)
