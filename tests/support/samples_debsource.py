"""Samples of .dsc, .buildinfo and .changes for the contract of formats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from signstation.codec.cleartext import text_lines
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import SignatureType, Slot
from signstation.model.trust import Trust
from tests.support.blobs import answer
from tests.support.contract_formats import MakeSample, Sample
from tests.support.debsource import TARBALL, Source, around
from tests.support.openpgp import shared_certificate

SOURCE = Source()


def slot(suite: str = "Cv25519", hashed: HashAlgorithm = HashAlgorithm.SHA256) -> Slot:
    """The slot of a certificate."""
    return replace(shared_certificate(suite).slot_with(hashed), kind=SignatureType.CLEARTEXT)


def lines(content: bytes) -> tuple[range, ...]:
    """All but line ends: one of another kind is the same to the signature."""
    found = (range(each.start, each.end) for each in text_lines(content))
    return tuple(each for each in found if each)


def sample(content: bytes, *slots: Slot) -> Sample:
    """A description with its signers, among all files of the build."""
    certificates = [shared_certificate(each).trusted for each in ("Cv25519", "P256")]
    return Sample(
        content=content,
        slots=slots,
        answer=lambda ask: answer(replace(slots[ask.slot], kind=SignatureType.OPENPGP), ask),
        trust=Trust(tuple(certificates)),
        time=1 + max(key.created for each in certificates for key in each.keys),
        options={"existing": "replace"},
        covered=lines,
        malformed={
            "twice": content.replace(b"Version: 1.0", b"Source: other"),
            "no-colon": content.replace(b"Version: 1.0", b"Version 1.0"),
            "digest": content.replace(b"Sha256:\n ", b"Sha256:\n 0"),
            "outside": content.replace(TARBALL.encode(), b"../" + TARBALL.encode())
            if TARBALL.encode() in content
            else content.replace(b" hello_1.0.dsc", b" /hello_1.0.dsc"),
        },
        surroundings=around(content, SOURCE.files()),
    )


SAMPLES: Mapping[str, MakeSample] = {
    "dsc": lambda: sample(SOURCE.dsc, slot()),
    "buildinfo": lambda: sample(SOURCE.buildinfo, slot()),
    "changes": lambda: sample(SOURCE.changes, slot()),
    "several": lambda: sample(SOURCE.dsc, slot(), slot("P256")),
}
