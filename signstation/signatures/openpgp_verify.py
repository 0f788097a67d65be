"""Judges OpenPGP signatures: the number, the key's state when it signed, and the library's yes."""

from __future__ import annotations

from signstation.codec.openpgp import SignaturePacket
from signstation.model.asks import Segment
from signstation.model.hashes import HashAlgorithm, HashRequest, HashState
from signstation.model.text import Text
from signstation.model.trust import Purpose, Trust
from signstation.signatures.judged import Judged


def hash_of(packet: SignaturePacket) -> HashAlgorithm | None:
    """Return the hash that the packet wants fed, None where no library has it."""
    return packet.hash


def start_hash(packet: SignaturePacket) -> HashState | None:
    """Return a fresh hash for the signed bytes (version 6: the salt is fed already)."""
    raise NotImplementedError


def hash_request(
    packet: SignaturePacket, offset: int = 0, length: int | None = None
) -> HashRequest | None:
    """Return what to ask ``Context.digests`` for, to get ``judge_openpgp`` its ``state``."""
    raise NotImplementedError


def judge_openpgp(  # noqa: PLR0913 - each names a thing that a caller has to decide
    packet: SignaturePacket,
    *,
    index: int,
    place: Text,
    state: HashState | None,
    content: bytes | int | None,
    trust: Trust,
    purpose: Purpose,
    at: int,
    sufficient: bool,
    covers: tuple[Segment, ...],
    code: str,
) -> Judged:
    """Judge one signature (DESIGN.md section 7).

    ``state`` was fed the salt and the signed bytes under the packet's hash (see ``start_hash`` and
    ``hash_request``); None where the hash is not known. ``content``: the signed bytes, or an open
    descriptor of a file that is exactly the signed bytes, for the second library; None where it
    cannot be asked. ``at`` is the reference time in Unix seconds.
    """
    raise NotImplementedError
