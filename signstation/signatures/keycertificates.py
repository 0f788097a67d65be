"""The certificates of a key whose store holds none, or not all: given, or kept by the station.

An HSM knows neither OpenPGP nor user ids. What the station made for such a key is kept beside the
key files, named by the SHA-256 of the key's SubjectPublicKeyInfo.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from signstation.codec.armor import ArmorKind, armor, dearmor, is_armored
from signstation.codec.der import encode_pem
from signstation.codec.openpgp import SubpacketType
from signstation.codec.openpgp_certificates import Component, TransferableKey, split_certificates
from signstation.codec.openpgp_packets import Tag
from signstation.errors import (
    ArtifactMalformed,
    CertificateMismatch,
    KeyNotFound,
    KeyUnreadable,
    KeyUnusable,
    LimitReached,
)
from signstation.model.hashes import sha256
from signstation.model.keys import OpenPgpProfile, SignerProfile, X509Profile
from signstation.signatures.certificates import CertificateFacts, read_certificate, spki_of
from signstation.signatures.softwarekey_file import PUBLIC, read_key_file
from signstation.system.files_new import write

MAX_CERTIFICATES = 4 * 1024 * 1024
"""Most bytes of one kept file: a certificate that this station made has below 4 kB."""
OPENPGP, X509 = ".pgp", ".crt"
"""Suffixes of the kept files: binary OpenPGP, and PEM."""


@dataclass(frozen=True, slots=True)
class KnownCertificates:
    """What is known of one key."""

    openpgp: OpenPgpProfile | None = None
    x509: X509Profile | None = None


def kept_path(directory: Path, spki: bytes, suffix: str) -> Path:
    """Return where the station keeps a certificate of a key."""
    return directory / f"certificate-{sha256(spki).hex}{suffix}"


def keep_certificate(
    directory: Path, spki: bytes, suffix: str, content: bytes, *, replace: bool
) -> None:
    """Keep a certificate for the key. Raises OutputExists, DiskFull and NotWritable."""
    write(kept_path(directory, spki, suffix), content, PUBLIC, replace=replace)


def known_certificates(
    key: str, spki: bytes, given: Sequence[bytes], directory: Path, now: int
) -> KnownCertificates:
    """Return the certificates for the key ``spki``: those ``given`` win over those that are kept.

    ``given`` are the contents of ``--cert`` files, ``now`` is Unix seconds. Raises KeyUnreadable,
    KeyUnusable for an expired one, and CertificateMismatch where all that was given is of others.
    """
    found = _merged(key, spki, given)
    if given and found == KnownCertificates():
        raise CertificateMismatch(key=key)
    kept = _merged(key, spki, [each for each in map(_kept, _paths(directory, spki)) if each])
    known = KnownCertificates(found.openpgp or kept.openpgp, found.x509 or kept.x509)
    _refuse_expired(key, known, now)
    return known


def export_certificates(profile: SignerProfile) -> tuple[tuple[str, bytes], ...]:
    """Return (suffix, content) of what a signer has: .asc and .gpg, .pem and .der."""
    parts: list[tuple[str, bytes]] = []
    if profile.openpgp is not None:
        binary = profile.openpgp.certificate
        parts += [(".asc", armor(ArmorKind.PUBLIC_KEY, binary)), (".gpg", binary)]
    if profile.x509 is not None:
        pem = b"".join(encode_pem("CERTIFICATE", each) for each in profile.x509.chain)
        parts += [(".pem", pem), (".der", profile.x509.chain[0])]
    return tuple(parts)


def _paths(directory: Path, spki: bytes) -> tuple[Path, ...]:
    return tuple(kept_path(directory, spki, each) for each in (OPENPGP, X509))


def _kept(path: Path) -> bytes:
    try:
        return read_key_file(path, str(path), MAX_CERTIFICATES).content
    except KeyNotFound:
        return b""


def _merged(key: str, spki: bytes, contents: Sequence[bytes]) -> KnownCertificates:
    openpgp: OpenPgpProfile | None = None
    chain: X509Profile | None = None
    for content in contents:
        try:
            if _is_openpgp(content):
                openpgp = openpgp or _openpgp(spki, content)
            else:
                chain = chain or _x509(spki, content)
        except (ArtifactMalformed, LimitReached, KeyUnreadable) as error:
            raise KeyUnreadable(key=key, reason=f"a certificate for it: {error}"[:200]) from error
    return KnownCertificates(openpgp, chain)


def _is_openpgp(content: bytes) -> bool:
    return is_armored(content) or bool(content and content[0] & 0x80)  # RFC 9580 section 4.2


def _openpgp(spki: bytes, content: bytes) -> OpenPgpProfile | None:
    blocks = (
        [each.data for each in dearmor(content) if each.kind is ArmorKind.PUBLIC_KEY]
        if is_armored(content)
        else [content]
    )
    for certificate in (each for block in blocks for each in split_certificates(block)):
        for component in certificate.components:
            if component.packet.tag == Tag.USER_ID:
                continue
            public = component.key.key
            if public is not None and spki_of(public) == spki:
                return _profile_of(certificate, component)
    return None


def _profile_of(certificate: TransferableKey, component: Component) -> OpenPgpProfile:
    names = [each for each in certificate.components if each.packet.tag == Tag.USER_ID]
    return OpenPgpProfile(
        fingerprint=component.key.fingerprint,
        primary=certificate.primary.fingerprint,
        algorithm=component.key.algorithm,
        created=component.key.created,
        user_id=names[0].packet.body.decode("utf-8", "backslashreplace") if names else "",
        certificate=certificate.material,
    )


def _x509(spki: bytes, content: bytes) -> X509Profile | None:
    facts = [read_certificate(each) for each in _ders(content)]
    leaf = next((each for each in facts if each.spki == spki), None)
    return None if leaf is None else chain_of(leaf, facts)


def chain_of(leaf: CertificateFacts, others: Sequence[CertificateFacts]) -> X509Profile:
    """Return a key's certificate and, above it, those of its issuers that are among others."""
    chain = [leaf]
    while chain[-1].issuer != chain[-1].subject:
        above = next(
            (each for each in others if each.subject == chain[-1].issuer and each not in chain),
            None,
        )
        if above is None:
            break
        chain.append(above)
    return X509Profile(tuple(each.der for each in chain))


