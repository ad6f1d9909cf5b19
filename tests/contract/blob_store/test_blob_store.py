"""What every blob store does."""

import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from fairway.kits import digest as digests
from fairway.kits.digest import Digest
from fairway.kits.errors import Refused, Unavailable
from fairway.ports.blob_store import BlobStore

CONTENT = b"hello there"


def test_a_blob_is_known_by_its_digest(blobs: BlobStore) -> None:
    digest = blobs.put([b"hello ", b"there"])
    assert digest == digests.make_digest(CONTENT)
    assert blobs.has(digest)
    assert blobs.get_path(digest).read_bytes() == CONTENT


def test_storing_again_changes_nothing(blobs: BlobStore) -> None:
    digest = blobs.put([CONTENT])
    before = blobs.get_path(digest).stat()
    assert blobs.put([CONTENT]) == digest
    assert blobs.get_path(digest).stat() == before


def test_an_empty_blob_is_a_blob(blobs: BlobStore) -> None:
    assert blobs.get_path(blobs.put([])).read_bytes() == b""


@pytest.mark.parametrize(
    "digest", ["sha256:" + "0" * 64, "", "sha256:../../../etc/passwd", "md5:1"]
)
def test_an_unknown_blob_is_refused(blobs: BlobStore, digest: str) -> None:
    assert not blobs.has(Digest(digest))
    with pytest.raises(Refused) as refused:
        blobs.get_path(Digest(digest))
    assert refused.value.code == "BLOB-UNKNOWN"


def test_what_is_not_expected_is_not_stored(blobs: BlobStore) -> None:
    expected = digests.make_digest(b"something else")
    with pytest.raises(Refused) as refused:
        blobs.put([CONTENT], expected=expected)
    assert refused.value.code == "BLOB-MISMATCH"
    assert not blobs.has(expected)
    assert not blobs.has(digests.make_digest(CONTENT))


def test_a_source_that_fails_leaves_nothing(blobs: BlobStore, folder: Path) -> None:
    def cut() -> Iterator[bytes]:
        yield CONTENT
        raise ConnectionError("gone")

    with pytest.raises((ConnectionError, Unavailable)):
        blobs.put(cut())
    assert not [path for path in folder.rglob("*") if path.is_file()]


def test_writers_of_one_blob_do_not_meet(blobs: BlobStore) -> None:
    content = [bytes([number]) * 1000 for number in range(200)]
    found: list[Digest] = []
    threads = [threading.Thread(target=lambda: found.append(blobs.put(content))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = "sha256:" + hashlib.sha256(b"".join(content)).hexdigest()
    assert found == [expected] * 8
    assert blobs.get_path(found[0]).read_bytes() == b"".join(content)


def test_a_blob_cannot_be_written_to_by_accident(blobs: BlobStore) -> None:
    assert blobs.get_path(blobs.put([CONTENT])).stat().st_mode & 0o222 == 0
