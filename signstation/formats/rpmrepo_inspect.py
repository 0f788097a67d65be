"""What a person must see of a repository's repomd.xml before signing it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from signstation.codec.repomd import DATABASE, PRIMARY, ZCHUNK, Repomd
from signstation.formats.rpmrepo_read import Fate, by_fate, looked_at, read_repomd
from signstation.formats.rpmrepo_words import (
    INDEXES,
    NO_PRIMARY,
    OTHER_FORMS,
    OTHERS,
    PACKAGES,
    REPEATED,
    SIGN_FIRST,
    UNSIGNED,
    named,
)
from signstation.interfaces.artifact import Artifact
from signstation.interfaces.context import Context
from signstation.model.artifacts import (
    Fact,
    FactSection,
    FactStyle,
    Finding,
    Inspection,
    Severity,
)
from signstation.model.members import FileFate, NamedFiles, Surroundings
from signstation.model.text import Text, text

MAX_SHOWN = 200
"""Most signers that are listed."""
MAX_TITLE = 200
"""Most characters of the title."""


def inspect(format_id: str, artifact: Artifact, ctx: Context) -> Inspection:
    """Show indexes and packages. Raises ArtifactMalformed and LimitReached."""
    digests = ctx.digests(artifact)
    repomd = read_repomd(artifact)
    around = ctx.surroundings
    files = None if around is None else around.files
    file = (
        Fact(Text("Size"), str(artifact.size), FactStyle.SIZE),
        Fact(Text("SHA-256"), digests.sha256.hex, FactStyle.HEX),
    )
    sections = (
        FactSection("identity", Text("Repository"), tuple(_identity(repomd))),
        FactSection("packages", Text("Packages"), () if files is None else tuple(_packages(files))),
        FactSection("files", Text("Indexes"), tuple(_indexes(repomd))),
        FactSection("file", Text("File"), file),
    )
    return Inspection(
        format=format_id,
        title=f"RPM repository {repomd.revision}".strip()[:MAX_TITLE],
        size=artifact.size,
        sha256=digests.sha256.value,
        sections=tuple(each for each in sections if each.facts),
        findings=(*_about_file(repomd), *_about_surroundings(repomd, around)),
        signatures=(),
    )


def _identity(repomd: Repomd) -> Iterator[Fact]:
    if repomd.revision:
        yield Fact(Text("Revision"), repomd.revision, FactStyle.MONO)
    if (created := repomd.created) is not None:
        yield Fact(Text("Newest index of"), str(created), FactStyle.TIME)


def _packages(files: NamedFiles) -> Iterator[Fact]:
    yield Fact(Text("Packages"), str(files.count))
    for each in islice(files.signers, MAX_SHOWN):
        label = text("Signed by {signer}", signer=each.what) if each.what else Text("Not signed")
        yield Fact(label, str(each.count))


def _indexes(repomd: Repomd) -> Iterator[Fact]:
    yield Fact(Text("Indexes"), str(len(repomd.data)))
    lines = (f"{each.checksum.value.hex()}  {each.location.href}" for each in repomd.data)
    yield Fact(Text("Digest and name"), "\n".join(lines), FactStyle.CODE)


def other_forms(repomd: Repomd) -> tuple[str, ...]:
    """Return types of indexes that clients may read instead of the XML."""
    return tuple(each.type for each in repomd.data if each.type.endswith((ZCHUNK, DATABASE)))


def _about_file(repomd: Repomd) -> Iterator[Finding]:
    if repeated := repomd.repeated:
        said = named(REPEATED, repeated, len(repeated))
        yield Finding("rpmrepo.repeated", Severity.BLOCKER, said)
    if not any(each.type == PRIMARY for each in repomd.data):
        yield Finding("rpmrepo.empty", Severity.BLOCKER, Text(NO_PRIMARY))
    if others := other_forms(repomd):
        said = named(OTHER_FORMS, others, len(others))
        yield Finding("rpmrepo.other-forms", Severity.NOTE, said)


def _about_surroundings(repomd: Repomd, around: Surroundings | None) -> Iterator[Finding]:
    fates = by_fate(repomd, around)
    for fate, words in INDEXES.items():
        if found := fates.get(fate):
            said = named(words, [each.location.href for each, _ in found], len(found))
            yield Finding(f"rpmrepo.{fate.value}", Severity.BLOCKER, said)
    if around is None:
        return
    if not looked_at(around):
        said = Text("None of its indexes is here: what it states of them cannot be checked.")
        yield Finding("rpmrepo.alone", Severity.WARNING, said)
        return
    if same := len(fates.get(Fate.SAME, ())):
        said = text("{count} indexes were read again and are as stated.", count=same)
        yield Finding("rpmrepo.same", Severity.NOTE, said)
    if around.files is not None:
        yield from _about_packages(around.files)
        if around.count:
            said = named(OTHERS, around.others, around.count)
            yield Finding("rpmrepo.others", Severity.NOTE, said)


def _about_packages(files: NamedFiles) -> Iterator[Finding]:
    fates = {each.what: each for each in files.fates}
    for fate, words in PACKAGES.items():
        if found := fates.get(fate.value):
            said = named(words, found.names, found.count)
            yield Finding(f"rpmrepo.package-{fate.value}", Severity.BLOCKER, said)
    if same := fates.get(FileFate.SAME.value):
        said = text("{count} packages were read again and are as listed.", count=same.count)
        yield Finding("rpmrepo.packages", Severity.NOTE, said)
    unsigned = next((each for each in files.signers if not each.what), None)
    if unsigned is not None:
        said = named(UNSIGNED, unsigned.names, unsigned.count)
        yield Finding("rpmrepo.package-unsigned", Severity.WARNING, said)
        yield Finding("rpmrepo.sign-first", Severity.NOTE, SIGN_FIRST)
