"""Verification of a repository: its signatures, every index that it names, and its dates.

apt accepts a repository that was valid once and is shown again, unless dates say otherwise; a
Release file whose time is over is therefore never called verified.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import TypeVar

from signstation.codec.aptrelease import Index, Release
from signstation.codec.cleartext import (
    ClearText,
    canonical_text,
)
from signstation.formats.aptrepo_read import Fate, fates, looked_at, read_release, read_whole
from signstation.interfaces.artifact import Artifact
from signstation.interfaces.context import Context
from signstation.model.checks import (
    Aspect,
    Check,
    CheckKind,
    Outcome,
    Verified,
)
from signstation.model.members import Surroundings
from signstation.model.text import Text, text
from signstation.model.trust import Purpose, Trust
from signstation.signatures.openpgp_beside import SignedText

T = TypeVar("T")

MAX_TOLD = 100
"""Most indexes of one fate that are told one by one."""
CODE = "aptrepo"
PLACE = Text("in the file itself")
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
    signed = SignedText(found.data, trust, Purpose.PACKAGES, ctx.time, CODE)
    if found.clear is not None:
        signed.take_own(found.clear, PLACE)
    for number, each in enumerate(signatures, start=1):
        place = text("signature file {number}, OpenPGP", number=number)
        signed.take(partial(read_whole, each), place)
    judged = tuple(signed.judged)
    checks = (
        _unchanged(signed),
        *signed.checks,
        *(_same(found.data, each) for each in signed.clear),
        *(check for each in judged for check in each.checks),
        *_contradictions(found.release),
        *_dates(found.release, ctx.time),
        *_indexes(found.release, ctx.surroundings),
    )
    return Verified(checks, tuple(each.facts for each in judged))


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


def _unchanged(signed: SignedText) -> Check:
    """The first of the three answers, as far as the file goes; indexes have checks of theirs."""
    outcome = signed.outcome()
    if outcome is Outcome.FAIL:
        words = Text("A signature does not fit the Release file.")
    elif outcome is Outcome.PASS:
        words = Text("The Release file is what was signed.")
    elif signed.judged:
        words = Text("No signature could be checked against the Release file.")
    else:
        words = Text("The Release file is not signed.")
    code = f"{CODE}.unchanged" if signed.judged else f"{CODE}.unsigned"
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
