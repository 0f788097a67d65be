"""OpenPGP keys for tests without a key store: private halves out of unprotected key packets."""

from __future__ import annotations

import functools
from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import TypeVar

import pysequoia
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    SECP384R1,
    SECP521R1,
    EllipticCurve,
    EllipticCurvePrivateKey,
    derive_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPrivateNumbers,
    RSAPublicKey,
    rsa_crt_dmp1,
    rsa_crt_dmq1,
)
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.hashes import HashAlgorithm as LibraryHash
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from signstation.codec.openpgp_certificates import split_certificates
from signstation.codec.openpgp_keys import PublicKeyPacket, parse_public_key
from signstation.codec.openpgp_packets import Cursor, Packet, PublicKeyAlgorithm, Tag, packets
from signstation.model.asks import Answer, Batch, ToSign
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import (
    KeyFamily,
    KeyRef,
    OpenPgpProfile,
    Protection,
    Scheme,
    SignatureType,
    SignerProfile,
    Slot,
)
from signstation.model.trust import OpenPgpCertificate, Origin
from signstation.trust.openpgp_own import read_keys

T = TypeVar("T")
PrivateKey = RSAPrivateKey | EllipticCurvePrivateKey | Ed25519PrivateKey | Ed448PrivateKey
_CURVES: dict[KeyFamily, EllipticCurve] = {
    KeyFamily.P256: SECP256R1(),
    KeyFamily.P384: SECP384R1(),
    KeyFamily.P521: SECP521R1(),
}
_HASHES: dict[HashAlgorithm, LibraryHash] = {
    HashAlgorithm.SHA256: SHA256(),
    HashAlgorithm.SHA384: SHA384(),
    HashAlgorithm.SHA512: SHA512(),
}


@dataclass(frozen=True, slots=True)
class SoftKey:
    """A key pair out of an unprotected secret-key packet."""

    public: PublicKeyPacket
    private: PrivateKey

    def answer(self, ask: ToSign) -> bytes:
        """Sign one ask as a key store would (``model.asks.Answer``)."""
        hashed = ask.scheme.hash
        match self.private:
            case Ed25519PrivateKey() | Ed448PrivateKey():
                assert ask.message is not None
                return self.private.sign(ask.message)
            case RSAPrivateKey():
                assert ask.digest is not None
                assert hashed is not None
                return self.private.sign(ask.digest, PKCS1v15(), Prehashed(_HASHES[hashed]))
            case EllipticCurvePrivateKey():
                assert ask.digest is not None
                assert hashed is not None
                return self.private.sign(ask.digest, ECDSA(Prehashed(_HASHES[hashed])))

    @property
    def spki(self) -> bytes:
        """DER SubjectPublicKeyInfo."""
        public = self.private.public_key()
        return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def secret_keys(material: bytes) -> dict[str, SoftKey]:
    """Return the signing keys of an unprotected transferable secret key, by fingerprint."""
    found: dict[str, SoftKey] = {}
    for each in packets(material):
        if each.tag not in {Tag.SECRET_KEY, Tag.SECRET_SUBKEY}:
            continue
        key = _soft_key(each)
        if key is not None:
            found[key.public.fingerprint] = key
    return found


def _public_length(body: bytes) -> int:
    if body[0] == 6:
        return 10 + int.from_bytes(body[6:10], "big")
    cursor = Cursor(body)
    cursor.take(5)
    algorithm = cursor.number(1)
    if algorithm in {PublicKeyAlgorithm.ED25519, PublicKeyAlgorithm.ED448}:
        cursor.take(32 if algorithm == PublicKeyAlgorithm.ED25519 else 57)
        return cursor.at
    if algorithm in {PublicKeyAlgorithm.ECDSA, PublicKeyAlgorithm.EDDSA_LEGACY, 18}:
        cursor.take(cursor.number(1))
        cursor.mpi()
        if algorithm == 18:  # ECDH: parameters of the key derivation
            cursor.take(cursor.number(1))
        return cursor.at
    for _ in range(2):
        cursor.mpi()
    return cursor.at


def _soft_key(packet: Packet) -> SoftKey | None:
    length = _public_length(packet.body)
    tag = Tag.PUBLIC_KEY if packet.tag == Tag.SECRET_KEY else Tag.PUBLIC_SUBKEY
    body = packet.body[:length]
    header = bytes((0xC0 | tag, 0xFF)) + len(body).to_bytes(4, "big")
    public = parse_public_key(Packet(tag, body, header + body, 0))
    cursor = Cursor(packet.body[length:])
    assert cursor.number(1) == 0, "the secret key is protected"
    private = _private(public, cursor)
    return None if private is None else SoftKey(public, private)


