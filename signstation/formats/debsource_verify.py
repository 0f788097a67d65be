"""Verification of a .dsc, .buildinfo or .changes: its signatures, and every file that it names.

As dscverify does it, and stricter: every digest that is given counts, and no name leads elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator

from signstation.codec.debsource import Description, Kind
from signstation.formats.debsource_read import Fate, fates, read_description
from signstation.interfaces.artifact import Artifact
from signstation.interfaces.context import Context
from signstation.model.checks import Aspect, Check, CheckKind, Outcome, Verified
from signstation.model.members import Surroundings
from signstation.model.text import Text, text
from signstation.model.trust import Purpose, Trust
from signstation.signatures.openpgp_beside import SignedText

MAX_TOLD = 100
"""Most files of one fate that are told one by one."""
CODE = "debsource"
PLACE = Text("in the file itself")
_DAMAGED = {
    Fate.CHANGED: (CheckKind.CONTENT, Outcome.FAIL, "{name} is not the file that is named."),
    Fate.MISSING: (CheckKind.CONTENT, Outcome.NOT_RUN, "{name} is not here."),
    Fate.UNREADABLE: (CheckKind.CONTENT, Outcome.NOT_RUN, "{name} cannot be read, or is a link."),
    Fate.OUTSIDE: (
        CheckKind.STRUCTURE,
        Outcome.FAIL,
        "{name} leads out of the file's own directory and was not looked at.",
    ),
    Fate.WEAK: (CheckKind.STRUCTURE, Outcome.FAIL, "{name} has no digest but MD5 or SHA-1."),
}


def verify(artifact: Artifact, trust: Trust, ctx: Context) -> Verified:
    """Judge signatures and files. Raises ArtifactMalformed and LimitReached."""
    ctx.digests(artifact)
    found = read_description(artifact)
    signed = SignedText(found.data, trust, Purpose.PACKAGES, ctx.time, CODE)
    if found.clear is not None:
        signed.take_own(found.clear, PLACE)
        if not found.data.endswith(b"\n"):
            words = Text("The file ends in the middle of a line: something is missing.")
            cut = _required("cut", CheckKind.STRUCTURE, Outcome.FAIL, words)
            signed.checks.append(cut)
    judged = tuple(signed.judged)
    checks = (
        _unchanged(signed),
        *signed.checks,
        *(check for each in judged for check in each.checks),
        *_contradictions(found.description),
        *_files(found.description, ctx.surroundings),
    )
    return Verified(checks, tuple(each.facts for each in judged))


def _unchanged(signed: SignedText) -> Check:
    """The first of the three answers, as far as the file goes; others have checks of theirs."""
    outcome = signed.outcome()
    if outcome is Outcome.FAIL:
        words = Text("A signature does not fit the fields.")
    elif outcome is Outcome.PASS:
        words = Text("The fields are what was signed.")
    elif signed.judged:
        words = Text("No signature could be checked against the fields.")
    else:
        words = Text("The file is not signed.")
    code = f"{CODE}.unchanged" if signed.judged else f"{CODE}.unsigned"
    return Check(code, CheckKind.NOTE, Aspect.UNCHANGED, outcome, required=False, summary=words)


def _contradictions(description: Description) -> Iterator[Check]:
    for name in description.paragraph.repeated[:MAX_TOLD]:
        summary = text("The field {name} stands there twice.", name=name)
        yield _required("repeated-field", CheckKind.STRUCTURE, Outcome.FAIL, summary)
    for name in description.contradictions[:MAX_TOLD]:
        summary = text("Lists of files say different things of {name}.", name=name)
        yield _required("lists", CheckKind.STRUCTURE, Outcome.FAIL, summary)
    if not description.files and description.kind is not Kind.BUILD:
        summary = Text("It names no file: nothing of a package is covered.")
        yield _required("empty", CheckKind.STRUCTURE, Outcome.FAIL, summary)


def _files(description: Description, around: Surroundings | None) -> Iterator[Check]:
    if around is None:
        words = Text("The files that it names were not looked at.")
        yield _required("files", CheckKind.CONTENT, Outcome.NOT_RUN, words)
        return
    by_fate: dict[Fate, list[str]] = {}
    for file, fate in fates(description, around):
        by_fate.setdefault(fate, []).append(file.name)
    for fate, (kind, outcome, template) in _DAMAGED.items():
        for name in by_fate.get(fate, ())[:MAX_TOLD]:
            summary = Text(template, (("name", name),))
            if fate is Fate.MISSING and description.kind is Kind.BUILD:
                # a record of a build outlives its packages: what is not here says nothing of it
                yield Check(
                    f"{CODE}.absent", CheckKind.NOTE, Aspect.NOTE, outcome, False, summary  # noqa: FBT003
                )  # fmt: skip
            else:
                yield _required(fate.value, kind, outcome, summary)
    if same := len(by_fate.get(Fate.SAME, ())):
        counted = "{count} of {all} named files are here, unchanged."
        summary = text(counted, count=same, all=len(description.files))
        yield _required("files", CheckKind.CONTENT, Outcome.PASS, summary)


def _required(name: str, kind: CheckKind, outcome: Outcome, summary: Text) -> Check:
    return Check(f"{CODE}.{name}", kind, Aspect.UNCHANGED, outcome, required=True, summary=summary)
