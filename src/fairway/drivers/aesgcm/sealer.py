"""Sealing with AES-256-GCM.

Belongs here: the sealed text `v1.<key id>.<nonce and ciphertext>`. The context and the key id are
authenticated with it, so a sealed value moved to another place does not open.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fairway.core.graph.live import SealedValue
from fairway.drivers.aesgcm import key_file
from fairway.kits.errors import Refused
from fairway.ports.sealer import Sealer

_VERSION = "v1"
_NONCE_BYTES = 12
_FINGERPRINT_DIGITS = 24


class AesGcmSealer(Sealer):
    """Seals with the last of `keys` and opens with any of them.

    Fingerprints come from the last key too: they are comparable until the next rotation.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._ciphers = {_make_key_id(key): AESGCM(key) for key in keys}
        self._key_id = _make_key_id(keys[-1])
        self._fingerprint_key = _derive(keys[-1], "fingerprint")

    def seal(self, clear: str, *, context: str) -> SealedValue:
        """Return `clear` sealed for `context`; sealing twice gives two texts, one fingerprint."""
        content = clear.encode()
        nonce = secrets.token_bytes(_NONCE_BYTES)
        bound = _make_bound(self._key_id, context)
        box = nonce + self._ciphers[self._key_id].encrypt(nonce, content, bound)
        return SealedValue(
            sealed=f"{_VERSION}.{self._key_id}.{_encode(box)}",
            fingerprint=hmac.digest(self._fingerprint_key, content, "sha256").hex()[
                :_FINGERPRINT_DIGITS
            ],
        )

    def open(self, value: SealedValue, *, context: str) -> str:
        """Return the clear text that was sealed for `context`."""
        version, _, rest = value.sealed.partition(".")
        key_id, _, text = rest.partition(".")
        if version != _VERSION:
            raise _make_unreadable(
                context, "it is not in a form that this version of Fairway reads"
            )
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise _make_unreadable(context, f"it was sealed with key {key_id}, which is not here")
        try:
            box = _decode(text)
            nonce, sealed = box[:_NONCE_BYTES], box[_NONCE_BYTES:]
            return cipher.decrypt(nonce, sealed, _make_bound(key_id, context)).decode()
        except (InvalidTag, ValueError) as error:
            raise _make_unreadable(
                context, "it was changed, or sealed for another place"
            ) from error


def open_sealer(home: Path) -> AesGcmSealer:
    """Return the sealer of the platform whose state is in `home`; makes its key the first time.

    Raises:
        Refused: KEY-EXPOSED, KEY-INVALID.
        Unavailable: KEY-UNWRITABLE.
    """
    return AesGcmSealer(key_file.read_or_create_keys(home / "keys" / "sealing.keys"))


def _derive(key: bytes, purpose: str) -> bytes:
    return hmac.digest(key, f"fairway/{purpose}".encode(), "sha256")


def _make_key_id(key: bytes) -> str:
    return hashlib.sha256(_derive(key, "key id")).hexdigest()[:8]


def _encode(box: bytes) -> str:
    return base64.urlsafe_b64encode(box).decode()


def _decode(text: str) -> bytes:
    """Return the bytes of the one text that `_encode` gives for them; others are errors."""
    box = base64.b64decode(text, altchars=b"-_", validate=True)
    if _encode(box) != text:
        raise ValueError("not the canonical form")
    return box


def _make_bound(key_id: str, context: str) -> bytes:
    return f"fairway/{_VERSION}/{key_id}/{context}".encode()


def _make_unreadable(context: str, why: str) -> Refused:
    return Refused(
        "SECRET-UNREADABLE",
        what=f"cannot read secret '{context}'",
        why=why,
        fix="restore keys/sealing.keys of the platform's state folder from its backup, "
        "or rotate the secret",
    )
