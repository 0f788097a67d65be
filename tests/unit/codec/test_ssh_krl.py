"""Lists of revoked SSH keys: what they name, and damage as a typed error."""

from __future__ import annotations

import hashlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signstation.codec.sshkrl import MAGIC, is_krl, parse_krl
from signstation.codec.sshwire import string, uint32
from signstation.errors import ArtifactMalformed, KeyUnreadable
from signstation.model.trust import Origin
from signstation.trust.ssh import prepare_krl

HEAD = MAGIC + uint32(1) + bytes(24) + string(b"") + string(b"comment")


def section(kind: int, *values: bytes) -> bytes:
    """One section of strings."""
    return bytes((kind,)) + string(b"".join(map(string, values)))


def test_keys_and_fingerprints_are_found_and_certificates_passed_over() -> None:
    sections = section(1, b"ca") + section(2, b"key") + section(3, b"1" * 20)
    extension = bytes((255,)) + string(string(b"name") + b"\0" + b"what it likes")
    data = HEAD + sections + section(5, b"2" * 32) + extension
    assert is_krl(data)
    found = parse_krl(data)
    assert found.sha256 == (hashlib.sha256(b"key").digest(), b"2" * 32)
    assert found.sha1 == (b"1" * 20,)


@pytest.mark.parametrize(
    "tail",
    [
        section(4, b"signature"),
        section(9, b"unknown"),
        section(5, b"short"),
        bytes((255,)) + string(string(b"name") + b"\1" + b"critical"),
        section(2, b"key")[:-1],
    ],
)
def test_what_might_revoke_and_is_not_understood_refuses_the_list(tail: bytes) -> None:
    with pytest.raises(ArtifactMalformed):
        parse_krl(HEAD + tail)
    with pytest.raises(KeyUnreadable):
        prepare_krl(HEAD + tail, Origin("test"))


@given(st.binary(max_size=200))
def test_any_bytes_give_a_list_or_a_typed_error(tail: bytes) -> None:
    for data in (tail, HEAD + tail):
        with suppress(ArtifactMalformed):
            parse_krl(data)
