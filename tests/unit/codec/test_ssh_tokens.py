"""Public keys of security keys as bytes: what is not one is a typed error."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from hypothesis import given
from hypothesis import strategies as st

from signstation.codec.sshsig import parse_sshsig
from signstation.codec.sshtokens import is_token, read_public, token_message
from signstation.errors import ArtifactMalformed
from tests.support import ssh
from tests.support.sshtoken import tokens

TOKENS = tokens()


@pytest.mark.parametrize("family", ["ed25519", "p256"])
def test_the_key_inside_is_read_and_told_from_a_plain_one(family: str) -> None:
    blob = TOKENS[family].blob
    read = read_public(blob)
    assert isinstance(read, ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey)
    assert read == TOKENS[family].key.public_key()
    plain = base64.b64decode(ssh.public_line(family).split()[1])
    assert is_token(blob)
    assert not is_token(plain)
    assert read_public(plain) == ssh.private(family).public_key()


@given(st.sampled_from(["ed25519", "p256"]), st.data())
def test_a_changed_key_is_another_key_or_a_typed_error(family: str, data: st.DataObject) -> None:
    blob = bytearray(TOKENS[family].blob)
    at = data.draw(st.integers(0, len(blob) - 1))
    blob[at] ^= data.draw(st.integers(1, 255))
    cut = bytes(blob[: data.draw(st.integers(at, len(blob)))])
    try:
        read_public(cut)
        token_message(cut, bytes(5), b"")
    except ArtifactMalformed:
        return
    assert cut != TOKENS[family].blob


@given(st.binary(max_size=200))
def test_any_bytes_give_a_typed_error(blob: bytes) -> None:
    with pytest.raises(ArtifactMalformed):
        read_public(blob)


@given(st.binary(max_size=12))
def test_what_a_token_adds_has_one_length(said: bytes) -> None:
    signature = TOKENS["ed25519"].signature(b"x", said=said or bytes(5))
    if len(said) in {0, 5}:
        assert parse_sshsig(signature).token == (said or bytes(5))
    else:
        with pytest.raises(ArtifactMalformed):
            parse_sshsig(signature)
