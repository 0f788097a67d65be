"""ASCII armor: what is written reads back, and nothing damaged reads at all."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signstation.codec import armor as armor_module
from signstation.codec.armor import ArmorKind, armor, crc24, dearmor, is_armored
from signstation.errors import ArtifactMalformed, LimitReached

KINDS = st.sampled_from(ArmorKind)


@given(KINDS, st.binary(max_size=500))
def test_what_is_written_reads_back(kind: ArmorKind, data: bytes) -> None:
    (block,) = dearmor(armor(kind, data))
    assert (block.kind, block.data, block.offset) == (kind, data, 0)


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_several_blocks_in_one_text(first: bytes, second: bytes) -> None:
    text = b"before\n" + armor(ArmorKind.SIGNATURE, first) + b"between\n"
    text += armor(ArmorKind.PUBLIC_KEY, second) + b"after"
    assert [each.data for each in dearmor(text)] == [first, second]


@given(st.binary(max_size=2000))
def test_any_bytes_give_blocks_or_a_typed_error(data: bytes) -> None:
    offset = 0
    try:
        dearmor(data)
    except ArtifactMalformed as error:
        offset = error.offset
    assert 0 <= offset <= len(data)


@given(st.integers(0, 200), st.integers(1, 255))
def test_a_changed_byte_never_gives_other_data(position: int, mask: int) -> None:
    data = bytes(range(100))
    text = bytearray(armor(ArmorKind.SIGNATURE, data))
    text[position % len(text)] ^= mask
    with contextlib.suppress(ArtifactMalformed):
        assert all(each.data == data for each in dearmor(bytes(text)))


def test_known_checksum() -> None:
    """RFC 9580 section 6.1: CRC-24 of the well-known check string."""
    assert crc24(b"123456789") == 0x21CF02


def test_checksum_may_be_absent() -> None:
    text = b"-----BEGIN PGP SIGNATURE-----\n\naGVsbG8=\n-----END PGP SIGNATURE-----\n"
    assert dearmor(text)[0].data == b"hello"


def test_crlf_headers_and_trailing_blanks_are_read() -> None:
    lines = [
        b"-----BEGIN PGP SIGNATURE-----  ",
        b"Version: x",
        b"Comment: y",
        b"",
        b"aGVs ",
        b"bG8=",
        b"-----END PGP SIGNATURE-----",
    ]
    assert dearmor(b"\r\n".join(lines))[0].data == b"hello"


@pytest.mark.parametrize(
    "text",
    [
        b"-----BEGIN PGP SIGNATURE-----\n\naGVsbG8=\n",
        b"-----BEGIN PGP SIGNATURE-----\n\naGVsbG8=\n-----END PGP MESSAGE-----\n",
        b"-----BEGIN PGP SIGNATURE-----\n\naGVsbG8=\n=AAAA\n-----END PGP SIGNATURE-----\n",
        b"-----BEGIN PGP SIGNATURE-----\n\naGV*bG8=\n-----END PGP SIGNATURE-----\n",
        b"-----BEGIN PGP SIGNATURE-----\nVersion: x\naGVsbG8=\n-----END PGP SIGNATURE-----\n",
    ],
    ids=["no end", "other end", "wrong checksum", "no base64", "no empty line"],
)
def test_damaged_blocks_are_refused(text: bytes) -> None:
    with pytest.raises(ArtifactMalformed):
        dearmor(text)


def test_other_blocks_are_passed_over() -> None:
    text = b"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nhi\n"
    assert dearmor(text + armor(ArmorKind.SIGNATURE, b"x"))[0].data == b"x"


def test_bounds_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(armor_module, "MAX_BLOCKS", 2)
    with pytest.raises(LimitReached):
        dearmor(armor(ArmorKind.SIGNATURE, b"x") * 3)
    monkeypatch.setattr(armor_module, "MAX_ARMOR", 10)
    with pytest.raises(LimitReached):
        dearmor(armor(ArmorKind.SIGNATURE, b"x"))


def test_binary_is_not_taken_for_armor() -> None:
    assert not is_armored(b"\x88\x75\x04\x00")
    assert is_armored(armor(ArmorKind.SIGNATURE, b""))
