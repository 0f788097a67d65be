"""The mathematics of SSH signatures, by ``cryptography``."""

from __future__ import annotations

from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from signstation.codec.sshkeys import SshPublicKey
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import Scheme

HASHES: Mapping[HashAlgorithm | None, hashes.HashAlgorithm] = {
    HashAlgorithm.SHA256: hashes.SHA256(),
    HashAlgorithm.SHA384: hashes.SHA384(),
    HashAlgorithm.SHA512: hashes.SHA512(),
}
"""The hashes of SSH's signature algorithms."""


def check_ssh_number(key: SshPublicKey, scheme: Scheme, number: bytes, message: bytes) -> None:
    """Check a number in the form of a key's answer. Raises InvalidSignature."""
    match key:
        case ed25519.Ed25519PublicKey() if scheme is Scheme.ED25519:
            key.verify(number, message)
        case rsa.RSAPublicKey() if scheme in {Scheme.RSA_PKCS1_SHA256, Scheme.RSA_PKCS1_SHA512}:
            key.verify(number, message, padding.PKCS1v15(), HASHES[scheme.hash])
        case ec.EllipticCurvePublicKey() if scheme.hash in HASHES:
            key.verify(number, message, ec.ECDSA(HASHES[scheme.hash]))
        case _:
            raise InvalidSignature
