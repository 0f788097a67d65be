"""From signer to anchor: authorities, dates, usages and purposes, each with its reason."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from signstation.codec import cms
from signstation.codec.cms import (
    AlgorithmId,
    NewSigner,
    SignedData,
    build_signed_data,
    parse_signed_data,
)
from signstation.model.checks import NodeKind, Outcome, SignatureState
from signstation.model.trust import Purpose, Trust
from signstation.signatures.certificates import CODE_SIGNING, MODULE_SIGNING
from signstation.signatures.cms_rules import FILE_RULES, MODULE_RULES, CmsRules
from tests.support.cms import (
    CONTENT,
    LEAF,
    ROOT,
    SERVER_AUTH,
    Made,
    bare,
    judge,
    reasons_of,
    signed_data,
)
from tests.support.x509 import DAY, NOW, Identity, Shape, identity, trust


def test_a_leaf_of_a_trusted_authority_is_trusted_and_the_path_is_told() -> None:
    judged = judge(signed_data(LEAF), trust(ROOT))
    assert judged.facts.state is SignatureState.GOOD_TRUSTED
    assert [node.title for node in judged.facts.path] == ["Root", "Leaf"]
    assert [node.kind for node in judged.facts.path] == [NodeKind.ANCHOR, NodeKind.CERTIFICATE]


def test_an_intermediate_inside_leads_to_the_root() -> None:
    middle = identity("p384-ca", Shape(name="Middle", authority=True), ROOT)
    leaf = identity("p256-deep", Shape(name="Deep"), middle)
    judged = judge(signed_data(leaf), trust(ROOT))
    assert judged.facts.state is SignatureState.GOOD_TRUSTED
    assert [node.title for node in judged.facts.path] == ["Root", "Middle", "Deep"]


def test_without_its_certificate_the_signer_is_unknown() -> None:
    judged = judge(bare(LEAF), trust(ROOT))
    assert judged.facts.state is SignatureState.UNKNOWN_KEY
    assert judged.facts.signer.startswith("Root, serial ")


def test_a_certificate_inside_is_never_an_anchor() -> None:
    """A self-signed authority that comes with the signature proves nothing."""
    for owner in (identity("rsa2048"), LEAF):
        for anchors in (
            Trust(),
            trust(identity("p384-other", Shape(name="Other", authority=True))),
        ):
            judged = judge(signed_data(owner), anchors)
            assert judged.facts.state is SignatureState.GOOD_UNKNOWN_KEY
            assert judged.facts.reasons


@pytest.mark.parametrize("rules", [FILE_RULES, MODULE_RULES], ids=["files", "modules"])
def test_an_expired_certificate_without_a_signing_time_is_trusted_with_a_warning(
    rules: CmsRules,
) -> None:
    """It may have signed in time; nothing in the signature tells."""
    owner = identity("rsa2048")
    judged = judge(bare(owner), trust(owner), rules, at=NOW + 200 * DAY)
    assert judged.facts.state is SignatureState.GOOD_TRUSTED
    assert "expired on 2025-09-23" in reasons_of(judged)
    assert any(each.outcome is Outcome.WARNING for each in judged.checks)


def test_a_certificate_that_expired_after_signing_is_trusted() -> None:
    judged = judge(signed_data(LEAF), trust(ROOT), at=NOW + 200 * DAY)
    assert judged.facts.state is SignatureState.GOOD_TRUSTED
    assert "expired" not in reasons_of(judged)


@pytest.mark.parametrize("owner", [LEAF, identity("rsa2048")], ids=["leaf", "pinned"])
@pytest.mark.parametrize(
    ("made_at", "words"),
    [(NOW + 150 * DAY, "had expired"), (NOW - 150 * DAY, "not valid yet")],
    ids=["expired", "early"],
)
def test_a_certificate_out_of_date_when_it_signed_is_good_but(
    owner: Identity, made_at: int, words: str
) -> None:
    signed = signed_data(owner, Made(time=made_at))
    judged = judge(signed, trust(ROOT, owner), at=NOW + 160 * DAY)
    assert judged.facts.state is SignatureState.GOOD_BUT_KEY
    assert words in reasons_of(judged)
    by_root = judge(signed, trust(ROOT, identity("rsa2048")), at=NOW + 160 * DAY)
    assert by_root.facts.state is SignatureState.GOOD_BUT_KEY


def test_a_signature_out_of_the_future_is_good_but() -> None:
    judged = judge(signed_data(LEAF, Made(time=NOW + DAY)), trust(ROOT), at=NOW)
    assert judged.facts.state is SignatureState.GOOD_BUT_KEY
    assert "later than" in reasons_of(judged)


def test_a_certificate_not_valid_yet_cannot_have_signed_a_module() -> None:
    owner = identity("rsa2048")
    judged = judge(bare(owner), trust(owner), MODULE_RULES, at=NOW - 150 * DAY)
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
    judged = judge(bare(owner), trust(owner), rules)
    assert judged.facts.state is state
    told = any("would load the module" in each.summary.english() for each in judged.checks)
    assert told is (state is SignatureState.GOOD_BUT_KEY and rules is MODULE_RULES)


def test_a_key_usage_without_signatures_is_good_but() -> None:
    owner = identity("rsa2048", Shape(name="Encrypts", digital_signature=False))
    judged = judge(signed_data(owner), trust(owner))
    assert judged.facts.state is SignatureState.GOOD_BUT_KEY


def test_an_anchor_for_another_purpose_is_good_but() -> None:
    owner = identity("rsa2048")
    anchors = trust(owner, purposes=(Purpose.PACKAGES,))
    judged = judge(signed_data(owner), anchors)
    assert judged.facts.state is SignatureState.GOOD_BUT_KEY
    assert "packages" in reasons_of(judged)


def test_weak_keys_and_hashes_are_good_but() -> None:
    owner = identity("rsa1024")
    assert judge(signed_data(owner), trust(owner)).facts.state is SignatureState.GOOD_BUT_KEY
    strong = identity("rsa2048")
    signed = _signed_with_sha1(strong)
    judged = judge(signed, trust(strong))
    assert judged.facts.state is SignatureState.GOOD_BUT_KEY
    assert "SHA-1 is too weak" in reasons_of(judged)


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
    judged = judge(signed_data(leaf), trust(issuer), MODULE_RULES)
    assert judged.facts.state is SignatureState.GOOD_UNKNOWN_KEY
    assert "no certificate authority" in reasons_of(judged)
    assert any("would load the module" in each.summary.english() for each in judged.checks)


def test_a_path_longer_than_the_authority_allows_is_refused() -> None:
    short = identity("p256-short", Shape(name="Short", authority=True, path_length=0))
    middle = identity("p384-mid", Shape(name="Mid", authority=True), short)
    leaf = identity("p256-far", Shape(name="Far"), middle)
    judged = judge(signed_data(leaf), trust(short))
    assert judged.facts.state is SignatureState.GOOD_UNKNOWN_KEY


def test_a_certificate_of_the_same_name_with_another_key_does_not_hide_the_right_one() -> None:
    owner = identity("rsa2048", Shape(serial=99))
    twin = identity("rsa2048-twin", Shape(serial=99))
    for anchors in (trust(twin, owner), trust(owner, twin)):
        assert judge(bare(owner), anchors).facts.state is SignatureState.GOOD_TRUSTED
    signed = replace(bare(owner), certificates=(twin.der,))
    assert judge(signed, trust(owner)).facts.state is SignatureState.GOOD_TRUSTED
    assert judge(signed, trust(twin)).facts.state is SignatureState.BAD
