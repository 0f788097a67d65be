"""Lists of revoked SSH keys: what they name, and damage as a typed error."""

from __future__ import annotations

import hashlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signstation.codec.sshkrl import MAGIC, is_krl, parse_krl
from signstation.codec.sshwire import mpint, string, uint32
from signstation.errors import ArtifactMalformed, KeyUnreadable
from signstation.model.trust import Origin, RevokedCertificates
from signstation.trust.ssh import prepare_krl

HEAD = MAGIC + uint32(1) + bytes(24) + string(b"") + string(b"comment")


def uint64(value: int) -> bytes:
    """Encode an unsigned 64-bit number."""
    return value.to_bytes(8, "big")


def section(kind: int, *values: bytes) -> bytes:
    """One section of strings."""
    return bytes((kind,)) + string(b"".join(map(string, values)))


def certificates(authority: bytes, *parts: tuple[int, bytes]) -> bytes:
    """A section about the certificates of an authority."""
    body = b"".join(bytes((kind,)) + string(part) for kind, part in parts)
    return bytes((1,)) + string(string(authority) + string(b"") + body)


def test_keys_and_fingerprints_are_found() -> None:
    sections = section(2, b"key") + section(3, b"1" * 20)
    extension = bytes((255,)) + string(string(b"name") + b"\0" + b"what it likes")
    data = HEAD + sections + section(5, b"2" * 32) + extension
    assert is_krl(data)
    found = parse_krl(data)
    assert found.sha256 == (hashlib.sha256(b"key").digest(), b"2" * 32)
    assert found.sha1 == (b"1" * 20,)
    assert found.certificates == ()


def test_certificates_are_found_by_number_by_range_by_bitmap_and_by_id() -> None:
    serials = (0x20, uint64(3) + uint64(2**64 - 1))
    between = (0x21, uint64(10) + uint64(20))
    bitmap = (0x22, uint64(100) + mpint(0b1001))
    ids = (0x23, string(b"one") + string(b"two"))
    extension = (0x39, string(b"name") + b"\0" + string(b""))
    data = certificates(b"ca", serials, between, bitmap, ids, extension)
    first, second = parse_krl(HEAD + data + certificates(b"", ids)).certificates
    assert first == RevokedCertificates(
        b"ca",
        ((3, 3), (2**64 - 1, 2**64 - 1), (10, 20), (100, 100), (103, 103)),
        (b"one", b"two"),
    )
    assert second == RevokedCertificates(b"", (), (b"one", b"two"))


@pytest.mark.parametrize(
    "tail",
    [
        section(4, b"signature"),
        section(9, b"unknown"),
        section(5, b"short"),
        bytes((255,)) + string(string(b"name") + b"\1" + b"critical"),
        section(2, b"key")[:-1],
        certificates(b"ca", (0x24, b"unknown")),
        certificates(b"ca", (0x39, string(b"name") + b"\1" + string(b""))),
        certificates(b"ca", (0x20, b"short")),
        certificates(b"ca", (0x21, uint64(1) + uint64(2) + b"more")),
        certificates(b"ca", (0x22, uint64(0) + mpint(2**20_000))),
    ],
)
def test_what_might_revoke_and_is_not_understood_refuses_the_list(tail: bytes) -> None:
    with pytest.raises(ArtifactMalformed):
        parse_krl(HEAD + tail)
    with pytest.raises(KeyUnreadable):
        prepare_krl(HEAD + tail, Origin("test"))


@given(st.binary(max_size=200))
def test_any_bytes_give_a_list_or_a_typed_error(tail: bytes) -> None:
    for data in (tail, HEAD + tail, HEAD + certificates(b"ca", (0x20 + len(tail) % 4, tail))):
        with suppress(ArtifactMalformed):
            parse_krl(data)
