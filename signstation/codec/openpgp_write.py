"""Writes version 4 OpenPGP signature packets, byte for byte as GnuPG does at a fixed time."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntFlag

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from signstation.codec.openpgp import SignatureClass, SubpacketType
from signstation.codec.openpgp_keys import EC_CURVES, ED25519_LEGACY, PublicKey
from signstation.codec.openpgp_packets import HASH_IDS, PublicKeyAlgorithm, Tag, mpi, packet
from signstation.model.hashes import HashAlgorithm

MAX_TIME = 0xFFFF_FFFF
"""Latest time that a packet can hold: 2106 (RFC 9580 section 3.5)."""
_CIPHERS = bytes((9, 8, 7))  # AES-256, AES-192, AES-128 (RFC 9580 section 9.3)
_HASHES = bytes((10, 9, 8))  # SHA-512, SHA-384, SHA-256


def hashed_part(
    document: SignatureClass,
    algorithm: int,
    hashed_with: HashAlgorithm,
    fingerprint: str,
    time: int,
) -> bytes:
    """Return version to hashed subpackets: issuer fingerprint, then creation time (GnuPG's order).

    ``fingerprint`` is that of a version 4 key (40 digits); ``time`` is Unix seconds.
    """
    area = _subpacket(SubpacketType.ISSUER_FINGERPRINT, b"\x04" + bytes.fromhex(fingerprint))
    area += _subpacket(SubpacketType.CREATION_TIME, time.to_bytes(4, "big"))
    start = bytes((4, document, algorithm, HASH_IDS[hashed_with]))
    return start + len(area).to_bytes(2, "big") + area


class KeyFlag(IntFlag):
    """What a key may do (RFC 9580 section 5.2.3.29)."""

    CERTIFY = 0x01
    SIGN = 0x02


def certification_part(
    algorithm: int,
    hashed_with: HashAlgorithm,
    fingerprint: str,
    time: int,
    *,
    flags: KeyFlag,
    lifetime: int | None,
) -> bytes:
    """Return version to hashed subpackets of a positive certification of one's own user id.

    ``lifetime`` is the key's, in seconds from its creation, None for no end. The preferences are
    those that GnuPG gives new keys, without what it calls weak.
    """
    area = _subpacket(SubpacketType.ISSUER_FINGERPRINT, b"\x04" + bytes.fromhex(fingerprint))
    area += _subpacket(SubpacketType.CREATION_TIME, time.to_bytes(4, "big"))
    area += _subpacket(SubpacketType.KEY_FLAGS, bytes((flags,)))
    if lifetime is not None:
        area += _subpacket(SubpacketType.KEY_EXPIRATION, lifetime.to_bytes(4, "big"))
    area += _subpacket(SubpacketType.PREFERRED_CIPHERS, _CIPHERS)
    area += _subpacket(SubpacketType.PREFERRED_HASHES, _HASHES)
    area += _subpacket(SubpacketType.PRIMARY_USER_ID, b"\x01")
    area += _subpacket(SubpacketType.FEATURES, b"\x01")
    kind = SignatureClass.POSITIVE_CERTIFICATION
    start = bytes((4, kind, algorithm, HASH_IDS[hashed_with]))
    return start + len(area).to_bytes(2, "big") + area


def public_key_packet(created: int, algorithm: PublicKeyAlgorithm, public: PublicKey) -> bytes:
    """Return a version 4 primary key packet (RFC 9580 section 5.5.2).

    ``algorithm`` is RSA, ECDSA or EDDSA_LEGACY, which is what GnuPG 2.2 and RPM 4 read. Raises
    ValueError for a key that does not fit it.
    """
    match algorithm, public:
        case PublicKeyAlgorithm.RSA, RSAPublicKey():
            numbers = public.public_numbers()
            material = mpi(numbers.n) + mpi(numbers.e)
        case PublicKeyAlgorithm.ECDSA, EllipticCurvePublicKey():
            point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
            material = _curve(EC_CURVES[public.curve.name]) + mpi(int.from_bytes(point, "big"))
        case PublicKeyAlgorithm.EDDSA_LEGACY, Ed25519PublicKey():
            point = b"\x40" + public.public_bytes_raw()  # RFC 9580 section 11.2.2
            material = _curve(ED25519_LEGACY) + mpi(int.from_bytes(point, "big"))
        case _:
            raise ValueError(f"no version 4 key of algorithm {algorithm.value}")
    return packet(
        Tag.PUBLIC_KEY, b"\x04" + created.to_bytes(4, "big") + bytes((algorithm,)) + material
    )


def _curve(oid: bytes) -> bytes:
    return bytes((len(oid),)) + oid


def suffix(hashed: bytes) -> bytes:
    """Return what is hashed after the signed bytes (RFC 9580 section 5.2.4)."""
    return hashed + b"\x04\xff" + len(hashed).to_bytes(4, "big")


def signature_packet(
    hashed: bytes, fingerprint: str, left16: bytes, numbers: Sequence[bytes], *, native: bool
) -> bytes:
    """Return the packet: ``hashed``, issuer key id, first digest bytes, numbers.

    ``numbers`` are big-endian integers written as MPIs, or one fixed-size value with ``native``.
    """
    unhashed = _subpacket(SubpacketType.ISSUER_KEY_ID, bytes.fromhex(fingerprint)[-8:])
    values = [each if native else mpi(int.from_bytes(each, "big")) for each in numbers]
    body = hashed + len(unhashed).to_bytes(2, "big") + unhashed + left16 + b"".join(values)
    return packet(Tag.SIGNATURE, body)


def _subpacket(kind: SubpacketType, value: bytes) -> bytes:
    return bytes((len(value) + 1, kind)) + value
