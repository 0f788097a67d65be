"""Writes version 4 OpenPGP signature packets, byte for byte as GnuPG does at a fixed time."""

from __future__ import annotations

from collections.abc import Sequence

from signstation.codec.openpgp import SignatureClass, SubpacketType
from signstation.codec.openpgp_packets import HASH_IDS, Tag, mpi, packet
from signstation.model.hashes import HashAlgorithm

MAX_TIME = 0xFFFF_FFFF
"""Latest time that a packet can hold: 2106 (RFC 9580 section 3.5)."""


def hashed_part(
    document: SignatureClass,
    algorithm: int,
    hashed_with: HashAlgorithm,
    fingerprint: str,
    time: int,
) -> bytes:
    """Return version to hashed subpackets: issuer fingerprint, then creation time (GnuPG's order).

    ``fingerprint`` is that of a version 4 key (40 digits); ``time`` is Unix seconds.
    """
    area = _subpacket(SubpacketType.ISSUER_FINGERPRINT, b"\x04" + bytes.fromhex(fingerprint))
    area += _subpacket(SubpacketType.CREATION_TIME, time.to_bytes(4, "big"))
    start = bytes((4, document, algorithm, HASH_IDS[hashed_with]))
    return start + len(area).to_bytes(2, "big") + area


def suffix(hashed: bytes) -> bytes:
    """Return what is hashed after the signed bytes (RFC 9580 section 5.2.4)."""
    return hashed + b"\x04\xff" + len(hashed).to_bytes(4, "big")


def signature_packet(
    hashed: bytes, fingerprint: str, left16: bytes, numbers: Sequence[bytes], *, native: bool
) -> bytes:
    """Return the packet: ``hashed``, issuer key id, first digest bytes, numbers.

    ``numbers`` are big-endian integers written as MPIs, or one fixed-size value with ``native``.
    """
    unhashed = _subpacket(SubpacketType.ISSUER_KEY_ID, bytes.fromhex(fingerprint)[-8:])
    values = [each if native else mpi(int.from_bytes(each, "big")) for each in numbers]
    body = hashed + len(unhashed).to_bytes(2, "big") + unhashed + left16 + b"".join(values)
    return packet(Tag.SIGNATURE, body)


def _subpacket(kind: SubpacketType, value: bytes) -> bytes:
    return bytes((len(value) + 1, kind)) + value
