"""Judging CMS signatures: every state with its reason, for modules and for files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
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
from signstation.model.asks import Part, Range
from signstation.model.checks import CheckKind, NodeKind, Outcome, SignatureState
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import Scheme, SignatureType, Slot
from signstation.model.text import Text
from signstation.model.trust import Purpose, Trust
from signstation.signatures.certificates import CODE_SIGNING, MODULE_SIGNING
from signstation.signatures.cms_chain import readable
from signstation.signatures.cms_rules import FILE_RULES, MODULE_RULES, CmsRules
from signstation.signatures.cms_sign import sign_cms
from signstation.signatures.cms_verify import digest_algorithm, judge_cms
from signstation.signatures.judged import Judged
from tests.support.x509 import DAY, NOW, Identity, Shape, answer, identity, profile, slot, trust

CONTENT = b"content" * 50
SERVER_AUTH = "1.3.6.1.5.5.7.3.1"
ROOT = identity("p256-root", Shape(name="Root", authority=True, not_after=NOW + 300 * DAY))
LEAF = identity("p256", Shape(name="Leaf"), ROOT)


@dataclass(frozen=True)
class Made:
    """How a signature is made."""

    attributes: bool = True
    certificates: bool = True
    hash: HashAlgorithm = HashAlgorithm.SHA256
    time: int = NOW


def _signed(owner: Identity, made: Made | None = None, chosen: Slot | None = None) -> SignedData:
    made = made or Made()
    chosen = chosen or slot(owner, made.hash)
    signing = sign_cms(
        0,
        chosen,
        hashlib.new(chosen.hash.value, CONTENT),
        part=Part.FILE,
        covers=(Range(0, len(CONTENT)),),
        attributes=made.attributes,
        certificates=made.certificates,
        time=made.time,
    )
    (ask,) = next(signing)
    with pytest.raises(StopIteration) as stopped:
        signing.send((answer(owner, ask),))
    return parse_signed_data(stopped.value.value)


def _judge(
    signed: SignedData,
    anchors: Trust,
    rules: CmsRules = FILE_RULES,
    content: bytes = CONTENT,
    at: int = NOW,
) -> Judged:
    (signer,) = signed.signers
    named = digest_algorithm(signer)
    purpose = Purpose.FILES if rules is FILE_RULES else Purpose.KERNEL_MODULES
    return judge_cms(
        signed,
        signer,
        index=0,
        place=Text("beside the file"),
        state=None if named is None else hashlib.new(named.value, content, usedforsecurity=False),
        content=content,
        trust=anchors,
        purpose=purpose,
        at=at,
        sufficient=True,
        covers=(Range(0, len(content)),),
        code="test.signature",
        rules=rules,
    )


def _reasons(judged: Judged) -> str:
    return " ".join(each.english() for each in judged.facts.reasons)


def _bare(owner: Identity, **options: HashAlgorithm) -> SignedData:
    """As in a module: no attributes, no certificate."""
    return _signed(owner, Made(attributes=False, certificates=False, **options))


@pytest.mark.parametrize("kind", ["rsa2048", "p256", "p384", "p521", "ed25519"])
def test_a_pinned_certificate_is_trusted(kind: str) -> None:
    owner = identity(kind)
    hash_algorithm = HashAlgorithm.SHA512 if kind == "ed25519" else HashAlgorithm.SHA256
    judged = _judge(_signed(owner, Made(hash=hash_algorithm)), trust(owner))
    facts = judged.facts
    assert facts.state is SignatureState.GOOD_TRUSTED
    assert (facts.signer, facts.made_at) == ("Test key", NOW)
    assert facts.reasons == (facts.path[0].detail,)
    assert facts.fingerprint == hashlib.sha256(owner.der).hexdigest()
    assert [node.kind for node in facts.path] == [NodeKind.ANCHOR]
    assert "a test" in facts.path[0].detail.english()


def test_a_leaf_of_a_trusted_authority_is_trusted_and_the_path_is_told() -> None:
    judged = _judge(_signed(LEAF), trust(ROOT))
    assert judged.facts.state is SignatureState.GOOD_TRUSTED
    assert [node.title for node in judged.facts.path] == ["Root", "Leaf"]
    assert [node.kind for node in judged.facts.path] == [NodeKind.ANCHOR, NodeKind.CERTIFICATE]


def test_an_intermediate_inside_leads_to_the_root() -> None:
    middle = identity("p384-ca", Shape(name="Middle", authority=True), ROOT)
    leaf = identity("p256-deep", Shape(name="Deep"), middle)
    judged = _judge(_signed(leaf), trust(ROOT))
    assert judged.facts.state is SignatureState.GOOD_TRUSTED
    assert [node.title for node in judged.facts.path] == ["Root", "Middle", "Deep"]


def test_without_its_certificate_the_signer_is_unknown() -> None:
    judged = _judge(_bare(LEAF), trust(ROOT))
    assert judged.facts.state is SignatureState.UNKNOWN_KEY
    assert judged.facts.signer.startswith("Root, serial ")


def test_a_certificate_inside_is_never_an_anchor() -> None:
    """A self-signed authority that comes with the signature proves nothing."""
    for owner in (identity("rsa2048"), LEAF):
        for anchors in (
            Trust(),
            trust(identity("p384-other", Shape(name="Other", authority=True))),
        ):
            judged = _judge(_signed(owner), anchors)
            assert judged.facts.state is SignatureState.GOOD_UNKNOWN_KEY
            assert judged.facts.reasons


def test_a_changed_content_is_bad_and_contradicts_the_signed_digest() -> None:
    judged = _judge(_signed(LEAF), trust(ROOT), content=CONTENT + b"x")
    assert judged.facts.state is SignatureState.BAD
    (digest,) = [each for each in judged.checks if each.kind is CheckKind.CONTENT]
    assert digest.outcome is Outcome.FAIL
    assert digest.required


def test_a_strangers_signature_over_other_content_contradicts_it_too() -> None:
    signed = replace(_signed(LEAF), certificates=())
    judged = _judge(signed, Trust(), content=CONTENT + b"x")
    assert judged.facts.state is SignatureState.UNKNOWN_KEY
    assert any(
        each.kind is CheckKind.CONTENT and each.outcome is Outcome.FAIL for each in judged.checks
    )


def test_without_attributes_a_changed_content_is_bad() -> None:
    owner = identity("rsa2048")
    judged = _judge(_bare(owner), trust(owner), content=CONTENT + b"x")
    assert judged.facts.state is SignatureState.BAD


@pytest.mark.parametrize("rules", [FILE_RULES, MODULE_RULES], ids=["files", "modules"])
def test_an_expired_certificate_without_a_signing_time_is_trusted_with_a_warning(
    rules: CmsRules,
) -> None:
    """It may have signed in time; nothing in the signature tells."""
    owner = identity("rsa2048")
    judged = _judge(_bare(owner), trust(owner), rules, at=NOW + 200 * DAY)
    assert judged.facts.state is SignatureState.GOOD_TRUSTED
    assert "expired on 2025-09-23" in _reasons(judged)
    assert any(each.outcome is Outcome.WARNING for each in judged.checks)


def test_a_certificate_that_expired_after_signing_is_trusted() -> None:
    judged = _judge(_signed(LEAF), trust(ROOT), at=NOW + 200 * DAY)
    assert judged.facts.state is SignatureState.GOOD_TRUSTED
    assert "expired" not in _reasons(judged)


@pytest.mark.parametrize("owner", [LEAF, identity("rsa2048")], ids=["leaf", "pinned"])
@pytest.mark.parametrize(
    ("made_at", "words"),
    [(NOW + 150 * DAY, "had expired"), (NOW - 150 * DAY, "not valid yet")],
    ids=["expired", "early"],
)
def test_a_certificate_out_of_date_when_it_signed_is_good_but(
    owner: Identity, made_at: int, words: str
) -> None:
    signed = _signed(owner, Made(time=made_at))
    judged = _judge(signed, trust(ROOT, owner), at=NOW + 160 * DAY)
    assert judged.facts.state is SignatureState.GOOD_BUT_KEY
    assert words in _reasons(judged)
    by_root = _judge(signed, trust(ROOT, identity("rsa2048")), at=NOW + 160 * DAY)
    assert by_root.facts.state is SignatureState.GOOD_BUT_KEY


def test_a_signature_out_of_the_future_is_good_but() -> None:
    judged = _judge(_signed(LEAF, Made(time=NOW + DAY)), trust(ROOT), at=NOW)
    assert judged.facts.state is SignatureState.GOOD_BUT_KEY
    assert "later than" in _reasons(judged)


def test_a_certificate_not_valid_yet_cannot_have_signed_a_module() -> None:
    owner = identity("rsa2048")
    judged = _judge(_bare(owner), trust(owner), MODULE_RULES, at=NOW - 150 * DAY)
    assert judged.facts.state is SignatureState.GOOD_BUT_KEY
    assert any("would load the module" in each.summary.english() for each in judged.checks)


@pytest.mark.parametrize(
    ("usages", "rules", "state"),
    [
        ((CODE_SIGNING,), FILE_RULES, SignatureState.GOOD_TRUSTED),
        ((MODULE_SIGNING,), FILE_RULES, SignatureState.GOOD_BUT_KEY),
        ((SERVER_AUTH,), FILE_RULES, SignatureState.GOOD_BUT_KEY),
        ((MODULE_SIGNING,), MODULE_RULES, SignatureState.GOOD_TRUSTED),
        ((CODE_SIGNING, SERVER_AUTH), MODULE_RULES, SignatureState.GOOD_TRUSTED),
        ((SERVER_AUTH,), MODULE_RULES, SignatureState.GOOD_BUT_KEY),
    ],
)
def test_extended_key_usages_count(
    usages: tuple[str, ...], rules: CmsRules, state: SignatureState
) -> None:
    owner = identity("rsa2048", Shape(name="Uses", usages=usages))
    judged = _judge(_bare(owner), trust(owner), rules)
    assert judged.facts.state is state
    told = any("would load the module" in each.summary.english() for each in judged.checks)
    assert told is (state is SignatureState.GOOD_BUT_KEY and rules is MODULE_RULES)


def test_a_key_usage_without_signatures_is_good_but() -> None:
    owner = identity("rsa2048", Shape(name="Encrypts", digital_signature=False))
    judged = _judge(_signed(owner), trust(owner))
    assert judged.facts.state is SignatureState.GOOD_BUT_KEY


def test_an_anchor_for_another_purpose_is_good_but() -> None:
    owner = identity("rsa2048")
    anchors = trust(owner, purposes=(Purpose.PACKAGES,))
    judged = _judge(_signed(owner), anchors)
    assert judged.facts.state is SignatureState.GOOD_BUT_KEY
    assert "packages" in _reasons(judged)


def test_weak_keys_and_hashes_are_good_but() -> None:
    owner = identity("rsa1024")
    assert _judge(_signed(owner), trust(owner)).facts.state is SignatureState.GOOD_BUT_KEY
    strong = identity("rsa2048")
    signed = _signed_with_sha1(strong)
    judged = _judge(signed, trust(strong))
    assert judged.facts.state is SignatureState.GOOD_BUT_KEY
    assert "SHA-1 is too weak" in _reasons(judged)


def _signed_with_sha1(owner: Identity) -> SignedData:
    assert isinstance(owner.key, rsa.RSAPrivateKey)
    signature = owner.key.sign(CONTENT, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303 - it must be refused
    new = NewSigner(
        cms.certificate_identity(owner.der),
        AlgorithmId("1.3.14.3.2.26"),
        AlgorithmId("1.2.840.113549.1.1.1", b"\x05\x00"),
        signature,
    )
    return parse_signed_data(build_signed_data(new))


def test_an_issuer_that_is_no_authority_issues_nothing_here_but_for_the_kernel() -> None:
    issuer = identity("p256-issuer", Shape(name="Plain"))
    leaf = identity("p256-plain", Shape(name="Stolen"), issuer)
    judged = _judge(_signed(leaf), trust(issuer), MODULE_RULES)
    assert judged.facts.state is SignatureState.GOOD_UNKNOWN_KEY
    assert "no certificate authority" in _reasons(judged)
    assert any("would load the module" in each.summary.english() for each in judged.checks)


def test_a_path_longer_than_the_authority_allows_is_refused() -> None:
    short = identity("p256-short", Shape(name="Short", authority=True, path_length=0))
    middle = identity("p384-mid", Shape(name="Mid", authority=True), short)
    leaf = identity("p256-far", Shape(name="Far"), middle)
    judged = _judge(_signed(leaf), trust(short))
    assert judged.facts.state is SignatureState.GOOD_UNKNOWN_KEY


def test_signed_attributes_in_a_module_are_what_the_kernel_refuses() -> None:
    owner = identity("rsa2048")
    judged = _judge(_signed(owner), trust(owner), MODULE_RULES)
    (refused,) = [each for each in judged.checks if each.kind is CheckKind.STRUCTURE]
    assert (refused.outcome, refused.required) == (Outcome.FAIL, True)
    assert "attributes" in refused.summary.english()


def test_pss_in_a_module_is_what_no_kernel_checks() -> None:
    owner = identity("rsa2048")
    chosen = Slot(profile(owner), SignatureType.CMS, Scheme.RSA_PSS_SHA256, HashAlgorithm.SHA256)
    signed = _signed(owner, Made(attributes=False), chosen)
    assert _judge(signed, trust(owner)).facts.state is SignatureState.GOOD_TRUSTED
    judged = _judge(signed, trust(owner), MODULE_RULES)
    assert any(
        each.kind is CheckKind.STRUCTURE and each.outcome is Outcome.FAIL for each in judged.checks
    )


def test_a_signer_by_key_identifier_is_found() -> None:
    owner = identity("rsa2048")
    signed = _bare(owner)
    key_id = owner.certificate.extensions[0].value.public_bytes()[2:]
    by_id = replace(signed.signers[0], signer=SubjectKeyId(key_id))
    judged = _judge(replace(signed, signers=(by_id,)), trust(owner))
    assert judged.facts.state is SignatureState.GOOD_TRUSTED


def test_a_certificate_of_the_same_name_with_another_key_does_not_hide_the_right_one() -> None:
    owner = identity("rsa2048", Shape(serial=99))
    twin = identity("rsa2048-twin", Shape(serial=99))
    for anchors in (trust(twin, owner), trust(owner, twin)):
        assert _judge(_bare(owner), anchors).facts.state is SignatureState.GOOD_TRUSTED
    signed = replace(_bare(owner), certificates=(twin.der,))
    assert _judge(signed, trust(owner)).facts.state is SignatureState.GOOD_TRUSTED
    assert _judge(signed, trust(twin)).facts.state is SignatureState.BAD


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
        assert _judge(signed, trust(owner)).facts.state is SignatureState.GOOD_TRUSTED
        judged = _judge(signed, trust(owner), content=CONTENT + b"x")
        assert judged.facts.state is SignatureState.BAD


def _with_signer(signed: SignedData, **changes: object) -> SignedData:
    return replace(signed, signers=(replace(signed.signers[0], **changes),))  # type: ignore[arg-type]


def test_unknown_algorithms_are_unreadable_not_bad() -> None:
    owner = identity("rsa2048")
    signed = _bare(owner)
    for changed in (
        _with_signer(signed, digest=AlgorithmId("1.2.3")),
        _with_signer(signed, algorithm=AlgorithmId("1.2.3")),
        _with_signer(signed, algorithm=AlgorithmId("1.2.840.113549.1.1.13")),  # SHA-512
        _with_signer(signed, algorithm=AlgorithmId("1.2.840.113549.1.1.10", b"\x30\x00")),
    ):
        judged = _judge(changed, trust(owner))
        assert judged.facts.state is SignatureState.UNREADABLE
        assert judged.checks[0].state is SignatureState.UNREADABLE
        assert judged.checks[0].outcome is not Outcome.PASS


def test_attributes_without_what_must_be_there_are_unreadable() -> None:
    """RFC 5652 5.3: content-type and message-digest are required."""
    owner = identity("rsa2048")
    whole = _signed(owner)
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
        judged = _judge(parse_signed_data(build_signed_data(new)), trust(owner))
        assert judged.facts.state is SignatureState.UNREADABLE
    other_type = replace(whole, content_type="1.2.3")
    assert _judge(other_type, trust(owner)).facts.state is SignatureState.UNREADABLE


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
    judged = _judge(signed, trust(ROOT))
    if judged.facts.state is SignatureState.GOOD_TRUSTED:
        original, changed = parse_signed_data(WHOLE).signers[0], signed.signers[0]
        assert changed.signature == original.signature
        assert changed.attributes is not None
        assert original.attributes is not None
        assert changed.attributes.signed == original.attributes.signed
        # the count of unused bits in its signature is the one free field of a certificate
        signed_parts = [each.tbs_certificate_bytes for each in _readable(signed)]
        assert LEAF.certificate.tbs_certificate_bytes in signed_parts


def _whole() -> bytes:
    chosen = slot(LEAF)
    signing = sign_cms(
        0,
        chosen,
        hashlib.sha256(CONTENT),
        part=Part.FILE,
        covers=(Range(0, len(CONTENT)),),
        attributes=True,
        certificates=True,
        time=NOW,
    )
    (ask,) = next(signing)
    with pytest.raises(StopIteration) as stopped:
        signing.send((answer(LEAF, ask),))
    found: bytes = stopped.value.value
    return found


WHOLE = _whole()


def test_hostile_certificates_inside_are_left_out() -> None:
    """What cannot be read cannot be a signer; it never stops the judgement."""
    broken = LEAF.der[:40] + b"\xff" + LEAF.der[41:]
    signed = replace(_signed(LEAF), certificates=(b"\x30\x00", broken, LEAF.der))
    assert _judge(signed, trust(ROOT)).facts.state is SignatureState.GOOD_TRUSTED


def test_identities_compare_by_bytes() -> None:
    owner = identity("rsa2048")
    found = cms.certificate_identity(owner.der)
    assert isinstance(found, IssuerAndSerial)
    assert found.encode() in build_signed_data(
        NewSigner(found, AlgorithmId("1.2.3"), AlgorithmId("1.2.3"), b"")
    )
