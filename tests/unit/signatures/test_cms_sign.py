"""Signing CMS: what is asked of the key, what comes out, and our own check of each byte."""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signstation.codec.cms import parse_signed_data
from signstation.errors import CertificateMissing, RecheckFailed, SchemeUnsupported
from signstation.model.asks import HashOf, Literal, Part, Range, Segment, ToSign
from signstation.model.hashes import HashAlgorithm, HashState
from signstation.model.keys import Scheme, SignatureType, Slot, X509Profile
from signstation.signatures.cms_sign import check_own_cms, envelope_hash, sign_cms
from tests.support.x509 import NOW, Identity, Shape, answer, identity, profile, slot

CONTENT = b"the content of a file" * 100
COVERS = (Range(0, len(CONTENT)),)
KINDS = ("rsa2048", "p256", "p384", "ed25519")


def _state(chosen: Slot) -> HashState:
    return hashlib.new(chosen.hash.value, CONTENT)


def _start(
    chosen: Slot, *, attributes: bool = True
) -> Generator[tuple[ToSign, ...], object, bytes]:
    return sign_cms(
        0,
        chosen,
        _state(chosen),
        part=Part.FILE,
        covers=COVERS,
        attributes=attributes,
        certificates=attributes,
        time=NOW,
    )


def _sign(owner: Identity, chosen: Slot, *, attributes: bool = True) -> tuple[ToSign, bytes]:
    signing = _start(chosen, attributes=attributes)
    (ask,) = next(signing)
    with pytest.raises(StopIteration) as stopped:
        signing.send((answer(owner, ask),))
    return ask, stopped.value.value


def _slot(kind: str) -> Slot:
    hashes = {"p384": HashAlgorithm.SHA384, "ed25519": HashAlgorithm.SHA512}
    return slot(identity(kind), hashes.get(kind, HashAlgorithm.SHA256))


def _expand(segments: tuple[Segment, ...]) -> bytes:
    """Recompute what is signed from the approved bytes, as the hash worker does."""
    parts: list[bytes] = []
    for each in segments:
        match each:
            case Range(offset, length):
                parts.append(CONTENT[offset : offset + length])
            case Literal(value):
                parts.append(value)
            case HashOf(algorithm, inner):
                parts.append(hashlib.new(algorithm.value, _expand(inner)).digest())
    return b"".join(parts)


@pytest.mark.parametrize("attributes", [False, True])
@pytest.mark.parametrize("kind", KINDS[:3])
def test_the_digest_follows_from_what_the_ask_covers(kind: str, *, attributes: bool) -> None:
    chosen = _slot(kind)
    ask, _ = _sign(identity(kind), chosen, attributes=attributes)
    assert ask.message is None
    assert ask.digest == hashlib.new(chosen.hash.value, _expand(ask.covers)).digest()


def test_ed25519_gets_the_attributes_as_its_message() -> None:
    """RFC 8419 3.1: the attributes, whose digest is SHA-512."""
    chosen = _slot("ed25519")
    ask, _ = _sign(identity("ed25519"), chosen)
    assert ask.digest is None
    assert ask.message == _expand(ask.covers)
    assert len(ask.message) < 200


@pytest.mark.parametrize("kind", KINDS)
def test_our_own_check_accepts_what_we_sign(kind: str) -> None:
    chosen = _slot(kind)
    _, signature = _sign(identity(kind), chosen)
    check_own_cms(signature, chosen, _state(chosen))


def test_pss_is_signed_and_checked() -> None:
    owner = identity("rsa2048")
    chosen = Slot(profile(owner), SignatureType.CMS, Scheme.RSA_PSS_SHA384, HashAlgorithm.SHA384)
    _, signature = _sign(owner, chosen)
    check_own_cms(signature, chosen, _state(chosen))


@pytest.mark.parametrize("attributes", [False, True])
@given(at=st.integers(0, 10_000), change=st.integers(1, 255))
def test_no_changed_byte_passes_our_own_check(at: int, change: int, *, attributes: bool) -> None:
    """No byte of the envelope is free."""
    chosen = _slot("p256")
    changed = bytearray(SIGNED[attributes])
    changed[at % len(changed)] ^= change
    with pytest.raises(RecheckFailed):
        check_own_cms(bytes(changed), chosen, _state(chosen))


SIGNED = {
    attributes: _sign(identity("p256"), _slot("p256"), attributes=attributes)[1]
    for attributes in (False, True)
}


def test_another_content_or_another_signer_fails_our_own_check() -> None:
    chosen = _slot("rsa2048")
    _, signature = _sign(identity("rsa2048"), chosen)
    with pytest.raises(RecheckFailed, match="does not verify"):
        check_own_cms(signature, chosen, hashlib.sha256(b"other"))
    with pytest.raises(RecheckFailed, match="laid out"):
        check_own_cms(signature, slot(identity("rsa2048-other")), _state(chosen))


def test_the_chain_goes_in_with_the_attributes() -> None:
    authority = identity("p256-ca", Shape(name="CA", authority=True))
    leaf = identity("rsa2048", Shape(name="Leaf"), authority)
    _, signature = _sign(leaf, slot(leaf))
    assert set(parse_signed_data(signature).certificates) == set(leaf.chain)


def test_no_certificate_is_an_error_before_any_ask() -> None:
    chosen = _slot("rsa2048")
    bare = replace(chosen, signer=replace(chosen.signer, x509=None))
    empty = replace(chosen, signer=replace(chosen.signer, x509=X509Profile(())))
    for each in (bare, empty):
        with pytest.raises(CertificateMissing):
            next(_start(each))


def test_schemes_without_an_envelope_are_refused_before_any_ask() -> None:
    """Ed25519 over a whole file, Ed25519 beside another hash, Ed448, a hash that differs."""
    with pytest.raises(SchemeUnsupported):
        next(_start(_slot("ed25519"), attributes=False))
    with pytest.raises(SchemeUnsupported):
        next(_start(replace(_slot("ed25519"), hash=HashAlgorithm.SHA256)))
    with pytest.raises(SchemeUnsupported):
        next(_start(slot(identity("ed448"), HashAlgorithm.SHA512)))
    with pytest.raises(SchemeUnsupported):
        next(_start(replace(_slot("rsa2048"), hash=HashAlgorithm.SHA512)))


def test_the_envelopes_hash_follows_from_the_scheme() -> None:
    assert envelope_hash(Scheme.ED25519, HashAlgorithm.SHA256) is HashAlgorithm.SHA512
    assert envelope_hash(Scheme.ECDSA_SHA384, HashAlgorithm.SHA256) is HashAlgorithm.SHA384
