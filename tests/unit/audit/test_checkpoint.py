"""Checkpoints: written, read, and refused when anything in them was changed."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from signstation.audit.checkpoint import (
    Checkpoint,
    origin_of,
    read_checkpoint,
    verifier_key,
    write_checkpoint,
)
from signstation.errors import ArtifactMalformed

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
NOTE = write_checkpoint(KEY, 1234, bytes(32))


def test_what_was_written_is_read_and_is_by_its_key() -> None:
    """Five lines of text, and the name of the log is that of the key."""
    signed = read_checkpoint(NOTE)
    assert signed.checkpoint == Checkpoint(origin_of(KEY.public_key()), 1234, bytes(32))
    assert signed.is_by(KEY.public_key())
    assert not signed.is_by(Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key())
    assert verifier_key(KEY.public_key()).startswith(f"{signed.checkpoint.origin}+")
    assert NOTE.decode().splitlines()[1:4] == ["1234", "A" * 43 + "=", ""]


def test_every_changed_bit_is_found() -> None:
    """Each is either no checkpoint any more, or not by the key."""
    for bit in range(len(NOTE) * 8):
        changed = bytearray(NOTE)
        changed[bit // 8] ^= 1 << bit % 8
        try:
            signed = read_checkpoint(bytes(changed))
        except ArtifactMalformed:
            continue
        assert not signed.is_by(KEY.public_key()), bit


@given(st.binary(max_size=300))
def test_anything_else_is_malformed(data: bytes) -> None:
    """Never a crash."""
    with pytest.raises(ArtifactMalformed):
        read_checkpoint(data)
