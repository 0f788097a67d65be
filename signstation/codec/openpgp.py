"""OpenPGP signature packets of versions 3, 4 and 6 (RFC 9580 section 5.2): bounded parsing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

from signstation.codec.openpgp_packets import (
    HASHES,
    Cursor,
    Packet,
    PublicKeyAlgorithm,
    Tag,
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


V3_HASHED = 5
"""Hashed bytes of a version 3 signature: type and creation time (RFC 9580 section 5.2.2)."""
V6 = 6
"""The signature version with a salt."""
TIME_SIZE = 4
"""Bytes of a time in a subpacket (RFC 9580 section 3.5)."""
KEY_ID_SIZE = 8
"""Bytes of a key id (RFC 9580 section 3.3)."""
RIPEMD160 = 3
"""Hash algorithm ID of RIPEMD-160, which no current library computes."""
SALT_SIZES: dict[HashAlgorithm, int] = {
    HashAlgorithm.MD5: 16,
    HashAlgorithm.SHA1: 16,
    HashAlgorithm.SHA224: 16,
    HashAlgorithm.SHA256: 16,
    HashAlgorithm.SHA384: 24,
    HashAlgorithm.SHA512: 32,
    HashAlgorithm.SHA3_256: 16,
    HashAlgorithm.SHA3_384: 24,
    HashAlgorithm.SHA3_512: 32,
}
"""Bytes of salt of a version 6 signature (RFC 9580 section 9.5)."""

_MPI_COUNTS: dict[int, int] = {
    PublicKeyAlgorithm.RSA: 1,
    PublicKeyAlgorithm.RSA_SIGN_ONLY: 1,
    PublicKeyAlgorithm.DSA: 2,
    PublicKeyAlgorithm.ECDSA: 2,
    PublicKeyAlgorithm.EDDSA_LEGACY: 2,
}
_FIXED_SIZES: dict[int, int] = {PublicKeyAlgorithm.ED25519: 64, PublicKeyAlgorithm.ED448: 114}


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


_UNDERSTOOD = frozenset(SubpacketType)
_TIMES = (
    SubpacketType.CREATION_TIME,
    SubpacketType.SIGNATURE_EXPIRATION,
    SubpacketType.KEY_EXPIRATION,
)


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
    found: list[SignaturePacket] = []
    for packet in packets(data):
        if packet.tag in {Tag.MARKER, Tag.PADDING}:
            continue
        if packet.tag != Tag.SIGNATURE:
            raise malformed(packet.offset, "a signature packet", f"packet type {packet.tag}")
        if len(found) >= MAX_SIGNATURES:
            raise LimitReached(what="OpenPGP signatures", limit=MAX_SIGNATURES)
        found.append(parse_signature(packet))
    return tuple(found)


def parse_signature(packet: Packet) -> SignaturePacket:
    """Return one signature packet; ``problem`` is set instead of an error."""
    cursor = Cursor(packet.body, packet.offset + len(packet.raw) - len(packet.body))
    known = SignaturePacket(packet.raw, packet.body[0] if packet.body else 0)
    try:
        match cursor.number(1):
            case 2 | 3:
                known = _version3(known, cursor)
            case 4 | 6:
                known = _version4(known, cursor, packet.body)
            case version:
                return replace(known, problem=f"signature version {version} is not known")
        return known if known.problem else _with_numbers(known, cursor)
    except ArtifactMalformed as error:
        wrong = f"byte {error.offset}: {error.expected} expected, {error.found}"
        return replace(known, problem=f"damaged packet ({wrong})")


def _version3(known: SignaturePacket, cursor: Cursor) -> SignaturePacket:
    start = cursor.offset
    if cursor.number(1) != V3_HASHED:
        raise malformed(start, f"{V3_HASHED} hashed bytes", "another number")
    suffix = cursor.take(V3_HASHED)
    return replace(
        known,
        type=suffix[0],
        created=int.from_bytes(suffix[1:], "big"),
        suffix=suffix,
        issuer_key_id=cursor.take(8).hex().upper(),
        algorithm=cursor.number(1),
        hash_id=cursor.number(1),
        left16=cursor.take(2),
    )


def _version4(known: SignaturePacket, cursor: Cursor, body: bytes) -> SignaturePacket:
    """Version 6 differs in the size of its counts, its salt and the fingerprint's length."""
    width = 4 if known.version == V6 else 2
    kind, algorithm, hash_id = cursor.take(3)
    known = replace(known, type=kind, algorithm=algorithm, hash_id=hash_id)
    hashed = _area(cursor, width, hashed=True)
    covered = body[: cursor.at]
    unhashed = _area(cursor, width, hashed=False)
    trailer = bytes((known.version, 0xFF)) + len(covered).to_bytes(4, "big")
    known = replace(known, subpackets=hashed + unhashed, suffix=covered + trailer)
    known = replace(known, left16=cursor.take(2))
    if known.version == V6:
        start = cursor.offset
        salt = cursor.take(cursor.number(1))
        if known.hash is not None and len(salt) != SALT_SIZES[known.hash]:
            raise malformed(start, f"a salt of {SALT_SIZES[known.hash]} bytes", str(len(salt)))
        known = replace(known, salt=salt)
    return _with_subpackets(known)


