import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairway.core.graph.live import SealedValue
from fairway.drivers.aesgcm.sealer import AesGcmSealer
from fairway.kits.errors import Refused

OLD, NEW = secrets.token_bytes(32), secrets.token_bytes(32)
CONTEXT = "dev/postgres.default#orders.db/password"


@given(clear=st.text(), context=st.text())
def test_what_was_sealed_opens_again(clear: str, context: str) -> None:
    sealer = AesGcmSealer([OLD])
    assert sealer.open(sealer.seal(clear, context=context), context=context) == clear


def test_sealing_twice_differs_but_has_one_fingerprint() -> None:
    sealer = AesGcmSealer([OLD])
    first, second = (sealer.seal("s3cret", context=CONTEXT) for _ in range(2))
    assert first.sealed != second.sealed
    assert first.fingerprint == second.fingerprint
    assert first.fingerprint != sealer.seal("s3cret!", context=CONTEXT).fingerprint


def test_the_clear_text_does_not_show() -> None:
    value = AesGcmSealer([OLD]).seal("s3cret", context=CONTEXT)
    assert "s3cret" not in repr(value)


def test_a_fingerprint_tells_nothing_without_the_key() -> None:
    old = AesGcmSealer([OLD]).seal("s3cret", context=CONTEXT)
    new = AesGcmSealer([NEW]).seal("s3cret", context=CONTEXT)
    assert old.fingerprint != new.fingerprint


def test_another_context_does_not_open() -> None:
    sealer = AesGcmSealer([OLD])
    value = sealer.seal("s3cret", context=CONTEXT)
    with pytest.raises(Refused, match="another place") as caught:
        sealer.open(value, context="prod/postgres.default#orders.db/password")
    assert caught.value.code == "SECRET-UNREADABLE"
    assert "s3cret" not in f"{caught.value!r}{caught.value.fix}"


def test_another_key_does_not_open_and_is_named() -> None:
    value = AesGcmSealer([OLD]).seal("s3cret", context=CONTEXT)
    with pytest.raises(Refused, match=value.sealed.split(".")[1]):
        AesGcmSealer([NEW]).open(value, context=CONTEXT)


def test_an_old_key_still_opens_after_rotation() -> None:
    value = AesGcmSealer([OLD]).seal("s3cret", context=CONTEXT)
    rotated = AesGcmSealer([OLD, NEW])
    assert rotated.open(value, context=CONTEXT) == "s3cret"
    anew = rotated.seal("s3cret", context=CONTEXT)
    assert AesGcmSealer([NEW]).open(anew, context=CONTEXT) == "s3cret"


@given(data=st.data())
def test_any_changed_character_is_noticed(data: st.DataObject) -> None:
    sealer = AesGcmSealer([OLD])
    value = sealer.seal("s3cret", context=CONTEXT)
    place = data.draw(st.integers(0, len(value.sealed) - 1))
    other = data.draw(st.characters(codec="utf-8").filter(lambda c: c != value.sealed[place]))
    changed = value.sealed[:place] + other + value.sealed[place + 1 :]
    with pytest.raises(Refused) as caught:
        sealer.open(SealedValue(sealed=changed, fingerprint=""), context=CONTEXT)
    assert caught.value.code == "SECRET-UNREADABLE"


@pytest.mark.parametrize("sealed", ["", "v1", "v1.", "v2.abc.def", "v1.00000000.", "clear text"])
def test_what_was_never_sealed_is_refused(sealed: str) -> None:
    with pytest.raises(Refused, match="cannot read secret"):
        AesGcmSealer([OLD]).open(SealedValue(sealed=sealed, fingerprint=""), context=CONTEXT)
