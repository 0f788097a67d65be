"""The yes of the second OpenPGP library (Sequoia): one certificate, one packet, one answer.

It gives no reasons, holds the interpreter lock while it works and maps files: run it where it can
be killed. RUST_BACKTRACE must be unset in the process, else each refusal costs 60 ms.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import Enum
from typing import Any

import pysequoia

from signstation.codec.openpgp import SignaturePacket
from signstation.signatures.openpgp_state import Candidate

MAX_CONTENT = 64 * 1024 * 1024
"""Most signed bytes that are handed over in memory; more come as a file (DESIGN.md section 7)."""

_REFUSAL = "Signature verification failed"


class Answer(Enum):
    """What the library says."""

    YES = "yes"
    NO = "no"
    NONE = "none"  # it could not be asked, or failed for a reason of its own


@dataclass(frozen=True, slots=True)
class LibraryAnswer:
    """The answer, and the library's own words where it gave none (one line, English)."""

    answer: Answer
    says: str = ""


def ask_library(
    packet: SignaturePacket, candidate: Candidate, content: bytes | int | None
) -> LibraryAnswer:
    """Ask whether the packet is a valid signature by the candidate's key over ``content``.

    ``content``: the signed bytes, or a descriptor of a file that is exactly those; None gives
    Answer.NONE. Blocks for the length of the content. Never raises.
    """
    if content is None:
        return LibraryAnswer(Answer.NONE, "the signed bytes are not at hand in one piece")
    if isinstance(content, bytes) and len(content) > MAX_CONTENT:
        return LibraryAnswer(Answer.NONE, f"more than {MAX_CONTENT} bytes")
    try:
        certificate = pysequoia.Cert.from_bytes(candidate.certificate.material)
        signature = pysequoia.Sig.from_bytes(packet.raw)
        found = _verify(certificate, signature, content)
    except (RuntimeError, ValueError, OSError) as error:
        says = str(error).split("\n", 1)[0][:200]
        refused = says.startswith(_REFUSAL)
        return LibraryAnswer(Answer.NO) if refused else LibraryAnswer(Answer.NONE, says)
    wanted = (candidate.certificate.primary.fingerprint, candidate.state.fingerprint)
    good = [(str(each.certificate).upper(), str(each.signing_key).upper()) for each in found]
    return LibraryAnswer(Answer.YES if good == [wanted] else Answer.NO)


def _verify(
    certificate: pysequoia.Cert, signature: pysequoia.Sig, content: bytes | int
) -> list[Any]:
    def store(_ids: list[str]) -> list[pysequoia.Cert]:
        return [certificate]

    if isinstance(content, bytes):
        return pysequoia.verify(bytes=content, store=store, signature=signature).valid_sigs
    os.fstat(content)  # a closed descriptor is an OSError, not a refusal
    path = f"/proc/self/fd/{content}"
    return pysequoia.verify(file=path, store=store, signature=signature).valid_sigs
