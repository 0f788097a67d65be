"""Judging CMS signatures: number, attributes and structure, for modules and for files."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from cryptography import x509
from hypothesis import example, given
from hypothesis import strategies as st

from signstation.codec import cms, der
from signstation.codec.cms import (
    AlgorithmId,
    IssuerAndSerial,
    NewSigner,
    SignedData,
    SubjectKeyId,
    build_attributes,
    build_signed_data,
    parse_signed_data,
)
from signstation.errors import ArtifactMalformed
from signstation.model.checks import CheckKind, NodeKind, Outcome, SignatureState
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import Scheme, SignatureType, Slot
from signstation.model.trust import Trust
from signstation.signatures.cms_chain import readable
from signstation.signatures.cms_rules import MODULE_RULES
from tests.support.cms import (
    CONTENT,
    LEAF,
    ROOT,
    Made,
    bare,
    judge,
    signed_bytes,
    signed_data,
)
from tests.support.x509 import NOW, identity, profile, trust


@pytest.mark.parametrize("kind", ["rsa2048", "p256", "p384", "p521", "ed25519"])
def test_a_pinned_certificate_is_trusted(kind: str) -> None:
    owner = identity(kind)
    hash_algorithm = HashAlgorithm.SHA512 if kind == "ed25519" else HashAlgorithm.SHA256
    judged = judge(signed_data(owner, Made(hash=hash_algorithm)), trust(owner))
    facts = judged.facts
    assert facts.state is SignatureState.GOOD_TRUSTED
    assert (facts.signer, facts.made_at) == ("Test key", NOW)
    assert facts.reasons == (facts.path[0].detail,)
    assert facts.fingerprint == hashlib.sha256(owner.der).hexdigest()
    assert [node.kind for node in facts.path] == [NodeKind.ANCHOR]
    assert "a test" in facts.path[0].detail.english()


def test_a_changed_content_is_bad_and_contradicts_the_signed_digest() -> None:
    judged = judge(signed_data(LEAF), trust(ROOT), content=CONTENT + b"x")
    assert judged.facts.state is SignatureState.BAD
    (digest,) = [each for each in judged.checks if each.kind is CheckKind.CONTENT]
    assert digest.outcome is Outcome.FAIL
    assert digest.required


def test_a_strangers_signature_over_other_content_contradicts_it_too() -> None:
    signed = replace(signed_data(LEAF), certificates=())
    judged = judge(signed, Trust(), content=CONTENT + b"x")
    assert judged.facts.state is SignatureState.UNKNOWN_KEY
    assert any(
        each.kind is CheckKind.CONTENT and each.outcome is Outcome.FAIL for each in judged.checks
    )


def test_without_attributes_a_changed_content_is_bad() -> None:
    owner = identity("rsa2048")
    judged = judge(bare(owner), trust(owner), content=CONTENT + b"x")
    assert judged.facts.state is SignatureState.BAD


def test_signed_attributes_in_a_module_are_what_the_kernel_refuses() -> None:
    owner = identity("rsa2048")
    judged = judge(signed_data(owner), trust(owner), MODULE_RULES)
    (refused,) = [each for each in judged.checks if each.kind is CheckKind.STRUCTURE]
    assert (refused.outcome, refused.required) == (Outcome.FAIL, True)
    assert "attributes" in refused.summary.english()


def test_pss_in_a_module_is_what_no_kernel_checks() -> None:
    owner = identity("rsa2048")
    chosen = Slot(profile(owner), SignatureType.CMS, Scheme.RSA_PSS_SHA256, HashAlgorithm.SHA256)
    signed = signed_data(owner, Made(attributes=False), chosen)
    assert judge(signed, trust(owner)).facts.state is SignatureState.GOOD_TRUSTED
    judged = judge(signed, trust(owner), MODULE_RULES)
    assert any(
        each.kind is CheckKind.STRUCTURE and each.outcome is Outcome.FAIL for each in judged.checks
    )


def test_a_signer_by_key_identifier_is_found() -> None:
    owner = identity("rsa2048")
    signed = bare(owner)
    key_id = owner.certificate.extensions[0].value.public_bytes()[2:]
    by_id = replace(signed.signers[0], signer=SubjectKeyId(key_id))
    judged = judge(replace(signed, signers=(by_id,)), trust(owner))
    assert judged.facts.state is SignatureState.GOOD_TRUSTED


def test_ed25519_and_mldsa_without_attributes_are_over_the_content() -> None:
    for kind, name in (("ed25519", "1.3.101.112"), ("mldsa65", "2.16.840.1.101.3.4.3.18")):
        owner = identity(kind)
        assert hasattr(owner.key, "sign")
        signature = owner.key.sign(CONTENT)
        new = NewSigner(
            cms.certificate_identity(owner.der),
            AlgorithmId("2.16.840.1.101.3.4.2.3"),
            AlgorithmId(name),
            signature,
        )
        signed = parse_signed_data(build_signed_data(new))
        assert judge(signed, trust(owner)).facts.state is SignatureState.GOOD_TRUSTED
        judged = judge(signed, trust(owner), content=CONTENT + b"x")
        assert judged.facts.state is SignatureState.BAD


def _with_signer(signed: SignedData, **changes: object) -> SignedData:
    return replace(signed, signers=(replace(signed.signers[0], **changes),))  # type: ignore[arg-type]


def test_unknown_algorithms_are_unreadable_not_bad() -> None:
    owner = identity("rsa2048")
    signed = bare(owner)
    for changed in (
        _with_signer(signed, digest=AlgorithmId("1.2.3")),
        _with_signer(signed, algorithm=AlgorithmId("1.2.3")),
        _with_signer(signed, algorithm=AlgorithmId("1.2.840.113549.1.1.13")),  # SHA-512
        _with_signer(signed, algorithm=AlgorithmId("1.2.840.113549.1.1.10", b"\x30\x00")),
    ):
        judged = judge(changed, trust(owner))
        assert judged.facts.state is SignatureState.UNREADABLE
        assert judged.checks[0].state is SignatureState.UNREADABLE
        assert judged.checks[0].outcome is not Outcome.PASS


def test_attributes_without_what_must_be_there_are_unreadable() -> None:
    """RFC 5652 5.3: content-type and message-digest are required."""
    owner = identity("rsa2048")
    whole = signed_data(owner)
    pair = der.sequence(der.oid(cms.CONTENT_TYPE), der.set_of(der.oid("1.2.3")))
    for raw in (
        der.set_of(pair),
        build_attributes(b"d" * 32, NOW).replace(
            der.oid(cms.MESSAGE_DIGEST), der.oid("1.2.840.113549.1.9.7")
        ),
    ):
        new = NewSigner(
            cms.certificate_identity(owner.der),
            AlgorithmId("2.16.840.1.101.3.4.2.1"),
            AlgorithmId("1.2.840.113549.1.1.1", b"\x05\x00"),
            b"s" * 256,
            raw,
        )
        judged = judge(parse_signed_data(build_signed_data(new)), trust(owner))
        assert judged.facts.state is SignatureState.UNREADABLE
    other_type = replace(whole, content_type="1.2.3")
    assert judge(other_type, trust(owner)).facts.state is SignatureState.UNREADABLE


def _readable(signed: SignedData) -> list[x509.Certificate]:
    return [each.certificate for each in readable(signed.certificates)]


@given(st.integers(0, 2_000), st.integers(1, 255))
@example(366, 1)
def test_no_changed_byte_is_trusted_unless_it_changes_nothing_that_counts(
    at: int, change: int
) -> None:
    data = bytearray(WHOLE)
    data[at % len(data)] ^= change
    try:
        signed = parse_signed_data(bytes(data))
    except ArtifactMalformed:
        return
    if len(signed.signers) != 1:
        return
    judged = judge(signed, trust(ROOT))
    if judged.facts.state is SignatureState.GOOD_TRUSTED:
        original, changed = parse_signed_data(WHOLE).signers[0], signed.signers[0]
        assert changed.signature == original.signature
        assert changed.attributes is not None
        assert original.attributes is not None
        assert changed.attributes.signed == original.attributes.signed
        # the count of unused bits in its signature is the one free field of a certificate
        signed_parts = [each.tbs_certificate_bytes for each in _readable(signed)]
        assert LEAF.certificate.tbs_certificate_bytes in signed_parts


WHOLE = signed_bytes(LEAF)


def test_hostile_certificates_inside_are_left_out() -> None:
    """What cannot be read cannot be a signer; it never stops the judgement."""
    broken = LEAF.der[:40] + b"\xff" + LEAF.der[41:]
    signed = replace(signed_data(LEAF), certificates=(b"\x30\x00", broken, LEAF.der))
    assert judge(signed, trust(ROOT)).facts.state is SignatureState.GOOD_TRUSTED


def test_identities_compare_by_bytes() -> None:
    owner = identity("rsa2048")
    found = cms.certificate_identity(owner.der)
    assert isinstance(found, IssuerAndSerial)
    assert found.encode() in build_signed_data(
        NewSigner(found, AlgorithmId("1.2.3"), AlgorithmId("1.2.3"), b"")
    )
