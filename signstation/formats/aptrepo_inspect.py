"""What a person must see of a repository's Release file before signing it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from signstation.codec.aptrelease import Release
from signstation.codec.openpgp import parse_signatures
from signstation.formats.aptrepo_read import Fate, Read, fates, looked_at, read_release
from signstation.interfaces.artifact import Artifact
from signstation.interfaces.context import Context
from signstation.model.artifacts import (
    ExistingSignature,
    Fact,
    FactSection,
    FactStyle,
    Finding,
    Inspection,
    Severity,
)
from signstation.model.members import Surroundings
from signstation.model.text import Text, text
from signstation.signatures.openpgp_facts import algorithm_title, claimed, hash_title

MAX_SHOWN = 2000
"""Most indexes that are listed; the number of all is told."""
MAX_NAMED = 5
"""Most indexes of one fate that are named."""
MAX_VALUE = 4000
"""Most characters of one value shown."""
_IDENTITY = (
    (Text("Origin"), "origin"),
    (Text("Label"), "label"),
    (Text("Suite"), "suite"),
    (Text("Codename"), "codename"),
    (Text("Version"), "version"),
    (Text("Components"), "components"),
    (Text("Architectures"), "architectures"),
    (Text("Description"), "description"),
    (Text("Signed by"), "signed-by"),
    (Text("Indexes by their digest"), "acquire-by-hash"),
)
_DATES = ((Text("Date"), "date"), (Text("Valid until"), "valid-until"))
_BLOCKING = {
    Fate.CHANGED: "An index is not the file that is named: {names}",
    Fate.MISSING: "An index is not here in any form: {names}",
    Fate.UNREADABLE: "An index cannot be read, or is a link: {names}",
    Fate.OUTSIDE: "An index lies outside the repository: {names}",
    Fate.WEAK: "An index has no digest but MD5 or SHA-1: {names}",
}


def inspect(format_id: str, artifact: Artifact, ctx: Context) -> Inspection:
    """Show fields, dates and indexes. Raises ArtifactMalformed and LimitReached."""
    digests = ctx.digests(artifact)
    found = read_release(artifact)
    release = found.release
    facts = [
        Fact(label, release.field(name)[:MAX_VALUE])
        for label, name in _IDENTITY
        if release.field(name)
    ]
    dates = [
        Fact(label, str(moment), FactStyle.TIME)
        for label, name in _DATES
        if (moment := release.moment(name)) is not None
    ]
    file = (
        Fact(Text("Size"), str(artifact.size), FactStyle.SIZE),
        Fact(Text("SHA-256"), digests.sha256.hex, FactStyle.HEX),
    )
    clear = found.clear
    return Inspection(
        format=format_id,
        title=_title(release),
        size=artifact.size,
        sha256=digests.sha256.value,
        sections=tuple(
            each
            for each in (
                FactSection("identity", Text("Repository"), tuple(facts)),
                FactSection("validity", Text("Validity"), tuple(dates)),
                FactSection("files", Text("Indexes"), _indexes(release)),
                FactSection("file", Text("File"), file),
            )
            if each.facts
        ),
        findings=(*_findings(found, ctx.time), *_about_indexes(release, ctx.surroundings)),
        signatures=() if clear is None else tuple(_existing(clear.packets)),
    )


def _title(release: Release) -> str:
    names = (release.field("origin") or release.field("label"), release.field("suite"))
    return " ".join(each for each in names if each)[:200] or "APT repository"


def _indexes(release: Release) -> tuple[Fact, ...]:
    lines = [
        f"{each.digests[algorithm].hex() if (algorithm := each.strongest) else '-'}  {each.path}"
        for each in islice(release.indexes, MAX_SHOWN)
    ]
    if len(release.indexes) > MAX_SHOWN:
        lines.append(f"… {len(release.indexes) - MAX_SHOWN} more")
    count = Fact(Text("Indexes"), str(len(release.indexes)))
    return (count, Fact(Text("Digest and name"), "\n".join(lines), FactStyle.CODE))


def _findings(found: Read, time: int) -> Iterator[Finding]:
    release = found.release
    if found.clear is not None and found.clear.odd:
        words = "There is more in this file than the signed text."
        yield Finding("aptrepo.frame", Severity.WARNING, Text(words))
    for name in release.paragraph.repeated:
        said = text("The field {name} stands there twice.", name=name)
        yield Finding("aptrepo.repeated-field", Severity.BLOCKER, said)
    for path in release.sizes_differ[:MAX_NAMED]:
        said = text("Two lists give {name} different sizes.", name=path)
        yield Finding("aptrepo.sizes", Severity.BLOCKER, said)
    yield from _dates(release, time)
    if not release.field("suite") and not release.field("codename"):
        said = Text("It names neither suite nor codename: clients cannot tell whose it is.")
        yield Finding("aptrepo.nameless", Severity.WARNING, said)


def _dates(release: Release, time: int) -> Iterator[Finding]:
    date, until = release.moment("date"), release.moment("valid-until")
    if date is None:
        said = Text("It has no date: clients cannot tell it from an older one.")
        yield Finding("aptrepo.no-date", Severity.WARNING, said)
    if until is None:
        words = "It has no end of validity: an old state can be shown to clients for ever."
        yield Finding("aptrepo.no-end", Severity.NOTE, Text(words))
    if time and until is not None and until < time:
        said = Text("Its validity has ended already: clients refuse it.")
        yield Finding("aptrepo.expired", Severity.BLOCKER, said)
    if time and date is not None and date > time:
        said = Text("Its date is in the future: clients refuse it until then.")
        yield Finding("aptrepo.future", Severity.WARNING, said)


def _about_indexes(release: Release, around: Surroundings | None) -> Iterator[Finding]:
    if not release.indexes:
        said = Text("It names no index: nothing of a repository would be covered.")
        yield Finding("aptrepo.empty", Severity.BLOCKER, said)
    if around is None:
        return
    if release.indexes and not looked_at(around):
        said = Text("None of its indexes is here: what it states of them cannot be checked.")
        yield Finding("aptrepo.alone", Severity.WARNING, said)
        return
    named: dict[Fate, list[str]] = {}
    for index, fate in fates(release.indexes, around):
        named.setdefault(fate, []).append(index.path)
    for fate, words in _BLOCKING.items():
        if paths := named.get(fate):
            more = f" … ({len(paths)})" if len(paths) > MAX_NAMED else ""
            said = Text(words, (("names", ", ".join(paths[:MAX_NAMED]) + more),))
            yield Finding(f"aptrepo.{fate.value}", Severity.BLOCKER, said)
    if same := len(named.get(Fate.SAME, ())):
        said = text("{count} indexes were read again and are as stated.", count=same)
        yield Finding("aptrepo.same", Severity.NOTE, said)


def _existing(packets: bytes) -> Iterator[ExistingSignature]:
    for packet in parse_signatures(packets):
        yield ExistingSignature(
            kind=Text("OpenPGP signature in the clear"),
            signer=claimed(packet),
            algorithm=algorithm_title(packet) if packet.algorithm else "",
            hash=hash_title(packet) if packet.hash_id else "",
            made_at=packet.created,
        )