def _private(public: PublicKeyPacket, cursor: Cursor) -> PrivateKey | None:
    match public.algorithm:
        case PublicKeyAlgorithm.RSA:
            d, p, q, _ = (cursor.mpi() for _ in range(4))
            assert isinstance(public.key, RSAPublicKey)
            crt = (rsa_crt_dmp1(d, p), rsa_crt_dmq1(d, q), pow(q, -1, p))
            return RSAPrivateNumbers(p, q, d, *crt, public.key.public_numbers()).private_key()
        case PublicKeyAlgorithm.ECDSA:
            return derive_private_key(cursor.mpi(), _CURVES[public.type.family])
        case PublicKeyAlgorithm.EDDSA_LEGACY:
            return Ed25519PrivateKey.from_private_bytes(cursor.mpi().to_bytes(32, "big"))
        case PublicKeyAlgorithm.ED25519:
            return Ed25519PrivateKey.from_private_bytes(cursor.take(32))
        case PublicKeyAlgorithm.ED448:
            return Ed448PrivateKey.from_private_bytes(cursor.take(57))
        case _:
            return None


def scheme_for(key: SoftKey, hashed: HashAlgorithm) -> Scheme:
    """Return the scheme of a key with a hash."""
    match key.private:
        case Ed25519PrivateKey():
            return Scheme.ED25519
        case Ed448PrivateKey():
            return Scheme.ED448
        case RSAPrivateKey():
            return Scheme(f"rsa-pkcs1-{hashed.value}")
        case EllipticCurvePrivateKey():
            return Scheme(f"ecdsa-{hashed.value}")


def slot_for(
    key: SoftKey, *, primary: str, certificate: bytes, hashed: HashAlgorithm = HashAlgorithm.SHA256
) -> Slot:
    """Return the slot of an OpenPGP signature by a key."""
    public = key.public
    profile = OpenPgpProfile(
        public.fingerprint, primary, public.algorithm, public.created, "Test", certificate
    )
    scheme = scheme_for(key, hashed)
    signer = SignerProfile(
        key=KeyRef("gpg", public.fingerprint),
        label="Test",
        type=public.type,
        spki=key.spki,
        protection=Protection.SOFTWARE,
        schemes=(scheme,),
        message_schemes=(scheme,) if scheme.hash is None else (),
        openpgp=profile,
    )
    return Slot(signer, SignatureType.OPENPGP, scheme, hashed)


def drive(generator: Generator[Batch, tuple[Answer, ...], T], *keys: SoftKey) -> T:
    """Run a signing generator to its end; each ask goes to the key with its slot's number."""
    try:
        batch = next(generator)
        while True:
            batch = generator.send(tuple(keys[ask.slot].answer(ask) for ask in batch))
    except StopIteration as end:
        value: T = end.value
        return value


@dataclass(frozen=True, slots=True)
class SoftCertificate:
    """A certificate with its private halves, made in this process by Sequoia at the real time."""

    secret: bytes
    trusted: OpenPgpCertificate
    signer: SoftKey  # the signing subkey

    @property
    def slot(self) -> Slot:
        """A slot with SHA-256."""
        return self.slot_with(HashAlgorithm.SHA256)

    def slot_with(self, hashed: HashAlgorithm) -> Slot:
        """A slot with another hash."""
        return slot_for(
            self.signer,
            primary=self.trusted.primary.fingerprint,
            certificate=self.trusted.material,
            hashed=hashed,
        )

    def with_signer(self, **changes: object) -> OpenPgpCertificate:
        """The trusted certificate with facts of the signing key changed."""
        return self._with(self.signer.public.fingerprint, changes)

    def with_primary(self, **changes: object) -> OpenPgpCertificate:
        """The trusted certificate with facts of the primary key changed."""
        return self._with(self.trusted.primary.fingerprint, changes)

    def _with(self, fingerprint: str, changes: dict[str, object]) -> OpenPgpCertificate:
        keys = tuple(
            replace(each, **changes) if each.fingerprint == fingerprint else each  # type: ignore[arg-type]
            for each in self.trusted.keys
        )
        return replace(self.trusted, keys=keys)


def soft_certificate(
    suite: pysequoia.CipherSuite | None = None, profile: pysequoia.Profile | None = None
) -> SoftCertificate:
    """Make a certificate with a signing subkey; default: version 4, Ed25519."""
    tsk = pysequoia.Tsk.generate(
        "Test Signer <signer@example.org>",
        profile=profile or pysequoia.Profile.RFC4880,
        cipher_suite=suite or pysequoia.CipherSuite.Cv25519,
    )
    secret = bytes(tsk)
    keys = secret_keys(secret)
    material = bytes(pysequoia.Cert.from_bytes(secret))
    (read,) = split_certificates(material)
    states = read_keys(read)
    trusted = OpenPgpCertificate(
        material, ("Test Signer <signer@example.org>",), states, Origin("made for a test")
    )
    signing = next(each for each in states if each.can_sign)
    return SoftCertificate(secret, trusted, keys[signing.fingerprint])


def shared_certificate(suite: str = "Cv25519", profile: str = "RFC4880") -> SoftCertificate:
    """As ``soft_certificate``, made once per test run: an RSA key takes a second."""
    return _shared(suite, profile)


@functools.cache
def _shared(suite: str, profile: str) -> SoftCertificate:
    return soft_certificate(
        getattr(pysequoia.CipherSuite, suite), getattr(pysequoia.Profile, profile)
    )
