"""Reading a description of a build, plain or signed in the clear, and its files beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from signstation.codec.cleartext import (
    BEGIN,
    ClearText,
    TextLine,
    check_text,
    parse_cleartext,
    text_lines,
)
from signstation.codec.debsource import (
    MAX_CONTROL,
    Description,
    NamedFile,
    looks_like_description,
    parse_description,
)
from signstation.errors import LimitReached
from signstation.interfaces.artifact import Artifact, Source
from signstation.model.asks import Literal, Range
from signstation.model.members import FoundMember, MemberState, Surroundings

HEAD = 64 * 1024
"""Bytes at the start that have to be those of a description."""
_PLAIN, _CLEAR = 85, 96
"""How sure it is: surer than that it is some text that is signed in the clear."""
MAX_SIGNED_LINES = 30_000
"""Most lines of a description to be signed: an ask has two segments for each, of at most 65,535,
and two bytes of line end, of which a hash worker takes 64 KiB."""
CRLF = b"\r\n"
_ESCAPE = b"- "


@dataclass(frozen=True, slots=True)
class Read:
    """A file's bytes, what they say, and the signed text where it carries a signature."""

    data: bytes
    description: Description
    clear: ClearText | None = None

    @property
    def content(self) -> tuple[Range, ...]:
        """Where the lines of the description are in the file, without blanks at their ends."""
        start, end = 0, len(self.data)
        if self.clear is not None:
            start, end = self.clear.offset, self.clear.offset + self.clear.length
        body = self.data[start:end]
        escaped = self.clear is not None
        found = [_range(body, each, start, escaped=escaped) for each in text_lines(body)]
        while found and not found[-1].length:
            found.pop()
        return tuple(found)


def _range(body: bytes, line: TextLine, offset: int, *, escaped: bool) -> Range:
    start = line.start
    if escaped and body.startswith(_ESCAPE, start):
        start += len(_ESCAPE)
    return Range(offset + start, max(0, line.end - start))


Restate = Callable[[Sequence[bytes]], Sequence[bytes]]
"""Given the lines of a description, the same number of lines."""


def text_of(
    found: Read, restate: Restate = lambda lines: lines
) -> tuple[bytes, tuple[Range | Literal, ...]]:
    """Return the text to be signed, and how it follows from the file; ``restate`` may change lines.

    As debsign makes it: an empty line ends the fields, before the signature begins. Raises
    LimitReached.
    """
    lines = found.content
    if len(lines) > MAX_SIGNED_LINES:
        raise LimitReached(what="lines of a description of a build", limit=MAX_SIGNED_LINES)
    pieces = [found.data[each.offset : each.offset + each.length] for each in lines]
    written = restate(pieces)
    covers: list[Range | Literal] = []
    for place, old, new in zip(lines, pieces, written, strict=True):
        line = place if old == new else Literal(new)
        covers += ([line] if new else []) + [Literal(CRLF)]
    return b"".join(each + b"\n" for each in (*written, b"")), tuple(covers)


def read_whole(artifact: Artifact) -> bytes:
    """Return the bytes. Raises LimitReached and ArtifactUnreadable."""
    if artifact.size > MAX_CONTROL:
        raise LimitReached(what="bytes of a description of a build", limit=MAX_CONTROL)
    return artifact.read(0, MAX_CONTROL)


def read_description(artifact: Artifact) -> Read:
    """Read it; of a signed one only what is signed. Raises ArtifactMalformed and LimitReached."""
    data = read_whole(artifact)
    if not data.startswith(BEGIN):
        check_text(data)
        return Read(data, parse_description(data))
    clear = parse_cleartext(data)
    return Read(data, parse_description(clear.shown), clear)


def recognise(source: Source) -> int:
    """How sure it is (0 to 100). Raises what ``source.read`` raises."""
    head = source.read(0, HEAD)
    if not head.startswith(BEGIN):
        return _PLAIN if looks_like_description(head) else 0
    _, _, text = head.replace(b"\r\n", b"\n").partition(b"\n\n")
    return _CLEAR if looks_like_description(text) else 0


class Fate(Enum):
    """What became of one file that is named."""

    SAME = "same"
    CHANGED = "changed"
    MISSING = "missing"
    UNREADABLE = "unreadable"
    WEAK = "weak"  # nothing but MD5 or SHA-1 is stated
    OUTSIDE = "outside"  # its name is not that of a file beside it


def fates(description: Description, around: Surroundings) -> Iterator[tuple[NamedFile, Fate]]:
    """Tell of each file what became of it: its size and every digest that is given count."""
    members: dict[str, list[FoundMember]] = {}
    for each in around.members:
        members.setdefault(each.place, []).append(each)
    for file in description.files:
        yield file, _fate(file, members.get(file.place, []))


def _fate(file: NamedFile, found: list[FoundMember]) -> Fate:
    if not file.place:
        return Fate.OUTSIDE
    if any(each.state is MemberState.MISSING for each in found):
        return Fate.MISSING
    digests = {each.algorithm: each.digest for each in found if each.state is MemberState.READ}
    if digests.keys() != file.digests.keys():
        return Fate.UNREADABLE
    if digests != dict(file.digests) or any(each.size != file.size for each in found):
        return Fate.CHANGED
    return Fate.SAME if file.strong else Fate.WEAK
