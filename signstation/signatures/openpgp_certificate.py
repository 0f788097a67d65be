"""Makes OpenPGP certificates (version 4) for keys that live elsewhere: in an HSM, a token, a file.

One primary key that certifies and signs, one user id, one self-signature: what GnuPG, Sequoia, RPM
and apt need to check a signature. There are no subkeys, since there is only one key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.serialization import load_der_public_key

from signstation.codec.openpgp import parse_signatures
from signstation.codec.openpgp_keys import PublicKey, hashed_key, parse_public_key
from signstation.codec.openpgp_packets import PublicKeyAlgorithm, Tag, packet, packets
from signstation.codec.openpgp_write import (
    MAX_TIME,
    KeyFlag,
    certification_part,
    public_key_packet,
)
from signstation.errors import RecheckFailed, SchemeUnsupported, TimeRefused, UsageError
from signstation.model.asks import Literal, Part, ToSign
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import (
    KeyFamily,
    OpenPgpProfile,
    Scheme,
    SignatureType,
    SignerProfile,
    Slot,
)
from signstation.signatures.openpgp_number import Number, check_number
from signstation.signatures.openpgp_sign import sign_hashed

MAX_USER_ID = 255
"""Most bytes of a user id; GnuPG's own dialogues take fewer."""

_MADE = {
    KeyFamily.RSA: (PublicKeyAlgorithm.RSA, Scheme.RSA_PKCS1_SHA512, HashAlgorithm.SHA512),
    KeyFamily.P256: (PublicKeyAlgorithm.ECDSA, Scheme.ECDSA_SHA256, HashAlgorithm.SHA256),
    KeyFamily.P384: (PublicKeyAlgorithm.ECDSA, Scheme.ECDSA_SHA384, HashAlgorithm.SHA384),
    KeyFamily.P521: (PublicKeyAlgorithm.ECDSA, Scheme.ECDSA_SHA512, HashAlgorithm.SHA512),
    KeyFamily.ED25519: (
        PublicKeyAlgorithm.EDDSA_LEGACY,
        Scheme.ED25519,
        HashAlgorithm.SHA512,
    ),
}
"""Algorithm, scheme and hash of the self-signature by the family of the key."""


@dataclass(frozen=True, slots=True)
class OpenPgpOrder:
    """A certificate to make. ``created`` is Unix seconds, ``lifetime`` seconds or None: no end."""

    user_id: str
    created: int
    lifetime: int | None


def openpgp_certificate(
    order: OpenPgpOrder, signer: SignerProfile, sign: Callable[[ToSign], bytes]
) -> OpenPgpProfile:
    """Make a certificate for the key of ``signer``; ``sign`` answers one ask, of part CERTIFICATE.

    The self-signature is checked with the public key before it is given out. Raises UsageError for
    a user id that nobody could read, TimeRefused, SchemeUnsupported for a key that OpenPGP cannot
    use, RecheckFailed, and what ``sign`` raises.
    """
    name = _user_id(order.user_id)
    if not 0 <= order.created <= MAX_TIME or not 0 <= (order.lifetime or 0) <= MAX_TIME:
        raise TimeRefused(signing_time=order.created, clock=MAX_TIME)
    if signer.type.family not in _MADE:
        raise SchemeUnsupported(key=str(signer.key), scheme=f"OpenPGP with {signer.type.title}")
    algorithm, scheme, hashed_with = _MADE[signer.type.family]
    public = load_der_public_key(signer.spki)
    if not isinstance(public, PublicKey):
        raise SchemeUnsupported(key=str(signer.key), scheme="OpenPGP")
    key = public_key_packet(order.created, algorithm, public)
    (first,) = packets(key)
    fingerprint = parse_public_key(first).fingerprint
    known = OpenPgpProfile(fingerprint, fingerprint, algorithm, order.created, order.user_id, b"")
    slot = Slot(replace(signer, openpgp=known), SignatureType.OPENPGP, scheme, hashed_with)
    signed = hashed_key(first.body) + b"\xb4" + len(name).to_bytes(4, "big") + name
    hashed = certification_part(
        algorithm,
        hashed_with,
        fingerprint,
        order.created,
        flags=KeyFlag.CERTIFY | KeyFlag.SIGN,
        lifetime=order.lifetime,
    )
    signature = _self_signature(slot, signed, hashed, sign)
    _recheck(signature, signed, hashed_with, public)
    return replace(known, certificate=key + packet(Tag.USER_ID, name) + signature)


def _self_signature(
    slot: Slot, signed: bytes, hashed: bytes, sign: Callable[[ToSign], bytes]
) -> bytes:
    state = hashlib.new(slot.hash.value)
    state.update(signed)
    steps = sign_hashed(0, slot, state, hashed, part=Part.CERTIFICATE, covers=(Literal(signed),))
    (ask,) = next(steps)
    try:
        steps.send((sign(ask),))
    except StopIteration as end:
        made: bytes = end.value
        return made
    raise RecheckFailed(reason="a self-signature takes one answer")


def _recheck(
    signature: bytes, signed: bytes, hashed_with: HashAlgorithm, public: PublicKey
) -> None:
    (found,) = parse_signatures(signature)
    state = hashlib.new(hashed_with.value)
    state.update(signed + found.suffix)
    if found.problem or check_number(found, public, state.digest()) is not Number.GOOD:
        raise RecheckFailed(reason="the self-signature does not fit the key")


def _user_id(text: str) -> bytes:
    """Encode a user id: UTF-8, printable, not too long."""
    try:
        name = text.encode()
    except UnicodeEncodeError as error:
        raise UsageError(reason="the name is not text") from error
    if not text.isprintable() or not text.strip() or len(name) > MAX_USER_ID:
        raise UsageError(reason=f"the name has to be printable, with 1 to {MAX_USER_ID} bytes")
    return name
