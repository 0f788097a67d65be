"""Samples of lists of checksums for the contract of formats: both forms, both signatures."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace

from signstation.codec.armor import is_armored
from signstation.codec.checksums import Entry, ListForm, parse_list, write_list
from signstation.codec.cleartext import is_cleartext
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import SignatureType, Slot
from signstation.model.members import FoundMember, MemberState, Surroundings
from signstation.model.trust import Trust
from tests.support.blobs import answer
from tests.support.contract_formats import MakeSample, Sample
from tests.support.openpgp import shared_certificate
from tests.support.samples_blob import detached

FILES = {"hello-1.0.tar.gz": b"hello", "doc/März 3.txt": b"", "a\\b\nc": b"odd"}
"""Names and contents; the last one has to be escaped."""


def listed(
    algorithm: HashAlgorithm = HashAlgorithm.SHA256, files: Mapping[str, bytes] = FILES
) -> tuple[Entry, ...]:
    """The entries of these files."""
    return tuple(
        Entry(name, algorithm, hashlib.new(algorithm.value, content).digest())
        for name, content in files.items()
    )


def around(data: bytes, files: Mapping[str, bytes] = FILES) -> Surroundings:
    """What the station finds beside a list where all ``files`` lie."""
    members = []
    for each in parse_list(data):
        content = files.get(each.place)
        state = MemberState.MISSING if content is None else MemberState.READ
        digest = hashlib.new(each.algorithm.value, content or b"").digest()
        members.append(FoundMember(each.place, each.algorithm, state, digest))
    return Surroundings(tuple(members))


def slot(kind: SignatureType, suite: str = "Cv25519") -> Slot:
    """The slot of a certificate."""
    return replace(shared_certificate(suite).slot_with(HashAlgorithm.SHA256), kind=kind)


def sample(data: bytes, *slots: Slot, **options: str) -> Sample:
    """A list with its signers."""
    certificates = [shared_certificate(each).trusted for each in ("Cv25519", "P256")]
    outside = write_list([replace(listed()[0], name="../hello")], ListForm.GNU)
    return Sample(
        content=data,
        slots=slots,
        answer=lambda ask: answer(replace(slots[ask.slot], kind=SignatureType.OPENPGP), ask),
        trust=Trust(tuple(certificates)),
        time=1 + max(key.created for each in certificates for key in each.keys),
        options=options,
        detached=_detached,
        malformed={"outside": outside, "no list": b"hello\n", "empty": b""},
        surroundings=around(data),
    )


def _detached(signature: bytes) -> tuple[range, ...]:
    if is_cleartext(signature):
        return (range(len(signature)),)
    return (range(len(signature) - 1),) if is_armored(signature) else detached(signature)


GNU = write_list(listed(), ListForm.GNU)[:-1]
BSD = write_list(listed(HashAlgorithm.SHA512), ListForm.BSD)[:-1]
"""Without the last line end: it is the same list with it, so a test for changes needs it away."""

SAMPLES: Mapping[str, MakeSample] = {
    "gnu": lambda: sample(GNU, slot(SignatureType.OPENPGP)),
    "bsd": lambda: sample(BSD, slot(SignatureType.OPENPGP), armor="no"),
    "clear": lambda: sample(GNU, slot(SignatureType.CLEARTEXT)),
    "several": lambda: sample(
        BSD, slot(SignatureType.CLEARTEXT), slot(SignatureType.CLEARTEXT, "P256"), content="copy"
    ),
}
