"""Makes OpenPGP signature packets: what is hashed, what the key is asked, and the packet."""

from __future__ import annotations

from collections.abc import Generator

from signstation.codec.openpgp import SignatureClass
from signstation.model.asks import Answer, Batch, Part, Segment
from signstation.model.hashes import HashState
from signstation.model.keys import Slot


def sign_openpgp(  # noqa: PLR0913 - each names a thing that a caller has to decide
    index: int,
    slot: Slot,
    state: HashState,
    *,
    part: Part,
    covers: tuple[Segment, ...],
    time: int,
    document: SignatureClass = SignatureClass.BINARY,
) -> Generator[Batch, tuple[Answer, ...], bytes]:
    """Yield one batch with one ask and return one binary version 4 signature packet.

    ``state`` was fed the signed bytes under ``slot.hash``; it is copied. ``covers`` are the
    segments of the signed bytes; the trailer is appended as a Literal. ``index`` is the slot's
    number in the item. Hashed subpackets: issuer fingerprint, creation time; unhashed: issuer
    key id: byte-identical to ``gpg --faked-system-time TIME! -u FPR!``. Raises CertificateMissing
    and SchemeUnsupported before the first yield, KeyStoreFailed for an answer of a wrong shape.
    """
    if time < 0:
        yield ()
    raise NotImplementedError


def check_own_openpgp(packet: bytes, slot: Slot, state: HashState, *, time: int) -> None:
    """Check a packet that this station made: issuer, hash, time and the number. Does not block.

    ``state`` was fed the signed bytes under ``slot.hash``. The number is checked with the slot's
    own public key. Raises RecheckFailed.
    """
    raise NotImplementedError
