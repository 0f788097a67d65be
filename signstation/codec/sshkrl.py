"""OpenSSH's lists of revoked keys (PROTOCOL.krl): which public keys they name.

Sections about certificates are passed over, since certificates of SSH are not followed here.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import IntEnum

from signstation.codec.sshwire import SshReader

MAGIC = b"SSHKRL\n\x00"
VERSION = 1
MAX_REVOKED = 100_000
"""Most keys of one list; each takes 36 bytes or more."""
_NUMBERS = 3 * 8
"""Bytes of the list's number, its date and its flags."""


class Section(IntEnum):
    """Types of sections; the signature (4) was never used and is gone from OpenSSH."""

    CERTIFICATES = 1
    KEYS = 2
    SHA1 = 3
    SHA256 = 5
    EXTENSION = 255


@dataclass(frozen=True, slots=True)
class RevokedKeys:
    """Digests of encoded public keys."""

    sha256: tuple[bytes, ...]
    sha1: tuple[bytes, ...]


def is_krl(data: bytes) -> bool:
    """Whether a file begins as a list of revoked keys."""
    return data.startswith(MAGIC)


def parse_krl(data: bytes) -> RevokedKeys:
    """Read a list. Raises ArtifactMalformed, also for a section that might revoke something."""
    reader = SshReader(data, "krl")
    if reader.raw(len(MAGIC)) != MAGIC:
        reader.fail("SSHKRL", "another magic number")
    version = reader.uint32()
    if version != VERSION:
        reader.fail("version 1", f"version {version}")
    reader.raw(_NUMBERS)
    reader.string()
    reader.string()
    sha256: list[bytes] = []
    sha1: list[bytes] = []
    while reader.left:
        kind = reader.raw(1)[0]
        section = SshReader(reader.raw(reader.uint32()), "krl")
        match kind:
            case Section.CERTIFICATES:
                continue
            case Section.KEYS:
                sha256 += (hashlib.sha256(each).digest() for each in _strings(section, None))
            case Section.SHA1:
                sha1 += _strings(section, hashlib.sha1(usedforsecurity=False).digest_size)
            case Section.SHA256:
                sha256 += _strings(section, hashlib.sha256().digest_size)
            case Section.EXTENSION if _may_be_skipped(section):
                continue
            case _:
                reader.fail("a section that is known", f"section {kind}")
        if len(sha256) + len(sha1) > MAX_REVOKED:
            reader.fail(f"at most {MAX_REVOKED} keys", "more")
    return RevokedKeys(tuple(sha256), tuple(sha1))


def _strings(section: SshReader, size: int | None) -> list[bytes]:
    found: list[bytes] = []
    while section.left:
        value = section.string()
        if size is not None and len(value) != size:
            section.fail(f"{size} bytes", f"{len(value)} bytes")
        found.append(value)
    return found


def _may_be_skipped(section: SshReader) -> bool:
    """An extension says itself whether it may be overlooked."""
    section.string()
    return section.raw(1) == b"\x00"
