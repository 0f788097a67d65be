"""The format kmod judges: the outermost signature, its trailer, and all that can be wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signstation.codec import cms, der, kmod
from signstation.codec.cms import parse_signed_data
from signstation.errors import CompressedModule
from signstation.formats.kmod import FORMAT
from signstation.model.asks import Range
from signstation.model.checks import CheckKind, Outcome, SignatureState, Verified
from signstation.model.trust import Trust
from signstation.worker.context import StepContext
from tests.support.kmod import artifact_of, module, sign
from tests.support.x509 import NOW, Shape, identity, trust

OWNER = identity("rsa2048")
AUTHORITY = identity("p256-ca", Shape(name="CA", authority=True))
ISSUED = identity("p256", Shape(name="Issued"), AUTHORITY)


def _verify(content: bytes, directory: Path, anchors: Trust | None = None) -> Verified:
    with artifact_of(directory / "verify.ko", content) as artifact:
        chosen = trust(OWNER) if anchors is None else anchors
        return FORMAT.verify(artifact, (), chosen, StepContext(time=NOW))


def _states(verified: Verified) -> list[SignatureState]:
    return [each.state for each in verified.signatures]


def _failed(verified: Verified) -> set[str]:
    return {
        each.code
        for each in verified.checks
        if each.outcome is Outcome.FAIL and each.kind is CheckKind.STRUCTURE
    }


def test_a_signed_module_is_trusted_by_its_anchor_only(tmp_path: Path) -> None:
    signed = sign(module(), OWNER, tmp_path)
    verified = _verify(signed, tmp_path)
    assert _states(verified) == [SignatureState.GOOD_TRUSTED]
    assert not _failed(verified)
    assert verified.signatures[0].covers == (Range(0, len(module())),)
    stranger = _verify(signed, tmp_path, trust(identity("p256-stranger")))
    assert _states(stranger) == [SignatureState.UNKNOWN_KEY]


def test_an_enrolled_authority_is_enough_for_what_it_issued(tmp_path: Path) -> None:
    signed = sign(module(), ISSUED, tmp_path)
    assert _states(_verify(signed, tmp_path, trust(AUTHORITY))) == [SignatureState.GOOD_TRUSTED]
    without = sign(module(), ISSUED, tmp_path, options={"certificate": "no"})
    assert _states(_verify(without, tmp_path, trust(AUTHORITY))) == [SignatureState.UNKNOWN_KEY]


def test_kernels_that_cannot_check_ecdsa_are_named(tmp_path: Path) -> None:
    owner = identity("p256-own", Shape(name="Elliptic"))
    signed = sign(module(), owner, tmp_path)
    assert "kmod.ecdsa" in {each.code for each in _verify(signed, tmp_path, trust(owner)).checks}
    rsa = _verify(sign(module(), OWNER, tmp_path), tmp_path)
    assert "kmod.ecdsa" not in {each.code for each in rsa.checks}


def test_an_unsigned_module_has_checks_and_no_signature(tmp_path: Path) -> None:
    verified = _verify(module(), tmp_path)
    assert verified.signatures == ()
    assert {each.code for each in verified.checks} == {"kmod.unsigned", "kmod.structure"}
    assert not _failed(verified)


def test_a_changed_module_is_bad(tmp_path: Path) -> None:
    signed = sign(module(), OWNER, tmp_path)
    for at in (20, 70, len(module()) - 1, len(module()) + 200):
        changed = bytearray(signed)
        changed[at] ^= 0x40
        assert _states(_verify(bytes(changed), tmp_path)) == [SignatureState.BAD]


def _appended(content: bytes) -> bytes:
    return kmod.signatures(lambda at, count: content[at : at + count], len(content))[0].signature


@pytest.mark.parametrize("kind", [0, 1, 7])
def test_signatures_of_older_kinds_are_unreadable(kind: int, tmp_path: Path) -> None:
    signed = bytearray(sign(module(), OWNER, tmp_path))
    signed[-kmod.TAIL + 2] = kind
    assert _states(_verify(bytes(signed), tmp_path)) == [SignatureState.UNREADABLE]


def test_reserved_fields_that_are_not_zero_fail(tmp_path: Path) -> None:
    for offset in (0, 1, 3, 4, 5, 7):
        signed = bytearray(sign(module(), OWNER, tmp_path))
        signed[-kmod.TAIL + offset] = 1
        assert "kmod.trailer" in _failed(_verify(bytes(signed), tmp_path))


def test_a_trailer_that_contradicts_the_file_fails(tmp_path: Path) -> None:
    signed = bytearray(sign(module(), OWNER, tmp_path))
    signed[-kmod.TAIL + 8] = 0x7F
    assert "kmod.trailer" in _failed(_verify(bytes(signed), tmp_path))


def test_a_malformed_module_under_a_good_signature_fails(tmp_path: Path) -> None:
    """Not the kernel's order, but nobody may call such a file verified."""
    content = bytearray(module())
    content[0x3E] = 200
    signature = _appended(sign(module(), OWNER, tmp_path))
    verified = _verify(bytes(content) + kmod.append(signature), tmp_path)
    assert "kmod.structure" in _failed(verified)