def _area(cursor: Cursor, width: int, *, hashed: bool) -> tuple[Subpacket, ...]:
    start = cursor.offset
    size = cursor.number(width)
    if size > MAX_AREA:
        raise malformed(start, f"at most {MAX_AREA} bytes of subpackets", str(size))
    area = Cursor(cursor.take(size), start + width)
    found: list[Subpacket] = []
    while area.left:
        if len(found) >= MAX_SUBPACKETS:
            raise malformed(area.offset, f"at most {MAX_SUBPACKETS} subpackets", "more")
        at = area.offset
        inner = area.take(_subpacket_length(area))
        if not inner:
            raise malformed(at, "a subpacket type", "an empty subpacket")
        found.append(Subpacket(inner[0] & 0x7F, bool(inner[0] & 0x80), hashed, inner[1:]))
    return tuple(found)


def _subpacket_length(cursor: Cursor) -> int:
    first = cursor.number(1)
    if first < 192:  # noqa: PLR2004 - RFC 9580 section 5.2.3.7
        return first
    if first < 255:  # noqa: PLR2004
        return (first - 192 << 8) + cursor.number(1) + 192
    return cursor.number(4)


def _with_subpackets(known: SignaturePacket) -> SignaturePacket:
    created = known.first(SubpacketType.CREATION_TIME)
    fingerprint, key_id = _issuer(known)
    return replace(
        known,
        created=None if created is None else int.from_bytes(created.value, "big"),
        issuer_key_id=key_id,
        issuer_fingerprint=fingerprint,
        problem=_subpacket_problem(known),
    )


def _subpacket_problem(known: SignaturePacket) -> str:
    """What makes the whole signature invalid (RFC 9580 section 5.2.3.7), or is ambiguous."""
    hashed = [each for each in known.subpackets if each.hashed]
    for each in hashed:
        if each.critical and (each.type not in _UNDERSTOOD or each.type == SubpacketType.NOTATION):
            return f"critical subpacket {each.type} is not understood"
        if each.type in _TIMES and len(each.value) != TIME_SIZE:
            return f"subpacket {each.type} is not a time"
    for kind in (*_TIMES, SubpacketType.ISSUER_FINGERPRINT):
        if sum(each.type == kind for each in hashed) > 1:
            return f"subpacket {kind.value} stands there twice"
    if known.first(SubpacketType.CREATION_TIME) is None:
        return "no creation time"
    return ""


def _issuer(known: SignaturePacket) -> tuple[str, str]:
    """Fingerprint and key id of who claims to have signed: hashed subpackets before unhashed."""
    ordered = sorted(known.subpackets, key=lambda each: not each.hashed)
    for each in ordered:
        if each.type == SubpacketType.ISSUER_FINGERPRINT and each.value:
            fingerprint = each.value[1:].hex().upper()
            match each.value[0], len(fingerprint):
                case 4, 40:
                    return fingerprint, fingerprint[-2 * KEY_ID_SIZE :]
                case 6, 64:
                    return fingerprint, fingerprint[: 2 * KEY_ID_SIZE]
                case _:
                    continue
    for each in ordered:
        if each.type == SubpacketType.ISSUER_KEY_ID and len(each.value) == KEY_ID_SIZE:
            return "", each.value.hex().upper()
    return "", ""


def _with_numbers(known: SignaturePacket, cursor: Cursor) -> SignaturePacket:
    count = _MPI_COUNTS.get(known.algorithm)
    if known.algorithm in _FIXED_SIZES:
        numbers: tuple[bytes, ...] = (cursor.take(_FIXED_SIZES[known.algorithm]),)
    elif count is not None:
        numbers = tuple(_number_bytes(cursor.mpi()) for _ in range(count))
    else:
        return replace(known, problem=f"public-key algorithm {known.algorithm} is not known")
    if cursor.left:
        raise malformed(cursor.offset, "the end of the packet", f"{cursor.left} bytes more")
    if known.hash is None:
        return replace(known, numbers=numbers, problem=hash_problem(known.hash_id))
    return replace(known, numbers=numbers)


def _number_bytes(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def hash_problem(hash_id: int) -> str:
    """Say in English that a hash algorithm cannot be computed here."""
    if hash_id == RIPEMD160:
        return "hash RIPEMD-160 is no longer supported"
    return f"hash algorithm {hash_id} is not known"
