"""OpenPGP public-key packets of versions 4 and 6 (RFC 9580 section 5.5): parsing only."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.dsa import (
    DSAParameterNumbers,
    DSAPublicKey,
    DSAPublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    SECP384R1,
    SECP521R1,
    EllipticCurve,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers

from signstation.codec.openpgp_packets import (
    Cursor,
    Packet,
    PublicKeyAlgorithm,
    Tag,
    malformed,
    packets,
)
from signstation.model.keys import KeyFamily, KeyType

V4, V6 = 4, 6
"""Key packet versions that are read; 5 is GnuPG's own and 3 is dead."""
ED25519_SIZE, ED448_SIZE = 32, 57
"""Bytes of the public keys (RFC 8032)."""
MAX_V4_KEY = 0xFFFF
"""Longest version 4 key body: its fingerprint counts it in two bytes (RFC 9580 5.5.4.2)."""
NATIVE_POINT = 0x40
"""Prefix of a point that is in its curve's own encoding (RFC 9580 section 9.2.1)."""

PublicKey = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey | Ed448PublicKey | DSAPublicKey
"""Keys that can make OpenPGP signatures, in ``cryptography``'s classes."""


@dataclass(frozen=True, slots=True)
class PublicKeyPacket:
    """One primary key or subkey. ``fingerprint`` is upper-case hexadecimal (40 or 64 digits).

    ``key`` is None where the algorithm cannot sign (ECDH, ElGamal), is not known, or where
    ``cryptography`` refuses the numbers; such a key verifies nothing.
    """

    raw: bytes
    version: int
    primary: bool
    created: int  # Unix seconds
    algorithm: int
    fingerprint: str
    type: KeyType
    key: PublicKey | None

    @property
    def title(self) -> str:
        """Name for people: ``RSA-4096``, ``Ed25519``, ``DSA-1024``, ``algorithm 16``."""
        if self.algorithm == PublicKeyAlgorithm.DSA:
            return f"DSA-{self.type.bits}"
        known = self.type.family is not KeyFamily.OTHER
        return self.type.title if known else f"algorithm {self.algorithm}"

    @property
    def key_id(self) -> str:
        """The 16 digits by which old signatures name the key (RFC 9580 section 5.5.4)."""
        return self.fingerprint[:16] if self.version == V6 else self.fingerprint[-16:]


def parse_public_key(packet: Packet) -> PublicKeyPacket:
    """Parse a public key or public subkey packet of version 4 or 6.

    Raises ArtifactMalformed, also for other packets and versions.
    """
    if packet.tag not in _KEY_TAGS:
        raise malformed(packet.offset, "a public-key packet", f"packet type {packet.tag}")
    body = packet.body
    cursor = Cursor(body, packet.offset + len(packet.raw) - len(body))
    version = cursor.number(1)
    if version not in {V4, V6}:
        raise malformed(packet.offset, "key version 4 or 6", str(version))
    created = cursor.number(4)
    algorithm = cursor.number(1)
    if version == V6:
        start, size = cursor.offset, cursor.number(4)
        if size != cursor.left:
            raise malformed(start, f"{cursor.left} bytes of key material", str(size))
    kind: KeyType = _OTHER
    key: PublicKey | None = None
    if algorithm in _READERS:
        kind, key = _READERS[algorithm](cursor)
        if cursor.left:
            raise malformed(cursor.offset, "the end of the packet", f"{cursor.left} bytes more")
    return PublicKeyPacket(
        packet.raw,
        version,
        packet.tag == Tag.PUBLIC_KEY,
        created,
        algorithm,
        _fingerprint(version, body),
        kind,
        key,
    )


def public_keys(data: bytes) -> Iterator[PublicKeyPacket]:
    """Yield the keys of a binary certificate or keyring; keys of other versions are passed over.

    Raises ArtifactMalformed where the framing or a key of a known version is damaged.
    """
    for packet in packets(data):
        if packet.tag in _KEY_TAGS and packet.body[:1] in {bytes((V4,)), bytes((V6,))}:
            yield parse_public_key(packet)


def hashed_key(body: bytes) -> bytes:
    """Return a key's body as fingerprints and certifications hash it (RFC 9580 5.5.4, 5.2.4).

    Raises ArtifactMalformed for a version 4 body of more than MAX_V4_KEY bytes.
    """
    if body[:1] == bytes((V6,)):
        return b"\x9b" + len(body).to_bytes(4, "big") + body
    if len(body) > MAX_V4_KEY:
        raise malformed(0, f"at most {MAX_V4_KEY} bytes of key", str(len(body)))
    return b"\x99" + len(body).to_bytes(2, "big") + body


