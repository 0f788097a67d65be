"""Verification of a repository: its signatures, every index, and every package that is listed.

dnf looks at the packages that it installs and at the lists that it needs; what is shown here is
said of all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice

from signstation.codec.armor import ArmorKind, dearmor
from signstation.codec.openpgp_certificates import split_certificates
from signstation.codec.openpgp_packets import Tag
from signstation.codec.repomd import PRIMARY, Repomd
from signstation.errors import ArtifactMalformed, LimitReached
from signstation.formats.rpmrepo_inspect import other_forms
from signstation.formats.rpmrepo_read import Fate, by_fate, looked_at, read_repomd, read_whole
from signstation.formats.rpmrepo_words import (
    DOUBTFUL,
    INDEXES,
    NO_PRIMARY,
    OTHER_FORMS,
    OTHER_KEY,
    OTHERS,
    PACKAGES,
    REPEATED,
    TAMPERED,
    UNSIGNED,
    named,
)
from signstation.interfaces.artifact import Artifact
from signstation.interfaces.context import Context
from signstation.model.artifacts import Fact
from signstation.model.checks import (
    Aspect,
    Check,
    CheckKind,
    Outcome,
    SignatureFacts,
    Verdict,
    Verified,
)
from signstation.model.members import FileFate, NamedFiles, Surroundings, Tally
from signstation.model.text import Text, text
from signstation.model.trust import Purpose, Trust
from signstation.signatures.openpgp_beside import SignedText

CODE = "rpmrepo"
MAX_TOLD = 100
"""Most indexes of one fate that are told one by one."""
_OWN = {Fate.OUTSIDE, Fate.WEAK}
"""What repomd.xml itself says wrong, whatever lies around it."""
_OPEN = {Fate.MISSING, Fate.UNREADABLE}
_OWN_FILES = {FileFate.OUTSIDE, FileFate.WEAK}
_OPEN_FILES = {FileFate.MISSING, FileFate.UNREADABLE}
"""Of what cannot be read, nothing is known: everything else contradicts what is stated."""


def is_key(artifact: Artifact) -> bool:
    """Return whether a file beside repomd.xml is a public key, not a signature."""
    try:
        blocks = dearmor(read_whole(artifact))
    except (ArtifactMalformed, LimitReached):
        return False
    return bool(blocks) and all(each.kind is ArmorKind.PUBLIC_KEY for each in blocks)


def verify(
    artifact: Artifact, signatures: Sequence[Artifact], trust: Trust, ctx: Context
) -> Verified:
    """Judge signatures, then indexes and packages. Raises ArtifactMalformed, LimitReached."""
    ctx.digests(artifact)
    repomd = read_repomd(artifact)
    signed = SignedText(read_whole(artifact), trust, Purpose.PACKAGES, ctx.time, CODE)
    keys = [each for each in signatures if is_key(each)]
    others = [each for each in signatures if each not in keys]
    for number, each in enumerate(others, start=1):
        place = text("signature file {number}, OpenPGP", number=number)
        signed.take(partial(read_whole, each), place)
    judged = tuple(signed.judged)
    checks = (
        _unchanged(signed),
        *signed.checks,
        *(_clear() for _ in signed.clear),
        *(check for each in judged for check in each.checks),
        *_keys(keys, [each.facts for each in judged]),
        *_structure(repomd),
        *_surroundings(repomd, ctx.surroundings),
    )
    return Verified(checks, tuple(each.facts for each in judged))


def _unchanged(signed: SignedText) -> Check:
    """The first of the three answers, as far as repomd.xml goes; the rest has its own checks."""
    outcome = signed.outcome()
    if outcome is Outcome.FAIL:
        words = Text("A signature does not fit repomd.xml.")
    elif outcome is Outcome.PASS:
        words = Text("repomd.xml is what was signed.")
    elif signed.judged:
        words = Text("No signature could be checked against repomd.xml.")
    else:
        words = Text("repomd.xml is not signed.")
    code = f"{CODE}.unchanged" if signed.judged else f"{CODE}.unsigned"
    return Check(code, CheckKind.NOTE, Aspect.UNCHANGED, outcome, required=False, summary=words)


def _clear() -> Check:
    words = Text("A text that is signed in the clear lies beside it: clients expect a signature.")
    return _check("clear", CheckKind.STRUCTURE, Outcome.FAIL, words)


def _keys(keys: Sequence[Artifact], judged: Sequence[SignatureFacts]) -> Iterator[Check]:
    """Compare the key beside it, which zypper and people fetch, with those that signed."""
    for each in keys:
        try:
            known = _fingerprints(read_whole(each))
        except (ArtifactMalformed, LimitReached):
            words = Text("The key beside it cannot be read.")
            yield _note("key-unreadable", Outcome.WARNING, words)
            continue
        strange = [
            facts.fingerprint
            for facts in judged
            if not any(one.endswith(facts.fingerprint.upper()) for one in known)
        ]
        if strange:
            words = named(OTHER_KEY, strange, len(strange))
            yield _note("key-differs", Outcome.WARNING, words)
        elif judged:
            words = Text("The key beside it is the one that signed; being here, it proves nothing.")
            yield _note("key", Outcome.PASS, words)


def _fingerprints(content: bytes) -> frozenset[str]:
    return frozenset(
        component.key.fingerprint
        for block in dearmor(content)
        for certificate in split_certificates(block.data)
        for component in certificate.components
        if component.packet.tag in {Tag.PUBLIC_KEY, Tag.PUBLIC_SUBKEY}
    )


def _structure(repomd: Repomd) -> Iterator[Check]:
    if repeated := repomd.repeated:
        words = named(REPEATED, repeated, len(repeated))
        yield _check("repeated", CheckKind.STRUCTURE, Outcome.FAIL, words)
    if not any(each.type == PRIMARY for each in repomd.data):
        yield _check("empty", CheckKind.STRUCTURE, Outcome.FAIL, Text(NO_PRIMARY))
    if others := other_forms(repomd):
        words = named(OTHER_FORMS, others, len(others))
        yield _note("other-forms", Outcome.WARNING, words)


def _surroundings(repomd: Repomd, around: Surroundings | None) -> Iterator[Check]:
    fates = by_fate(repomd, around)
    for fate, template in INDEXES.items():
        for data, why in islice(fates.get(fate, ()), MAX_TOLD):
            outcome = Outcome.NOT_RUN if fate in _OPEN else Outcome.FAIL
            kind = CheckKind.STRUCTURE if fate in _OWN else CheckKind.CONTENT
            words = named(template, [data.location.href], 1)
            details = (Fact(Text("Why"), why),) if why else ()
            yield _check(fate.value, kind, outcome, words, details)
    if around is None or not looked_at(around):
        alone = Text("Its indexes are not here: this is about the file itself.")
        yield _note("alone", Outcome.NOT_RUN, alone)
        return
    if same := len(fates.get(Fate.SAME, ())):
        words = text("{count} indexes are here, as stated.", count=same)
        yield _check("indexes", CheckKind.CONTENT, Outcome.PASS, words)
    if around.files is not None:
        yield from _packages(around.files)
        if around.count:
            words = named(OTHERS, around.others, around.count)
            yield _note("others", Outcome.WARNING, words)


def _packages(files: NamedFiles) -> Iterator[Check]:
    fates = {each.what: each for each in files.fates}
    for fate, template in PACKAGES.items():
        if found := fates.get(fate.value):
            outcome = Outcome.NOT_RUN if fate in _OPEN_FILES else Outcome.FAIL
            kind = CheckKind.STRUCTURE if fate in _OWN_FILES else CheckKind.CONTENT
            words = named(template, found.names, found.count)
            code = f"package-{fate.value}"
            yield _check(code, kind, outcome, words, tuple(_names(found)))
    same = fates.get(FileFate.SAME.value)
    if same is not None or not files.count:
        count = 0 if same is None else same.count
        words = text("{count} packages are here, as listed.", count=count)
        yield _check("packages", CheckKind.CONTENT, Outcome.PASS, words)
    unsigned = next((each for each in files.signers if not each.what), None)
    if unsigned is not None:
        words = named(UNSIGNED, unsigned.names, unsigned.count)
        yield _note("package-unsigned", Outcome.WARNING, words, tuple(_names(unsigned)))
    yield from _signatures(files)


def _signatures(files: NamedFiles) -> Iterator[Check]:
    """What the packages' own signatures are worth, which clients with gpgcheck=1 ask for."""
    verdicts = {each.what: each for each in files.verdicts}
    if good := verdicts.get(Verdict.TRUSTED.value):
        words = text("{count} packages have a trusted signature of their own.", count=good.count)
        yield _note("package-signed", Outcome.PASS, words)
    if changed := verdicts.get(Verdict.TAMPERED.value):
        words = named(TAMPERED, changed.names, changed.count)
        facts = tuple(_names(changed))
        yield _check("package-tampered", CheckKind.CONTENT, Outcome.FAIL, words, facts)
    for each in (Verdict.UNTRUSTED, Verdict.INDETERMINATE):
        if doubtful := verdicts.get(each.value):
            words = named(DOUBTFUL, doubtful.names, doubtful.count)
            code = f"package-{each.value}"
            yield _note(code, Outcome.WARNING, words, tuple(_names(doubtful)))


def _names(tally: Tally) -> Iterator[Fact]:
    for each in tally.names:
        yield Fact(Text("Package"), each)


def _check(
    name: str, kind: CheckKind, outcome: Outcome, words: Text, details: tuple[Fact, ...] = ()
) -> Check:
    return Check(
        f"{CODE}.{name}",
        kind,
        Aspect.UNCHANGED,
        outcome,
        required=True,
        summary=words,
        details=details,
    )


def _note(name: str, outcome: Outcome, words: Text, details: tuple[Fact, ...] = ()) -> Check:
    return Check(
        f"{CODE}.{name}",
        CheckKind.NOTE,
        Aspect.NOTE,
        outcome,
        required=False,
        summary=words,
        details=details,
    )
