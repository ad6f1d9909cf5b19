"""Every builder, on a real store of blobs."""

import sys
from pathlib import Path

import pytest

from fairway.drivers.bundle.builder import BundleBuilder
from fairway.drivers.filesystem.blob_store import FileBlobStore
from fairway.ports.blob_store import BlobStore
from fairway.ports.builder import Builder


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return FileBlobStore(tmp_path / "blobs")


@pytest.fixture(params=["bundle"])
def builder(blobs: BlobStore, tmp_path: Path) -> Builder:
    return BundleBuilder(
        blobs, tmp_path / "home", Path(sys.executable), find_artifact=lambda _: None
    )