def _ders(content: bytes) -> list[bytes]:
    if b"-----BEGIN " not in content:
        return [content]
    try:
        found = x509.load_pem_x509_certificates(content)
    except ValueError as error:
        raise KeyUnreadable(reason="PEM without a certificate that can be read") from error
    return [each.public_bytes(Encoding.DER) for each in found]


def _refuse_expired(key: str, known: KnownCertificates, now: int) -> None:
    ends: list[int] = []
    if known.x509 is not None:
        ends.append(read_certificate(known.x509.chain[0]).not_after)
    if known.openpgp is not None and (end := expiry_of(known.openpgp)) is not None:
        ends.append(end)
    if any(end < now for end in ends):
        raise KeyUnusable(key=key, reason="its certificate has expired")


def expiry_of(profile: OpenPgpProfile) -> int | None:
    """Return when the signing key of a certificate expires by its newest self-signature."""
    (certificate,) = split_certificates(profile.certificate)
    found: tuple[int, int | None] = (-1, None)
    for component in certificate.components:
        named = component.packet.tag == Tag.USER_ID
        if named and profile.fingerprint != profile.primary:
            continue  # the binding of the subkey says it
        if not named and component.key.fingerprint != profile.fingerprint:
            continue
        for each in component.signatures:
            lifetime = each.first(SubpacketType.KEY_EXPIRATION)
            seconds = int.from_bytes(lifetime.value, "big") if lifetime else 0
            if (each.created or 0) > found[0]:
                found = (each.created or 0, profile.created + seconds if seconds else None)
    return found[1]
