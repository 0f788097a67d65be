"""What a person must see of a .dsc, .buildinfo or .changes before signing it."""

from __future__ import annotations

from collections.abc import Iterator

from signstation.codec.debsource import Description, Kind
from signstation.codec.openpgp import parse_signatures
from signstation.formats.debsource_read import Fate, Read, fates, read_description
from signstation.formats.debsource_renew import RENEWED, renewals, written
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
from signstation.model.hashes import HashAlgorithm
from signstation.model.members import Surroundings
from signstation.model.text import Text, text
from signstation.signatures.openpgp_facts import algorithm_title, claimed, hash_title

MAX_SHOWN = 1000
"""Most files that are listed; the number of all is told."""
MAX_NAMED = 5
"""Most files of one fate that are named."""
MAX_VALUE = 8000
"""Most characters of one value shown."""
_IDENTITY = (
    (Text("Source"), "source"),
    (Text("Version"), "version"),
    (Text("Architecture"), "architecture"),
    (Text("Distribution"), "distribution"),
    (Text("Urgency"), "urgency"),
    (Text("Maintainer"), "maintainer"),
    (Text("Changed by"), "changed-by"),
    (Text("Uploaders"), "uploaders"),
    (Text("Date"), "date"),
    (Text("Build date"), "build-date"),
    (Text("Closes"), "closes"),
    (Text("Packages"), "binary"),
)
_BLOCKING = {
    Fate.CHANGED: "A file is not the one that is named: {names}",
    Fate.MISSING: "A file that is named is not here: {names}",
    Fate.UNREADABLE: "A file that is named cannot be read, or is a link: {names}",
    Fate.OUTSIDE: "A file is named outside the directory: {names}",
    Fate.WEAK: "A file has no digest but MD5 or SHA-1: {names}",
}


def inspect(format_id: str, artifact: Artifact, ctx: Context) -> Inspection:
    """Show fields, changes and files. Raises ArtifactMalformed and LimitReached."""
    digests = ctx.digests(artifact)
    found = read_description(artifact)
    description = found.description
    facts = [
        Fact(label, description.field(name)[:MAX_VALUE])
        for label, name in _IDENTITY
        if description.field(name)
    ]
    changes = description.field("changes")[:MAX_VALUE]
    file = (
        Fact(Text("Size"), str(artifact.size), FactStyle.SIZE),
        Fact(Text("SHA-256"), digests.sha256.hex, FactStyle.HEX),
    )
    kind = Fact(Text("Kind"), f".{description.kind.value}", FactStyle.MONO)
    sections = (
        FactSection("identity", Text("Package"), (kind, *facts)),
        FactSection(
            "changes",
            Text("Changes"),
            (Fact(Text("Changes"), changes, FactStyle.CODE),) if changes else (),
        ),
        FactSection("files", Text("Files"), _files(description)),
        FactSection("file", Text("File"), file),
    )
    return Inspection(
        format=format_id,
        title=_title(description),
        size=artifact.size,
        sha256=digests.sha256.value,
        sections=tuple(each for each in sections if each.facts),
        findings=(*_findings(found), *_about_files(description, ctx.surroundings)),
        signatures=() if found.clear is None else tuple(_existing(found.clear.packets)),
        options=((RENEWED, written(renewals(description, ctx.surroundings))),),
    )


def _title(description: Description) -> str:
    names = (description.field("source"), description.field("version"), description.kind.value)
    return " ".join(each for each in names if each)[:200]


def _files(description: Description) -> tuple[Fact, ...]:
    lines = [
        f"{each.digests.get(HashAlgorithm.SHA256, b'').hex() or '-'} {each.size:>10} {each.name}"
        for each in description.files[:MAX_SHOWN]
    ]
    if len(description.files) > MAX_SHOWN:
        lines.append(f"… {len(description.files) - MAX_SHOWN} more")
    listed = Fact(Text("SHA-256, size and name"), "\n".join(lines), FactStyle.CODE)
    return (Fact(Text("Files"), str(len(description.files))), *([listed] if lines else []))


def _findings(found: Read) -> Iterator[Finding]:
    description = found.description
    if found.clear is not None and found.clear.odd:
        words = "There is more in this file than the signed text."
        yield Finding("debsource.frame", Severity.BLOCKER, Text(words))
    for name in description.paragraph.repeated[:MAX_NAMED]:
        said = text("The field {name} stands there twice.", name=name)
        yield Finding("debsource.repeated-field", Severity.BLOCKER, said)
    for name in description.contradictions[:MAX_NAMED]:
        said = text("Lists of files say different things of {name}.", name=name)
        yield Finding("debsource.lists", Severity.BLOCKER, said)
    if not description.files and description.kind is not Kind.BUILD:
        said = Text("It names no file: nothing of a package would be covered.")
        yield Finding("debsource.empty", Severity.BLOCKER, said)


def _about_files(description: Description, around: Surroundings | None) -> Iterator[Finding]:
    if around is None:
        return
    renewed = {each.name for each in renewals(description, around)}
    named: dict[Fate, list[str]] = {}
    for file, fate in fates(description, around):
        if file.name not in renewed:
            named.setdefault(fate, []).append(file.name)
    for name in sorted(renewed):
        words = "{name} was signed since; its new size and digests are stated and signed."
        yield Finding("debsource.renewed", Severity.WARNING, text(words, name=name))
    for fate, words in _BLOCKING.items():
        if paths := named.get(fate):
            more = f" … ({len(paths)})" if len(paths) > MAX_NAMED else ""
            said = Text(words, (("names", ", ".join(paths[:MAX_NAMED]) + more),))
            missing = fate is Fate.MISSING and description.kind is Kind.BUILD
            # a record of a build is kept, and signed, also where its packages are not
            severity = Severity.WARNING if missing else Severity.BLOCKER
            yield Finding(f"debsource.{fate.value}", severity, said)
    if same := len(named.get(Fate.SAME, ())):
        said = text("{count} files were read again and are as stated.", count=same)
        yield Finding("debsource.same", Severity.NOTE, said)


def _existing(packets: bytes) -> Iterator[ExistingSignature]:
    for packet in parse_signatures(packets):
        yield ExistingSignature(
            kind=Text("OpenPGP signature in the clear"),
            signer=claimed(packet),
            algorithm=algorithm_title(packet) if packet.algorithm else "",
            hash=hash_title(packet) if packet.hash_id else "",
            made_at=packet.created,
        )
