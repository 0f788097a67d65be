"""Signatures by hand and their judgement, for the tests of the OpenPGP judge."""

from __future__ import annotations

import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from signstation.codec.openpgp import SignatureClass, SignaturePacket, parse_signatures
from signstation.codec.openpgp_write import hashed_part, signature_packet, suffix
from signstation.model.asks import Part, Range
from signstation.model.hashes import HashAlgorithm
from signstation.model.text import Text
from signstation.model.trust import (
    OpenPgpCertificate,
    Purpose,
    Trust,
)
from signstation.signatures.judged import Judged
from signstation.signatures.openpgp_sign import sign_openpgp
from signstation.signatures.openpgp_verify import judge_openpgp, start_hash
from tests.support.openpgp import SoftCertificate, SoftKey, drive

CONTENT = b"line one\nline two\r\nlast"
DAY = 86400


def made_at(made: SoftCertificate) -> int:
    """A time just after the certificate, so that Sequoia takes it too."""
    return made.trusted.primary.created + 5


def signed(made: SoftCertificate, content: bytes = CONTENT) -> SignaturePacket:
    """Our own signature, as a format makes it."""
    slot = made.slot
    state = hashlib.new(slot.hash.value, content)
    covers = (Range(0, len(content)),)
    generator = sign_openpgp(0, slot, state, part=Part.FILE, covers=covers, time=made_at(made))
    (found,) = parse_signatures(drive(generator, made.signer))
    return found


def by_hand(
    key: SoftKey,
    *,
    time: int,
    hashed_with: HashAlgorithm = HashAlgorithm.SHA256,
    document: SignatureClass = SignatureClass.BINARY,
    content: bytes = CONTENT,
) -> SignaturePacket:
    """A signature that signstation itself refuses to make, by an Ed25519 key."""
    fingerprint = key.public.fingerprint
    hashed = hashed_part(document, 22, hashed_with, fingerprint, time)
    state = hashlib.new(hashed_with.value, content, usedforsecurity=False)
    state.update(suffix(hashed))
    assert isinstance(key.private, Ed25519PrivateKey)
    number = key.private.sign(state.digest())
    halves = (number[:32], number[32:])
    raw = signature_packet(hashed, fingerprint, state.digest()[:2], halves, native=False)
    (found,) = parse_signatures(raw)
    return found


def judge(
    found: SignaturePacket,
    *trusted: OpenPgpCertificate,
    content: bytes | int | None = CONTENT,
    hashed: bytes = CONTENT,
    at: int | None = None,
    purpose: Purpose = Purpose.FILES,
    sufficient: bool = True,
) -> Judged:
    """Judge with the certificates given as trust, a day after the signature was made."""
    state = start_hash(found)
    if state is not None:
        state.update(hashed)
    created = found.created or 0
    return judge_openpgp(
        found,
        index=0,
        place=Text("here"),
        state=state,
        content=content,
        trust=Trust(openpgp=trusted),
        purpose=purpose,
        at=created + DAY if at is None else at,
        sufficient=sufficient,
        covers=(Range(0, len(hashed)),),
        code="test",
    )


def reasons(judged: Judged) -> str:
    """Return all reasons as one text."""
    return " ".join(each.english() for each in judged.facts.reasons)
