"""What a key is asked to sign: small asks that follow, provably, from approved bytes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import Enum

from signstation.model.hashes import Digest, HashAlgorithm
from signstation.model.keys import Scheme

MAX_MESSAGE = 64 * 1024
"""Largest message in bytes that is sent to a key whole (ssh-agent's own limit is 256 KiB)."""
MAX_BATCH = 64
"""Most asks in one batch (DESIGN.md section 4)."""
MAX_ROUNDS = 16
"""Most rounds of one generator (DESIGN.md section 4)."""


class Part(Enum):
    """Which part of an artifact a signature is over; the prompt's words come from the request."""

    FILE = "file"
    HEADER = "header"
    HEADER_AND_PAYLOAD = "header-and-payload"
    MODULE = "module"
    RELEASE = "release"
    COMMIT = "commit"
    CERTIFICATE = "certificate"


@dataclass(frozen=True, slots=True)
class Range:
    """``length`` bytes of the artifact from ``offset``."""

    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Literal:
    """Bytes that the envelope adds (an OpenPGP trailer, CMS attributes); shown decoded."""

    value: bytes


class Compression(Enum):
    """How a whole artifact is compressed; the value is the program's name."""

    XZ = "xz"
    ZSTD = "zstd"
    GZIP = "gzip"


@dataclass(frozen=True, slots=True)
class Unpacked:
    """``length`` bytes from ``offset`` of the ``size`` bytes that the artifact holds compressed.

    The whole artifact is one stream of ``compression``; nothing stands before or behind it.
    """

    compression: Compression
    offset: int
    length: int
    size: int


Plain = Range | Literal | Unpacked
"""What needs no further structure to become bytes."""


def bytes_read(segment: Plain) -> int:
    """Return how many bytes have to be read, or decompressed, for a segment."""
    match segment:
        case Range(length=length):
            return length
        case Unpacked(size=size):
            return size
        case Literal():
            return 0


@dataclass(frozen=True, slots=True)
class HashOf:
    """The digest of segments, for envelopes that sign a digest inside another structure."""

    algorithm: HashAlgorithm
    segments: tuple[Plain, ...]


Segment = Plain | HashOf


@dataclass(frozen=True, slots=True)
class ToSign:
    """All that a key ever sees. Exactly one of ``digest`` and ``message`` is set.

    ``covers`` says how it follows from the artifact: the concatenation of the segments is the
    message, or what the scheme's hash turns into ``digest``. For EdDSA inside OpenPGP the message
    is itself a digest: ``covers`` is then one HashOf.
    """

    slot: int
    scheme: Scheme
    part: Part
    covers: tuple[Segment, ...]
    digest: bytes | None = None
    message: bytes | None = None

    @property
    def input(self) -> bytes:
        """The digest or the message."""
        return self.digest if self.digest is not None else (self.message or b"")

    def hash(self) -> Digest:
        """Return SHA-256 of scheme, 0x00, 0x00 (digest) or 0x01 (message), and the input.

        It is what approvals, journal and guard compare.
        """
        kind = b"\x00" if self.digest is not None else b"\x01"
        return Digest(
            HashAlgorithm.SHA256,
            hashlib.sha256(self.scheme.value.encode() + b"\x00" + kind + self.input).digest(),
        )


Ask = ToSign
Batch = tuple[ToSign, ...]
Answer = bytes
"""RSA: modulus-size big-endian; ECDSA: DER; Ed25519: 64 bytes; Ed448: 114; ML-DSA: FIPS 204."""
