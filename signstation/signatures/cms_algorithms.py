"""Algorithm identifiers of CMS: OIDs to mechanisms and hashes and back, and the number itself.

Sources: RFC 3370 and 5754 (RSA, ECDSA, SHA-2), 4056 (PSS), 8419 (EdDSA), 9882 (ML-DSA), NIST CSOR
(SHA-3). The kernel's own table is crypto/asymmetric_keys/pkcs7_parser.c.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, mldsa, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from signstation.codec import der
from signstation.codec.cms import AlgorithmId
from signstation.codec.der import Reader, context, integer, sequence
from signstation.errors import ArtifactMalformed, SchemeUnsupported
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import Mechanism, Scheme

NULL = der.der(der.NULL)

HASH_OIDS: Mapping[HashAlgorithm, str] = {
    HashAlgorithm.MD5: "1.2.840.113549.2.5",
    HashAlgorithm.SHA1: "1.3.14.3.2.26",
    HashAlgorithm.SHA224: "2.16.840.1.101.3.4.2.4",
    HashAlgorithm.SHA256: "2.16.840.1.101.3.4.2.1",
    HashAlgorithm.SHA384: "2.16.840.1.101.3.4.2.2",
    HashAlgorithm.SHA512: "2.16.840.1.101.3.4.2.3",
    HashAlgorithm.SHA3_256: "2.16.840.1.101.3.4.2.8",
    HashAlgorithm.SHA3_384: "2.16.840.1.101.3.4.2.9",
    HashAlgorithm.SHA3_512: "2.16.840.1.101.3.4.2.10",
}
_HASHES = {value: name for name, value in HASH_OIDS.items()}

LIBRARY_HASHES: Mapping[HashAlgorithm, hashes.HashAlgorithm] = {
    HashAlgorithm.MD5: hashes.MD5(),  # noqa: S303 - to judge old signatures, never to make one
    HashAlgorithm.SHA1: hashes.SHA1(),  # noqa: S303 - the same
    HashAlgorithm.SHA224: hashes.SHA224(),
    HashAlgorithm.SHA256: hashes.SHA256(),
    HashAlgorithm.SHA384: hashes.SHA384(),
    HashAlgorithm.SHA512: hashes.SHA512(),
    HashAlgorithm.SHA3_256: hashes.SHA3_256(),
    HashAlgorithm.SHA3_384: hashes.SHA3_384(),
    HashAlgorithm.SHA3_512: hashes.SHA3_512(),
}

RSA_ENCRYPTION = "1.2.840.113549.1.1.1"
RSASSA_PSS = "1.2.840.113549.1.1.10"
MGF1 = "1.2.840.113549.1.1.8"

MAX_SALT = 1024
"""Longest PSS salt in bytes: it has to fit into the modulus, 8192 bits at most in practice."""

_RSA: Mapping[str, HashAlgorithm | None] = {
    RSA_ENCRYPTION: None,  # the hash is the digest algorithm's (RFC 3370 3.2)
    "1.2.840.113549.1.1.4": HashAlgorithm.MD5,
    "1.2.840.113549.1.1.5": HashAlgorithm.SHA1,
    "1.2.840.113549.1.1.14": HashAlgorithm.SHA224,
    "1.2.840.113549.1.1.11": HashAlgorithm.SHA256,
    "1.2.840.113549.1.1.12": HashAlgorithm.SHA384,
    "1.2.840.113549.1.1.13": HashAlgorithm.SHA512,
    "2.16.840.1.101.3.4.3.14": HashAlgorithm.SHA3_256,
    "2.16.840.1.101.3.4.3.15": HashAlgorithm.SHA3_384,
    "2.16.840.1.101.3.4.3.16": HashAlgorithm.SHA3_512,
}
_ECDSA_OIDS: Mapping[HashAlgorithm, str] = {
    HashAlgorithm.SHA1: "1.2.840.10045.4.1",
    HashAlgorithm.SHA224: "1.2.840.10045.4.3.1",
    HashAlgorithm.SHA256: "1.2.840.10045.4.3.2",
    HashAlgorithm.SHA384: "1.2.840.10045.4.3.3",
    HashAlgorithm.SHA512: "1.2.840.10045.4.3.4",
    HashAlgorithm.SHA3_256: "2.16.840.1.101.3.4.3.10",
    HashAlgorithm.SHA3_384: "2.16.840.1.101.3.4.3.11",
    HashAlgorithm.SHA3_512: "2.16.840.1.101.3.4.3.12",
}
_ECDSA = {value: name for name, value in _ECDSA_OIDS.items()}
PURE: Mapping[str, Mechanism] = {
    "1.3.101.112": Mechanism.ED25519,
    "1.3.101.113": Mechanism.ED448,
    "2.16.840.1.101.3.4.3.17": Mechanism.MLDSA44,
    "2.16.840.1.101.3.4.3.18": Mechanism.MLDSA65,
    "2.16.840.1.101.3.4.3.19": Mechanism.MLDSA87,
}
_TITLES: Mapping[Mechanism, str] = {
    Mechanism.RSA_PKCS1: "RSA",
    Mechanism.RSA_PSS: "RSA-PSS",
    Mechanism.ECDSA: "ECDSA",
    Mechanism.ED25519: "Ed25519",
    Mechanism.ED448: "Ed448",
    Mechanism.MLDSA44: "ML-DSA-44",
    Mechanism.MLDSA65: "ML-DSA-65",
    Mechanism.MLDSA87: "ML-DSA-87",
}


@dataclass(frozen=True, slots=True)
class SignatureAlgorithm:
    """How a number is checked: over a digest under ``hash``, or over the message (None)."""

    mechanism: Mechanism
    hash: HashAlgorithm | None
    salt: int = 0  # of PSS, in bytes

    @property
    def title(self) -> str:
        """Name for people."""
        return _TITLES[self.mechanism]


class UnknownAlgorithm(Exception):
    """An algorithm that this module has no mathematics for; the message is its OID."""


def hash_of(algorithm: AlgorithmId) -> HashAlgorithm:
    """Return the hash of a digest algorithm, parameters absent or NULL. Raises UnknownAlgorithm."""
    if algorithm.oid not in _HASHES or algorithm.parameters not in {None, NULL}:
        raise UnknownAlgorithm(algorithm.oid)
    return _HASHES[algorithm.oid]


def signature_algorithm(algorithm: AlgorithmId, digest: HashAlgorithm) -> SignatureAlgorithm:
    """Read a SignerInfo's signature algorithm next to its digest algorithm.

    Raises UnknownAlgorithm, also where the two name different hashes.
    """
    name = algorithm.oid
    if name == RSASSA_PSS:
        return _pss(algorithm, digest)
    if algorithm.parameters not in {None, NULL}:
        raise UnknownAlgorithm(f"{name} with parameters")
    if name in PURE:
        return SignatureAlgorithm(PURE[name], None)
    if name in _RSA:
        named, mechanism = _RSA[name] or digest, Mechanism.RSA_PKCS1
    elif name in _ECDSA:
        named, mechanism = _ECDSA[name], Mechanism.ECDSA
    else:
        raise UnknownAlgorithm(name)
    if named is not digest:
        raise UnknownAlgorithm(f"{name} with {digest.title}")
    return SignatureAlgorithm(mechanism, digest)


def _pss(algorithm: AlgorithmId, digest: HashAlgorithm) -> SignatureAlgorithm:
    """RFC 4055 3.1: only the form with the same hash throughout is accepted."""
    salt = -1
    try:
        fields = Reader(algorithm.parameters or b"", name="cms").read(der.SEQUENCE).reader()
        fields.read(context(0))
        fields.read(context(1))
        salt = der.parse_integer(fields.read(context(2)).reader().read(der.INTEGER))
    except ArtifactMalformed as error:
        raise UnknownAlgorithm(algorithm.oid) from error
    if (
        not 0 <= salt <= MAX_SALT
        or AlgorithmId(RSASSA_PSS, _pss_parameters(digest, salt)) != algorithm
    ):
        raise UnknownAlgorithm(f"{algorithm.oid} with other parameters")
    return SignatureAlgorithm(Mechanism.RSA_PSS, digest, salt)


def _pss_parameters(digest: HashAlgorithm, salt: int) -> bytes:
    name = AlgorithmId(HASH_OIDS[digest], NULL).encode()
    return sequence(
        der.der(context(0), name),
        der.der(context(1), AlgorithmId(MGF1, name).encode()),
        der.der(context(2), integer(salt)),
    )


def identifier_of(scheme: Scheme, digest: HashAlgorithm) -> AlgorithmId:
    """Return the AlgorithmIdentifier that a new SignerInfo names. Raises SchemeUnsupported."""
    match scheme.mechanism:
        case Mechanism.RSA_PKCS1:
            return AlgorithmId(RSA_ENCRYPTION, NULL)
        case Mechanism.RSA_PSS:
            return AlgorithmId(RSASSA_PSS, _pss_parameters(digest, digest.size))
        case Mechanism.ECDSA:
            return AlgorithmId(_ECDSA_OIDS[digest])
        case Mechanism.ED25519:
            return AlgorithmId("1.3.101.112")
        case _:
            # RFC 8419 wants SHAKE256 beside Ed448; ML-DSA enters with the kernels that load it
            raise SchemeUnsupported(scheme=scheme.value)


def verify_number(
    key: PublicKeyTypes, algorithm: SignatureAlgorithm, signature: bytes, value: bytes
) -> None:
    """Check a signature over ``value``: the digest, or the message where there is no hash.

    Raises ``InvalidSignature``, also where the key is of another kind than the algorithm, and
    UnknownAlgorithm where the library does not know the mathematics.
    """
    try:
        if algorithm.hash is None:
            _verify_message(key, algorithm.mechanism, signature, value)
        else:
            _verify_digest(key, algorithm, LIBRARY_HASHES[algorithm.hash], signature, value)
    except UnsupportedAlgorithm as error:
        raise UnknownAlgorithm(algorithm.mechanism.value) from error
    except ValueError as error:  # lengths that cannot be
        raise InvalidSignature from error


def _verify_digest(
    key: PublicKeyTypes,
    algorithm: SignatureAlgorithm,
    named: hashes.HashAlgorithm,
    signature: bytes,
    digest: bytes,
) -> None:
    match key, algorithm.mechanism:
        case rsa.RSAPublicKey(), Mechanism.RSA_PKCS1:
            key.verify(signature, digest, padding.PKCS1v15(), Prehashed(named))
        case rsa.RSAPublicKey(), Mechanism.RSA_PSS:
            scheme = padding.PSS(padding.MGF1(named), algorithm.salt)
            key.verify(signature, digest, scheme, Prehashed(named))
        case ec.EllipticCurvePublicKey(), Mechanism.ECDSA:
            key.verify(signature, digest, ec.ECDSA(Prehashed(named)))
        case _:
            raise InvalidSignature


def _verify_message(
    key: PublicKeyTypes, mechanism: Mechanism, signature: bytes, message: bytes
) -> None:
    match key, mechanism:
        case ed25519.Ed25519PublicKey(), Mechanism.ED25519:
            key.verify(signature, message)
        case ed448.Ed448PublicKey(), Mechanism.ED448:
            key.verify(signature, message)
        case mldsa.MLDSA44PublicKey(), Mechanism.MLDSA44:
            key.verify(signature, message)
        case mldsa.MLDSA65PublicKey(), Mechanism.MLDSA65:
            key.verify(signature, message)
        case mldsa.MLDSA87PublicKey(), Mechanism.MLDSA87:
            key.verify(signature, message)
        case _:
            raise InvalidSignature
