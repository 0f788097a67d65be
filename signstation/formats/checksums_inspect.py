"""What a reviewer sees of a list of checksums: every file with its digest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from signstation.codec.checksums import ListForm, write_list
from signstation.codec.openpgp import SignaturePacket, parse_signatures
from signstation.formats.checksums_read import Listed, read_list
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
from signstation.model.members import MemberState, Surroundings
from signstation.model.text import Text, text
from signstation.signatures.openpgp_facts import algorithm_title, claimed, hash_title

MAX_SHOWN = 2000
"""Most files that are listed; the number of all is told."""
_FORMS = {ListForm.GNU: "GNU", ListForm.BSD: "BSD"}


def inspect(format_id: str, artifact: Artifact, ctx: Context) -> Inspection:
    """Show the list. Raises ArtifactMalformed and LimitReached."""
    digests = ctx.digests(artifact)
    listed = read_list(artifact)
    entries = listed.entries
    algorithms = dict.fromkeys(each.algorithm.title for each in entries)
    forms = dict.fromkeys(_FORMS[each.form] for each in entries)
    facts = (
        Fact(Text("Files listed"), str(len(entries))),
        Fact(Text("Algorithm"), ", ".join(algorithms)),
        Fact(Text("Form"), ", ".join(forms)),
        Fact(Text("Size"), str(artifact.size), FactStyle.SIZE),
        Fact(Text("SHA-256"), digests.sha256.hex, FactStyle.HEX),
    )
    lines = write_list(entries[:MAX_SHOWN], ListForm.GNU).decode("utf-8")
    files = (Fact(Text("Digest and name"), lines, FactStyle.CODE),)
    clear = listed.clear
    return Inspection(
        format=format_id,
        title="Checksums" if clear is None else "Checksums signed in the clear",
        size=artifact.size,
        sha256=digests.sha256.value,
        sections=(
            FactSection("identity", Text("File"), facts),
            FactSection("files", Text("Listed files"), files),
        ),
        findings=(*_findings(listed), *_seen(listed, ctx.surroundings)),
        signatures=() if clear is None else tuple(map(_existing, parse_signatures(clear.packets))),
    )


def _findings(listed: Listed) -> Iterator[Finding]:
    outside = [each.name for each in listed.entries if not each.place]
    if outside:
        words = "The list names a file outside its own directory: {name}"
        blocker = Severity.BLOCKER
        yield Finding("checksums.outside", blocker, text(words, name=outside[0]))
    counts = Counter((each.place, each.algorithm) for each in listed.entries)
    if any(count > 1 for count in counts.values()):
        words = "The list names a file twice."
        yield Finding("checksums.twice", Severity.WARNING, Text(words))
    if listed.clear is not None and listed.clear.odd:
        words = "There is more in this file than the signed text."
        yield Finding("checksums.frame", Severity.WARNING, Text(words))


def _seen(listed: Listed, surroundings: Surroundings | None) -> Iterator[Finding]:
    """What the files say of the list: one that contradicts them is not signed."""
    if surroundings is None:
        words = "Signing a list says nothing of the files: verify it where they lie."
        yield Finding("checksums.unseen", Severity.NOTE, Text(words))
        return
    found = {(each.place, each.algorithm): each for each in surroundings.members}
    absent = 0
    for each in listed.entries:
        member = found.get((each.place, each.algorithm))
        if member is None or member.state is not MemberState.READ:
            absent += 1
        elif member.digest != each.digest:
            summary = text("{name} is not the file that is listed.", name=each.place)
            yield Finding("checksums.changed", Severity.BLOCKER, summary)
            return
    if absent:
        summary = text("{count} listed files are not here to be compared.", count=absent)
        yield Finding("checksums.missing", Severity.WARNING, summary)


def _existing(packet: SignaturePacket) -> ExistingSignature:
    return ExistingSignature(
        kind=Text("OpenPGP signature in the clear"),
        signer=claimed(packet),
        algorithm=algorithm_title(packet) if packet.algorithm else "",
        hash=hash_title(packet) if packet.hash_id else "",
        made_at=packet.created,
    )
