"""Content digests in the form `sha256:<64 hex digits>` that OCI uses.

Belongs here: making and shortening digests. Never here: what is digested.
"""

import hashlib
from collections.abc import Iterable
from typing import NewType

from fairway.kits import canonical
from fairway.kits.canonical import JsonValue

Digest = NewType("Digest", str)


def make_digest(content: bytes) -> Digest:
    """Return the digest of `content`.

    Example:
        >>> make_digest(b"")[:15]
        'sha256:e3b0c442'
    """
    return Digest(f"sha256:{hashlib.sha256(content).hexdigest()}")


def make_value_digest(value: JsonValue) -> Digest:
    """Return the digest of the canonical JSON of `value`."""
    return make_digest(canonical.render_canonical(value))


def make_joined_digest(parts: Iterable[str]) -> Digest:
    """Return one digest over many strings, each length-prefixed so that no two lists collide."""
    hasher = hashlib.sha256()
    for part in parts:
        content = part.encode()
        hasher.update(f"{len(content)}:".encode())
        hasher.update(content)
    return Digest(f"sha256:{hasher.hexdigest()}")


def shorten(digest: str, length: int = 7) -> str:
    """Return the first `length` hex digits of `digest`, without its algorithm.

    Example:
        >>> shorten("sha256:7f3a9c1d22")
        '7f3a9c1'
    """
    return digest.rpartition(":")[2][:length]