def test_cms_of_other_shapes_is_unreadable(tmp_path: Path) -> None:
    """Junk, content of its own, and no signer at all."""
    body = der.sequence(
        der.integer(1),
        der.set_of(),
        der.sequence(
            der.oid(cms.DATA), der.der(der.context(0), der.der(der.OCTET_STRING, b"content"))
        ),
        der.set_of(),
    )
    with_content = der.sequence(der.oid(cms.SIGNED_DATA), der.der(der.context(0), body))
    body = der.sequence(der.integer(1), der.set_of(), der.sequence(der.oid(cms.DATA)), der.set_of())
    no_signer = der.sequence(der.oid(cms.SIGNED_DATA), der.der(der.context(0), body))
    for signature in (b"junk", with_content, no_signer):
        verified = _verify(module() + kmod.append(signature), tmp_path)
        assert _states(verified) == [SignatureState.UNREADABLE]


def test_two_signers_are_judged_one_by_one(tmp_path: Path) -> None:
    """The kernel takes such a CMS when all of its numbers are right and one key is trusted."""
    other = identity("p256-two", Shape(name="Second"))
    first = parse_signed_data(_appended(sign(module(), OWNER, tmp_path)))
    second = parse_signed_data(_appended(sign(module(), other, tmp_path)))
    infos = [_encode_signer(each) for each in (*first.signers, *second.signers)]
    body = der.sequence(
        der.integer(1),
        der.set_of(first.digests[0].encode()),
        der.sequence(der.oid(cms.DATA)),
        der.set_of(*infos),
    )
    both = der.sequence(der.oid(cms.SIGNED_DATA), der.der(der.context(0), body))
    verified = _verify(module() + kmod.append(both), tmp_path)
    assert sorted(_states(verified), key=lambda each: each.value) == [
        SignatureState.GOOD_TRUSTED,
        SignatureState.UNKNOWN_KEY,
    ]
    assert [each.index for each in verified.signatures] == [0, 1]


def _encode_signer(signer: cms.SignerInfo) -> bytes:
    return der.sequence(
        der.integer(1),
        signer.signer.encode(),
        signer.digest.encode(),
        signer.algorithm.encode(),
        der.der(der.OCTET_STRING, signer.signature),
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(at=st.integers(0, 5000), change=st.integers(1, 255))
def test_no_changed_byte_leaves_a_module_verified(at: int, change: int, tmp_path: Path) -> None:
    original = sign(module(), OWNER, tmp_path)
    signed = bytearray(original)
    signed[at % len(signed)] ^= change
    try:
        verified = _verify(bytes(signed), tmp_path)
    except CompressedModule:
        return
    trusted = SignatureState.GOOD_TRUSTED in _states(verified) and not _failed(verified)
    if trusted:  # fields of the CMS that the kernel does not look at either
        kept = parse_signed_data(_appended(bytes(signed))).signers
        assert kept == parse_signed_data(_appended(original)).signers
