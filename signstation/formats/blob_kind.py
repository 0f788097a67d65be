"""What a plain file is, by its first bytes: a small table for the reviewer, never a decision."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from signstation.interfaces.artifact import Source
from signstation.model.text import Text

HEAD = 64 * 1024
"""Bytes at the start that are looked at: covers all magic numbers and a screenful of text."""
EXCERPT = 2000
"""Characters of text that are shown."""
TAR_MAGIC_AT = 257
"""Offset of ``ustar`` in a tar header (POSIX.1-1988)."""

_BINARY = Text("Binary data")
_EMPTY = Text("Empty file")
_TEXT = Text("Text (UTF-8)")
_ELF = Text("ELF file")
_MAGIC: tuple[tuple[int, bytes, Text], ...] = (
    (0, b"\xed\xab\xee\xdb", Text("RPM package")),
    (0, b"!<arch>\ndebian-binary", Text("Debian package")),
    (0, b"!<arch>\n", Text("ar archive")),
    (0, b"\x7fELF", _ELF),
    (0, b"\x1f\x8b", Text("gzip data")),
    (0, b"\xfd7zXZ\x00", Text("xz data")),
    (0, b"\x28\xb5\x2f\xfd", Text("Zstandard data")),
    (0, b"BZh", Text("bzip2 data")),
    (0, b"LZIP", Text("lzip data")),
    (0, b"\x04\x22\x4d\x18", Text("LZ4 data")),
    (0, b"7z\xbc\xaf\x27\x1c", Text("7-Zip archive")),
    (0, b"PK\x03\x04", Text("Zip archive")),
    (0, b"PK\x05\x06", Text("Empty Zip archive")),
    (TAR_MAGIC_AT, b"ustar", Text("tar archive")),
    (0, b"%PDF-", Text("PDF document")),
    (0, b"\x89PNG\r\n\x1a\n", Text("PNG image")),
    (0, b"\xff\xd8\xff", Text("JPEG image")),
    (0, b"GIF8", Text("GIF image")),
    (0, b"hsqs", Text("SquashFS file system")),
    (0x8001, b"CD001", Text("ISO 9660 image")),
    (0, b"SQLite format 3\x00", Text("SQLite database")),
    (0, b"MZ", Text("PE or DOS program")),
    (0, b"\xd0\x0d\xfe\xed", Text("Device tree")),
    (0, b"\x00asm", Text("WebAssembly module")),
)
"""Offset, bytes, name; the first that fits (file(1) names them alike)."""

EMBEDDED = frozenset({"RPM package"})
"""Kinds whose own tools look for a signature inside the file and not beside it."""

BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that reorder shown text (Unicode UAX 9; CVE-2021-42574 "Trojan Source")."""


@dataclass(frozen=True, slots=True)
class Kind:
    """The kind's name, and the start of the text where it is text (untrusted)."""

    title: Text
    excerpt: str = ""
    reordered: bool = False  # the excerpt has characters that make it look other than it is


def kind_of(source: Source) -> Kind:
    """Return what a file is by its first 64 KiB. Raises what ``source.read`` raises."""
    head = source.read(0, HEAD)
    if not head:
        return Kind(_EMPTY)
    for offset, magic, title in _MAGIC:
        if head.startswith(magic, offset):
            return Kind(title)
    words = _text(head, whole=len(head) == source.size)
    if words is None:
        return Kind(_BINARY)
    return Kind(_TEXT, words[:EXCERPT], not BIDI.isdisjoint(words))


def _text(head: bytes, *, whole: bool) -> str | None:
    """Decode strictly; a character cut by the end of the head is no fault."""
    if b"\0" in head:
        return None
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(head, final=whole)
    except UnicodeDecodeError:
        return None
