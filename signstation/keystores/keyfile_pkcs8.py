"""Encrypted PKCS#8 with a key derivation that slows guessing down.

``cryptography`` encrypts PKCS#8 with 2,048 rounds of PBKDF2 and lets nobody choose. Here the same
structure (RFC 8018: PBES2, PBKDF2 with HMAC-SHA-256, AES-256-CBC) is put together from its parts;
openssl, sign-file and ``cryptography`` read it. (scrypt with useful parameters needs more memory
than openssl allows when it reads a key.)
"""

from __future__ import annotations

import os

from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from signstation.codec import der
from signstation.codec.cms import AlgorithmId
from signstation.codec.der import encode_pem, integer, sequence
from signstation.model.secret import Secret

ROUNDS = 600_000
"""Iterations of PBKDF2-HMAC-SHA-256 (OWASP Password Storage Cheat Sheet, 2023)."""
SALT = 16
"""Bytes of salt (NIST SP 800-132 5.1: at least 16)."""

PBES2 = "1.2.840.113549.1.5.13"
PBKDF2 = "1.2.840.113549.1.5.12"
HMAC_SHA256 = "1.2.840.113549.2.9"
AES256_CBC = "2.16.840.1.101.3.4.1.42"


def private_pem(key: PrivateKeyTypes, passphrase: Secret | None) -> bytes:
    """Return a private key as PKCS#8 PEM, under ``passphrase`` where one is given.

    Takes a quarter of a second with a passphrase.
    """
    if passphrase is None:
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    plain = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return encode_pem("ENCRYPTED PRIVATE KEY", _encrypt(plain, passphrase))


def _encrypt(plain: bytes, passphrase: Secret) -> bytes:
    salt, vector = os.urandom(SALT), os.urandom(AES256.block_size // 8)
    derivation = PBKDF2HMAC(SHA256(), 32, salt, ROUNDS)
    with passphrase.open() as opened:
        secret = derivation.derive(bytes(opened))
    padder = PKCS7(AES256.block_size).padder()
    encryptor = Cipher(AES256(secret), CBC(vector)).encryptor()
    content = encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()
    null = der.der(der.NULL)
    kdf = sequence(
        der.der(der.OCTET_STRING, salt), integer(ROUNDS), AlgorithmId(HMAC_SHA256, null).encode()
    )
    parameters = sequence(
        AlgorithmId(PBKDF2, kdf).encode(),
        AlgorithmId(AES256_CBC, der.der(der.OCTET_STRING, vector)).encode(),
    )
    return sequence(AlgorithmId(PBES2, parameters).encode(), der.der(der.OCTET_STRING, content))
