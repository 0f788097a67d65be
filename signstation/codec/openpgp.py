"""OpenPGP signature packets of versions 3, 4 and 6 (RFC 9580 section 5.2): bounded parsing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from signstation.codec.openpgp_packets import (
    HASHES,
    Cursor,
    Packet,
    PublicKeyAlgorithm,
    Tag,
    length_of,
    malformed,
    packets,
)
from signstation.errors import ArtifactMalformed, LimitReached
from signstation.model.hashes import HashAlgorithm

MAX_SIGNATURES = 64
"""Most signatures over one thing (as MAX_BATCH: nobody could have made more in one round)."""
MAX_SUBPACKETS = 256
"""Most subpackets of one area; an area has at most 65,535 bytes in version 4."""
MAX_AREA = 64 * 1024
"""Most bytes of one subpacket area: version 4 cannot have more, version 6 need not."""


class SignatureClass(IntEnum):
    """Signature type IDs (RFC 9580 section 5.2.1)."""

    BINARY = 0x00
    TEXT = 0x01
    GENERIC_CERTIFICATION = 0x10
    PERSONA_CERTIFICATION = 0x11
    CASUAL_CERTIFICATION = 0x12
    POSITIVE_CERTIFICATION = 0x13
    SUBKEY_BINDING = 0x18
    PRIMARY_KEY_BINDING = 0x19
    DIRECT_KEY = 0x1F
    KEY_REVOCATION = 0x20
    SUBKEY_REVOCATION = 0x28
    CERTIFICATION_REVOCATION = 0x30


class SubpacketType(IntEnum):
    """Signature subpacket types (RFC 9580 section 5.2.3.7) that signstation understands."""

    CREATION_TIME = 2
    SIGNATURE_EXPIRATION = 3
    EXPORTABLE = 4
    TRUST = 5
    REGULAR_EXPRESSION = 6
    REVOCABLE = 7
    KEY_EXPIRATION = 9
    PREFERRED_CIPHERS = 11
    REVOCATION_KEY = 12
    ISSUER_KEY_ID = 16
    NOTATION = 20
    PREFERRED_HASHES = 21
    PREFERRED_COMPRESSION = 22
    KEYSERVER_PREFERENCES = 23
    KEYSERVER = 24
    PRIMARY_USER_ID = 25
    POLICY_URI = 26
    KEY_FLAGS = 27
    SIGNERS_USER_ID = 28
    REVOCATION_REASON = 29
    FEATURES = 30
    SIGNATURE_TARGET = 31
    EMBEDDED_SIGNATURE = 32
    ISSUER_FINGERPRINT = 33
    PREFERRED_AEAD = 34
    RECIPIENT_FINGERPRINT = 35
    PREFERRED_AEAD_SUITES = 39


@dataclass(frozen=True, slots=True)
class Subpacket:
    """One subpacket; ``hashed`` tells whether the signature covers it."""

    type: int
    critical: bool
    hashed: bool
    value: bytes


@dataclass(frozen=True, slots=True)
class SignaturePacket:
    """One signature packet as it stands. Nothing in it is believed before it was verified.

    Hashed over: ``salt``, the signed bytes, ``suffix``. Key id and fingerprint are upper-case
    hexadecimal, empty where the packet names none. ``problem`` is empty, or says in English why
    this packet cannot be used; the fields that were read before stay set.
    """

    raw: bytes
    version: int
    type: int = 0
    algorithm: int = 0
    hash_id: int = 0
    created: int | None = None  # Unix seconds
    issuer_key_id: str = ""
    issuer_fingerprint: str = ""
    subpackets: tuple[Subpacket, ...] = ()
    salt: bytes = b""  # version 6: fed before the signed bytes
    suffix: bytes = b""  # fed after the signed bytes
    left16: bytes = b""  # first two bytes of the digest, as the packet claims
    numbers: tuple[bytes, ...] = ()  # big-endian MPIs, or the one fixed-size value of Ed25519/Ed448
    problem: str = ""

    @property
    def hash(self) -> HashAlgorithm | None:
        """The hash algorithm, None where no library has it."""
        return HASHES.get(self.hash_id)

    def first(self, kind: SubpacketType) -> Subpacket | None:
        """Return the first hashed subpacket of a type."""
        return next((each for each in self.subpackets if each.hashed and each.type == kind), None)

    @property
    def expires(self) -> int | None:
        """When the signature itself expires (Unix seconds), None for never."""
        found = self.first(SubpacketType.SIGNATURE_EXPIRATION)
        seconds = int.from_bytes(found.value, "big") if found else 0
        return self.created + seconds if seconds and self.created is not None else None


def parse_signatures(data: bytes) -> tuple[SignaturePacket, ...]:
    """Return the signature packets of a binary string, in order; at most MAX_SIGNATURES.

    Marker and padding packets are passed over. A signature of an unknown version, algorithm or
    inner structure is a value with ``problem``. Raises ArtifactMalformed where the framing is
    broken or another packet stands there, LimitReached for too many.
    """
    raise NotImplementedError


def parse_signature(packet: Packet) -> SignaturePacket:
    """Return one signature packet; ``problem`` is set instead of an error."""
    raise NotImplementedError


_ = (
    Cursor,
    PublicKeyAlgorithm,
    Tag,
    length_of,
    malformed,
    packets,
    ArtifactMalformed,
    LimitReached,
)
