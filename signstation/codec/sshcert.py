"""SSH certificates as bytes (OpenSSH, PROTOCOL.certkeys): whose key, for whom, until when.

A certificate is a public key with more fields, signed by an authority's plain key; where SSH has a
place for a public key, a certificate may stand.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from signstation.codec.sshkeys import key_type_of
from signstation.codec.sshwire import MAX_STRING, SshReader, string
from signstation.errors import ArtifactMalformed

SUFFIX = "-cert-v01@openssh.com"
"""What the types of certificates have behind that of their key."""
FIELDS: Mapping[str, int] = {
    "ssh-ed25519": 1,
    "ssh-rsa": 2,
    "ecdsa-sha2-nistp256": 2,
    "ecdsa-sha2-nistp384": 2,
    "ecdsa-sha2-nistp521": 2,
}
"""Types of keys that certificates are read of, and of how many strings each key consists."""
MAX_PRINCIPALS = 256
"""Most principals of a certificate (SSHKEY_CERT_MAX_PRINCIPALS of OpenSSH)."""
MAX_OPTIONS = 256
"""Most critical options; OpenSSH knows three."""
MAX_LINE = 4 * MAX_STRING
"""Most bytes of a ``-cert.pub`` file: a certificate in base64 and a comment."""
FOREVER = 2**64 - 1
"""As the end of a certificate: it has none."""


class CertificateKind(IntEnum):
    """Whom a certificate is for."""

    USER = 1
    HOST = 2


@dataclass(frozen=True, slots=True)
class SshCertificate:
    """The fields of a certificate; keys and the signature's number are still encoded.

    ``after`` and ``before`` are Unix seconds, the end not included; ``before`` is None without an
    end. ``options`` are the names of the critical ones.
    """

    key: bytes
    serial: int
    kind: int  # a CertificateKind, or a number that nobody knows
    key_id: bytes
    principals: tuple[str, ...]
    after: int
    before: int | None
    options: tuple[str, ...]
    authority: bytes
    algorithm: bytes
    number: bytes
    signed: bytes  # what the authority's signature covers


def is_certificate(blob: bytes) -> bool:
    """Whether an encoded public key says that it is a certificate. Raises ArtifactMalformed."""
    return key_type_of(blob).endswith(SUFFIX)


def plain_key(blob: bytes) -> bytes:
    """Return the public key, encoded, of a key or of a certificate. Raises ArtifactMalformed."""
    return parse_certificate(blob).key if is_certificate(blob) else blob


def parse_certificate(blob: bytes) -> SshCertificate:
    """Read a certificate; its signature is not checked here. Raises ArtifactMalformed."""
    reader = SshReader(blob, "ssh certificate")
    kind = reader.string().decode("ascii", "replace").removesuffix(SUFFIX)
    if kind not in FIELDS or not is_certificate(blob):
        reader.fail("a certificate of a type that is supported", kind[:64])
    reader.string()  # a nonce, which made the authority's signature unforeseeable
    parts = [reader.string() for _ in range(FIELDS[kind])]
    serial, purpose = reader.uint64(), reader.uint32()
    key_id = reader.string()
    principals = _strings(reader.string(), MAX_PRINCIPALS)
    after, before = reader.uint64(), reader.uint64()
    options = _options(reader.string())
    reader.string()  # extensions, which say what a login may do
    reader.string()  # reserved
    authority = reader.string()
    signed = blob[: len(blob) - reader.left]
    signature = SshReader(reader.string(), "ssh certificate")
    reader.end()
    algorithm, number = signature.string(), signature.string()
    signature.end()
    if any("\0" in each for each in principals):
        reader.fail("names without NUL", "one with")
    if is_certificate(authority):
        reader.fail("a certificate by a plain key", "one by a certificate")
    return SshCertificate(
        key=b"".join(map(string, (kind.encode("ascii"), *parts))),
        serial=serial,
        kind=purpose,
        key_id=key_id,
        principals=principals,
        after=after,
        before=None if before == FOREVER else before,
        options=options,
        authority=authority,
        algorithm=algorithm,
        number=number,
        signed=signed,
    )


def is_certificate_line(content: bytes) -> bool:
    """Whether a file is a ``-cert.pub`` file by its first word."""
    return any(each.endswith(SUFFIX.encode()) for each in content.split(None, 1)[:1])


def read_certificate_line(content: bytes) -> bytes:
    """Return the certificate, encoded, of a ``-cert.pub`` file. Raises ArtifactMalformed."""
    words = content.split(None, 2) if len(content) <= MAX_LINE else []
    if len(words) < 2:  # noqa: PLR2004 - the type and the certificate
        raise ArtifactMalformed(format="ssh certificate", expected="a line", found="no such line")
    try:
        blob = base64.b64decode(words[1], validate=True)
    except binascii.Error as error:
        raise ArtifactMalformed(
            format="ssh certificate", expected="base64", found=str(error)
        ) from error
    if key_type_of(blob).encode("ascii", "replace") != words[0]:
        raise ArtifactMalformed(
            format="ssh certificate", expected="the type that the line names", found="another"
        )
    parse_certificate(blob)
    return blob


def _strings(packed: bytes, most: int) -> tuple[str, ...]:
    reader = SshReader(packed, "ssh certificate")
    found: list[str] = []
    while reader.left:
        if len(found) == most:
            reader.fail(f"at most {most} names", "more")
        found.append(reader.string().decode("utf-8", "backslashreplace"))
    return tuple(found)


def _options(packed: bytes) -> tuple[str, ...]:
    """Names and values take turns."""
    names = _strings(packed, 2 * MAX_OPTIONS)
    if len(names) % 2:
        raise ArtifactMalformed(
            format="ssh certificate", expected="options with values", found="one without"
        )
    return names[::2]
