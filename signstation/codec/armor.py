"""ASCII armor of OpenPGP (RFC 9580 section 6.2): CRC-24 is written, and tolerated absent."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from enum import Enum

from signstation.errors import ArtifactMalformed, LimitReached

MAX_ARMOR = 16 * 1024 * 1024
"""Most bytes of armored text that are read: a certificate with 10,000 certifications has 5 MB."""
MAX_BLOCKS = 4096
"""Most armored blocks of one text: a distribution's keyring in single blocks has about 1,000."""
MAX_HEADERS = 64
"""Most header lines of one block (RFC 9580 section 6.2.2 names six)."""
LINE = 64
"""Base64 digits per written line: 64 is GnuPG's choice; RFC 9580 allows 76."""
CHECKSUM_LINE = 5
"""Characters of the checksum line: ``=`` and four base64 digits."""

_BEGIN = re.compile(rb"^-----BEGIN PGP ([A-Z ]{1,40})-----[ \t]*\r?$", re.MULTILINE)
_HEADER = re.compile(rb"[A-Za-z0-9-]{1,64}:(?: .*)?\Z")
_CRC_INIT = 0xB704CE
_CRC_POLYNOMIAL = 0x1864CFB


class ArmorKind(Enum):
    """What an armored block says it holds; the value stands in its first and last line."""

    SIGNATURE = "SIGNATURE"
    PUBLIC_KEY = "PUBLIC KEY BLOCK"
    PRIVATE_KEY = "PRIVATE KEY BLOCK"
    MESSAGE = "MESSAGE"


@dataclass(frozen=True, slots=True)
class ArmorBlock:
    """One decoded block; ``offset`` is where its first line starts, in bytes of the text."""

    kind: ArmorKind
    data: bytes
    offset: int


def _crc_table() -> tuple[int, ...]:
    table: list[int] = []
    for byte in range(256):
        value = byte << 16
        for _ in range(8):
            value <<= 1
            if value & 0x1000000:
                value ^= _CRC_POLYNOMIAL
        table.append(value & 0xFFFFFF)
    return tuple(table)


_CRC_TABLE = _crc_table()


def crc24(data: bytes) -> int:
    """Return the checksum of RFC 9580 section 6.1.1 (0 to 0xFFFFFF)."""
    value = _CRC_INIT
    for byte in data:
        value = ((value << 8) & 0xFFFFFF) ^ _CRC_TABLE[(value >> 16) ^ byte]
    return value


def is_armored(data: bytes) -> bool:
    """Return whether a block begins anywhere in the first 64 KiB of ``data``."""
    return _BEGIN.search(data[: 64 * 1024]) is not None


def armor(kind: ArmorKind, data: bytes) -> bytes:
    """Return ``data`` in armor as GnuPG writes it: LF line ends, an empty header, CRC-24."""
    name = kind.value.encode("ascii")
    text = base64.b64encode(data)
    lines = [text[at : at + LINE] for at in range(0, len(text), LINE)]
    checksum = b"=" + base64.b64encode(crc24(data).to_bytes(3, "big"))
    head, tail = b"-----BEGIN PGP " + name + b"-----", b"-----END PGP " + name + b"-----"
    return b"\n".join([head, b"", *lines, checksum, tail, b""])


def dearmor(data: bytes) -> tuple[ArmorBlock, ...]:
    """Return the armored blocks of a text in order; other text around them is passed over.

    Blocks of unknown kinds (``SIGNED MESSAGE`` among them) are passed over too. Raises
    ArtifactMalformed for a block that is damaged, has no end or ends as another kind, and
    LimitReached.
    """
    if len(data) > MAX_ARMOR:
        raise LimitReached(what="bytes of armored text", limit=MAX_ARMOR)
    blocks: list[ArmorBlock] = []
    kinds = {kind.value.encode("ascii"): kind for kind in ArmorKind}
    at = 0
    while begin := _BEGIN.search(data, at):
        at = begin.end()
        if (kind := kinds.get(begin.group(1))) is None:
            continue
        if len(blocks) >= MAX_BLOCKS:
            raise LimitReached(what="armored blocks", limit=MAX_BLOCKS)
        end = data.find(b"\n-----END PGP " + begin.group(1) + b"-----", at - 1)
        if end < 0:
            raise _malformed(at, f"-----END PGP {kind.value}-----", "end of text")
        blocks.append(ArmorBlock(kind, _body(data[at:end], at), begin.start()))
        at = end + 1
    return tuple(blocks)


def _body(text: bytes, offset: int) -> bytes:
    lines = [line.strip(b" \t\r") for line in text.split(b"\n")][1:]
    start = 0
    while start < len(lines) and _HEADER.match(lines[start]):
        start += 1
        if start > MAX_HEADERS:
            raise LimitReached(what="armor headers", limit=MAX_HEADERS)
    if start < len(lines) and not lines[start]:
        start += 1
    elif start > 0:
        raise _malformed(offset, "an empty line after the armor headers", "data")
    digits = [line for line in lines[start:] if line]
    checksum = b""
    if digits and len(digits[-1]) == CHECKSUM_LINE and digits[-1].startswith(b"="):
        checksum = digits.pop()[1:]
    try:
        body = base64.b64decode(b"".join(digits), validate=True)
        expected = base64.b64decode(checksum, validate=True)
    except binascii.Error as error:
        raise _malformed(offset, "base64", str(error)) from error
    if base64.b64encode(body) != b"".join(digits):
        raise _malformed(offset, "base64 with zeros in its last digit", "other bits")
    if checksum and expected != crc24(body).to_bytes(3, "big"):
        raise _malformed(offset, f"CRC-24 {expected.hex()}", f"{crc24(body):06x}")
    return body


def _malformed(offset: int, expected: str, found: str) -> ArtifactMalformed:
    return ArtifactMalformed(format="openpgp-armor", offset=offset, expected=expected, found=found)
