"""Verification of a repository: its signatures, every index that it names, and its dates.

apt accepts a repository that was valid once and is shown again, unless dates say otherwise; a
Release file whose time is over is therefore never called verified.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from signstation.codec.aptrelease import Index, Release
from signstation.codec.armor import ArmorKind, dearmor, is_armored
from signstation.codec.cleartext import (
    BEGIN_SIGNATURE,
    ClearText,
    canonical_text,
    is_cleartext,
    parse_cleartext,
)
from signstation.codec.openpgp import SignaturePacket, parse_signatures
from signstation.errors import ArtifactMalformed, LimitReached
from signstation.formats.aptrepo_read import Fate, Read, fates, looked_at, read_release, read_whole
from signstation.interfaces.artifact import Artifact
from signstation.interfaces.context import Context
from signstation.model.asks import Range
from signstation.model.checks import (
    Aspect,
    Check,
    CheckKind,
    Outcome,
    SignatureFacts,
    SignatureState,
    Verified,
)
from signstation.model.keys import SignatureType
from signstation.model.members import Surroundings
from signstation.model.text import Text, text
from signstation.model.trust import Purpose, Trust
from signstation.signatures.judged import Judged
from signstation.signatures.openpgp_clear import Question, frame_checks, judge_cleartext
from signstation.signatures.openpgp_verify import judge_openpgp, start_hash

T = TypeVar("T")

MAX_TOLD = 100
"""Most indexes of one fate that are told one by one."""
CODE = "aptrepo"
PLACE = Text("in the file itself")
_GOOD = {
    SignatureState.GOOD_TRUSTED,
    SignatureState.GOOD_UNKNOWN_KEY,
    SignatureState.GOOD_BUT_KEY,
}
_DAMAGED = {
    Fate.CHANGED: (CheckKind.CONTENT, Outcome.FAIL, "{name} is not the file that is named."),
    Fate.MISSING: (CheckKind.CONTENT, Outcome.NOT_RUN, "{name} is not here in any form."),
    Fate.UNREADABLE: (CheckKind.CONTENT, Outcome.NOT_RUN, "{name} cannot be read, or is a link."),
    Fate.OUTSIDE: (CheckKind.STRUCTURE, Outcome.FAIL, "{name} lies outside the repository."),
    Fate.WEAK: (CheckKind.STRUCTURE, Outcome.FAIL, "{name} has no digest but MD5 or SHA-1."),
}


def verify(
    artifact: Artifact, signatures: Sequence[Artifact], trust: Trust, ctx: Context
) -> Verified:
    """Judge signatures, then indexes and dates. Raises ArtifactMalformed, LimitReached."""
    ctx.digests(artifact)
    found = read_release(artifact)
    judging = _Judging(found, trust, ctx.time)
    if found.clear is not None:
        judging.take_clear(found.clear, PLACE)
    for number, each in enumerate(signatures, start=1):
        judging.take(each, text("signature file {number}, OpenPGP", number=number))
    judged = tuple(judging.judged)
    checks = (
        _unchanged(judged),
        *judging.checks,
        *(check for each in judged for check in each.checks),
        *_contradictions(found.release),
        *_dates(found.release, ctx.time),
        *_indexes(found.release, ctx.surroundings),
    )
    return Verified(checks, tuple(each.facts for each in judged))


class _Judging:
    """Collects what is said of one signature after the other."""

    def __init__(self, found: Read, trust: Trust, at: int) -> None:
        self._found = found
        self._trust = trust
        self._at = at
        self.judged: list[Judged] = []
        self.checks: list[Check] = []

    def take(self, file: Artifact, place: Text) -> None:
        """Judge Release.gpg, or an InRelease file with the same content."""
        try:
            data = read_whole(file)
            if is_cleartext(data):
                clear = parse_cleartext(data)
                self.take_clear(clear, place)
                self.checks.append(_same(self._found.data, clear))
            else:
                self._take_packets(data, place)
        except ArtifactMalformed as error:
            words = "It is damaged at byte {offset}: {expected} expected, {found}."
            why = text(words, offset=error.offset, expected=error.expected, found=error.found)
            self.judged.append(_unreadable(len(self.judged), place, why))
        except LimitReached as error:
            why = text("It has more than {limit} {what}.", limit=error.limit, what=error.what)
            self.judged.append(_unreadable(len(self.judged), place, why))

    def take_clear(self, clear: ClearText, place: Text) -> None:
        """Judge a signed text."""
        first = len(self.judged)
        question = Question(
            self._trust, Purpose.PACKAGES, self._at, f"{CODE}.openpgp", place, first
        )
        self.judged += judge_cleartext(clear, question)
        self.checks += frame_checks(clear, CODE)

    def _take_packets(self, data: bytes, place: Text) -> None:
        packets = data
        if is_armored(data):
            if not data.startswith(BEGIN_SIGNATURE):
                words = Text("There is something before the signature.")
                self.judged.append(_unreadable(len(self.judged), place, words))
                return
            blocks = [each for each in dearmor(data) if each.kind is ArmorKind.SIGNATURE]
            packets = b"".join(each.data for each in blocks)
        found = parse_signatures(packets)
        if not found:
            words = Text("It holds no signature.")
            self.judged.append(_unreadable(len(self.judged), place, words))
        for each in found:
            judged = _judge(self._found, each, len(self.judged), place, self._trust, self._at)
            self.judged.append(judged)


def _same(data: bytes, clear: ClearText) -> Check:
    """Whether the two forms of the file say the same: a client reads either."""
    same = canonical_text(data) == clear.signed and data.endswith(b"\n")
    good = Text("InRelease and Release say the same.")
    bad = Text("InRelease and Release differ.")
    return Check(
        f"{CODE}.same",
        CheckKind.CONTENT,
        Aspect.UNCHANGED,
        Outcome.PASS if same else Outcome.FAIL,
        required=True,
        summary=good if same else bad,
    )


def _judge(
    found: Read, packet: SignaturePacket, index: int, place: Text, trust: Trust, at: int
) -> Judged:
    state = start_hash(packet)
    if state is not None:
        state.update(found.data)
    return judge_openpgp(
        packet,
        index=index,
        place=place,
        state=state,
        content=found.data,
        trust=trust,
        purpose=Purpose.PACKAGES,
        at=at,
        sufficient=True,
        covers=(Range(0, len(found.data)),),
        code=f"{CODE}.openpgp",
    )


def _unreadable(index: int, place: Text, why: Text) -> Judged:
    state = SignatureState.UNREADABLE
    facts = SignatureFacts(
        index, SignatureType.OPENPGP, place, state, "", "", "", "", None, (why,), ()
    )
    check = Check(
        f"{CODE}.unreadable",
        CheckKind.SIGNATURE,
        Aspect.VALID,
        Outcome.WARNING,
        required=False,
        summary=text("The {place} cannot be used: {why}", place=place.english(), why=why.english()),
        signature=index,
        state=state,
    )
    return Judged(facts, (check,))


def _unchanged(judged: Sequence[Judged]) -> Check:
    """The first of the three answers, as far as the file goes; indexes have checks of theirs."""
    states = {each.facts.state for each in judged}
    if SignatureState.BAD in states:
        outcome, words = Outcome.FAIL, Text("A signature does not fit the Release file.")
    elif states & _GOOD:
        outcome, words = Outcome.PASS, Text("The Release file is what was signed.")
    elif judged:
        outcome = Outcome.NOT_RUN
        words = Text("No signature could be checked against the Release file.")
    else:
        outcome, words = Outcome.NOT_RUN, Text("The Release file is not signed.")
    code = f"{CODE}.unchanged" if judged else f"{CODE}.unsigned"
    return Check(code, CheckKind.NOTE, Aspect.UNCHANGED, outcome, required=False, summary=words)


def _contradictions(release: Release) -> Iterator[Check]:
    for name in release.paragraph.repeated:
        yield _check("repeated-field", text("The field {name} stands there twice.", name=name))
    for path in _first(release.sizes_differ):
        yield _check("sizes", text("Two lists give {name} different sizes.", name=path))


def _dates(release: Release, at: int) -> Iterator[Check]:
    until, date = release.moment("valid-until"), release.moment("date")
    if until is not None and until < at:
        words = "Its validity has ended: whoever shows it now may be hiding newer packages."
        yield _check("expired", Text(words))
    if date is not None and date > at:
        yield _check("future", Text("Its date is in the future: clients refuse it until then."))
    if until is None:
        words = "It has no end of validity: an old state can be shown to clients for ever."
        yield _note("no-end", Outcome.WARNING, Text(words))


def _indexes(release: Release, around: Surroundings | None) -> Iterator[Check]:
    if around is None or not looked_at(around):
        words = "Its indexes are not here: this is about the file itself."
        yield _note("alone", Outcome.NOT_RUN, Text(words))
        return
    by_fate: dict[Fate, list[Index]] = {}
    for index, fate in fates(release.indexes, around):
        by_fate.setdefault(fate, []).append(index)
    for fate, (kind, outcome, words) in _DAMAGED.items():
        for index in _first(by_fate.get(fate, ())):
            summary = Text(words, (("name", index.path),))
            yield Check(
                f"{CODE}.{fate.value}", kind, Aspect.UNCHANGED, outcome, True, summary  # noqa: FBT003
            )  # fmt: skip
    if same := len(by_fate.get(Fate.SAME, ())):
        summary = text("{count} indexes are here, as stated.", count=same)
        yield Check(
            f"{CODE}.indexes",
            CheckKind.CONTENT,
            Aspect.UNCHANGED,
            Outcome.PASS,
            required=True,
            summary=summary,
        )
    if others := len(by_fate.get(Fate.OTHER_FORM, ())):
        words = "{count} indexes are here in another compression only."
        yield _note("forms", Outcome.PASS, text(words, count=others))


def _first(found: Iterable[T]) -> Iterable[T]:
    return islice(found, MAX_TOLD)


def _check(name: str, summary: Text) -> Check:
    return Check(
        f"{CODE}.{name}",
        CheckKind.STRUCTURE,
        Aspect.UNCHANGED,
        Outcome.FAIL,
        required=True,
        summary=summary,
    )


def _note(name: str, outcome: Outcome, summary: Text) -> Check:
    return Check(
        f"{CODE}.{name}", CheckKind.NOTE, Aspect.NOTE, outcome, required=False, summary=summary
    )
