"""The state of OpenPGP keys that GnuPG does not know (version 6, Ed25519 and Ed448 of RFC 9580).

Self-signatures are checked here with ``cryptography``; the newest good one of each key tells its
flags and expiry, as GnuPG does it. Sequoia still has to say yes to each signature.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from signstation.codec.openpgp import (
    SignatureClass,
    SignaturePacket,
    SubpacketType,
    parse_signature,
)
from signstation.codec.openpgp_certificates import Component, TransferableKey
from signstation.codec.openpgp_keys import V6, PublicKeyPacket
from signstation.codec.openpgp_packets import Packet, PublicKeyAlgorithm, Tag
from signstation.model.trust import OpenPgpKey, Revocation, RevocationReason
from signstation.signatures.openpgp_number import Number, check_number
from signstation.trust.openpgp_gnupg import REASONS

SIGN_FLAG = 0x02
"""Key flag "may be used to sign data" (RFC 9580 section 5.2.3.29)."""

_CERTIFICATIONS = {
    SignatureClass.GENERIC_CERTIFICATION,
    SignatureClass.PERSONA_CERTIFICATION,
    SignatureClass.CASUAL_CERTIFICATION,
    SignatureClass.POSITIVE_CERTIFICATION,
}


def beyond_gnupg(primary: PublicKeyPacket) -> bool:
    """Whether GnuPG cannot judge a certificate because it does not know what kind it is."""
    unknown = {PublicKeyAlgorithm.ED25519, PublicKeyAlgorithm.ED448}
    return primary.version == V6 or primary.algorithm in unknown


def read_keys(certificate: TransferableKey) -> tuple[OpenPgpKey, ...]:
    """Return primary key and subkeys with their state; an unbound key has ``valid_binding`` False.

    Does not block. Raises ArtifactMalformed for a subkey packet that cannot be read.
    """
    first, *others = certificate.components
    primary = first.key
    about_primary = list(_good(first, primary, primary, {SignatureClass.DIRECT_KEY}, first.packet))
    for each in others:
        if each.packet.tag == Tag.USER_ID:
            about_primary += _good(each, primary, primary, _CERTIFICATIONS, first.packet)
    return (
        _state(primary, about_primary, _revocation(first, primary, first.packet)),
        *(
            _subkey(each, primary, first.packet)
            for each in others
            if each.packet.tag == Tag.PUBLIC_SUBKEY
        ),
    )


def user_ids(certificate: TransferableKey) -> tuple[str, ...]:
    """Return the user ids with a good self-signature, as text."""
    first, *others = certificate.components
    return tuple(
        each.packet.body.decode("utf-8", "backslashreplace")
        for each in others
        if each.packet.tag == Tag.USER_ID
        and any(_good(each, first.key, first.key, _CERTIFICATIONS, first.packet))
    )


def _subkey(component: Component, primary: PublicKeyPacket, packet: Packet) -> OpenPgpKey:
    key = component.key
    bindings = [
        each
        for each in _good(component, primary, key, {SignatureClass.SUBKEY_BINDING}, packet)
        if not _flags(each) & SIGN_FLAG or _back_signed(each, component, packet)
    ]
    return _state(key, bindings, _revocation(component, primary, packet))


def _good(
    component: Component,
    signer: PublicKeyPacket,
    about: PublicKeyPacket,
    kinds: set[SignatureClass],
    packet: Packet,
) -> Iterator[SignaturePacket]:
    """The component's signatures of some kinds that ``signer`` made, with a hash that holds."""
    signed = component.signed_with(packet)
    for each in component.signatures:
        timely = each.created is not None and each.created >= about.created
        if each.type in kinds and timely and _fits(each, signer, signed):
            yield each


def _fits(signature: SignaturePacket, signer: PublicKeyPacket, signed: bytes) -> bool:
    if signature.problem or signature.hash is None or signature.hash.weak or signer.key is None:
        return False
    state = hashlib.new(signature.hash.value, signature.salt)
    state.update(signed)
    state.update(signature.suffix)
    return check_number(signature, signer.key, state.digest()) is Number.GOOD


def _back_signed(binding: SignaturePacket, component: Component, packet: Packet) -> bool:
    """A signing subkey must have signed the primary in turn (RFC 9580 section 5.2.1.9)."""
    signed = component.signed_with(packet)
    embedded = (
        parse_signature(Packet(Tag.SIGNATURE, each.value, each.value, 0))
        for each in binding.subpackets
        if each.hashed and each.type == SubpacketType.EMBEDDED_SIGNATURE
    )
    return any(
        each.type == SignatureClass.PRIMARY_KEY_BINDING and _fits(each, component.key, signed)
        for each in embedded
    )


def _state(
    key: PublicKeyPacket, about: list[SignaturePacket], revocation: Revocation | None
) -> OpenPgpKey:
    newest = max(about, key=lambda each: each.created or 0, default=None)
    expires = newest.first(SubpacketType.KEY_EXPIRATION) if newest else None
    seconds = int.from_bytes(expires.value, "big") if expires else 0
    return OpenPgpKey(
        fingerprint=key.fingerprint,
        type=key.type,
        created=key.created,
        expires=key.created + seconds if seconds else None,
        can_sign=newest is not None and bool(_flags(newest) & SIGN_FLAG),
        revocation=revocation,
        valid_binding=newest is not None,
    )


def _flags(signature: SignaturePacket) -> int:
    found = signature.first(SubpacketType.KEY_FLAGS)
    return found.value[0] if found and found.value else 0


def _revocation(
    component: Component, primary: PublicKeyPacket, packet: Packet
) -> Revocation | None:
    kinds = {SignatureClass.KEY_REVOCATION, SignatureClass.SUBKEY_REVOCATION}
    found = [
        Revocation(each.created or 0, _reason(each))
        for each in _good(component, primary, primary, kinds, packet)
    ]
    return min(found, key=lambda each: (not each.reason.hard, each.at), default=None)


def _reason(signature: SignaturePacket) -> RevocationReason:
    found = signature.first(SubpacketType.REVOCATION_REASON)
    if found is None or not found.value:
        return RevocationReason.NONE
    return REASONS.get(found.value[0], RevocationReason.NONE)
