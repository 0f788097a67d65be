"""Makes OpenPGP signature packets: what is hashed, what the key is asked, and the packet."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import load_der_public_key

from signstation.codec.openpgp import SignatureClass, parse_signatures
from signstation.codec.openpgp_keys import PublicKey
from signstation.codec.openpgp_packets import HASH_IDS, PublicKeyAlgorithm
from signstation.codec.openpgp_write import MAX_TIME, hashed_part, signature_packet, suffix
from signstation.errors import (
    CertificateMissing,
    KeyStoreFailed,
    KeyUnreadable,
    RecheckFailed,
    SchemeUnsupported,
    SignstationError,
    TimeRefused,
)
from signstation.model.asks import Answer, Batch, HashOf, Literal, Part, Range, ToSign
from signstation.model.hashes import HashAlgorithm, HashState
from signstation.model.keys import Mechanism, OpenPgpProfile, SignatureType, Slot
from signstation.signatures.openpgp_number import Number, check_number

V4_FINGERPRINT = 40
"""Digits of a version 4 fingerprint; version 6 keys make version 6 signatures only."""
EDDSA_SIZES = {
    PublicKeyAlgorithm.EDDSA_LEGACY: 64,
    PublicKeyAlgorithm.ED25519: 64,
    PublicKeyAlgorithm.ED448: 114,
}
"""Bytes of the answer per algorithm (RFC 8032)."""

_ALGORITHMS: dict[Mechanism, tuple[PublicKeyAlgorithm, ...]] = {
    Mechanism.RSA_PKCS1: (PublicKeyAlgorithm.RSA, PublicKeyAlgorithm.RSA_SIGN_ONLY),
    Mechanism.ECDSA: (PublicKeyAlgorithm.ECDSA,),
    Mechanism.ED25519: (PublicKeyAlgorithm.EDDSA_LEGACY, PublicKeyAlgorithm.ED25519),
    Mechanism.ED448: (PublicKeyAlgorithm.ED448,),
}


@dataclass(frozen=True, slots=True)
class _Envelope:
    """What is fixed before the key is asked."""

    profile: OpenPgpProfile
    hashed: bytes
    digest: bytes


def sign_openpgp(  # noqa: PLR0913 - each names a thing that a caller has to decide
    index: int,
    slot: Slot,
    state: HashState,
    *,
    part: Part,
    covers: tuple[Range | Literal, ...],
    time: int,
    document: SignatureClass = SignatureClass.BINARY,
) -> Generator[Batch, tuple[Answer, ...], bytes]:
    """Yield one batch with one ask and return one binary version 4 signature packet.

    ``state`` was fed the signed bytes under ``slot.hash``; it is copied. ``covers`` are the
    segments of the signed bytes; the trailer is appended as a Literal.
    ``index`` is the slot's number in the item. Hashed subpackets: issuer fingerprint, creation
    time; unhashed: issuer key id: byte-identical to ``gpg --faked-system-time TIME! -u FPR!``.
    Raises CertificateMissing, SchemeUnsupported and TimeRefused before the first yield,
    KeyStoreFailed for an answer of a wrong shape.
    """
    profile = _profile(slot)
    if not 0 <= time <= MAX_TIME:
        raise TimeRefused(signing_time=time, clock=MAX_TIME)
    hashed = hashed_part(document, profile.algorithm, slot.hash, profile.fingerprint, time)
    return (yield from sign_hashed(index, slot, state, hashed, part=part, covers=covers))


def sign_hashed(
    index: int,
    slot: Slot,
    state: HashState,
    hashed: bytes,
    *,
    part: Part,
    covers: tuple[Range | Literal, ...],
) -> Generator[Batch, tuple[Answer, ...], bytes]:
    """As ``sign_openpgp``, with a hashed part of any kind: from the version to its subpackets."""
    profile = _profile(slot)
    final = state.copy()
    final.update(suffix(hashed))
    envelope = _Envelope(profile, hashed, final.digest())
    ask = _ask(index, slot, part, covers, envelope)
    (answer,) = yield (ask,)
    numbers = _numbers(slot, profile.algorithm, answer)
    return _packet(profile, hashed, envelope.digest, numbers)


def check_own_openpgp(
    packet: bytes,
    slot: Slot,
    state: HashState,
    *,
    time: int,
    document: SignatureClass = SignatureClass.BINARY,
) -> None:
    """Check a packet that this station made, byte for byte but for the number. Does not block.

    ``state`` was fed the signed bytes under ``slot.hash``; ``time`` is what was asked for. The
    number is checked with the slot's own public key. Raises RecheckFailed.
    """
    try:
        profile, key = _profile(slot), _public_key(slot)
        (found,) = parse_signatures(packet)
    except (SignstationError, ValueError) as error:
        raise RecheckFailed(reason=f"not one OpenPGP signature: {error}") from error
    hashed = hashed_part(document, profile.algorithm, slot.hash, profile.fingerprint, time)
    final = state.copy()
    final.update(suffix(hashed))
    digest = final.digest()
    if found.problem or packet != _packet(profile, hashed, digest, found.numbers):
        raise RecheckFailed(reason="the signature is not built as it was ordered")
    if check_number(found, key, digest) is not Number.GOOD:
        raise RecheckFailed(reason="the signature does not fit the content and the key")


def _packet(
    profile: OpenPgpProfile, hashed: bytes, digest: bytes, numbers: tuple[bytes, ...]
) -> bytes:
    native = profile.algorithm in {PublicKeyAlgorithm.ED25519, PublicKeyAlgorithm.ED448}
    return signature_packet(hashed, profile.fingerprint, digest[:2], numbers, native=native)


def _profile(slot: Slot) -> OpenPgpProfile:
    profile = slot.signer.openpgp
    name = str(slot.signer.key)
    if profile is None:
        raise CertificateMissing(key=name, kind=SignatureType.OPENPGP.value)
    fits = profile.algorithm in _ALGORITHMS.get(slot.scheme.mechanism, ())
    hash_known = slot.hash in HASH_IDS and not slot.hash.weak
    hash_fits = hash_known and slot.scheme.hash in {None, slot.hash}
    # only a digest is at hand here, and a pre-hashed scheme that wants the message cannot take it
    message_only = slot.scheme in slot.signer.message_schemes and slot.scheme.hash is not None
    version6 = len(profile.fingerprint) != V4_FINGERPRINT
    if not fits or not hash_fits or message_only or version6 or _hash_too_short(slot):
        raise SchemeUnsupported(key=name, scheme=slot.scheme.value)
    return profile


def _hash_too_short(slot: Slot) -> bool:
    """GnuPG neither makes nor accepts ECDSA with a hash shorter than the curve (to 512 bits)."""
    needed = min(slot.signer.type.bits, 8 * HashAlgorithm.SHA512.size)
    return slot.scheme.mechanism is Mechanism.ECDSA and 8 * slot.hash.size < needed


def _public_key(slot: Slot) -> PublicKey:
    try:
        key = load_der_public_key(slot.signer.spki)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyUnreadable(key=str(slot.signer.key), reason=str(error)) from error
    if not isinstance(key, PublicKey):
        raise KeyUnreadable(key=str(slot.signer.key), reason=type(key).__name__)
    return key


def _ask(
    index: int, slot: Slot, part: Part, covers: tuple[Range | Literal, ...], envelope: _Envelope
) -> ToSign:
    segments = (*covers, Literal(suffix(envelope.hashed)))
    if slot.scheme.hash is not None:
        return ToSign(index, slot.scheme, part, segments, digest=envelope.digest)
    # EdDSA in OpenPGP signs the digest as its message (RFC 9580 section 5.2.3.3)
    return ToSign(index, slot.scheme, part, (HashOf(slot.hash, segments),), message=envelope.digest)


def _numbers(slot: Slot, algorithm: int, answer: bytes) -> tuple[bytes, ...]:
    match algorithm:
        case PublicKeyAlgorithm.RSA | PublicKeyAlgorithm.RSA_SIGN_ONLY:
            return (answer,)
        case PublicKeyAlgorithm.ECDSA:
            try:
                pair = decode_dss_signature(answer)
            except ValueError as error:
                raise _wrong_answer(slot) from error
            return tuple(each.to_bytes((each.bit_length() + 7) // 8, "big") for each in pair)
        case _:
            if len(answer) != EDDSA_SIZES[PublicKeyAlgorithm(algorithm)]:
                raise _wrong_answer(slot)
            if algorithm == PublicKeyAlgorithm.EDDSA_LEGACY:
                return answer[:32], answer[32:]
            return (answer,)


def _wrong_answer(slot: Slot) -> KeyStoreFailed:
    return KeyStoreFailed(key=str(slot.signer.key), reason="an answer of the wrong shape")
