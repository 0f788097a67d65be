"""X.509 certificates: read once into facts that every caller can trust to be there, and made.

All parsing is ``cryptography``'s; it is lazy and raises where a field is first touched, so
everything that is ever looked at is touched here, and hostile certificates give one typed error.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, mldsa, rsa
from cryptography.hazmat.primitives.asymmetric.types import (
    CertificateIssuerPrivateKeyTypes,
    PublicKeyTypes,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from signstation.codec.cms import IssuerAndSerial, certificate_identity
from signstation.errors import ArtifactMalformed, KeyUnreadable, UsageError
from signstation.model.hashes import sha256
from signstation.model.keys import KeyFamily, KeyType
from signstation.model.orders import X509Use

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
NO_END = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""The end of a certificate without one (RFC 5280 4.1.2.5)."""
P256_BITS = 256

_SIGNS_DATA = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)
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
        TypeError,  # cryptography's, for a name whose value is a bit string
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


@dataclass(frozen=True, slots=True)
class CertificateOrder:
    """A self-signed certificate to make. Times are Unix seconds; ``not_after`` None: no end."""

    name: str  # common name
    use: X509Use
    not_before: int
    not_after: int | None
    serial: int


def self_signed(order: CertificateOrder, key: CertificateIssuerPrivateKeyTypes) -> bytes:
    """Make a certificate (DER) by a profile; ``key`` may live elsewhere (``remotekey``).

    Not an authority, key usage digitalSignature, and one extended key usage: for modules only
    that of kernel modules, so that shim refuses the key for EFI binaries and a stolen module key
    boots nothing. Raises UsageError for a name that a certificate cannot have.
    """
    name = _subject(order.name)
    public = key.public_key()
    key_id = x509.SubjectKeyIdentifier.from_public_key(public)
    usage = MODULE_SIGNING if order.use is X509Use.MODULES else CODE_SIGNING
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(order.serial)
        .not_valid_before(datetime.fromtimestamp(order.not_before, UTC))
        .not_valid_after(
            NO_END if order.not_after is None else datetime.fromtimestamp(order.not_after, UTC)
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_SIGNS_DATA, critical=True)
        .add_extension(x509.ExtendedKeyUsage([x509.ObjectIdentifier(usage)]), critical=False)
        .add_extension(key_id, critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(key_id), critical=False
        )
    )
    return builder.sign(key, _certificate_hash(public)).public_bytes(Encoding.DER)


def certificate_request(name: str, key: CertificateIssuerPrivateKeyTypes) -> bytes:
    """Make a request (PKCS #10, DER) for an authority; ``key`` may live elsewhere (``remotekey``).

    It asks for a name only: what the certificate may be used for is the authority's to say. Raises
    UsageError for a name that a certificate cannot have.
    """
    builder = x509.CertificateSigningRequestBuilder().subject_name(_subject(name))
    return builder.sign(key, _certificate_hash(key.public_key())).public_bytes(Encoding.DER)


def _subject(name: str) -> x509.Name:
    try:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    except ValueError as error:
        raise UsageError(reason=f"the name does not fit a certificate: {error}") from error


def _certificate_hash(public: PublicKeyTypes) -> hashes.SHA256 | hashes.SHA384 | None:
    """SHA-256 is built into every kernel; Debian's 6.1 has larger ones only as a module."""
    if isinstance(public, ec.EllipticCurvePublicKey) and public.key_size > P256_BITS:
        return hashes.SHA384()
    if isinstance(public, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        return hashes.SHA256()
    return None
