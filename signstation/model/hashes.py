"""Hash algorithms and digests."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import Enum
from typing import Protocol, Self


class HashAlgorithm(Enum):
    """Hash functions that appear in Linux signatures; the value is hashlib's name."""

    MD5 = "md5"
    SHA1 = "sha1"
    SHA224 = "sha224"
    SHA256 = "sha256"
    SHA384 = "sha384"
    SHA512 = "sha512"
    SHA3_256 = "sha3_256"
    SHA3_384 = "sha3_384"
    SHA3_512 = "sha3_512"

    @property
    def size(self) -> int:
        """Digest length in bytes."""
        return hashlib.new(self.value, usedforsecurity=False).digest_size

    @property
    def title(self) -> str:
        """Name for people: ``SHA-256``, ``SHA3-512``, ``MD5``."""
        name = self.value.upper()
        return name.replace("_", "-") if "3_" in name else name.replace("SHA", "SHA-")

    @property
    def weak(self) -> bool:
        """True where no new signature may use it and an old one is not trusted."""
        return self in {HashAlgorithm.MD5, HashAlgorithm.SHA1}


@dataclass(frozen=True, slots=True)
class Digest:
    """A digest value of exactly ``algorithm.size`` bytes."""

    algorithm: HashAlgorithm
    value: bytes

    @property
    def hex(self) -> str:
        """Lower-case hexadecimal."""
        return self.value.hex()


class HashState(Protocol):
    """A running hash (hashlib's shape) that is copied before a trailer is added."""

    def update(self, data: bytes | memoryview, /) -> None:
        """Feed bytes."""
        ...

    def digest(self) -> bytes:
        """Return the digest of what was fed so far."""
        ...

    def copy(self) -> Self:
        """Return an independent copy."""
        ...


@dataclass(frozen=True, slots=True)
class HashRequest:
    """A hash wanted over ``length`` bytes from ``offset`` (``None``: to the end).

    ``prefix`` is fed first: the salt of version 6 OpenPGP signatures (RFC 9580 section 5.2.4).
    """

    algorithm: HashAlgorithm
    offset: int = 0
    length: int | None = None
    prefix: bytes = b""


@dataclass(frozen=True, slots=True)
class Digests:
    """What one pass over an artifact yields: SHA-256 of all, and the wanted states in order.

    States are live objects: copy before update.
    """

    sha256: Digest
    states: tuple[HashState, ...]


def sha256(data: bytes) -> Digest:
    """Hash a small value with SHA-256."""
    return Digest(HashAlgorithm.SHA256, hashlib.sha256(data).digest())
