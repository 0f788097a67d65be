"""The public keys that evidence holds, in the forms that the consumers' tools take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from signstation.app.keycases import file_stem
from signstation.codec.armor import ArmorKind, armor
from signstation.codec.der import encode_pem
from signstation.codec.sshkeys import fingerprint
from signstation.model.hashes import sha256
from signstation.model.keys import KeyRef
from signstation.model.trust import Trust

AUDIT_KEY = "audit.pem"


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """Files by name, and what they lack in English sentences."""

    contents: Mapping[str, bytes]
    findings: tuple[str, ...]


def public_keys(trust: Trust, audit: bytes, verifier: str) -> PublicKeys:
    """Return the keys of the anchors in ``trust`` and the audit key (PEM). Pure."""
    contents = {
        AUDIT_KEY: audit,
        **dict(_openpgp(trust)),
        **dict(_x509(trust)),
        **dict(_ssh(trust)),
    }
    prints = [
        *(f"OpenPGP {each.primary.fingerprint.upper()}" for each in trust.openpgp),
        *(f"X.509 SHA-256 {sha256(each.der).hex}" for each in trust.x509),
        *(f"SSH {name}" for name in sorted({fingerprint(each.key) for each in trust.ssh})),
    ]
    findings = []
    if not prints:
        findings.append("No key of this station signed here: there is no public key to check with.")
    lines = "".join(f"{each}\n" for each in [*prints, f"Audit {verifier}"])
    contents["FINGERPRINTS.txt"] = lines.encode()
    return PublicKeys(contents, tuple(findings))


def _openpgp(trust: Trust) -> Iterator[tuple[str, bytes]]:
    if trust.openpgp:
        yield "openpgp.gpg", b"".join(each.material for each in trust.openpgp)
    for certificate in trust.openpgp:
        label = certificate.user_ids[0] if certificate.user_ids else ""
        stem = file_stem(KeyRef("gpg", certificate.primary.fingerprint), label)
        name = f"{stem}-{certificate.primary.fingerprint[-16:].upper()}.asc"
        yield name, armor(ArmorKind.PUBLIC_KEY, certificate.material)


def _x509(trust: Trust) -> Iterator[tuple[str, bytes]]:
    if trust.x509:
        parts = [encode_pem("CERTIFICATE", each.der) for each in trust.x509]
        yield "x509.pem", b"".join(parts)
    for anchor in trust.x509:
        yield f"x509-{sha256(anchor.der).hex[:16]}.der", anchor.der


def _ssh(trust: Trust) -> Iterator[tuple[str, bytes]]:
    if trust.ssh:
        yield "allowed_signers", "".join(f"{each.line}\n" for each in trust.ssh).encode()
        for number, listed in enumerate(trust.ssh_revoked, start=1):
            yield f"revoked_keys-{number}", listed.material
