"""Verification of a list of checksums: its signatures, and every file that it names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import TypeVar

from signstation.codec.checksums import Entry
from signstation.codec.cleartext import (
    ClearText,
    canonical_text,
)
from signstation.formats.checksums_read import read_list, read_whole
from signstation.interfaces.artifact import Artifact
from signstation.interfaces.context import Context
from signstation.model.artifacts import Fact, FactStyle
from signstation.model.checks import (
    Aspect,
    Check,
    CheckKind,
    Outcome,
    Verified,
)
from signstation.model.members import FoundMember, MemberState, Surroundings
from signstation.model.text import Text, text
from signstation.model.trust import Purpose, Trust
from signstation.signatures.openpgp_beside import SignedText

T = TypeVar("T")

MAX_TOLD = 100
"""Most files of one fate that are told one by one."""
CODE = "checksums"


def verify(
    artifact: Artifact, signatures: Sequence[Artifact], trust: Trust, ctx: Context
) -> Verified:
    """Judge the signatures in the list and in the files beside it, then the named files."""
    ctx.digests(artifact)
    listed = read_list(artifact)
    signed = SignedText(listed.data, trust, Purpose.FILES, ctx.time, CODE)
    if listed.clear is not None:
        signed.take_own(listed.clear, Text("in the list itself"))
    for number, each in enumerate(signatures, start=1):
        place = text("signature file {number}, OpenPGP", number=number)
        signed.take(partial(read_whole, each), place)
    judged = tuple(signed.judged)
    checks = (
        _unchanged(signed),
        *signed.checks,
        *(_same(listed.data, each) for each in signed.clear),
        *(check for each in judged for check in each.checks),
        *_names(listed.entries),
        *_files(listed.entries, ctx.surroundings),
    )
    return Verified(checks, tuple(each.facts for each in judged))


def _same(data: bytes, clear: ClearText) -> Check:
    """Whether the list beside a signed one is the same."""
    same = canonical_text(data) == clear.signed
    good, bad = Text("The list is the one that was signed."), Text("Another list was signed.")
    outcome, words = (Outcome.PASS, good) if same else (Outcome.FAIL, bad)
    return Check(f"{CODE}.list", CheckKind.CONTENT, Aspect.UNCHANGED, outcome, True, words)  # noqa: FBT003


def _unchanged(signed: SignedText) -> Check:
    """The first of the three answers, as far as the list goes; files have checks of theirs."""
    outcome = signed.outcome()
    if outcome is Outcome.FAIL:
        words = Text("A signature does not fit the list.")
    elif outcome is Outcome.PASS:
        words = Text("The list is what was signed.")
    elif signed.judged:
        words = Text("No signature could be checked against the list.")
    else:
        words = Text("The list is not signed.")
    code = f"{CODE}.unchanged" if signed.judged else f"{CODE}.unsigned"
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
