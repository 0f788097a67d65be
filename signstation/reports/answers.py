"""The three answers and the byte map: what window and report draw from the same checks."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from signstation.model.asks import HashOf, Range, Segment, Unpacked
from signstation.model.checks import (
    Aspect,
    Check,
    CheckKind,
    Outcome,
    SignatureState,
    Verification,
)
from signstation.model.text import Text, text
from signstation.reports.words import human_size

_RANK = (Outcome.PASS, Outcome.WARNING, Outcome.NOT_RUN, Outcome.FAIL)
_GOOD = {
    SignatureState.GOOD_TRUSTED,
    SignatureState.GOOD_UNKNOWN_KEY,
    SignatureState.GOOD_BUT_KEY,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """One of the three answers: the question, the worst outcome, and the reason for it."""

    aspect: Aspect
    question: Text
    outcome: Outcome
    because: Text


_QUESTIONS = (
    (Aspect.UNCHANGED, Text("Is the content unchanged?")),
    (Aspect.VALID, Text("Is the signature mathematically valid?")),
    (Aspect.TRUSTED, Text("Is the signer trusted?")),
)


def answers(verification: Verification) -> tuple[Answer, Answer, Answer]:
    """Answer unchanged, valid and trusted, each with the reason that decided it."""
    first, second, third = (
        _answer(verification, aspect, question) for aspect, question in _QUESTIONS
    )
    return first, second, third


def _answer(verification: Verification, aspect: Aspect, question: Text) -> Answer:
    if aspect is Aspect.TRUSTED and (trusted := _trusted(verification)):
        return Answer(aspect, question, Outcome.PASS, trusted)
    checks = [each for each in verification.checks if each.aspect is aspect]
    if not checks:
        nothing = Text("There is no signature to judge.")
        if verification.signatures:
            nothing = Text("Nothing was checked that could tell.")
        return Answer(aspect, question, Outcome.NOT_RUN, nothing)
    worst = max(checks, key=_weight)
    return Answer(aspect, question, worst.outcome, worst.summary)


def _weight(check: Check) -> tuple[int, bool, bool]:
    # among equals a digest of the content says more than that its frame is well-formed
    return _RANK.index(check.outcome), check.required, check.kind is CheckKind.CONTENT


def _trusted(verification: Verification) -> Text | None:
    for facts in verification.signatures:
        if facts.state is SignatureState.GOOD_TRUSTED:
            anchor = facts.path[0] if facts.path else None
            if anchor is not None:
                return anchor.detail
            return Text("{signer} is in the trust list.", (("signer", facts.signer),))
    return None


@dataclass(frozen=True, slots=True)
class Stretch:
    """Bytes ``start`` to ``end`` of what is mapped and the good signatures that cover them."""

    start: int
    end: int
    signatures: tuple[int, ...]


def covered_inside(verification: Verification) -> Unpacked | None:
    """Return what a good signature covers inside a compressed file; None where none does that."""
    for facts in verification.signatures:
        if facts.state in _GOOD:
            for each in _ranges(facts.covers):
                if isinstance(each, Unpacked):
                    return each
    return None


def of_inside(packed: Unpacked) -> Text:
    """Say that a byte map is not of the file."""
    return text(
        "The file is compressed with {compression}. These are the {size} inside.",
        compression=packed.compression.value,
        size=human_size(packed.size),
    )


def byte_map(verification: Verification) -> tuple[Stretch, ...]:
    """Return all bytes as stretches in order; an empty tuple of signatures is not covered.

    They are those of the file, or of what is compressed in it where that is covered.
    """
    packed = covered_inside(verification)
    size = verification.size if packed is None else packed.size
    spans = [
        (each.offset, min(each.offset + each.length, size), facts.index)
        for facts in verification.signatures
        if facts.state in _GOOD
        for each in _ranges(facts.covers)
    ]
    edges = sorted({0, size, *(s[0] for s in spans), *(s[1] for s in spans)})
    stretches: list[Stretch] = []
    for start, end in pairwise(edges):
        inside = tuple(sorted({n for a, b, n in spans if a <= start and end <= b}))
        if stretches and stretches[-1].signatures == inside:
            stretches[-1] = Stretch(stretches[-1].start, end, inside)
        else:
            stretches.append(Stretch(start, end, inside))
    return tuple(stretches)


def _ranges(segments: tuple[Segment, ...]) -> list[Range | Unpacked]:
    found: list[Range | Unpacked] = []
    for each in segments:
        if isinstance(each, Range | Unpacked):
            found.append(each)
        elif isinstance(each, HashOf):
            found.extend(inner for inner in each.segments if isinstance(inner, Range | Unpacked))
    return found
