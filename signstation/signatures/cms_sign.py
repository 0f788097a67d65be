"""CMS signatures: one ask, one detached ContentInfo; the bytes of the kernel's sign-file or more.

Without attributes and certificates the result is byte-identical to sign-file (linux-kbuild) for
RSA and of the same shape for ECDSA. With them it is what ``openssl cms -verify`` expects of a
detached ``.p7s``: contentType, messageDigest, signingTime, and the signer's chain.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import load_der_public_key

from signstation.codec.cms import (
    MAX_KNOWN,
    MESSAGE_DIGEST,
    AlgorithmId,
    NewSigner,
    SignedData,
    SignerInfo,
    build_attributes,
    build_signed_data,
    certificate_identity,
    parse_signed_data,
)
from signstation.errors import (
    ArtifactMalformed,
    CertificateMissing,
    RecheckFailed,
    SchemeUnsupported,
)
from signstation.model.asks import Answer, Batch, HashOf, Literal, Part, Plain, ToSign
from signstation.model.hashes import HashAlgorithm, HashState
from signstation.model.keys import Mechanism, Scheme, Slot
from signstation.signatures.cms_algorithms import (
    HASH_OIDS,
    UnknownAlgorithm,
    identifier_of,
    signature_algorithm,
    verify_number,
)


def envelope_hash(scheme: Scheme, wanted: HashAlgorithm) -> HashAlgorithm:
    """Return the hash that a CMS envelope has to use with a scheme.

    The scheme's own where it has one; SHA-512 for Ed25519 (RFC 8419 3.1); else ``wanted``.
    """
    if scheme.mechanism is Mechanism.ED25519:
        return HashAlgorithm.SHA512
    return scheme.hash or wanted


def sign_cms(  # noqa: PLR0913 - what to sign, who signs and what goes into the envelope
    index: int,
    slot: Slot,
    state: HashState,
    *,
    part: Part,
    covers: tuple[Plain, ...],
    attributes: bool,
    certificates: bool,
    time: int,
) -> Generator[Batch, tuple[Answer, ...], bytes]:
    """Yield one batch with one ask; return a detached ContentInfo (DER).

    ``index`` is the slot's number among the item's signers; ``state`` was fed the content with
    ``slot.hash`` and is copied; ``covers`` are the segments of that content. ``attributes`` adds
    contentType, messageDigest and signingTime (``time``, Unix seconds); ``certificates`` adds the
    signer's chain. Raises CertificateMissing and SchemeUnsupported before it yields.
    """
    profile = slot.signer.x509
    if profile is None or not profile.chain:
        raise CertificateMissing(key=str(slot.signer.key), kind="X.509")
    algorithm = identifier_of(slot.scheme, slot.hash)
    if envelope_hash(slot.scheme, slot.hash) is not slot.hash:
        raise SchemeUnsupported(
            key=str(slot.signer.key), scheme=f"{slot.scheme.value} with {slot.hash.value}"
        )
    digest = state.copy().digest()
    signed = build_attributes(digest, time) if attributes else None
    ask = _ask(index, slot, part, covers, digest, signed)
    (signature,) = yield (ask,)
    signer = NewSigner(
        signer=certificate_identity(profile.chain[0]),
        digest=AlgorithmId(HASH_OIDS[slot.hash]),
        algorithm=algorithm,
        signature=signature,
        attributes=signed,
    )
    return build_signed_data(signer, profile.chain if certificates else ())


def _ask(
    index: int,
    slot: Slot,
    part: Part,
    covers: tuple[Plain, ...],
    digest: bytes,
    signed: bytes | None,
) -> ToSign:
    scheme = slot.scheme
    if signed is None:
        if scheme.hash is None:
            # pure EdDSA over a whole file would send the file to the key
            raise SchemeUnsupported(key=str(slot.signer.key), scheme=scheme.value)
        return ToSign(index, scheme, part, covers, digest=digest)
    before, _, after = signed.partition(digest)
    segments = (Literal(before), HashOf(slot.hash, covers), Literal(after))
    if scheme.hash is None:
        return ToSign(index, scheme, part, segments, message=signed)
    value = hashlib.new(scheme.hash.value, signed).digest()
    return ToSign(index, scheme, part, segments, digest=value)


def check_own_cms(signature: bytes, slot: Slot, state: HashState) -> None:
    """Check a ContentInfo that ``sign_cms`` made, with the slot's own public key.

    ``state`` was fed the content with ``slot.hash``. The bytes must be exactly those that we would
    write around this number, the signed digest that of the content, and the number right; trust
    is not looked at. Raises RecheckFailed.
    """
    profile = slot.signer.x509
    if profile is None or not profile.chain:
        raise RecheckFailed(reason="the slot has no certificate")
    digest = state.copy().digest()
    try:
        signed = parse_signed_data(signature)
        if len(signed.signers) != 1:
            raise RecheckFailed(reason=f"CMS: {len(signed.signers)} signers")
        if _rebuilt(signed, slot, profile.chain) != signature:
            raise RecheckFailed(reason="CMS: it is not laid out as it was written")
        _check_number(signed.signers[0], slot, digest)
    except ArtifactMalformed as error:
        raise RecheckFailed(reason=f"CMS: {error}") from error
    except (InvalidSignature, UnknownAlgorithm) as error:
        raise RecheckFailed(reason="CMS: the signature does not verify") from error


def _rebuilt(signed: SignedData, slot: Slot, chain: tuple[bytes, ...]) -> bytes:
    signer = signed.signers[0]
    new = NewSigner(
        signer=certificate_identity(chain[0]),
        digest=AlgorithmId(HASH_OIDS[slot.hash]),
        algorithm=identifier_of(slot.scheme, slot.hash),
        signature=signer.signature,
        attributes=None if signer.attributes is None else signer.attributes.signed,
    )
    return build_signed_data(new, chain if signed.certificates else ())


def _check_number(signer: SignerInfo, slot: Slot, digest: bytes) -> None:
    algorithm = signature_algorithm(signer.algorithm, slot.hash)
    value = digest
    if signer.attributes is not None:
        claimed = signer.attributes.single(MESSAGE_DIGEST)
        if claimed is None or claimed.content != digest:
            raise InvalidSignature
        value = signer.attributes.signed
        if algorithm.hash is not None:
            value = hashlib.new(algorithm.hash.value, value).digest()
    verify_number(_public_key(slot.signer.spki), algorithm, signer.signature, value)


@lru_cache(maxsize=MAX_KNOWN)
def _public_key(spki: bytes) -> PublicKeyTypes:
    """Load a signer's key, once for all the artifacts that it signs."""
    return load_der_public_key(spki)