def _fingerprint(version: int, body: bytes) -> str:
    # SHA-1 names version 4 keys by definition (RFC 9580 section 5.5.4.2); nothing rests on it here
    digest = hashlib.sha256 if version == V6 else hashlib.sha1
    return digest(hashed_key(body), usedforsecurity=False).hexdigest().upper()


_KEY_TAGS = (Tag.PUBLIC_KEY, Tag.PUBLIC_SUBKEY)
_OTHER = KeyType(KeyFamily.OTHER)
_CURVES: dict[bytes, tuple[KeyFamily, EllipticCurve]] = {
    bytes.fromhex("2a8648ce3d030107"): (KeyFamily.P256, SECP256R1()),
    bytes.fromhex("2b81040022"): (KeyFamily.P384, SECP384R1()),
    bytes.fromhex("2b81040023"): (KeyFamily.P521, SECP521R1()),
}
"""Curve OIDs (RFC 9580 section 9.2); others are refused by most consumers and read as OTHER."""
ED25519_LEGACY = bytes.fromhex("2b06010401da470f01")
"""The curve OID of EdDSA keys before RFC 9580 (section 9.2)."""
EC_CURVES = {curve.name: oid for oid, (_, curve) in _CURVES.items()}
"""Curve OIDs by the curves' names in ``cryptography``."""


def _rsa(cursor: Cursor) -> tuple[KeyType, PublicKey | None]:
    modulus, exponent = cursor.mpi(), cursor.mpi()
    kind = KeyType(KeyFamily.RSA, modulus.bit_length())
    try:
        return kind, RSAPublicNumbers(exponent, modulus).public_key()
    except ValueError:
        return kind, None


def _dsa(cursor: Cursor) -> tuple[KeyType, PublicKey | None]:
    p, q, g, y = (cursor.mpi() for _ in range(4))
    kind = KeyType(KeyFamily.OTHER, p.bit_length())
    try:
        return kind, DSAPublicNumbers(y, DSAParameterNumbers(p, q, g)).public_key()
    except ValueError:
        return kind, None


def _curve_point(cursor: Cursor) -> tuple[bytes, bytes]:
    oid = cursor.take(cursor.number(1))
    point = cursor.mpi()
    return oid, point.to_bytes((point.bit_length() + 7) // 8, "big")


def _ecdsa(cursor: Cursor) -> tuple[KeyType, PublicKey | None]:
    oid, point = _curve_point(cursor)
    if oid not in _CURVES:
        return _OTHER, None
    family, curve = _CURVES[oid]
    kind = KeyType(family, curve.key_size)
    try:
        return kind, EllipticCurvePublicKey.from_encoded_point(curve, point)
    except ValueError:
        return kind, None


def _eddsa_legacy(cursor: Cursor) -> tuple[KeyType, PublicKey | None]:
    oid, point = _curve_point(cursor)
    if oid != ED25519_LEGACY:
        return _OTHER, None
    # a native point behind 0x40, which keeps its leading zeros (RFC 9580 section 9.2.1)
    native = point[1:] if len(point) == ED25519_SIZE + 1 and point[0] == NATIVE_POINT else b""
    return _ed25519(Cursor(native)) if native else (KeyType(KeyFamily.ED25519), None)


def _ed25519(cursor: Cursor) -> tuple[KeyType, PublicKey | None]:
    value = cursor.take(ED25519_SIZE)
    return KeyType(KeyFamily.ED25519), Ed25519PublicKey.from_public_bytes(value)


def _ed448(cursor: Cursor) -> tuple[KeyType, PublicKey | None]:
    value = cursor.take(ED448_SIZE)
    return KeyType(KeyFamily.ED448), Ed448PublicKey.from_public_bytes(value)


_READERS: dict[int, Callable[[Cursor], tuple[KeyType, PublicKey | None]]] = {
    PublicKeyAlgorithm.RSA: _rsa,
    PublicKeyAlgorithm.RSA_SIGN_ONLY: _rsa,
    PublicKeyAlgorithm.DSA: _dsa,
    PublicKeyAlgorithm.ECDSA: _ecdsa,
    PublicKeyAlgorithm.EDDSA_LEGACY: _eddsa_legacy,
    PublicKeyAlgorithm.ED25519: _ed25519,
    PublicKeyAlgorithm.ED448: _ed448,
}
"""What reads the key material of an algorithm that can sign."""
