"""What a signature is: the vectors of RFC 8032, and the cases in which verifiers are known to differ."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.record.keys import DeviceKey, is_signed
from tests.second_forms import SMALL_ORDER, Damage, P, signed

ORDER = 2**252 + 27742317777372353535851937790883648493
SEED = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
PUBLIC = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
MESSAGE = bytes.fromhex("72")
SIGNATURE = (
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)
NEUTRAL = (1).to_bytes(32, "little")


def second_says(public: bytes, signature: bytes, message: bytes) -> bool:
    try:
        signed(public, signature, message)
    except (Damage, ValueError):
        return False
    return True


def test_a_key_signs_as_rfc_8032_says():
    """Test 2 of its section 7.1."""
    key = DeviceKey(SEED)
    assert key.public == PUBLIC
    assert key.sign(b"", MESSAGE) == key.sign(MESSAGE, b"") == SIGNATURE
    assert is_signed(PUBLIC, SIGNATURE, b"", MESSAGE)


def test_the_secret_is_not_shown():
    assert SEED.hex() not in repr(DeviceKey(SEED))


@pytest.mark.parametrize("sign", [0, 1])
@pytest.mark.parametrize("y", sorted(SMALL_ORDER))
def test_a_key_that_any_text_fits_signs_nothing(y: int, sign: int):
    """With such a key, R of small order and S = 0 fit about each eighth text at least, and nobody holds a secret."""
    public = (y | sign << 255).to_bytes(32, "little")
    for text in range(64):
        for r in (NEUTRAL, public):
            forged = r + bytes(32)
            assert not is_signed(public, forged.hex(), b"label\0", bytes([text]))
            assert not second_says(public, forged, b"label\0" + bytes([text]))


def test_a_key_has_one_way_to_be_written():
    """1 + P is the neutral element again."""
    public = (1 + P).to_bytes(32, "little")
    assert not is_signed(public, (NEUTRAL + bytes(32)).hex(), b"", b"text")
    assert not second_says(public, NEUTRAL + bytes(32), b"text")


def test_a_signature_has_one_way_to_be_written():
    raw = bytes.fromhex(SIGNATURE)
    again = raw[:32] + (int.from_bytes(raw[32:], "little") + ORDER).to_bytes(32, "little")
    assert not is_signed(PUBLIC, again.hex(), b"", MESSAGE)
    assert not second_says(PUBLIC, again, MESSAGE)


@given(public=st.binary(max_size=40), signature=st.binary(max_size=80) | st.just(bytes.fromhex(SIGNATURE)))
def test_what_is_no_key_or_no_signature_signs_nothing(public: bytes, signature: bytes):
    assert not is_signed(public, signature.hex(), b"label\0", MESSAGE)
    assert not is_signed(PUBLIC, signature.hex()[:-1], b"", MESSAGE)
    assert not is_signed(PUBLIC, "zz" + SIGNATURE[2:], b"", MESSAGE)


@given(text=st.binary(max_size=100), bit=st.integers(0, 64 * 8 - 1))
def test_two_implementations_agree_and_no_bit_may_change(text: bytes, bit: int):
    raw = bytes.fromhex(DeviceKey(SEED).sign(b"", text))
    assert is_signed(PUBLIC, raw.hex(), b"", text) and second_says(PUBLIC, raw, text)
    changed = (int.from_bytes(raw, "little") ^ 1 << bit).to_bytes(64, "little")
    assert not is_signed(PUBLIC, changed.hex(), b"", text)
    assert not second_says(PUBLIC, changed, text)
