"""Judges OpenPGP signatures: the number, the key's state when it signed, and the library's yes."""

from __future__ import annotations

import hashlib
import re
from typing import assert_never

from signstation.codec.openpgp import SignatureClass, SignaturePacket
from signstation.model.asks import Segment
from signstation.model.checks import Outcome, SignatureState
from signstation.model.hashes import HashAlgorithm, HashRequest, HashState
from signstation.model.text import Text, text
from signstation.model.trust import Purpose, Trust
from signstation.signatures.judged import Judged
from signstation.signatures.openpgp_facts import (
    Case,
    claimed,
    finish,
    library_check,
    text_check,
)
from signstation.signatures.openpgp_library import Answer, ask_library
from signstation.signatures.openpgp_number import Number, check_number
from signstation.signatures.openpgp_state import (
    Candidate,
    Reason,
    find_candidates,
    reasons_against,
)

_LINE_END = re.compile(rb"\r?\n")


def hash_of(packet: SignaturePacket) -> HashAlgorithm | None:
    """Return the hash that the packet wants fed, None where no library has it."""
    return packet.hash


def start_hash(packet: SignaturePacket) -> HashState | None:
    """Return a fresh hash for the signed bytes (version 6: the salt is fed already)."""
    if packet.hash is None:
        return None
    return hashlib.new(packet.hash.value, packet.salt, usedforsecurity=False)


def hash_request(
    packet: SignaturePacket, offset: int = 0, length: int | None = None
) -> HashRequest | None:
    """Return what to ask ``Context.digests`` for, to get ``judge_openpgp`` its ``state``."""
    if packet.hash is None:
        return None
    return HashRequest(packet.hash, offset, length, packet.salt)


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
    """Judge one signature (DESIGN.md section 7). Never raises; blocks for the library's pass.

    ``state`` was fed the salt and the signed bytes under the packet's hash (see ``start_hash`` and
    ``hash_request``); None where the hash is not known. ``content``: the signed bytes, or an open
    descriptor of a file that is exactly the signed bytes, for the second library; None where it
    cannot be asked. ``at`` is the reference time in Unix seconds. Checks: ``code`` (the signature
    with its state), ``code.trust``, ``code.library``, ``code.text``.
    """
    case = Case(packet, index, place, sufficient, covers, code)
    digest = _digest(packet, state, content)
    if isinstance(digest, Text):
        return finish(case, SignatureState.UNREADABLE, (digest,), None)
    candidates = find_candidates(packet, trust, purpose)
    if not candidates:
        unknown = text("No trusted certificate has the key {key}.", key=claimed(packet))
        return finish(case, SignatureState.UNKNOWN_KEY, (unknown,), None)
    number, candidate = _first_that_fits(packet, candidates, digest)
    match number:
        case Number.GOOD:
            return _judge_key(case, candidate, content, purpose, at)
        case Number.BAD:
            words = "The signature does not fit: the content, or the signature, was changed."
            return finish(case, SignatureState.BAD, (Text(words),), candidate)
        case Number.UNFIT:
            words = "The signature and the key {key} are of different kinds."
            unfit = text(words, key=candidate.state.fingerprint)
            return finish(case, SignatureState.UNREADABLE, (unfit,), candidate)
        case _:
            assert_never(number)


def _digest(
    packet: SignaturePacket, state: HashState | None, content: bytes | int | None
) -> bytes | Text:
    """Return the digest that the number is over, or why it cannot be had."""
    if packet.problem:
        return text("The signature cannot be read: {problem}.", problem=packet.problem)
    if packet.type == SignatureClass.BINARY:
        final = None if state is None else state.copy()
    elif packet.type == SignatureClass.TEXT:
        final = _text_state(packet, content)
    else:
        words = "It is a signature over something else (type {type}), not over content."
        return text(words, type=f"{packet.type:#04x}")
    if final is None:
        return Text("What it signs could not be hashed here.")
    final.update(packet.suffix)
    return final.digest()


def _text_state(packet: SignaturePacket, content: bytes | int | None) -> HashState | None:
    """Hash with line ends as CR LF (RFC 9580 section 5.2.1.2); only for content in memory."""
    final = start_hash(packet)
    if final is not None and isinstance(content, bytes):
        final.update(_LINE_END.sub(b"\r\n", content))
        return final
    return None


def _first_that_fits(
    packet: SignaturePacket, candidates: tuple[Candidate, ...], digest: bytes
) -> tuple[Number, Candidate]:
    results: dict[Number, Candidate] = {}
    for each in candidates:
        key = each.packet.key
        number = Number.UNFIT if key is None else check_number(packet, key, digest)
        results.setdefault(number, each)
    best = next(each for each in (Number.GOOD, Number.BAD, Number.UNFIT) if each in results)
    return best, results[best]


def _judge_key(
    case: Case, candidate: Candidate, content: bytes | int | None, purpose: Purpose, at: int
) -> Judged:
    """The number is good: weigh the key, ask the library, compare the two."""
    against = reasons_against(case.packet, candidate, purpose, at)
    checks = [text_check(case)] if case.packet.type == SignatureClass.TEXT else []
    if against and not (all(each.fact for each in against) and isinstance(content, bytes)):
        return finish(case, SignatureState.GOOD_BUT_KEY, _texts(against), candidate, checks)
    answer = ask_library(case.packet, candidate, content)
    if against and answer.answer is not Answer.YES:
        return finish(case, SignatureState.GOOD_BUT_KEY, _texts(against), candidate, checks)
    library = library_check(case, answer, against)
    checks.append(library)
    if library.outcome is Outcome.PASS:
        return finish(case, SignatureState.GOOD_TRUSTED, (), candidate, checks)
    reasons = (*_texts(against), library.summary)
    return finish(case, SignatureState.GOOD_BUT_KEY, reasons, candidate, checks)


def _texts(reasons: tuple[Reason, ...]) -> tuple[Text, ...]:
    return tuple(each.text for each in reasons)
