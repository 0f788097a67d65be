"""OpenPGP packet framing, multiprecision integers and the registries of numbers (RFC 9580)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from signstation.errors import ArtifactMalformed, LimitReached
from signstation.model.hashes import HashAlgorithm

FORMAT = "openpgp"
"""What ArtifactMalformed names as the format."""
MAX_PACKETS = 200_000
"""Most packets of one input: the largest keyring of a distribution has about 100,000."""
MAX_PACKET = 1024 * 1024
"""Most bytes of one packet body: photo IDs (user attributes) are the largest known."""
MAX_MPI_BITS = 16_384
"""Largest integer: GnuPG and Sequoia read RSA keys of up to 16384 bits."""


class Tag(IntEnum):
    """Packet type IDs (RFC 9580 section 5) that signstation tells apart."""

    SIGNATURE = 2
    SECRET_KEY = 5
    PUBLIC_KEY = 6
    SECRET_SUBKEY = 7
    MARKER = 10
    TRUST = 12
    USER_ID = 13
    PUBLIC_SUBKEY = 14
    USER_ATTRIBUTE = 17
    PADDING = 21


class PublicKeyAlgorithm(IntEnum):
    """Public-key algorithm IDs of signatures (RFC 9580 section 9.1)."""

    RSA = 1
    RSA_SIGN_ONLY = 3
    DSA = 17
    ECDSA = 19
    EDDSA_LEGACY = 22
    ED25519 = 27
    ED448 = 28


HASHES: dict[int, HashAlgorithm] = {
    1: HashAlgorithm.MD5,
    2: HashAlgorithm.SHA1,
    8: HashAlgorithm.SHA256,
    9: HashAlgorithm.SHA384,
    10: HashAlgorithm.SHA512,
    11: HashAlgorithm.SHA224,
    12: HashAlgorithm.SHA3_256,
    14: HashAlgorithm.SHA3_512,
}
"""Hash algorithm IDs (RFC 9580 section 9.5); RIPEMD-160 (3) is left out: no library has it."""

HASH_IDS: dict[HashAlgorithm, int] = {algorithm: number for number, algorithm in HASHES.items()}


def malformed(offset: int, expected: str, found: str) -> ArtifactMalformed:
    """Return the error for OpenPGP bytes that break off or contradict themselves at ``offset``."""
    return ArtifactMalformed(format=FORMAT, offset=offset, expected=expected, found=found)


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet: type, body, the whole packet as it stood, and where, in bytes of the input."""

    tag: int
    body: bytes
    raw: bytes
    offset: int


class Cursor:
    """Reads a packet body from front to back; every read is checked against the end."""

    __slots__ = ("_base", "_data", "at")

    def __init__(self, data: bytes, base: int = 0) -> None:
        """``base`` is the offset of ``data`` in the input, for error messages."""
        self._data = data
        self._base = base
        self.at = 0

    @property
    def offset(self) -> int:
        """Where the cursor stands in the whole input."""
        return self._base + self.at

    @property
    def left(self) -> int:
        """Bytes that have not been read."""
        return len(self._data) - self.at

    def take(self, length: int) -> bytes:
        """Return the next ``length`` bytes; raise ArtifactMalformed where they are not there."""
        if length < 0 or length > self.left:
            raise malformed(self.offset, f"{length} bytes", f"{self.left} left")
        self.at += length
        return self._data[self.at - length : self.at]

    def number(self, size: int) -> int:
        """Return a big-endian number of ``size`` bytes."""
        return int.from_bytes(self.take(size), "big")

    def mpi(self) -> int:
        """Return a multiprecision integer; its bit count must be exact (RFC 9580 section 3.2)."""
        start = self.offset
        bits = self.number(2)
        if bits > MAX_MPI_BITS:
            raise malformed(start, f"at most {MAX_MPI_BITS} bits", str(bits))
        value = int.from_bytes(self.take((bits + 7) // 8), "big")
        if value.bit_length() != bits:
            raise malformed(start, f"a number of {bits} bits", f"{value.bit_length()} bits")
        return value

    def rest(self) -> bytes:
        """Return everything that is left."""
        return self.take(self.left)


def mpi(value: int) -> bytes:
    """Return a multiprecision integer as bytes: bit count in two bytes, then the number."""
    bits = value.bit_length()
    return bits.to_bytes(2, "big") + value.to_bytes((bits + 7) // 8, "big")


def packet(tag: Tag, body: bytes) -> bytes:
    """Return a packet in the old format, as GnuPG writes the types below 16."""
    for kind, size in enumerate((1, 2, 4)):
        if len(body) < 1 << 8 * size:
            return bytes((0x80 | tag << 2 | kind,)) + len(body).to_bytes(size, "big") + body
    raise LimitReached(what="bytes of one OpenPGP packet", limit=MAX_PACKET)


def packets(data: bytes) -> Iterator[Packet]:
    """Yield the packets of ``data`` in both header formats (RFC 9580 section 4.2).

    Raises ArtifactMalformed for anything else, partial and indeterminate lengths among it (they
    are for data packets only), and LimitReached.
    """
    cursor = Cursor(data)
    count = 0
    while cursor.left:
        count += 1
        if count > MAX_PACKETS:
            raise LimitReached(what="OpenPGP packets", limit=MAX_PACKETS)
        start = cursor.at
        tag, length = _header(cursor)
        if length > MAX_PACKET:
            raise LimitReached(what="bytes of one OpenPGP packet", limit=MAX_PACKET)
        body = cursor.take(length)
        yield Packet(tag, body, data[start : cursor.at], start)


def _header(cursor: Cursor) -> tuple[int, int]:
    offset = cursor.offset
    first = cursor.number(1)
    if not first & 0x80:
        raise malformed(offset, "an OpenPGP packet", f"byte {first:#04x}")
    if first & 0x40:
        return first & 0x3F, _new_length(cursor)
    kind = first & 0x03
    if kind == 3:  # noqa: PLR2004 - length type 3: indeterminate
        raise malformed(offset, "a definite length", "indeterminate length")
    return first >> 2 & 0x0F, cursor.number(1 << kind)


def _new_length(cursor: Cursor) -> int:
    """Read a length of the new format (RFC 9580 section 4.2.1); partial lengths are refused."""
    offset = cursor.offset
    first = cursor.number(1)
    if first < 192:  # noqa: PLR2004 - RFC 9580 section 4.2.1.1
        return first
    if first < 224:  # noqa: PLR2004 - section 4.2.1.2
        return (first - 192 << 8) + cursor.number(1) + 192
    if first < 255:  # noqa: PLR2004 - section 4.2.1.4
        raise malformed(offset, "a definite length", "partial length")
    return cursor.number(4)
