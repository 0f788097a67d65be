"""The number in an OpenPGP signature against a digest and a public key, by ``cryptography``."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.dsa import DSAPublicKey
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.hashes import (
    MD5,
    SHA1,
    SHA3_256,
    SHA3_384,
    SHA3_512,
    SHA224,
    SHA256,
    SHA384,
    SHA512,
)
from cryptography.hazmat.primitives.hashes import HashAlgorithm as LibraryHash

from signstation.codec.openpgp import SignaturePacket
from signstation.codec.openpgp_keys import PublicKey
from signstation.codec.openpgp_packets import PublicKeyAlgorithm
from signstation.model.hashes import HashAlgorithm

ED25519_HALF = 32
"""Bytes of each of the two halves of an Ed25519 signature (RFC 8032 section 5.1.6)."""

_LIBRARY_HASHES: dict[HashAlgorithm, Callable[[], LibraryHash]] = {
    HashAlgorithm.MD5: MD5,
    HashAlgorithm.SHA1: SHA1,
    HashAlgorithm.SHA224: SHA224,
    HashAlgorithm.SHA256: SHA256,
    HashAlgorithm.SHA384: SHA384,
    HashAlgorithm.SHA512: SHA512,
    HashAlgorithm.SHA3_256: SHA3_256,
    HashAlgorithm.SHA3_384: SHA3_384,
    HashAlgorithm.SHA3_512: SHA3_512,
}


class Number(Enum):
    """What the mathematics says."""

    GOOD = "good"
    BAD = "bad"
    UNFIT = "unfit"  # packet and key are of different kinds, or the library refuses the key


def check_number(packet: SignaturePacket, key: PublicKey, digest: bytes) -> Number:
    """Check a packet's number against the digest of what it signs (salt and suffix included).

    ``packet`` is one without a problem. Never raises; takes microseconds, RSA-16384 milliseconds.
    """
    if packet.hash is None:
        return Number.UNFIT
    try:
        return _check(packet, key, digest, Prehashed(_LIBRARY_HASHES[packet.hash]()))
    except InvalidSignature:
        return Number.BAD
    except (UnsupportedAlgorithm, ValueError):
        # e.g. a modulus too small for the hash: such a key can never have made this signature
        return Number.UNFIT


def _check(packet: SignaturePacket, key: PublicKey, digest: bytes, hashed: Prehashed) -> Number:
    match packet.algorithm, key:
        case PublicKeyAlgorithm.RSA | PublicKeyAlgorithm.RSA_SIGN_ONLY, RSAPublicKey():
            size = (key.key_size + 7) // 8
            if len(packet.numbers[0]) > size:
                return Number.BAD
            key.verify(packet.numbers[0].rjust(size, b"\0"), digest, PKCS1v15(), hashed)
        case PublicKeyAlgorithm.ECDSA, EllipticCurvePublicKey():
            key.verify(_pair(packet), digest, ECDSA(hashed))
        case PublicKeyAlgorithm.DSA, DSAPublicKey():
            key.verify(_pair(packet), digest, hashed)
        case PublicKeyAlgorithm.EDDSA_LEGACY, Ed25519PublicKey():
            if max(len(half) for half in packet.numbers) > ED25519_HALF:
                return Number.BAD
            halves = (half.rjust(ED25519_HALF, b"\0") for half in packet.numbers)
            key.verify(b"".join(halves), digest)
        case PublicKeyAlgorithm.ED25519, Ed25519PublicKey():
            key.verify(packet.numbers[0], digest)
        case PublicKeyAlgorithm.ED448, Ed448PublicKey():
            key.verify(packet.numbers[0], digest)
        case _:
            return Number.UNFIT
    return Number.GOOD


def _pair(packet: SignaturePacket) -> bytes:
    r, s = (int.from_bytes(each, "big") for each in packet.numbers)
    return encode_dss_signature(r, s)
