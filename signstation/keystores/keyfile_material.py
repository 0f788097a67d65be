"""Key files as bytes: PEM, DER and PKCS#12, what they show without a passphrase, and unlocking.

PEM holds one private key (PKCS#8, PKCS#1, SEC1; encrypted or not) and any certificates; DER holds
a private key; PKCS#12 holds both. Runs in a key worker only.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    load_der_private_key,
    load_pem_private_key,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12

from signstation.codec import der
from signstation.codec.der import PemBlock, Reader, pem_blocks
from signstation.errors import ArtifactMalformed, KeyUnreadable, PassphraseWrong
from signstation.model.secret import Secret
from signstation.signatures.certificates import CertificateFacts, read_certificate
from signstation.signatures.softwarekey_file import read_key_file

MAX_FILE = 1024 * 1024
"""Most bytes of a key or certificate file: an RSA-16384 key with a chain has under 100 kB."""
MAX_BLOCKS = 100
"""Most PEM blocks of one file."""
_OTHERS = 0o077
"""Permission bits of group and others."""

_LOG = logging.getLogger(__name__)
_CERTIFICATES = frozenset({"CERTIFICATE", "X509 CERTIFICATE"})
_ENCRYPTED = "ENCRYPTED PRIVATE KEY"
_PRIVATE_KEYS = frozenset({"PRIVATE KEY", _ENCRYPTED, "RSA PRIVATE KEY", "EC PRIVATE KEY"})
_LEGACY_ENCRYPTION = b"Proc-Type: 4,ENCRYPTED"
"""RFC 1421 4.6.1.1, as openssl still writes it with ``-traditional``."""
PKCS12_VERSION = b"\x02\x01\x03"
"""The first field of a PFX (RFC 7292 4); the rest may be BER, as Java and NSS write it."""


class Form(Enum):
    """How the private key is written."""

    PEM = "pem"
    DER = "der"
    PKCS12 = "pkcs12"


@dataclass(frozen=True, slots=True)
class KeyMaterial:
    """A key file as read; the private key is still as the file has it."""

    form: Form
    encrypted: bool
    certificates: tuple[CertificateFacts, ...]  # readable without a passphrase
    private: Secret = field(repr=False)


@dataclass(frozen=True, slots=True)
class Unlocked:
    """A private key in memory, and the certificates that came with it."""

    key: PrivateKeyTypes = field(repr=False)
    certificates: tuple[CertificateFacts, ...]


def read_material(path: Path, key: str) -> KeyMaterial:
    """Read and parse a key file: a regular one of bounded size, and not through a link.

    Logs a warning where others could read or change a private key. Raises KeyNotFound and
    KeyUnreadable.
    """
    file = read_key_file(path, key, MAX_FILE)
    material = parse_material(file.content, key)
    if file.mode & _OTHERS:
        _LOG.warning("the key file %s is open to others (mode %o)", path, file.mode)
    return material


def parse_material(data: bytes, key: str) -> KeyMaterial:
    """Find the private key and the certificates. Raises KeyUnreadable, also without a key."""
    if b"-----BEGIN " in data:
        return _pem(data, key)
    if _is_pkcs12(data):
        return _pkcs12(data, key)
    encrypted = _der_is_encrypted(data, key)
    return KeyMaterial(Form.DER, encrypted, certificates=(), private=Secret(data))


def parse_certificates(data: bytes) -> tuple[CertificateFacts, ...]:
    """Read the certificates of a PEM file, or the one of a DER file. Raises KeyUnreadable."""
    if b"-----BEGIN " not in data:
        return (read_certificate(data),)
    found = _certificates_of(_blocks(data, ""))
    if not found:
        raise KeyUnreadable(reason="no certificate in it")
    return found


def unlock(
    material: KeyMaterial, passphrase: Secret | None, key: str, *, to_sign: bool
) -> Unlocked:
    """Decrypt the private key.

    Only a key that is used (``to_sign``) has the primes of RSA tested, which takes 0.1 to 0.4 s.
    Raises PassphraseWrong where a passphrase was needed and does not fit, KeyUnreadable else.
    """
    try:
        if passphrase is None:
            return _load(material, None, to_sign=to_sign)
        with passphrase.open() as opened:
            return _load(material, bytes(opened), to_sign=to_sign)
    except (TypeError, ValueError) as error:
        # cryptography has one error for a wrong passphrase and for damaged content
        if material.encrypted:
            raise PassphraseWrong(key=key) from error
        raise KeyUnreadable(key=key, reason=_reason(error)) from error
    except UnsupportedAlgorithm as error:
        raise KeyUnreadable(key=key, reason=_reason(error)) from error


def _load(material: KeyMaterial, password: bytes | None, *, to_sign: bool) -> Unlocked:
    with material.private.open() as opened:
        data = bytes(opened)
    match material.form:
        case Form.PEM:
            key = load_pem_private_key(data, password, unsafe_skip_rsa_key_validation=not to_sign)
            return Unlocked(key, material.certificates)
        case Form.DER:
            key = load_der_private_key(data, password, unsafe_skip_rsa_key_validation=not to_sign)
            return Unlocked(key, material.certificates)
        case Form.PKCS12:
            return _open_pkcs12(data) if password is None else _load_pkcs12(data, password)


def _load_pkcs12(data: bytes, password: bytes | None) -> Unlocked:
    bag = load_pkcs12(data, password)
    if bag.key is None:
        raise KeyUnreadable(reason="no private key in it")
    found = [each for each in (bag.cert, *bag.additional_certs) if each is not None]
    return Unlocked(
        bag.key,
        tuple(read_certificate(each.certificate.public_bytes(Encoding.DER)) for each in found),
    )


def _reason(error: Exception) -> str:
    """Name the format problem; the library's messages never quote content."""
    return str(error)[:200] or type(error).__name__


