"""What a reviewer sees of a text: its start, and of a signed text nothing but what is signed."""

from __future__ import annotations

from collections.abc import Iterator

from signstation.codec.cleartext import (
    ClearText,
    check_text,
    parse_cleartext,
    text_lines,
)
from signstation.codec.openpgp import SignaturePacket, parse_signatures
from signstation.formats.text_read import is_document, read_text
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
from signstation.model.hashes import Digests
from signstation.model.text import Text, text
from signstation.signatures.openpgp_facts import algorithm_title, claimed, hash_title

EXCERPT = 20_000
"""Characters of the text that are shown."""
_CONTROLS = frozenset({*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0))} - {"\t", "\n", "\r"})
_REORDERING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that reorder shown text (Unicode UAX 9; CVE-2021-42574)."""


def inspect(format_id: str, artifact: Artifact, ctx: Context) -> Inspection:
    """Show size, lines and the text. Raises ArtifactMalformed and LimitReached."""
    digests = ctx.digests(artifact)
    data = read_text(artifact)
    check_text(data)
    clear = parse_cleartext(data) if is_document(artifact) else None
    shown = data if clear is None else clear.shown
    return Inspection(
        format=format_id,
        title="Text signed in the clear" if clear else "Text",
        size=artifact.size,
        sha256=digests.sha256.value,
        sections=_sections(artifact, digests, shown, clear),
        findings=tuple(_findings(data, shown, clear)),
        signatures=() if clear is None else tuple(map(_existing, parse_signatures(clear.packets))),
    )


def _sections(
    artifact: Artifact, digests: Digests, shown: bytes, clear: ClearText | None
) -> tuple[FactSection, ...]:
    lines = shown.count(b"\n") + (not shown.endswith(b"\n"))
    facts = (
        Fact(Text("Size"), str(artifact.size), FactStyle.SIZE),
        Fact(Text("Lines"), str(lines)),
        Fact(Text("SHA-256"), digests.sha256.hex, FactStyle.HEX),
    )
    label = Text("What is signed") if clear else Text("Start of the text")
    excerpt = Fact(label, shown.decode("utf-8")[:EXCERPT], FactStyle.CODE)
    return (
        FactSection("identity", Text("File"), facts),
        FactSection("excerpt", Text("Text"), (excerpt,)),
    )


def _findings(data: bytes, shown: bytes, clear: ClearText | None) -> Iterator[Finding]:
    characters = set(shown.decode("utf-8"))
    if not _REORDERING.isdisjoint(characters):
        words = Text("The text has invisible characters that reorder what is shown.")
        yield Finding("text.reordered", Severity.WARNING, words)
    if not _CONTROLS.isdisjoint(characters):
        words = Text("The text has control characters, which change what a terminal shows.")
        yield Finding("text.controls", Severity.WARNING, words)
    if clear is not None:
        if clear.odd:
            words = Text("There is more in this file than the signed text.")
            yield Finding("text.frame", Severity.WARNING, words)
        return
    blanks = sum(data[each.end : each.stop].strip(b"\r\n") != b"" for each in text_lines(data))
    if blanks:
        words = text("{count} lines end with blanks, which will be left out.", count=blanks)
        yield Finding("text.blanks", Severity.NOTE, words)


def _existing(packet: SignaturePacket) -> ExistingSignature:
    return ExistingSignature(
        kind=Text("OpenPGP signature in the clear"),
        signer=claimed(packet),
        algorithm=algorithm_title(packet) if packet.algorithm else "",
        hash=hash_title(packet) if packet.hash_id else "",
        made_at=packet.created,
    )
