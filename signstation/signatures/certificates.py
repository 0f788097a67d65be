"""X.509 certificates: read once into facts that every caller can trust to be there.

All parsing is ``cryptography``'s; it is lazy and raises where a field is first touched, so
everything that is ever looked at is touched here, and hostile certificates give one typed error.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, mldsa, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from signstation.codec.cms import IssuerAndSerial, certificate_identity
from signstation.errors import ArtifactMalformed, KeyUnreadable
from signstation.model.hashes import sha256
from signstation.model.keys import KeyFamily, KeyType

MAX_CERTIFICATE = 64 * 1024
"""Most bytes of one certificate: ML-DSA-87 ones have 7.4 kB."""

CODE_SIGNING = "1.3.6.1.5.5.7.3.3"
EMAIL_PROTECTION = "1.3.6.1.5.5.7.3.4"
ANY_USAGE = "2.5.29.37.0"
MODULE_SIGNING = "1.3.6.1.4.1.2312.16.1.2"
"""Kernel modules only: shim refuses a key with it for EFI binaries (shim, Cryptlib verify_eku)."""

USAGE_TITLES: Mapping[str, str] = {
    CODE_SIGNING: "code-signing",
    EMAIL_PROTECTION: "email-protection",
    ANY_USAGE: "any",
    MODULE_SIGNING: "kernel-modules",
}

_CURVES: Mapping[str, KeyFamily] = {
    "secp256r1": KeyFamily.P256,
    "secp384r1": KeyFamily.P384,
    "secp521r1": KeyFamily.P521,
}
_FAMILIES: Mapping[type, KeyFamily] = {
    ed25519.Ed25519PublicKey: KeyFamily.ED25519,
    ed448.Ed448PublicKey: KeyFamily.ED448,
    mldsa.MLDSA44PublicKey: KeyFamily.MLDSA44,
    mldsa.MLDSA65PublicKey: KeyFamily.MLDSA65,
    mldsa.MLDSA87PublicKey: KeyFamily.MLDSA87,
}

Extension = TypeVar("Extension", bound=x509.ExtensionType)


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What signstation looks at in a certificate. Times are Unix seconds."""

    der: bytes
    certificate: x509.Certificate
    key: PublicKeyTypes
    type: KeyType
    identity: IssuerAndSerial
    key_id: bytes | None
    name: str  # the common name, else the whole subject; untrusted text
    subject: str  # RFC 4514
    issuer: str  # RFC 4514
    not_before: int
    not_after: int
    authority: bool  # basicConstraints with cA
    signs_data: bool  # keyUsage absent, or with digitalSignature or contentCommitment
    usages: tuple[str, ...] | None  # extended key usages, dotted; None where absent

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the DER, lower-case hexadecimal."""
        return sha256(self.der).hex

    @property
    def spki(self) -> bytes:
        """DER SubjectPublicKeyInfo."""
        return spki_of(self.key)

    @property
    def usage_titles(self) -> tuple[str, ...]:
        """Extended key usages for people; an unknown one stays a dotted OID."""
        return tuple(USAGE_TITLES.get(each, each) for each in self.usages or ())


def spki_of(key: PublicKeyTypes) -> bytes:
    """Return the DER SubjectPublicKeyInfo of a public key."""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def key_type(key: PublicKeyTypes) -> KeyType:
    """Return family and size of a public key; family OTHER for what no format here can use."""
    if isinstance(key, rsa.RSAPublicKey):
        return KeyType(KeyFamily.RSA, key.key_size)
    if isinstance(key, ec.EllipticCurvePublicKey):
        return KeyType(_CURVES.get(key.curve.name, KeyFamily.OTHER), key.key_size)
    for kind, family in _FAMILIES.items():
        if isinstance(key, kind):
            return KeyType(family)
    return KeyType(KeyFamily.OTHER)


def read_certificate(der: bytes) -> CertificateFacts:
    """Read a DER certificate. Raises KeyUnreadable for anything that cannot be used."""
    if len(der) > MAX_CERTIFICATE:
        raise KeyUnreadable(reason=f"certificate of more than {MAX_CERTIFICATE} bytes")
    try:
        # a negative serial number warns; it is no reason to refuse an anchor that others trust
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _read(der)
    except (
        ArtifactMalformed,
        ValueError,
        UnsupportedAlgorithm,
        x509.InvalidVersion,
        x509.DuplicateExtension,
        x509.UnsupportedGeneralNameType,
    ) as error:
        raise KeyUnreadable(reason=f"X.509 certificate: {error}"[:200]) from error


def _read(der: bytes) -> CertificateFacts:
    certificate = x509.load_der_x509_certificate(der)
    key = certificate.public_key()
    constraints = _extension(certificate, x509.BasicConstraints)
    usage = _extension(certificate, x509.KeyUsage)
    extended = _extension(certificate, x509.ExtendedKeyUsage)
    key_id = _extension(certificate, x509.SubjectKeyIdentifier)
    subject = certificate.subject.rfc4514_string()
    common = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return CertificateFacts(
        der=der,
        certificate=certificate,
        key=key,
        type=key_type(key),
        identity=certificate_identity(der),
        key_id=None if key_id is None else key_id.digest,
        name=str(common[0].value) if common else subject,
        subject=subject,
        issuer=certificate.issuer.rfc4514_string(),
        not_before=int(certificate.not_valid_before_utc.timestamp()),
        not_after=int(certificate.not_valid_after_utc.timestamp()),
        authority=constraints is not None and constraints.ca,
        signs_data=usage is None or usage.digital_signature or usage.content_commitment,
        usages=None if extended is None else tuple(each.dotted_string for each in extended),
    )


def _extension(certificate: x509.Certificate, kind: type[Extension]) -> Extension | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
