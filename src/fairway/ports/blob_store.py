"""Content-addressed storage of bytes.

Belongs here: the contract for source archives and artifact layers.
"""

from abc import abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from fairway.kits.digest import Digest


class BlobStore(Protocol):
    """Keeps blobs by digest; a blob is either whole and verified or absent."""

    @abstractmethod
    def put(self, chunks: Iterable[bytes], *, expected: Digest | None = None) -> Digest:
        """Store the bytes and return their digest; storing them again is a no-op.

        Raises:
            Refused: BLOB-MISMATCH, the digest is not `expected`; nothing was stored.
            Unavailable: DISK-FULL; nothing was stored.
        """

    @abstractmethod
    def has(self, digest: Digest) -> bool:
        """Return whether the blob is here."""

    @abstractmethod
    def get_path(self, digest: Digest) -> Path:
        """Return a local file with the blob's bytes; it must not be changed.

        Raises:
            Refused: BLOB-UNKNOWN.
        """
