"""Judging OpenPGP signatures: every state, every reason, and the second library's yes."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace

import pysequoia
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signstation.codec.openpgp import SignatureClass, SignaturePacket, parse_signatures
from signstation.codec.openpgp_packets import Tag, mpi, packet
from signstation.codec.openpgp_write import hashed_part, signature_packet, suffix
from signstation.errors import ArtifactMalformed, LimitReached
from signstation.model.asks import Part, Range
from signstation.model.checks import CheckKind, NodeKind, Outcome, SignatureState, Verdict
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import KeyFamily, KeyType
from signstation.model.text import Text
from signstation.model.trust import (
    OpenPgpCertificate,
    Origin,
    Purpose,
    Revocation,
    RevocationReason,
    Trust,
)
from signstation.signatures.judged import Judged
from signstation.signatures.openpgp_sign import sign_openpgp
from signstation.signatures.openpgp_state import CLOCK_TOLERANCE
from signstation.signatures.openpgp_verify import hash_of, hash_request, judge_openpgp, start_hash
from signstation.verification.verdict import verdict
from tests.support.openpgp import SoftCertificate, SoftKey, drive, secret_keys
from tests.support.openpgp import shared_certificate as certificate

CONTENT = b"line one\nline two\r\nlast"
DAY = 86400


def made_at(made: SoftCertificate) -> int:
    """A time just after the certificate, so that Sequoia takes it too."""
    return made.trusted.primary.created + 5


def signed(made: SoftCertificate, content: bytes = CONTENT) -> SignaturePacket:
    slot = made.slot
    state = hashlib.new(slot.hash.value, content)
    covers = (Range(0, len(content)),)
    generator = sign_openpgp(0, slot, state, part=Part.FILE, covers=covers, time=made_at(made))
    (found,) = parse_signatures(drive(generator, made.signer))
    return found


def by_hand(
    key: SoftKey,
    *,
    time: int,
    hashed_with: HashAlgorithm = HashAlgorithm.SHA256,
    document: SignatureClass = SignatureClass.BINARY,
    content: bytes = CONTENT,
) -> SignaturePacket:
    """A signature that signstation itself refuses to make, by an Ed25519 key."""
    fingerprint = key.public.fingerprint
    hashed = hashed_part(document, 22, hashed_with, fingerprint, time)
    state = hashlib.new(hashed_with.value, content, usedforsecurity=False)
    state.update(suffix(hashed))
    number = key.private.sign(state.digest())  # type: ignore[call-arg, union-attr]
    halves = (number[:32], number[32:])
    raw = signature_packet(hashed, fingerprint, state.digest()[:2], halves, native=False)
    (found,) = parse_signatures(raw)
    return found


def judge(
    found: SignaturePacket,
    *trusted: OpenPgpCertificate,
    content: bytes | int | None = CONTENT,
    hashed: bytes = CONTENT,
    at: int | None = None,
    purpose: Purpose = Purpose.FILES,
    sufficient: bool = True,
) -> Judged:
    state = start_hash(found)
    if state is not None:
        state.update(hashed)
    created = found.created or 0
    return judge_openpgp(
        found,
        index=0,
        place=Text("here"),
        state=state,
        content=content,
        trust=Trust(openpgp=trusted),
        purpose=purpose,
        at=created + DAY if at is None else at,
        sufficient=sufficient,
        covers=(Range(0, len(hashed)),),
        code="test",
    )


def reasons(judged: Judged) -> str:
    return " ".join(each.english() for each in judged.facts.reasons)


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


# --- unknown, wrong, unreadable ----------------------------------------------------------------


def test_an_unknown_key_is_unknown_whatever_the_content() -> None:
    made, other = certificate(), certificate("P256")
    for hashed in (CONTENT, b"changed"):
        judged = judge(signed(made), other.trusted, hashed=hashed)
        assert judged.facts.state is SignatureState.UNKNOWN_KEY
        assert judged.facts.fingerprint == made.signer.public.fingerprint
        assert verdict(judged.checks) is Verdict.UNTRUSTED


def test_changed_content_is_bad() -> None:
    made = certificate()
    judged = judge(signed(made), made.trusted, hashed=CONTENT + b"x", content=CONTENT + b"x")
    assert judged.facts.state is SignatureState.BAD
    assert verdict(judged.checks) is Verdict.TAMPERED
    assert judged.facts.path == ()


def test_a_key_id_alone_finds_the_right_one_of_several_keys() -> None:
    """Two certificates whose facts claim the same key id: the number decides."""
    made, other = certificate(), certificate("P256")
    found = replace(signed(made), issuer_fingerprint="")
    twin = replace(
        other.trusted,
        keys=tuple(
            replace(each, fingerprint=each.fingerprint[:-16] + found.issuer_key_id)
            for each in other.trusted.keys
        ),
    )
    judged = judge(found, twin, made.trusted)
    assert judged.facts.state is SignatureState.GOOD_TRUSTED
    assert judge(found, twin).facts.state is SignatureState.UNKNOWN_KEY


def test_a_signature_that_names_nobody_is_unknown() -> None:
    made = certificate()
    found = replace(signed(made), issuer_fingerprint="", issuer_key_id="")
    judged = judge(found, made.trusted)
    assert judged.facts.state is SignatureState.UNKNOWN_KEY
    assert judged.facts.fingerprint == ""


def test_another_algorithm_than_the_keys_is_unreadable() -> None:
    made = certificate()
    judged = judge(replace(signed(made), algorithm=19), made.trusted)
    assert judged.facts.state is SignatureState.UNREADABLE
    assert verdict(judged.checks) is Verdict.INDETERMINATE


@pytest.mark.parametrize("kind", [0x02, 0x10, 0x18, 0x40, 0x50])
def test_signatures_over_other_things_are_unreadable(kind: int) -> None:
    made = certificate()
    judged = judge(replace(signed(made), type=kind), made.trusted)
    assert judged.facts.state is SignatureState.UNREADABLE


def test_problems_are_told() -> None:
    (found,) = parse_signatures(packet(Tag.SIGNATURE, b"\x09"))
    judged = judge(found, certificate().trusted)
    assert judged.facts.state is SignatureState.UNREADABLE
    assert "version 9" in reasons(judged)
    assert start_hash(found) is None
    assert hash_request(found) is None


def test_without_a_hash_nothing_is_said() -> None:
    made = certificate()
    judged = judge_openpgp(
        signed(made),
        index=0,
        place=Text("here"),
        state=None,
        content=CONTENT,
        trust=Trust(openpgp=(made.trusted,)),
        purpose=Purpose.FILES,
        at=made_at(made),
        sufficient=True,
        covers=(),
        code="test",
    )
    assert judged.facts.state is SignatureState.UNREADABLE


# --- the second library -----------------------------------------------------------------------


def test_without_the_librarys_yes_nothing_is_trusted() -> None:
    made = certificate()
    judged = judge(signed(made), made.trusted, content=None)
    assert judged.facts.state is SignatureState.GOOD_BUT_KEY
    (library,) = [each for each in judged.checks if each.kind is CheckKind.LIBRARY]
    assert (library.outcome, library.required) == (Outcome.NOT_RUN, True)
    assert verdict(judged.checks) is Verdict.INDETERMINATE


def test_the_librarys_no_is_indeterminate() -> None:
    """A certify-only key signed; its facts claim that it may. Sequoia reads its flags."""
    made = certificate()
    primary = secret_keys(made.secret)[made.trusted.primary.fingerprint]
    trusted = made.with_primary(can_sign=True)
    judged = judge(by_hand(primary, time=made_at(made)), trusted)
    (library,) = [each for each in judged.checks if each.kind is CheckKind.LIBRARY]
    assert library.outcome is Outcome.FAIL
    assert judged.facts.state is SignatureState.GOOD_BUT_KEY
    assert verdict(judged.checks) is Verdict.INDETERMINATE


def test_a_library_that_is_not_needed_is_not_required() -> None:
    made = certificate()
    judged = judge(signed(made), made.trusted, content=None, sufficient=False)
    (library,) = [each for each in judged.checks if each.kind is CheckKind.LIBRARY]
    assert not library.required
    assert verdict(judged.checks) is Verdict.UNTRUSTED


def test_a_closed_descriptor_is_no_refusal() -> None:
    made = certificate()
    judged = judge(signed(made), made.trusted, content=9999)
    assert verdict(judged.checks) is Verdict.INDETERMINATE
    assert "could not be asked" in reasons(judged)


# --- text -------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [CONTENT, CONTENT.replace(b"\r\n", b"\n")])
def test_text_signatures_do_not_cover_line_ends(content: bytes) -> None:
    made = certificate()
    canonical = b"line one\r\nline two\r\nlast"
    kind = SignatureClass.TEXT
    found = by_hand(made.signer, time=made_at(made), document=kind, content=canonical)
    judged = judge(found, made.trusted, content=content, hashed=content)
    assert judged.facts.state is SignatureState.GOOD_TRUSTED, reasons(judged)
    assert any(each.code == "test.text" for each in judged.checks)
    other = judge(found, made.trusted, content=content + b"x", hashed=content + b"x")
    assert other.facts.state is SignatureState.BAD
    unseen = judge(found, made.trusted, content=None)
    assert unseen.facts.state is SignatureState.UNREADABLE


# --- properties -------------------------------------------------------------------------------


@settings(max_examples=200)
@given(st.data())
def test_no_changed_signature_is_trusted(data: st.DataObject) -> None:
    made = certificate()
    original = signed(made)
    raw = bytearray(original.raw)
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        found = parse_signatures(bytes(raw))
    except (ArtifactMalformed, LimitReached):
        return
    for each in found:
        judged = judge(each, made.trusted)
        same = (each.suffix, each.numbers) == (original.suffix, original.numbers)
        assert judged.facts.state is not SignatureState.GOOD_TRUSTED or same


@given(st.binary(max_size=300))
def test_any_packet_is_judged(body: bytes) -> None:
    (found,) = parse_signatures(packet(Tag.SIGNATURE, body))
    judged = judge(found, certificate().trusted)
    assert judged.facts.state in {SignatureState.UNREADABLE, SignatureState.UNKNOWN_KEY}
