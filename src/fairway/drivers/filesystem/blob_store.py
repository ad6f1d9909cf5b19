"""Blobs as files named by their digest.

Belongs here: storing whole, verified blobs so that a kill or a full disk leaves none in part.
Never here: archives, manifests. Start at `FileBlobStore`.
"""

import errno
import hashlib
import os
import re
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from fairway.kits.digest import Digest
from fairway.kits.errors import Refused, Unavailable
from fairway.ports.blob_store import BlobStore

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_ABANDONED_SECONDS = 24 * 3600


class FileBlobStore(BlobStore):
    """Keeps each blob in `folder/<two hex digits>/<64 hex digits>`; safe among processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._drafts = folder / "drafts"
        self._remove_abandoned()

    def put(self, chunks: Iterable[bytes], *, expected: Digest | None = None) -> Digest:
        try:
            return self._put(chunks, expected)
        except OSError as error:
            raise _explain(error, self._folder) from error

    def _put(self, chunks: Iterable[bytes], expected: Digest | None) -> Digest:
        self._drafts.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._drafts)
        draft = Path(name)
        try:
            hasher = hashlib.sha256()
            with os.fdopen(handle, "wb") as file:
                for chunk in chunks:
                    hasher.update(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            digest = Digest(f"sha256:{hasher.hexdigest()}")
            if expected is not None and digest != expected:
                raise _refuse_mismatch(digest, expected)
            self._publish(draft, self._make_path(digest))
        finally:
            draft.unlink(missing_ok=True)
        return digest

    def _publish(self, draft: Path, path: Path) -> None:
        if path.exists():
            return
        path.parent.mkdir(exist_ok=True)
        draft.chmod(0o444)
        draft.rename(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def has(self, digest: Digest) -> bool:
        return _DIGEST.fullmatch(digest) is not None and self._make_path(digest).is_file()

    def get_path(self, digest: Digest) -> Path:
        if not self.has(digest):
            raise Refused(
                "BLOB-UNKNOWN",
                what=f"cannot find blob '{digest}'",
                why="no blob with this digest was stored",
                fix="upload it first, or build it again",
                status=404,
            )
        return self._make_path(digest)

    def _make_path(self, digest: Digest) -> Path:
        name = digest.removeprefix("sha256:")
        return self._folder / name[:2] / name

    def _remove_abandoned(self) -> None:
        """Remove drafts whose writer was killed."""
        oldest = time.time() - _ABANDONED_SECONDS
        for draft in self._drafts.glob("*"):
            try:
                if draft.stat().st_mtime < oldest:
                    draft.unlink()
            except OSError:
                continue


def _refuse_mismatch(digest: Digest, expected: Digest) -> Refused:
    return Refused(
        "BLOB-MISMATCH",
        what=f"cannot store blob '{expected}'",
        why=f"the bytes that came have the digest '{digest}'",
        fix="send the bytes again; they were changed or cut on their way",
    )


def _explain(error: OSError, folder: Path) -> Unavailable:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Unavailable(
            "DISK-FULL",
            what=f"cannot store a blob in '{folder}'",
            why="no space is left on the device",
            fix="free space on the disk of the state folder",
            delay_seconds=30,
        )
    return Unavailable(
        "BLOB-STORE-UNWRITABLE",
        what=f"cannot store a blob in '{folder}'",
        why=error.strerror or str(error),
        fix="make the state folder writable for the account that runs Fairway",
        delay_seconds=30,
    )
