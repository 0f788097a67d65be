"""What clients look at in a signature and its certificate, as the names of ``matrix``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from signstation.codec.openpgp import SignaturePacket
from signstation.codec.openpgp_certificates import Component, TransferableKey
from signstation.codec.openpgp_keys import V6, PublicKeyPacket
from signstation.codec.openpgp_packets import PublicKeyAlgorithm, Tag
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import KeyFamily
from signstation.model.trust import OpenPgpKey
from signstation.trust.openpgp_own import read_keys

RIPEMD160 = 3
"""Its number among OpenPGP's hashes (RFC 9580 section 9.5); no library here has it."""
_V3 = 3
_MLDSA = frozenset({30, 31})
"""ML-DSA-65 with Ed25519, ML-DSA-87 with Ed448 (draft-ietf-openpgp-pqc)."""
_STRONG, _USUAL = 3072, 2048
"""Bits of a modulus at which answers change."""
_WEAK = {HashAlgorithm.MD5: "md5", HashAlgorithm.SHA1: "sha1", HashAlgorithm.SHA224: "sha224"}
_FAMILIES = {
    KeyFamily.P256: "key.p256",
    KeyFamily.P384: "key.p384",
    KeyFamily.P521: "key.p521",
    KeyFamily.ED448: "key.ed448",
}


@dataclass(frozen=True, slots=True)
class Certified:
    """A certificate with the state of its keys, primary first, read once."""

    key: TransferableKey
    states: tuple[OpenPgpKey, ...]

    @classmethod
    def of(cls, key: TransferableKey) -> Certified:
        """Read the states. Raises ArtifactMalformed."""
        return cls(key, read_keys(key))


@dataclass(frozen=True, slots=True)
class Seen:
    """A signature: its properties, who made it, and whether its certificate is at hand."""

    properties: tuple[str, ...]
    issuer: str
    known: bool


def look(packet: SignaturePacket, certificates: Sequence[Certified], at: int) -> Seen:
    """Return what clients will look at, at a time in Unix seconds. Verifies nothing."""
    issuer = packet.issuer_fingerprint or packet.issuer_key_id
    for certificate in certificates:
        for component, state in zip(_keys(certificate.key), certificate.states, strict=True):
            if issuer and state.fingerprint.endswith(issuer) | state.fingerprint.startswith(issuer):
                found = (
                    *_of_packet(packet, at),
                    *_of_key(component.key),
                    *_of_certificate(certificate.key, component),
                    *_of_state(certificate.states[0], state, packet.created or at, at),
                )
                return Seen(tuple(dict.fromkeys(found)), issuer, known=True)
    return Seen((*_of_packet(packet, at), *_of_algorithm(packet)), issuer, known=False)


def _keys(certificate: TransferableKey) -> list[Component]:
    return [each for each in certificate.components if each.packet.tag != Tag.USER_ID]


def _of_packet(packet: SignaturePacket, at: int) -> Iterator[str]:
    if packet.hash in _WEAK:
        yield f"hash.{_WEAK[packet.hash]}"
    elif packet.hash_id == RIPEMD160:
        yield "hash.ripemd160"
    if packet.version <= _V3:
        yield "signature.v3"
    elif packet.version == V6:
        yield "key.v6"
    if packet.expires is not None and packet.expires <= at:
        yield "signature.expired"
    if packet.created is not None and packet.created > at:
        yield "signature.future"


def _of_algorithm(packet: SignaturePacket) -> Iterator[str]:
    """Yield what the packet alone says of its key."""
    if packet.algorithm == PublicKeyAlgorithm.DSA:
        yield "key.dsa"
    elif packet.algorithm == PublicKeyAlgorithm.ED25519 and packet.version != V6:
        yield "key.ed25519-algorithm27"
    elif packet.algorithm == PublicKeyAlgorithm.EDDSA_LEGACY:
        yield "key.ed25519"
    elif packet.algorithm in _MLDSA:
        yield "key.mldsa"


def _of_key(key: PublicKeyPacket) -> Iterator[str]:
    if key.version == V6:
        yield "key.v6"
    if key.algorithm == PublicKeyAlgorithm.DSA:
        yield "key.dsa" if key.type.bits >= _USUAL else "key.dsa1024"
    elif key.type.family is KeyFamily.RSA:
        bits = key.type.bits
        usual = "key.rsa2048" if bits >= _USUAL else "key.rsa1024"
        yield "key.rsa3072" if bits >= _STRONG else usual
    elif key.type.family is KeyFamily.ED25519:
        new = key.algorithm == PublicKeyAlgorithm.ED25519 and key.version != V6
        yield "key.ed25519-algorithm27" if new else "key.ed25519"
    elif key.algorithm in _MLDSA:
        yield "key.mldsa"
    elif key.algorithm == PublicKeyAlgorithm.ECDSA or key.type.family is KeyFamily.ED448:
        yield _FAMILIES.get(key.type.family, "key.other-curve")


def _of_certificate(certificate: TransferableKey, signer: Component) -> Iterator[str]:
    """Yield ``self`` and ``binding`` where no signature has a hash that counts."""
    first, *others = certificate.components
    own = list(first.signatures)
    for each in others:
        if each.packet.tag == Tag.USER_ID:
            own += each.signatures
    for name, signatures in (("self", own), ("binding", signer.signatures)):
        if name == "binding" and signer is first:
            continue
        hashes = {each.hash for each in signatures}
        if hashes and hashes <= {HashAlgorithm.MD5, HashAlgorithm.SHA1}:
            yield f"{name}.{'sha1' if HashAlgorithm.SHA1 in hashes else 'md5'}"


def _of_state(primary: OpenPgpKey, signer: OpenPgpKey, made: int, at: int) -> Iterator[str]:
    """Yield expiry and revocation, of the signing key or of the primary key."""
    for key in {primary.fingerprint: primary, signer.fingerprint: signer}.values():
        if key.revocation is not None:
            if key.revocation.reason.hard:
                yield "state.revoked"
            else:
                order = "before" if key.revocation.at <= made else "after"
                yield f"state.superseded-{order}-signing"
        if key.expires is not None and key.expires <= at:
            late = key.expires <= made
            yield "state.signed-after-expiry" if late else "state.expired-after-signing"
