"""Judges CMS signatures: the structure is ours, number and path are ``cryptography``'s.

The table of what counts for which purpose is in ``cms_rules``. ``openssl cms`` gives its own yes
as a referee of the formats that it can judge.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature

from signstation.codec import der
from signstation.codec.cms import (
    CONTENT_TYPE,
    DATA,
    MESSAGE_DIGEST,
    SIGNING_TIME,
    IssuerAndSerial,
    SignedData,
    SignerInfo,
    SubjectKeyId,
    common_name,
)
from signstation.errors import ArtifactMalformed
from signstation.model.asks import Segment
from signstation.model.checks import SignatureFacts, SignatureState
from signstation.model.hashes import HashAlgorithm, HashState
from signstation.model.keys import SignatureType
from signstation.model.text import Text, text
from signstation.model.trust import Purpose, Trust
from signstation.signatures.certificates import CertificateFacts
from signstation.signatures.cms_algorithms import (
    PURE,
    SignatureAlgorithm,
    UnknownAlgorithm,
    hash_of,
    signature_algorithm,
    verify_number,
)
from signstation.signatures.cms_chain import (
    Question,
    Standing,
    readable,
    readable_anchors,
    standing,
)
from signstation.signatures.cms_checks import (
    consumer_checks,
    digest_check,
    signature_check,
    trust_checks,
)
from signstation.signatures.cms_rules import CmsRules
from signstation.signatures.judged import Judged


def digest_algorithm(signer: SignerInfo) -> HashAlgorithm | None:
    """Return the hash that a signer's ``state`` has to be fed with, None where it is unknown."""
    try:
        return hash_of(signer.digest)
    except UnknownAlgorithm:
        return None


def algorithm_title(signer: SignerInfo) -> str:
    """Name a signer's algorithm for people; an unknown one stays a dotted OID."""
    try:
        return signature_algorithm(signer.algorithm, hash_of(signer.digest)).title
    except UnknownAlgorithm:
        return signer.algorithm.oid


def needs_content(signer: SignerInfo) -> bool:
    """Whether the number is over the content itself: EdDSA and ML-DSA without attributes."""
    return signer.attributes is None and signer.algorithm.oid in PURE


@dataclass(frozen=True, slots=True)
class _Claims:
    """What a SignerInfo says, read but not checked."""

    digest: HashAlgorithm
    algorithm: SignatureAlgorithm
    made_at: int | None
    message_digest: bytes | None  # of the signed attributes


@dataclass(frozen=True, slots=True)
class _Result:
    """The number's result; ``certificate`` is set where one of the right name is at hand."""

    state: SignatureState
    reasons: tuple[Text, ...]
    certificate: CertificateFacts | None = None


def judge_cms(  # noqa: PLR0913 - each names a thing that a caller has to decide
    signed: SignedData,
    signer: SignerInfo,
    *,
    index: int,
    place: Text,
    state: HashState | None,
    content: bytes | None,
    trust: Trust,
    purpose: Purpose,
    at: int,
    sufficient: bool,
    covers: tuple[Segment, ...],
    code: str,
    rules: CmsRules,
) -> Judged:
    """Judge one SignerInfo of ``signed`` (DESIGN.md section 7).

    ``state`` was fed the signed bytes with ``digest_algorithm(signer)``; None where that is None.
    ``content``: the signed bytes, needed only by EdDSA and ML-DSA without signed attributes; None
    where there are too many to hold. ``at`` is the reference time in Unix seconds. The first check
    is the signature's; ``code`` is its code and the prefix of the others'.
    """
    inside = readable(signed.certificates)
    anchors = readable_anchors(trust)
    pool = (*(each.facts for each in anchors), *inside)
    digest = None if state is None else state.copy().digest()
    try:
        claims = _claims(signed, signer)
    except UnknownAlgorithm as error:
        reason = text("This version cannot check the algorithm {algorithm}.", algorithm=str(error))
        return _unreadable(signer, reason, index, place, covers, code)
    except ArtifactMalformed as error:
        reason = text("Its signed attributes are malformed: {error}.", error=str(error))
        return _unreadable(signer, reason, index, place, covers, code)
    result = _number(signer, claims, digest, content, pool)
    question = Question(anchors, inside, purpose, rules, claims.digest, claims.made_at, at)
    worth = _worth(result, question)
    facts = SignatureFacts(
        index=index,
        kind=SignatureType.CMS,
        place=place,
        state=worth.state,
        signer=_signer_title(signer, result.certificate),
        fingerprint=_fingerprint(signer, result.certificate),
        algorithm=_algorithm_title(claims, result.certificate),
        hash=claims.digest.title,
        made_at=claims.made_at,
        reasons=worth.reasons + worth.warnings,
        path=worth.path,
        covers=covers,
    )
    checks = [signature_check(facts, code, sufficient=sufficient)]
    if claims.message_digest is not None and digest is not None:
        title = claims.digest.title
        checks.append(digest_check(claims.message_digest, digest, title, index, code))
    checks.extend(consumer_checks(signer, claims.algorithm, rules, index, code))
    checks.extend(trust_checks(facts, worth, rules, code))
    return Judged(facts, tuple(checks))


