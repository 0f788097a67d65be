"""Telling by its content whether a file holds a private key: nothing of the key is kept.

Textual forms by their first line (RFC 7468; RFC 9580 section 6.2; PROTOCOL.key of OpenSSH; PuTTY's
.ppk), OpenPGP by its first packet (RFC 9580 section 5.5.3), DER by its outermost structures (RFC
5958 section 2, RFC 8017 appendix A.1.2, RFC 5915 section 3, RFC 7292 section 4).
"""

from __future__ import annotations

import re
from enum import Enum

HEAD = 256 * 1024
"""Bytes from the beginning of a file that are looked at: a key stands first, or in a small file."""

_TEXT = re.compile(
    rb"^(?:-----BEGIN (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----[ \t]*\r?$"
    rb"|PuTTY-User-Key-File-[23]: )",
    re.MULTILINE,
)
_SECRET_KEY, _SECRET_SUBKEY = 5, 7
_VERSIONS = frozenset({3, 4, 5, 6})
"""Versions of OpenPGP keys that any program wrote."""
_MIN_PACKET, _MAX_PACKET = 40, 64 * 1024
"""Bytes of a secret key packet: Ed25519 without protection has 80, RSA-16384 has 10,000."""
_PLAIN = b"\x02\x01\x00\x30"
"""PKCS#8: version 0, and the sequence of an algorithm."""
_PLAIN_1 = b"\x02\x01\x01\x30"
_RSA = b"\x02\x01\x00\x02\x82"
"""RSAPrivateKey: version 0, and a modulus of 1024 bits or more."""
_EC = b"\x02\x01\x01\x04"
"""ECPrivateKey: version 1, and the number as an octet string."""
_PFX = re.compile(
    rb"\x02\x01\x03\x30.{1,5}?\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01", re.DOTALL
)
"""PKCS#12: version 3, and an authenticated safe of data."""
_ENCRYPTED = re.compile(rb"\x30.{1,5}?\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d", re.DOTALL)
"""EncryptedPrivateKeyInfo: PBES2."""


class KeyKind(Enum):
    """What form a private key has."""

    TEXT = "text"  # PEM, OpenSSH, OpenPGP in armour, PuTTY
    OPENPGP = "openpgp"
    DER = "der"


def private_key(head: bytes) -> KeyKind | None:
    """Return the form of the private key that a file begins with or holds as a text; None for none.

    ``head`` are its first HEAD bytes, or all of it.
    """
    # looking for plain bytes first is fifty times faster, and files are many
    if (b"PRIVATE KEY" in head or b"PuTTY-User-Key" in head) and _TEXT.search(head):
        return KeyKind.TEXT
    if _openpgp(head):
        return KeyKind.OPENPGP
    return KeyKind.DER if _der(head) else None


def _openpgp(head: bytes) -> bool:
    """Whether it begins with a secret key packet of plausible length, version and time."""
    if len(head) < _MIN_PACKET or not head[0] & 0x80:
        return False
    if head[0] & 0x40:
        tag, at, length = head[0] & 0x3F, *_new_length(head)
    else:
        tag, at, length = (head[0] >> 2) & 0x0F, *_old_length(head)
    known = tag in {_SECRET_KEY, _SECRET_SUBKEY} and _MIN_PACKET <= length <= _MAX_PACKET
    # version, four bytes of time, and an algorithm (RFC 9580 section 9.1: 1 to 110)
    return known and head[at] in _VERSIONS and 0 < head[at + 5] <= 110  # noqa: PLR2004


def _new_length(head: bytes) -> tuple[int, int]:
    first = head[1]
    if first < 192:  # noqa: PLR2004 - RFC 9580 section 4.2.1
        return 2, first
    if first < 224:  # noqa: PLR2004
        return 3, ((first - 192) << 8) + head[2] + 192
    return 6, int.from_bytes(head[2:6], "big") if first == 0xFF else 0  # noqa: PLR2004


def _old_length(head: bytes) -> tuple[int, int]:
    size = {0: 1, 1: 2, 2: 4}.get(head[0] & 3, 0)
    return 1 + size, int.from_bytes(head[1 : 1 + size], "big")


def _der(head: bytes) -> bool:
    if head[:1] != b"\x30" or len(head) < _MIN_PACKET:
        return False
    more = head[1] & 0x7F if head[1] & 0x80 else 0
    inner = head[2 + more : 64]
    starts = inner.startswith((_PLAIN, _PLAIN_1, _RSA, _EC))
    return more <= 4 and (starts or bool(_PFX.match(inner) or _ENCRYPTED.match(inner)))  # noqa: PLR2004
