"""X.509 for tests: certificates of every shape, and signing slots around software keys."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from zlib import crc32

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, mldsa, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID

from signstation.model.asks import ToSign
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import (
    KeyFamily,
    KeyRef,
    KeyType,
    Mechanism,
    Protection,
    Scheme,
    SignatureType,
    SignerProfile,
    Slot,
    X509Profile,
)
from signstation.model.trust import Origin, Purpose, Trust, X509Anchor
from signstation.signatures.certificates import key_type

NOW = 1_750_000_000
"""The time at which tests sign and verify: 2025-06-15 15:06:40 UTC."""
DAY = 86_400

_HASHES: dict[HashAlgorithm, hashes.HashAlgorithm] = {
    HashAlgorithm.SHA1: hashes.SHA1(),  # noqa: S303 - judged, never trusted
    HashAlgorithm.SHA256: hashes.SHA256(),
    HashAlgorithm.SHA384: hashes.SHA384(),
    HashAlgorithm.SHA512: hashes.SHA512(),
}


@cache
def private_key(kind: str) -> CertificateIssuerPrivateKeyTypes:
    """Return a throw-away key, the same for each call: ``rsa2048``, ``p256``, ``mldsa65``.

    A suffix after a dash gives another key of the kind: ``rsa2048-ca``.
    """
    name = kind.partition("-")[0]
    if name.startswith("rsa"):
        return rsa.generate_private_key(65537, int(name[3:]))
    if name == "mldsa65":
        return mldsa.MLDSA65PrivateKey.generate()
    curves: dict[str, ec.EllipticCurve] = {
        "p256": ec.SECP256R1(),
        "p384": ec.SECP384R1(),
        "p521": ec.SECP521R1(),
    }
    if name in curves:
        return ec.generate_private_key(curves[name])
    if name == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return ed448.Ed448PrivateKey.generate()


@dataclass(frozen=True)
class Shape:
    """What a certificate says; the defaults are those of a self-signed module key."""

    name: str = "Test key"
    not_before: int = NOW - 100 * DAY
    not_after: int = NOW + 100 * DAY
    authority: bool | None = False  # None: no basicConstraints
    digital_signature: bool = True
    usages: tuple[str, ...] = ()
    serial: int | None = None  # None: follows from name and key
    path_length: int | None = None


@dataclass(frozen=True)
class Identity:
    """A private key, its certificate and the issuers above it."""

    key: CertificateIssuerPrivateKeyTypes
    certificate: x509.Certificate
    issuers: tuple[x509.Certificate, ...] = field(default=())

    @property
    def der(self) -> bytes:
        """The certificate's DER."""
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def chain(self) -> tuple[bytes, ...]:
        """Leaf first."""
        return (self.der, *(each.public_bytes(Encoding.DER) for each in self.issuers))

    @property
    def type(self) -> KeyType:
        """Family and size."""
        return key_type(self.key.public_key())

    def key_pem(self) -> bytes:
        """PKCS#8, unencrypted."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def certificate_pem(self) -> bytes:
        """PEM."""
        return self.certificate.public_bytes(Encoding.PEM)


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@cache
def identity(
    kind: str = "rsa2048", shape: Shape | None = None, issuer: Identity | None = None
) -> Identity:
    """Make a certificate for a key of ``kind``, self-signed without ``issuer``; cached."""
    shape = shape or Shape()
    key = private_key(kind)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, shape.name)])
    public = key.public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.certificate.subject if issuer else name)
        .public_key(public)
        .serial_number(shape.serial or 1 + crc32(f"{kind} {shape.name}".encode()))
        .not_valid_before(_moment(shape.not_before))
        .not_valid_after(_moment(shape.not_after))
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(public),
            critical=False,
        )
    )
    if shape.authority is not None:
        constraints = x509.BasicConstraints(shape.authority, shape.path_length)
        builder = builder.add_extension(constraints, critical=True)
    authority = bool(shape.authority)
    usage = x509.KeyUsage(
        digital_signature=shape.digital_signature,
        content_commitment=False,
        key_encipherment=not shape.digital_signature,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
    builder = builder.add_extension(usage, critical=True)
    if shape.usages:
        named = x509.ExtendedKeyUsage([x509.ObjectIdentifier(each) for each in shape.usages])
        builder = builder.add_extension(named, critical=False)
    signing = issuer.key if issuer else key
    if issuer:
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(
            issuer.certificate.public_key()  # type: ignore[arg-type]
        )
        builder = builder.add_extension(identifier, critical=False)
    certificate = builder.sign(signing, _issuing_hash(signing))
    above = (issuer.certificate, *issuer.issuers) if issuer else ()
    return Identity(key, certificate, above)


def _issuing_hash(key: CertificateIssuerPrivateKeyTypes) -> hashes.SHA256 | None:
    return (
        hashes.SHA256() if isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) else None
    )


def profile(owner: Identity) -> SignerProfile:
    """Describe a software key as its store would."""
    by_family = {
        KeyFamily.RSA: (Mechanism.RSA_PKCS1, Mechanism.RSA_PSS),
        KeyFamily.ED25519: (Mechanism.ED25519,),
        KeyFamily.ED448: (Mechanism.ED448,),
    }
    mechanisms = by_family.get(owner.type.family, (Mechanism.ECDSA,))
    schemes = tuple(each for each in Scheme if each.mechanism in mechanisms)
    return SignerProfile(
        key=KeyRef("file", "/keys/test.pem"),
        label="Test key",
        type=owner.type,
        spki=owner.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        protection=Protection.UNPROTECTED,
        schemes=schemes,
        x509=X509Profile(owner.chain),
    )


def slot(owner: Identity, hash_algorithm: HashAlgorithm = HashAlgorithm.SHA256) -> Slot:
    """A CMS slot; the scheme follows from key and hash."""
    found = profile(owner)
    scheme = next(each for each in found.schemes if each.hash in {None, hash_algorithm})
    return Slot(found, SignatureType.CMS, scheme, hash_algorithm)


def answer(owner: Identity, ask: ToSign) -> bytes:
    """Sign an ask as a key store would."""
    key = owner.key
    if isinstance(key, rsa.RSAPrivateKey):
        assert ask.scheme.hash is not None
        named = _HASHES[ask.scheme.hash]
        scheme: padding.AsymmetricPadding = padding.PKCS1v15()
        if ask.scheme.mechanism is Mechanism.RSA_PSS:
            scheme = padding.PSS(padding.MGF1(named), named.digest_size)
        return key.sign(ask.input, scheme, Prehashed(named))
    if isinstance(key, ec.EllipticCurvePrivateKey):
        assert ask.scheme.hash is not None
        return key.sign(ask.input, ec.ECDSA(Prehashed(_HASHES[ask.scheme.hash])))
    assert isinstance(key, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey)
    return key.sign(ask.input)


def trust(*owners: Identity, purposes: Iterable[Purpose] = (Purpose.ANY,)) -> Trust:
    """Trust the certificates of ``owners``."""
    origin = Origin("a test")
    return Trust(x509=tuple(X509Anchor(each.der, origin, tuple(purposes)) for each in owners))
