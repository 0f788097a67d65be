"""The certificate of a key that signs: named as the key, or given beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from signstation.codec.sshcert import (
    MAX_LINE,
    SshCertificate,
    parse_certificate,
    read_certificate_line,
)
from signstation.errors import (
    ArtifactMalformed,
    CertificateMismatch,
    KeyUnreadable,
    KeyUnusable,
)
from signstation.model.keys import KeyRef
from signstation.signatures.softwarekey_file import read_key_file
from signstation.signatures.sshsig_trust import certificate_faults

SUFFIX = "-cert.pub"
"""Of the file in which ssh-keygen writes the certificate of the key beside it."""


def private_path(ref: KeyRef) -> Path:
    """Return the private key's file: as ssh-keygen, beside the certificate where that is named."""
    return Path(ref.locator.removesuffix(SUFFIX))


def certificate_of(
    ref: KeyRef, key: bytes, given: Sequence[bytes], now: int
) -> tuple[bytes, SshCertificate] | None:
    """Return the certificate with which the key ``key`` (encoded) signs, None where it has none.

    ``given`` are the contents of ``--cert`` files; one that is not of SSH belongs to another key.
    Raises KeyNotFound, KeyUnreadable, CertificateMismatch, and KeyUnusable for a certificate that
    nobody would trust at ``now`` (Unix seconds).
    """
    found = [each for each in map(_read, given) if each is not None]
    if ref.locator.endswith(SUFFIX):
        own = _read(read_key_file(Path(ref.locator), str(ref), MAX_LINE).content)
        if own is None:
            raise KeyUnreadable(key=str(ref), reason="no certificate of SSH in it")
        found.append(own)
    if not found:
        if given:
            raise CertificateMismatch(key=str(ref))
        return None
    for blob in found:
        certificate = parse_certificate(blob)
        if certificate.key == key:
            for fault in certificate_faults(certificate, now):
                reason = fault.english().rstrip(".")
                raise KeyUnusable(key=str(ref), reason=reason[:1].lower() + reason[1:])
            return blob, certificate
    raise CertificateMismatch(key=str(ref))


def _read(content: bytes) -> bytes | None:
    try:
        return read_certificate_line(content)
    except ArtifactMalformed:
        return None
