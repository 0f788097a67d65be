"""OpenSSH's lists of revoked keys (PROTOCOL.krl): which public keys and certificates they name."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import IntEnum

from signstation.codec.sshwire import SshReader
from signstation.model.trust import RevokedCertificates

MAGIC = b"SSHKRL\n\x00"
VERSION = 1
MAX_REVOKED = 100_000
"""Most keys, ranges of serial numbers and key ids of one list."""
MAX_BITMAP = 16_384 // 8 + 5
"""Most bytes of a bitmap of serial numbers, encoded (SSHBUF_MAX_BIGNUM of OpenSSH)."""
_NUMBERS = 3 * 8
"""Bytes of the list's number, its date and its flags."""


class Section(IntEnum):
    """Types of sections; the signature (4) was never used and is gone from OpenSSH."""

    CERTIFICATES = 1
    KEYS = 2
    SHA1 = 3
    SHA256 = 5
    EXTENSION = 255


class Certificates(IntEnum):
    """Types of sections within a section about certificates."""

    SERIALS = 0x20
    RANGE = 0x21
    BITMAP = 0x22
    KEY_IDS = 0x23
    EXTENSION = 0x39


@dataclass(frozen=True, slots=True)
class RevokedKeys:
    """Digests of encoded public keys, and what is revoked of authorities' certificates."""

    sha256: tuple[bytes, ...]
    sha1: tuple[bytes, ...]
    certificates: tuple[RevokedCertificates, ...]


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
    certificates: list[RevokedCertificates] = []
    count = 0
    while reader.left:
        kind = reader.raw(1)[0]
        section = SshReader(reader.raw(reader.uint32()), "krl")
        match kind:
            case Section.CERTIFICATES:
                certificates.append(_certificates(section))
                count += len(certificates[-1].serials) + len(certificates[-1].key_ids) + 1
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
        if len(sha256) + len(sha1) + count > MAX_REVOKED:
            reader.fail(f"at most {MAX_REVOKED} keys and certificates", "more")
    return RevokedKeys(tuple(sha256), tuple(sha1), tuple(certificates))


def _certificates(section: SshReader) -> RevokedCertificates:
    """Read what is revoked of one authority, or of every one where none is named."""
    authority = section.string()
    section.string()
    serials: list[tuple[int, int]] = []
    key_ids: list[bytes] = []
    while section.left:
        kind = section.raw(1)[0]
        part = SshReader(section.raw(section.uint32()), "krl")
        match kind:
            case Certificates.SERIALS:
                serials += _serials(part)
            case Certificates.RANGE:
                serials.append((part.uint64(), part.uint64()))
                part.end()
            case Certificates.BITMAP:
                serials += _bitmap(part)
            case Certificates.KEY_IDS:
                key_ids += _strings(part, None)
            case Certificates.EXTENSION if _may_be_skipped(part):
                continue
            case _:
                section.fail("a part that is known", f"part {kind}")
        if len(serials) + len(key_ids) > MAX_REVOKED:
            section.fail(f"at most {MAX_REVOKED} certificates", "more")
    return RevokedCertificates(authority, tuple(serials), tuple(key_ids))


def _serials(part: SshReader) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    while part.left:
        number = part.uint64()
        found.append((number, number))
    return found


def _bitmap(part: SshReader) -> list[tuple[int, int]]:
    """Bit n of the bitmap stands for the serial number n behind its offset."""
    offset = part.uint64()
    if part.left > MAX_BITMAP:
        part.fail(f"a bitmap of at most {MAX_BITMAP} bytes", f"{part.left} bytes")
    bits = part.mpint()
    part.end()
    numbers = (offset + each for each in range(bits.bit_length()) if bits >> each & 1)
    return [(each, each) for each in numbers]


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
