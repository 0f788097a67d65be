"""Who stands behind an SSH signature: trusted lines, certificates of authorities, revocations.

The rules are ssh-keygen's (OpenSSH, sshsig.c and krl.c), with one more: a certificate with a
critical option that nobody knows is refused, as PROTOCOL.certkeys asks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa

from signstation.codec.sshcert import (
    CertificateKind,
    SshCertificate,
    is_certificate,
    parse_certificate,
)
from signstation.codec.sshkeys import ALGORITHMS, SshPublicKey, key_type_of, read_key, read_number
from signstation.errors import ArtifactMalformed
from signstation.model.text import Text, text
from signstation.model.trust import Purpose, RevokedCertificates, SshAnchor, SshRevocations, Trust
from signstation.signatures.sshsig_number import check_ssh_number

MIN_RSA = 2048
"""Fewest bits of an RSA modulus whose signatures count (OpenSSH's own limit is 1024)."""
LOGIN_OPTIONS = frozenset({"force-command", "source-address", "verify-required"})
"""Critical options that restrict logins alone (PROTOCOL.certkeys); others are refused."""
FILE_NAMESPACE = "file"
"""The namespace of signatures of files (ssh-keygen(1), ``-Y sign``)."""


@dataclass(frozen=True, slots=True)
class SshSigner:
    """Whose signature it is: the encoded public key, and the certificate that came with it."""

    key: bytes
    certificate: SshCertificate | None


def signer_of(encoded: bytes) -> SshSigner:
    """Take the key out of a certificate; one that cannot be read stands for itself."""
    try:
        if is_certificate(encoded):
            certificate = parse_certificate(encoded)
            return SshSigner(certificate.key, certificate)
    except ArtifactMalformed:
        pass  # nothing is trusted by a key of that type
    return SshSigner(encoded, None)


def weak(key: SshPublicKey) -> bool:
    """Whether nothing that a key signs is trusted."""
    return isinstance(key, rsa.RSAPublicKey) and key.key_size < MIN_RSA


def day(moment: int) -> str:
    """Return a moment in words."""
    try:
        return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M} UTC"
    except (OverflowError, ValueError):  # certificates count to 2 to the power of 64
        return f"second {moment}"


def certificate_faults(certificate: SshCertificate, at: int) -> Iterator[Text]:
    """Say what is wrong with a certificate whoever trusts its authority; ``at`` in Unix seconds."""
    if not _signed(certificate):
        yield Text("The signature of the authority in its certificate is wrong.")
    if certificate.kind != CertificateKind.USER:
        yield Text("Its certificate is not one of a user.")
    if not certificate.principals:
        yield Text("Its certificate names nobody.")
    unknown = sorted(set(certificate.options) - LOGIN_OPTIONS)
    if unknown:
        words = "Its certificate has an option that is not known here: {name}."
        yield text(words, name=unknown[0][:64])
    if at < certificate.after:
        yield text("Its certificate is not valid before {day}.", day=day(certificate.after))
    if certificate.before is not None and at >= certificate.before:
        words = "Its certificate was valid until {day}, and a signature of SSH has no time."
        yield text(words, day=day(certificate.before))


def _signed(certificate: SshCertificate) -> bool:
    """Whether the number in a certificate is the authority's."""
    known = ALGORITHMS.get(certificate.algorithm)
    try:
        key = read_key(certificate.authority)
        if known is None or known[1].decode("ascii") != key_type_of(certificate.authority):
            return False
        number = read_number(known[0], certificate.number)
        check_ssh_number(key, known[0], number, certificate.signed)
    except (ArtifactMalformed, InvalidSignature):
        return False
    return not weak(key)


def anchors_for(signer: SshSigner, trust: Trust, purpose: Purpose) -> tuple[SshAnchor, ...]:
    """Return the lines that name the key, or the authority of its certificate.

    A line with a key alone does not stand for signatures with a certificate of that key.
    """
    wanted = signer.key if signer.certificate is None else signer.certificate.authority
    return tuple(
        each
        for each in trust.ssh
        if each.key == wanted
        and each.authority is (signer.certificate is not None)
        and {Purpose.ANY, purpose} & set(each.purposes)
    )


def names_of(signer: SshSigner, anchor: SshAnchor) -> tuple[str, ...]:
    """Return in whose name a signature counts: those of the line, and of the certificate too."""
    if signer.certificate is None:
        return anchor.principals
    return tuple(each for each in signer.certificate.principals if _listed(each, anchor.principals))


def _listed(name: str, patterns: Sequence[str]) -> bool:
    """Whether a list of patterns takes a name: one with a ! forbids it (ssh_config(5))."""
    if any(each.startswith("!") and _fits(name, each[1:]) for each in patterns):
        return False
    return any(_fits(name, each) for each in patterns)


def _fits(text_: str, pattern: str) -> bool:
    """As ``match_pattern`` of OpenSSH: * and ? alone are special."""
    return fnmatchcase(text_, pattern.replace("[", "[[]"))


def against(signer: SshSigner, anchor: SshAnchor, namespace: str, at: int) -> Text | None:
    """Say why a line does not trust this signature now, None where it does."""
    if signer.certificate is not None:
        for fault in certificate_faults(signer.certificate, at):
            return fault
        if not names_of(signer, anchor):
            words = "Its certificate is for {found}, and its authority is trusted for {trusted}."
            found, trusted = signer.certificate.principals, anchor.principals
            return text(words, found=", ".join(found)[:200], trusted=", ".join(trusted)[:200])
    patterns = anchor.namespaces or (FILE_NAMESPACE,)
    if not _listed(namespace, patterns):
        words = "It was made for the namespace {found}, and its key is trusted for {trusted}."
        return text(words, found=namespace, trusted=", ".join(patterns))
    if anchor.after is not None and at < anchor.after:
        return text("Its key is not trusted before {day}.", day=day(anchor.after))
    if anchor.before is not None and at > anchor.before:
        words = "Its key was trusted until {day}, and an SSH signature has no time of its own."
        return text(words, day=day(anchor.before))
    return None


def revoked(signer: SshSigner, trust: Trust) -> Text | None:
    """Say which list revokes the key, its certificate or its authority; None for none.

    A revoked key counts as stolen: the list does not say since when.
    """
    certificate = signer.certificate
    for each in trust.ssh_revoked:
        source = each.origin.source
        if _names(each, signer.key):
            return text("Its key was revoked: {source}.", source=source)
        if certificate is None:
            continue
        if _names(each, certificate.authority):
            return text("The authority of its certificate was revoked: {source}.", source=source)
        if any(_covers(one, certificate) for one in each.certificates):
            return text("Its certificate was revoked: {source}.", source=source)
    return None


def _names(listed: SshRevocations, key: bytes) -> bool:
    sha1 = hashlib.sha1(key, usedforsecurity=False).digest()
    return hashlib.sha256(key).digest() in listed.sha256 or sha1 in listed.sha1


def _covers(listed: RevokedCertificates, certificate: SshCertificate) -> bool:
    """The serial number 0 is that of certificates without one (PROTOCOL.krl)."""
    if listed.authority not in {b"", certificate.authority}:
        return False
    serial = certificate.serial
    numbered = serial != 0 and any(low <= serial <= high for low, high in listed.serials)
    return numbered or certificate.key_id in listed.key_ids
