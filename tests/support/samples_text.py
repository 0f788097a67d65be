"""Samples of texts for the contract of formats: one signer and several, LF and CR LF."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from signstation.codec.cleartext import text_lines
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import SignatureType, Slot
from signstation.model.trust import Trust
from tests.support.blobs import answer
from tests.support.contract_formats import MakeSample, Sample
from tests.support.openpgp import shared_certificate

CONTENT = (
    "Hello\n-----BEGIN PGP SIGNED MESSAGE-----\n- a list\n\nFrom März: \n\n  in, the end".encode()
)
"""Dashes, a line for mail, an empty line, a blank at a line end, and no line end at the end."""


def slot(suite: str = "Cv25519", hashed: HashAlgorithm = HashAlgorithm.SHA256) -> Slot:
    """The slot of a certificate."""
    return replace(shared_certificate(suite).slot_with(hashed), kind=SignatureType.CLEARTEXT)


def lines(content: bytes) -> tuple[range, ...]:
    """All but carriage returns: a line end of another kind is the same to the signature."""
    found = (range(each.start, each.end) for each in text_lines(content))
    return tuple(each for each in found if each)


def sample(*slots: Slot, content: bytes = CONTENT) -> Sample:
    """A text and its signers."""
    certificates = [shared_certificate(each).trusted for each in ("Cv25519", "P256", "RSA2k")]
    return Sample(
        content=content,
        slots=slots,
        answer=lambda ask: answer(replace(slots[ask.slot], kind=SignatureType.OPENPGP), ask),
        trust=Trust(tuple(certificates)),
        time=1 + max(key.created for each in certificates for key in each.keys),
        recognised=False,
        covered=lines,
    )


SAMPLES: Mapping[str, MakeSample] = {
    "one": lambda: sample(slot()),
    "rsa": lambda: sample(slot("RSA2k", HashAlgorithm.SHA512)),
    "crlf": lambda: sample(slot(), content=b"one\r\ntwo\r\n\r\n- three"),
    "several": lambda: sample(slot(), slot("P256"), slot("RSA2k", HashAlgorithm.SHA512)),
}
