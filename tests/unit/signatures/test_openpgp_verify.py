"""Judging OpenPGP signatures: every state, every reason, and the second library's yes."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace

import pysequoia
import pytest

from signstation.codec.openpgp import parse_signatures
from signstation.codec.openpgp_packets import Tag, mpi, packet
from signstation.model.asks import Part
from signstation.model.checks import NodeKind, SignatureState, Verdict
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import KeyFamily, KeyType
from signstation.model.trust import (
    Origin,
    Purpose,
    Revocation,
    RevocationReason,
)
from signstation.signatures.openpgp_sign import sign_openpgp
from signstation.signatures.openpgp_state import CLOCK_TOLERANCE
from signstation.signatures.openpgp_verify import hash_of, hash_request
from signstation.verification.verdict import verdict
from tests.support.openpgp import drive
from tests.support.openpgp import shared_certificate as certificate
from tests.support.openpgp_judging import CONTENT, DAY, by_hand, judge, made_at, reasons, signed

# --- trusted ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("suite", "hashed"),
    [
        ("Cv25519", HashAlgorithm.SHA256),
        ("P256", HashAlgorithm.SHA256),
        ("P384", HashAlgorithm.SHA384),
        ("RSA2k", HashAlgorithm.SHA256),
    ],
)
def test_our_signature_is_trusted(suite: str, hashed: HashAlgorithm) -> None:
    made = certificate(suite)
    slot = made.slot_with(hashed)
    state = hashlib.new(hashed.value, CONTENT)
    generator = sign_openpgp(0, slot, state, part=Part.FILE, covers=(), time=made_at(made))
    (found,) = parse_signatures(drive(generator, made.signer))
    judged = judge(found, made.trusted)
    assert judged.facts.state is SignatureState.GOOD_TRUSTED, reasons(judged)
    assert verdict(judged.checks) is Verdict.TRUSTED
    assert judged.facts.fingerprint == made.signer.public.fingerprint


@pytest.mark.parametrize("suite", ["Cv25519", "Cv448", "P256"])
def test_a_version_6_signature_is_trusted(suite: str) -> None:
    made = certificate(suite, "RFC9580")
    signer = pysequoia.Tsk.from_bytes(made.secret).signer()
    mode = pysequoia.SignatureMode.DETACHED
    (found,) = parse_signatures(pysequoia.sign(signer, CONTENT, mode=mode, armor=False))
    assert found.version == 6
    request = hash_request(found, 3, 7)
    assert request is not None
    assert (request.algorithm, request.prefix) == (hash_of(found), found.salt)
    judged = judge(found, made.trusted)
    assert judged.facts.state is SignatureState.GOOD_TRUSTED, reasons(judged)


def test_the_path_leads_from_the_anchor_to_the_artifact() -> None:
    made = certificate()
    origin = Origin("trust file release.asc", since=1_700_000_000)
    judged = judge(signed(made), replace(made.trusted, origin=origin))
    kinds = [each.kind for each in judged.facts.path]
    assert kinds == [NodeKind.ANCHOR, NodeKind.KEY, NodeKind.SUBKEY, NodeKind.ARTIFACT]
    assert "2023-11-14" in judged.facts.path[0].detail.english()
    assert "release.asc" in judged.facts.path[0].detail.english()
    assert judged.facts.path[2].identifier == made.signer.public.fingerprint


def test_content_behind_a_descriptor() -> None:
    made = certificate()
    with tempfile.TemporaryFile() as file:
        file.write(CONTENT)
        file.flush()
        judged = judge(signed(made), made.trusted, content=file.fileno())
        assert judged.facts.state is SignatureState.GOOD_TRUSTED
        os.ftruncate(file.fileno(), 3)
        changed = judge(signed(made), made.trusted, content=file.fileno())
    assert changed.facts.state is SignatureState.GOOD_BUT_KEY
    assert verdict(changed.checks) is Verdict.INDETERMINATE


# --- not trusted ------------------------------------------------------------------------------


def revoked(reason: RevocationReason, at: int) -> dict[str, Revocation]:
    return {"revocation": Revocation(at, reason)}


def signer_changes() -> Iterator[tuple[str, dict[str, object], str]]:
    made = made_at(certificate())
    yield "expired", {"expires": made}, "expired"
    yield "expired long ago", {"expires": made - 3}, "expired"
    yield "younger than its signature", {"created": made + 1}, "older than"
    yield "not for signing", {"can_sign": False}, "not meant for signing"
    yield "no binding", {"valid_binding": False}, "no valid self-signature"
    for reason in RevocationReason:
        yield f"{reason.value} before", dict(revoked(reason, made)), "revoked"
        if reason.hard:
            yield f"{reason.value} after", dict(revoked(reason, made + DAY)), "revoked"


CHANGES = list(signer_changes())


@pytest.mark.parametrize(
    ("changes", "word"), [each[1:] for each in CHANGES], ids=[c[0] for c in CHANGES]
)
def test_a_key_in_a_bad_state_is_not_trusted(changes: dict[str, object], word: str) -> None:
    made = certificate()
    trusted = made.with_signer(**changes)
    judged = judge(signed(made), trusted, content=None)
    assert judged.facts.state is SignatureState.GOOD_BUT_KEY
    assert word in reasons(judged)
    assert verdict(judged.checks) is Verdict.UNTRUSTED
    # Sequoia sees the real certificate and says yes: a contradiction is never silent
    loud = judge(signed(made), trusted)
    assert loud.facts.state is SignatureState.GOOD_BUT_KEY
    assert verdict(loud.checks) is Verdict.INDETERMINATE


@pytest.mark.parametrize("reason", [RevocationReason.SUPERSEDED, RevocationReason.RETIRED])
def test_what_was_signed_before_a_soft_revocation_stays_trusted(reason: RevocationReason) -> None:
    made = certificate()
    trusted = made.with_signer(**revoked(reason, made_at(made) + 1))
    assert judge(signed(made), trusted).facts.state is SignatureState.GOOD_TRUSTED


def test_a_key_that_expired_later_was_good_when_it_signed() -> None:
    made = certificate()
    trusted = made.with_signer(expires=made_at(made) + 1)
    assert judge(signed(made), trusted).facts.state is SignatureState.GOOD_TRUSTED


@pytest.mark.parametrize(
    "changes", [{"expires": 5}, revoked(RevocationReason.COMPROMISED, 5), {"valid_binding": False}]
)
def test_the_primary_key_counts_too(changes: dict[str, object]) -> None:
    made = certificate()
    judged = judge(signed(made), made.with_primary(**changes), content=None)
    assert judged.facts.state is SignatureState.GOOD_BUT_KEY
    assert "primary key" in reasons(judged)


@pytest.mark.parametrize("bits", [1024, 2047])
def test_short_rsa_keys_are_weak(bits: int) -> None:
    made = certificate()
    judged = judge(signed(made), made.with_primary(type=KeyType(KeyFamily.RSA, bits)))
    assert judged.facts.state is SignatureState.GOOD_BUT_KEY
    assert f"RSA-{bits} is too weak" in reasons(judged)


@pytest.mark.parametrize("hashed_with", [HashAlgorithm.SHA1, HashAlgorithm.MD5])
def test_broken_hashes_are_not_trusted(hashed_with: HashAlgorithm) -> None:
    made = certificate()
    found = by_hand(made.signer, time=made_at(made), hashed_with=hashed_with)
    judged = judge(found, made.trusted)
    assert judged.facts.state is SignatureState.GOOD_BUT_KEY
    assert "broken" in reasons(judged)
    assert verdict(judged.checks) is Verdict.UNTRUSTED


def test_a_signature_from_the_future_is_not_trusted() -> None:
    made = certificate()
    found = signed(made)
    assert found.created is not None
    edge = found.created - CLOCK_TOLERANCE
    assert judge(found, made.trusted, at=edge).facts.state is SignatureState.GOOD_TRUSTED
    judged = judge(found, made.trusted, at=edge - 1)
    assert judged.facts.state is SignatureState.GOOD_BUT_KEY
    assert "after the reference time" in reasons(judged)


def test_other_purposes_do_not_count() -> None:
    made = certificate()
    trusted = replace(made.trusted, purposes=(Purpose.PACKAGES,))
    judged = judge(signed(made), trusted, purpose=Purpose.FILES)
    assert judged.facts.state is SignatureState.GOOD_BUT_KEY
    assert "other purposes" in reasons(judged)
    assert judge(signed(made), trusted, purpose=Purpose.PACKAGES).facts.state is (
        SignatureState.GOOD_TRUSTED
    )
    both = judge(signed(made), trusted, made.trusted, purpose=Purpose.FILES)
    assert both.facts.state is SignatureState.GOOD_TRUSTED


def test_version_3_is_good_and_not_trusted() -> None:
    made = certificate("RSA2k")
    key = made.signer
    fixed = b"\x00" + made_at(made).to_bytes(4, "big")
    digest = hashlib.sha256(CONTENT + fixed).digest()
    slot = made.slot
    generator = sign_openpgp(
        0, slot, hashlib.sha256(CONTENT), part=Part.FILE, covers=(), time=made_at(made)
    )
    (ask,) = next(generator)
    number = key.answer(replace(ask, digest=digest))
    key_id = bytes.fromhex(key.public.fingerprint)[-8:]
    body = b"\x03\x05" + fixed + key_id + b"\x01\x08" + digest[:2]
    (found,) = parse_signatures(packet(Tag.SIGNATURE, body + mpi(int.from_bytes(number, "big"))))
    judged = judge(found, made.trusted)
    assert judged.facts.state is SignatureState.GOOD_BUT_KEY
    assert "version 3" in reasons(judged)