def _blocks(data: bytes, key: str) -> tuple[PemBlock, ...]:
    try:
        return pem_blocks(data, MAX_BLOCKS)
    except ArtifactMalformed as error:
        raise KeyUnreadable(key=key, reason=str(error)) from error


def _pem(data: bytes, key: str) -> KeyMaterial:
    blocks = _blocks(data, key)
    keys = [each for each in blocks if each.label in _PRIVATE_KEYS]
    if len(keys) != 1:
        labels = ", ".join(each.label for each in blocks) or "no whole PEM block"
        raise KeyUnreadable(key=key, reason=f"{len(keys)} usable private keys: {labels}"[:200])
    (block,) = keys
    encrypted = block.label == _ENCRYPTED or _LEGACY_ENCRYPTION in block.body
    private = Secret(block.text + b"\n")
    return KeyMaterial(Form.PEM, encrypted, _certificates_of(blocks), private)


def _certificates_of(blocks: Sequence[PemBlock]) -> tuple[CertificateFacts, ...]:
    try:
        return tuple(
            read_certificate(each.decode()) for each in blocks if each.label in _CERTIFICATES
        )
    except ArtifactMalformed as error:
        raise KeyUnreadable(reason=str(error)) from error


def _is_pkcs12(data: bytes) -> bool:
    if len(data) < 2 or data[0] != der.SEQUENCE:  # noqa: PLR2004 - identifier and length
        return False
    start = 2 if data[1] <= der.SHORT_FORM else 2 + (data[1] & 0x7F)
    return data[start : start + 3] == PKCS12_VERSION


def _pkcs12(data: bytes, key: str) -> KeyMaterial:
    """Files without a passphrase are told by opening them."""
    try:
        found = _open_pkcs12(data)
    except (ValueError, UnsupportedAlgorithm):
        return KeyMaterial(Form.PKCS12, encrypted=True, certificates=(), private=Secret(data))
    except KeyUnreadable as error:
        raise KeyUnreadable(key=key, reason=error.reason) from error
    return KeyMaterial(
        Form.PKCS12, encrypted=False, certificates=found.certificates, private=Secret(data)
    )


def _open_pkcs12(data: bytes) -> Unlocked:
    """No passphrase is written in two ways: none, or an empty one (RFC 7292 B.1)."""
    try:
        return _load_pkcs12(data, None)
    except ValueError:
        return _load_pkcs12(data, b"")


def _der_is_encrypted(data: bytes, key: str) -> bool:
    """Tell private keys from other DER: EncryptedPrivateKeyInfo begins with an algorithm."""
    try:
        outer = Reader(data, name="key").read(der.SEQUENCE).reader()
        tags = (outer.any().tag, outer.any().tag)
    except ArtifactMalformed as error:
        raise KeyUnreadable(key=key, reason="neither PEM, DER nor PKCS#12") from error
    # PKCS#8, PKCS#1 and SEC1 begin with a version; the loader tells them apart
    if tags[0] != der.INTEGER and tags != (der.SEQUENCE, der.OCTET_STRING):
        raise KeyUnreadable(key=key, reason="no private key in it")
    return tags[0] != der.INTEGER


def sort_chain(
    certificates: Sequence[CertificateFacts], leaf: CertificateFacts
) -> tuple[CertificateFacts, ...]:
    """Return the leaf and the issuers above it, as far as they are among ``certificates``."""
    chain = [leaf]
    while chain[-1].issuer != chain[-1].subject:
        above = next(
            (
                each
                for each in certificates
                if each.subject == chain[-1].issuer and each not in chain
            ),
            None,
        )
        if above is None:
            break
        chain.append(above)
    return tuple(chain)


def issued_by(certificate: CertificateFacts, authority: CertificateFacts) -> bool:
    """Whether names match and the signature of a certificate is that of the authority's key."""
    try:
        certificate.certificate.verify_directly_issued_by(authority.certificate)
    except (InvalidSignature, TypeError, ValueError):
        return False
    return True


def leaves(certificates: Sequence[CertificateFacts]) -> tuple[CertificateFacts, ...]:
    """Return the certificates that issued none of the others."""
    return tuple(
        each
        for each in certificates
        if not any(other.issuer == each.subject for other in certificates if other.der != each.der)
    )
