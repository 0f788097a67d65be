"""Cleartext OpenPGP signatures (RFC 9580 section 7): made by several keys at once, and judged.

For texts of any kind: notes, lists of checksums, Release files of package archives (InRelease).
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace

from signstation.codec.cleartext import (
    ClearText,
    Oddity,
    canonical_text,
    check_text,
    parse_cleartext,
    text_lines,
    write_cleartext,
)
from signstation.codec.openpgp import SignatureClass, SignaturePacket, parse_signatures
from signstation.errors import ArtifactMalformed, LimitReached, RecheckFailed
from signstation.model.asks import Answer, Batch, Literal, Part, Range
from signstation.model.checks import Aspect, Check, CheckKind, Outcome, SignatureState
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import SignatureType, Slot
from signstation.model.text import Text, text
from signstation.model.trust import Purpose, Trust
from signstation.signatures.judged import Judged
from signstation.signatures.openpgp_sign import check_own_openpgp, sign_openpgp
from signstation.signatures.openpgp_verify import judge_openpgp
from signstation.signatures.together import together

MAX_REWRITTEN = 30_000
"""Most line ends of a text to be signed that are not CR LF: an ask names two segments for each, of
which it has 65,535, and two bytes, of which a hash worker takes 64 KiB."""
CRLF = b"\r\n"

_ODDITIES: dict[Oddity, Text] = {
    Oddity.BEFORE: Text("There is something before the signed text, which nobody signed."),
    Oddity.AFTER: Text("There is something behind the signature, which nobody signed."),
    Oddity.HEADER: Text("The signed text has a header other than Hash, which nobody signed."),
    Oddity.NOT_ESCAPED: Text("A line of the signed text begins with a dash that is not escaped."),
    Oddity.SIGNATURE_HEADER: Text("The signature has a header of an unknown name."),
}


def header_name(algorithm: HashAlgorithm) -> str:
    """Return the name in a Hash header (RFC 9580 section 9.5): SHA256, SHA3-256."""
    return algorithm.value.upper().replace("_", "-")


def sign_cleartext(
    slots: Sequence[tuple[int, Slot]],
    data: bytes,
    *,
    part: Part,
    time: int,
    covers: tuple[Range | Literal, ...] | None = None,
) -> Generator[Batch, tuple[Answer, ...], bytes]:
    """Yield one batch with an ask per slot and return the signed document.

    ``slots`` with their numbers in the item; ``data`` is the whole artifact, which the asks cover
    line by line, or made of it as ``covers`` say. Raises before the first yield ArtifactMalformed
    for what is no text, LimitReached, and what ``sign_openpgp`` raises.
    """
    check_text(data)
    signed = canonical_text(data)
    if not signed.strip():
        raise ArtifactMalformed(
            format="openpgp-text", offset=0, expected="a text", found="nothing but blanks"
        )
    segments = cover_lines(data) if covers is None else covers
    packets = yield from together(
        *(
            sign_openpgp(
                number,
                slot,
                hashlib.new(slot.hash.value, signed),
                part=part,
                covers=segments,
                time=time,
                document=SignatureClass.TEXT,
            )
            for number, slot in slots
        )
    )
    return write_cleartext(data, _names(slots), b"".join(packets))


def _names(slots: Sequence[tuple[int, Slot]]) -> list[str]:
    return [header_name(slot.hash) for _, slot in slots]


def cover_lines(data: bytes) -> tuple[Range | Literal, ...]:
    """Return the segments of a text whose concatenation is signed. Raises LimitReached."""
    found: list[Range | Literal] = []
    start = end = rewritten = 0
    for line in text_lines(data):
        # what the line before ends with is signed only now: the last line's end is not
        if line.start and data[end : line.start] != CRLF:
            found += (Range(start, end - start), Literal(CRLF))
            start = line.start
            rewritten += 1
        end = line.end
    found.append(Range(start, end - start))
    if rewritten > MAX_REWRITTEN:
        raise LimitReached(what="lines of a text that do not end with CR LF", limit=MAX_REWRITTEN)
    return tuple(each for each in found if isinstance(each, Literal) or each.length)


def check_own_cleartext(
    document: bytes, data: bytes, slots: Sequence[tuple[int, Slot]], *, time: int
) -> None:
    """Check a document that this station made of ``data``, byte for byte but for the numbers.

    Raises RecheckFailed.
    """
    try:
        clear = parse_cleartext(document)
        packets = parse_signatures(clear.packets)
    except (ArtifactMalformed, LimitReached) as error:
        raise RecheckFailed(reason=f"the signed text cannot be read: {error}") from error
    if len(packets) != len(slots):
        raise RecheckFailed(reason=f"{len(packets)} signatures instead of {len(slots)}")
    signed = canonical_text(data)
    for packet, (_, slot) in zip(packets, slots, strict=True):
        state = hashlib.new(slot.hash.value, signed)
        check_own_openpgp(packet.raw, slot, state, time=time, document=SignatureClass.TEXT)
    written = b"".join(each.raw for each in packets)
    if document != write_cleartext(data, _names(slots), written):
        raise RecheckFailed(reason="the document holds more than the text and its signatures")


@dataclass(frozen=True, slots=True)
class Question:
    """What a format asks about one signed text.

    ``first``: index of the first signature; ``at``: reference time in Unix seconds; ``code``: start
    of the checks' codes; ``place``: where the signed text stands. ``covers``: what of the artifact
    is signed where the document is not the artifact itself.
    """

    trust: Trust
    purpose: Purpose
    at: int
    code: str
    place: Text
    first: int = 0
    covers: tuple[Range, ...] = ()


def judge_cleartext(clear: ClearText, question: Question) -> tuple[Judged, ...]:
    """Judge every signature of a text; blocks for the second library.

    Checks: ``code`` with its companions (``judge_openpgp``). What is wrong with the framework
    itself is said by ``frame_checks``. Raises ArtifactMalformed and LimitReached where the
    signature block holds something else than signatures.
    """
    return tuple(
        _judge(clear, packet, question, question.first + number)
        for number, packet in enumerate(parse_signatures(clear.packets))
    )


def _judge(clear: ClearText, packet: SignaturePacket, question: Question, index: int) -> Judged:
    judged = judge_openpgp(
        packet,
        index=index,
        place=question.place,
        state=None,  # so that nothing but a signature over text can be good
        content=clear.signed,
        trust=question.trust,
        purpose=question.purpose,
        at=question.at,
        sufficient=True,
        covers=question.covers or (Range(clear.offset, clear.length),),
        code=question.code,
    )
    # that line ends are not covered is so with every signed text: ``frame_checks`` says it
    checks = tuple(each for each in judged.checks if each.code != f"{question.code}.text")
    return Judged(replace(judged.facts, kind=SignatureType.CLEARTEXT), checks)


def frame_checks(clear: ClearText, code: str) -> Iterator[Check]:
    """Yield what is to be said of the framework: text that nobody signed is a doubt, not a note.

    Raises as ``judge_cleartext``.
    """
    for odd in clear.odd:
        yield _frame(f"{code}.frame", _ODDITIES[odd.kind])
    packets = parse_signatures(clear.packets)
    if not packets:
        yield _frame(f"{code}.frame", Text("The signature block holds no signature."))
    used = dict.fromkeys(each.hash for each in packets if each.hash is not None)
    missing = [header_name(each) for each in used if header_name(each) not in clear.hashes]
    if missing and clear.hashes:
        words = "The header names the hash {named}; a signature uses {used}."
        named = ", ".join(clear.hashes)
        yield _frame(f"{code}.hash", text(words, named=named, used=", ".join(missing)))
    elif missing:
        yield _note(f"{code}.hash", Text("No header names the hash, which older tools look for."))
    if clear.blanks:
        words = "{count} lines end with blanks, which no signature covers."
        yield _note(f"{code}.blanks", text(words, count=clear.blanks))


def said_of(judged: Sequence[Judged]) -> tuple[Outcome, Text]:
    """Return the first of the three answers: whether the text is what was signed."""
    states = {each.facts.state for each in judged}
    if SignatureState.BAD in states:
        return Outcome.FAIL, Text("A signature does not fit the text.")
    if states & {
        SignatureState.GOOD_TRUSTED,
        SignatureState.GOOD_UNKNOWN_KEY,
        SignatureState.GOOD_BUT_KEY,
    }:
        words = "The text is what was signed, every line of it, but for blanks at line ends."
        return Outcome.PASS, Text(words)
    return Outcome.NOT_RUN, Text("No signature could be checked against the text.")


def _frame(code: str, summary: Text) -> Check:
    return Check(code, CheckKind.STRUCTURE, Aspect.UNCHANGED, Outcome.FAIL, True, summary)  # noqa: FBT003


def _note(code: str, summary: Text) -> Check:
    return Check(code, CheckKind.NOTE, Aspect.NOTE, Outcome.WARNING, False, summary)  # noqa: FBT003
