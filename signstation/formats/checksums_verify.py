"""Verification of a list of checksums: its signatures, and every file that it names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from signstation.codec.armor import ArmorKind, dearmor, is_armored
from signstation.codec.checksums import Entry
from signstation.codec.cleartext import (
    BEGIN_SIGNATURE,
    ClearText,
    canonical_text,
    is_cleartext,
    parse_cleartext,
)
from signstation.codec.openpgp import SignaturePacket, parse_signatures
from signstation.errors import ArtifactMalformed, LimitReached
from signstation.formats.checksums_read import Listed, read_list, read_whole
from signstation.interfaces.artifact import Artifact
from signstation.interfaces.context import Context
from signstation.model.artifacts import Fact, FactStyle
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
from signstation.model.members import FoundMember, MemberState, Surroundings
from signstation.model.text import Text, text
from signstation.model.trust import Purpose, Trust
from signstation.signatures.judged import Judged
from signstation.signatures.openpgp_clear import Question, frame_checks, judge_cleartext
from signstation.signatures.openpgp_verify import judge_openpgp, start_hash

T = TypeVar("T")

MAX_TOLD = 100
"""Most files of one fate that are told one by one."""
CODE = "checksums"
_GOOD = {
    SignatureState.GOOD_TRUSTED,
    SignatureState.GOOD_UNKNOWN_KEY,
    SignatureState.GOOD_BUT_KEY,
}


def verify(
    artifact: Artifact, signatures: Sequence[Artifact], trust: Trust, ctx: Context
) -> Verified:
    """Judge the signatures in the list and in the files beside it, then the named files."""
    ctx.digests(artifact)
    listed = read_list(artifact)
    judging = _Judging(listed, trust, ctx.time)
    if listed.clear is not None:
        judging.take_clear(listed.clear, Text("in the list itself"))
    for number, each in enumerate(signatures, start=1):
        judging.take(each, text("signature file {number}, OpenPGP", number=number))
    judged = tuple(judging.judged)
    checks = (
        _unchanged(judged),
        *judging.checks,
        *(check for each in judged for check in each.checks),
        *_names(listed.entries),
        *_files(listed.entries, ctx.surroundings),
    )
    return Verified(checks, tuple(each.facts for each in judged))


class _Judging:
    """Collects what is said of one signature file after the other."""

    def __init__(self, listed: Listed, trust: Trust, at: int) -> None:
        self._listed = listed
        self._trust = trust
        self._at = at
        self.judged: list[Judged] = []
        self.checks: list[Check] = []

    def take(self, file: Artifact, place: Text) -> None:
        """Judge a signature file: a detached signature, or a signed text with the same list."""
        try:
            data = read_whole(file)
            if is_cleartext(data):
                clear = parse_cleartext(data)
                self.take_clear(clear, place, (Range(0, len(self._listed.data)),))
                self.checks.append(_same(self._listed.data, clear))
            else:
                self._take_packets(data, place)
        except ArtifactMalformed as error:
            words = "It is damaged at byte {offset}: {expected} expected, {found}."
            why = text(words, offset=error.offset, expected=error.expected, found=error.found)
            self.judged.append(_unreadable(len(self.judged), place, why))
        except LimitReached as error:
            why = text("It has more than {limit} {what}.", limit=error.limit, what=error.what)
            self.judged.append(_unreadable(len(self.judged), place, why))

    def take_clear(self, clear: ClearText, place: Text, covers: tuple[Range, ...] = ()) -> None:
        """Judge a signed text; ``covers``: what it signs of the list beside it."""
        code = f"{CODE}.openpgp"
        first = len(self.judged)
        question = Question(self._trust, Purpose.FILES, self._at, code, place, first, covers)
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
            self.judged.append(self._judge(each, place))

    def _judge(self, packet: SignaturePacket, place: Text) -> Judged:
        data = self._listed.data
        state = start_hash(packet)
        if state is not None:
            state.update(data)
        return judge_openpgp(
            packet,
            index=len(self.judged),
            place=place,
            state=state,
            content=data,
            trust=self._trust,
            purpose=Purpose.FILES,
            at=self._at,
            sufficient=True,
            covers=(Range(0, len(data)),),
            code=f"{CODE}.openpgp",
        )


def _unreadable(index: int, place: Text, why: Text) -> Judged:
    """A file that is no signature: alone it leaves the verdict open."""
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


def _same(data: bytes, clear: ClearText) -> Check:
    """Whether the list beside a signed one is the same."""
    same = canonical_text(data) == clear.signed
    good, bad = Text("The list is the one that was signed."), Text("Another list was signed.")
    outcome, words = (Outcome.PASS, good) if same else (Outcome.FAIL, bad)
    return Check(f"{CODE}.list", CheckKind.CONTENT, Aspect.UNCHANGED, outcome, True, words)  # noqa: FBT003


def _unchanged(judged: Sequence[Judged]) -> Check:
    """The first of the three answers, as far as the list goes; the files have checks of theirs."""
    states = {each.facts.state for each in judged}
    if SignatureState.BAD in states:
        outcome, words = Outcome.FAIL, Text("A signature does not fit the list.")
    elif states & _GOOD:
        outcome, words = Outcome.PASS, Text("The list is what was signed.")
    elif judged:
        outcome, words = Outcome.NOT_RUN, Text("No signature could be checked against the list.")
    else:
        outcome, words = Outcome.NOT_RUN, Text("The list is not signed.")
    code = f"{CODE}.unchanged" if judged else f"{CODE}.unsigned"
    return Check(code, CheckKind.NOTE, Aspect.UNCHANGED, outcome, required=False, summary=words)


def _names(entries: Sequence[Entry]) -> Iterator[Check]:
    """Names that lead elsewhere, and files that are named twice: nobody could mean that."""
    outside = [each.name for each in entries if not each.place]
    for name in _first(outside):
        words = "{name} leads out of the list's own directory and was not looked at."
        yield _structure(f"{CODE}.outside", text(words, name=name))
    counts = Counter((each.place, each.algorithm) for each in entries if each.place)
    for name in _first(place for (place, _), count in counts.items() if count > 1):
        yield _structure(f"{CODE}.twice", text("{name} is listed twice.", name=name))


def _files(entries: Sequence[Entry], surroundings: Surroundings | None) -> Iterator[Check]:
    if surroundings is None:
        words = Text("The files that the list names were not looked at.")
        yield _content(f"{CODE}.files", Outcome.NOT_RUN, words)
        return
    found = {(each.place, each.algorithm): each for each in surroundings.members}
    fates: dict[str, list[tuple[Entry, FoundMember]]] = {}
    for entry in entries:
        if entry.place:
            nothing = FoundMember(entry.place, entry.algorithm, MemberState.UNREADABLE)
            member = found.get((entry.place, entry.algorithm), nothing)
            fates.setdefault(_fate(entry, member), []).append((entry, member))
    for entry, member in _first(fates.get("changed", ())):
        summary = text("{name} is not the file that is listed.", name=entry.place)
        yield _content(f"{CODE}.changed", Outcome.FAIL, summary, _both(entry, member))
    for state in (MemberState.MISSING, MemberState.NOT_A_FILE, MemberState.UNREADABLE):
        for entry, _ in _first(fates.get(state.value, ())):
            summary = _not_run(state, entry.place)
            yield _content(f"{CODE}.{state.value}", Outcome.NOT_RUN, summary)
    same = len(fates.get("same", ()))
    if same:
        template = "{count} of {all} listed files are here, unchanged."
        summary = text(template, count=same, all=len(entries))
        yield _content(f"{CODE}.files", Outcome.PASS, summary)
    if surroundings.count:
        yield _others(surroundings)


def _not_run(state: MemberState, name: str) -> Text:
    if state is MemberState.MISSING:
        return text("{name} is not here.", name=name)
    if state is MemberState.NOT_A_FILE:
        return text("{name} is no plain file here; links are not followed.", name=name)
    return text("{name} cannot be read.", name=name)


def _fate(entry: Entry, member: FoundMember) -> str:
    if member.state is not MemberState.READ:
        state: str = member.state.value
        return state
    return "same" if member.digest == entry.digest else "changed"


def _both(entry: Entry, member: FoundMember) -> tuple[Fact, ...]:
    return (
        Fact(Text("Listed"), entry.digest.hex(), FactStyle.HEX),
        Fact(Text("Found"), member.digest.hex(), FactStyle.HEX),
    )


def _others(surroundings: Surroundings) -> Check:
    words = text(
        "{count} other files lie beside them, which the list does not name.",
        count=surroundings.count,
    )
    details = tuple(Fact(Text("Not listed"), each) for each in surroundings.others)
    return Check(
        f"{CODE}.others", CheckKind.NOTE, Aspect.NOTE, Outcome.WARNING, False, words, details  # noqa: FBT003
    )  # fmt: skip


def _first(items: Iterable[T]) -> Iterator[T]:
    return islice(iter(items), MAX_TOLD)


def _content(code: str, outcome: Outcome, words: Text, details: tuple[Fact, ...] = ()) -> Check:
    return Check(code, CheckKind.CONTENT, Aspect.UNCHANGED, outcome, True, words, details)  # noqa: FBT003


def _structure(code: str, words: Text) -> Check:
    return Check(code, CheckKind.STRUCTURE, Aspect.UNCHANGED, Outcome.FAIL, True, words)  # noqa: FBT003