def _claims(signed: SignedData, signer: SignerInfo) -> _Claims:
    if signed.content_type != DATA:
        # the kernel: "Invalid module sig (not pkcs7-data)"; a detached file is data too
        raise UnknownAlgorithm(f"for content of type {signed.content_type}")
    digest = hash_of(signer.digest)
    algorithm = signature_algorithm(signer.algorithm, digest)
    if signer.attributes is None:
        return _Claims(digest, algorithm, None, None)
    kind = signer.attributes.single(CONTENT_TYPE)
    value = signer.attributes.single(MESSAGE_DIGEST)
    # RFC 5652 5.3: both must be there, and the type must be that of the content
    if kind is None or value is None or value.tag != der.OCTET_STRING:
        der.malformed("cms", 0, "content-type and message-digest", "none")
    if kind.tag != der.OBJECT_IDENTIFIER or der.parse_oid(kind) != signed.content_type:
        kind.fail(f"content-type {signed.content_type}")
    moment = signer.attributes.single(SIGNING_TIME)
    made_at = None if moment is None else der.parse_time(moment)
    return _Claims(digest, algorithm, made_at, value.content)


def _number(
    signer: SignerInfo,
    claims: _Claims,
    digest: bytes | None,
    content: bytes | None,
    pool: tuple[CertificateFacts, ...],
) -> _Result:
    """Check the number with every certificate of the right name: GOOD_UNKNOWN_KEY is the best."""
    named = [each for each in pool if _names(signer, each)]
    if not named:
        reason = text("Its certificate is neither in the signature nor among the trusted ones.")
        return _Result(SignatureState.UNKNOWN_KEY, (reason,))
    value = _value(signer, claims, digest, content)
    if isinstance(value, Text):
        return _Result(SignatureState.UNREADABLE, (value,), named[0])
    for certificate in named:
        try:
            verify_number(certificate.key, claims.algorithm, signer.signature, value)
        except InvalidSignature:
            continue
        except UnknownAlgorithm as error:
            reason = text("This version cannot check {algorithm}.", algorithm=str(error))
            return _Result(SignatureState.UNREADABLE, (reason,), certificate)
        if claims.message_digest not in {None, digest}:
            reason = text("The content was changed after it was signed: its digest differs.")
            return _Result(SignatureState.BAD, (reason,), certificate)
        return _Result(SignatureState.GOOD_UNKNOWN_KEY, (), certificate)
    reason = text("The signature does not fit the content and the certificate that it names.")
    return _Result(SignatureState.BAD, (reason,), named[0])


def _worth(result: _Result, question: Question) -> Standing:
    """A number that is right is worth what its certificate is; any other is what it is."""
    if result.state is SignatureState.GOOD_UNKNOWN_KEY and result.certificate is not None:
        return standing(result.certificate, question)
    return Standing(result.state, result.reasons, (), ())


def _value(
    signer: SignerInfo, claims: _Claims, digest: bytes | None, content: bytes | None
) -> bytes | Text:
    """Return what the number is over, or why it cannot be had."""
    if digest is None:
        return text("The digest of the content could not be computed.")
    hashed = claims.algorithm.hash
    if signer.attributes is not None:
        signed = signer.attributes.signed
        return signed if hashed is None else hashlib.new(hashed.value, signed).digest()
    if hashed is not None:
        return digest
    if content is None:
        return text("The content is too large to check this algorithm without signed attributes.")
    return content


def _names(signer: SignerInfo, certificate: CertificateFacts) -> bool:
    if isinstance(signer.signer, IssuerAndSerial):
        return certificate.identity == signer.signer
    return certificate.key_id == signer.signer.value


def signer_title(signer: SignerInfo) -> str:
    """Name a signer by what its SignerInfo claims: the issuer's name and the serial, or a key id.

    Untrusted text.
    """
    if isinstance(signer.signer, SubjectKeyId):
        return f"key id {signer.signer.value.hex()}"
    try:
        issuer = common_name(signer.signer.issuer)
    except ArtifactMalformed:
        issuer = "unreadable name"
    return f"{issuer}, serial {signer.signer.serial:x}"


def _signer_title(signer: SignerInfo, certificate: CertificateFacts | None) -> str:
    return signer_title(signer) if certificate is None else certificate.name


def _fingerprint(signer: SignerInfo, certificate: CertificateFacts | None) -> str:
    """SHA-256 of the certificate, else the serial number or key id that is claimed, hex."""
    if certificate is not None:
        return certificate.fingerprint
    if isinstance(signer.signer, IssuerAndSerial):
        return f"{signer.signer.serial:x}"
    return signer.signer.value.hex()


def _algorithm_title(claims: _Claims, certificate: CertificateFacts | None) -> str:
    if certificate is not None:
        return certificate.type.title
    return claims.algorithm.title


def _unreadable(
    signer: SignerInfo,
    reason: Text,
    index: int,
    place: Text,
    covers: tuple[Segment, ...],
    code: str,
) -> Judged:
    facts = SignatureFacts(
        index=index,
        kind=SignatureType.CMS,
        place=place,
        state=SignatureState.UNREADABLE,
        signer=_signer_title(signer, None),
        fingerprint=_fingerprint(signer, None),
        algorithm=signer.algorithm.oid,
        hash=signer.digest.oid,
        made_at=None,
        reasons=(reason,),
        path=(),
        covers=covers,
    )
    return Judged(facts, (signature_check(facts, code, sufficient=False),))
