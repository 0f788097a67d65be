"""Cleartext signature framework of OpenPGP (RFC 9580 section 7): written, and read strictly.

What is signed are the lines without blanks (space, tab) at their ends, joined by CR LF, without the
line end of the last one. Blanks and the kind of line end are therefore not covered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from signstation.codec.armor import ArmorKind, armor, dearmor
from signstation.errors import ArtifactMalformed, LimitReached

MAX_TEXT = 16 * 1024 * 1024
"""Most bytes of a text or of a signed one (codec.armor.MAX_ARMOR): Debian's lists have 0.3 MB."""
MAX_LINES = 500_000
"""Most lines: the largest lists of checksums that are published have about 100,000."""
MAX_HEADERS = 64
"""Most header lines (codec.armor.MAX_HEADERS)."""

BEGIN = b"-----BEGIN PGP SIGNED MESSAGE-----"
BEGIN_SIGNATURE = b"-----BEGIN PGP SIGNATURE-----"
END_SIGNATURE = b"-----END PGP SIGNATURE-----"
BLANKS = b" \t"
"""What is not covered at the end of a line (RFC 9580 section 7.2)."""
_HEAD = 64 * 1024
_HEADER = re.compile(rb"([A-Za-z0-9-]{1,64}): ?(.{0,1024})\Z")
_HASH = re.compile(rb"[A-Za-z0-9-]{1,32}\Z")
_USUAL = frozenset({b"Version", b"Comment", b"MessageID", b"Hash", b"Charset"})
"""Headers of a signature's armor (RFC 9580 section 6.2.2); nothing signs them."""


class Oddity(Enum):
    """What a strict reader refuses in a framework that other readers take."""

    BEFORE = "before"
    AFTER = "after"
    HEADER = "header"
    NOT_ESCAPED = "not-escaped"
    SIGNATURE_HEADER = "signature-header"


@dataclass(frozen=True, slots=True)
class Odd:
    """One oddity and where it is, in bytes of the document."""

    kind: Oddity
    offset: int


@dataclass(frozen=True, slots=True)
class ClearText:
    """A signed text as it stands. ``signed`` is all that a signature can be over.

    ``offset`` and ``length``: where the dash-escaped text is in the document. ``blanks``: lines
    that end with blanks. ``hashes``: names of the Hash headers, in capitals. ``packets``: the
    signatures, binary.
    """

    signed: bytes
    offset: int
    length: int
    blanks: int
    hashes: tuple[str, ...]
    packets: bytes
    odd: tuple[Odd, ...]

    @property
    def shown(self) -> bytes:
        """The signed text with LF line ends, the last line ended too: what may be believed."""
        return self.signed.replace(b"\r\n", b"\n") + b"\n"


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line of a text: from ``start`` to ``end`` without its blanks, the next one at ``stop``."""

    start: int
    end: int
    stop: int


def check_text(data: bytes) -> None:
    """Refuse what is no text: not UTF-8, NUL, or a carriage return that ends no line.

    Raises ArtifactMalformed and LimitReached.
    """
    if len(data) > MAX_TEXT:
        raise LimitReached(what="bytes of a text", limit=MAX_TEXT)
    if data.count(b"\n") >= MAX_LINES:
        raise LimitReached(what="lines of a text", limit=MAX_LINES)
    if (nul := data.find(b"\0")) >= 0:
        raise _malformed(nul, "text", "a NUL byte")
    if data.count(b"\r") != data.count(b"\r\n"):
        lone = re.search(rb"\r(?!\n)", data)
        raise _malformed(lone.start() if lone else 0, "LF after CR", "another byte")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _malformed(error.start, "UTF-8", "another byte") from error


def text_lines(data: bytes) -> Iterator[TextLine]:
    """Yield the lines of a text that ``check_text`` has passed."""
    at = 0
    while at < len(data):
        found = data.find(b"\n", at)
        stop = len(data) if found < 0 else found + 1
        yield TextLine(at, at + len(_bare(data[at:stop])), stop)
        at = stop


def canonical_text(data: bytes) -> bytes:
    """Return what is signed of a text that ``check_text`` has passed."""
    lines = data.removesuffix(b"\n").split(b"\n")
    return b"\r\n".join(map(_bare, lines))


def _bare(line: bytes) -> bytes:
    return line.rstrip(BLANKS + b"\r\n")


def write_cleartext(data: bytes, hashes: Sequence[str], packets: bytes) -> bytes:
    """Return the document of a text that ``check_text`` has passed.

    Lines keep their line ends and lose the blanks before them; ``hashes`` are OpenPGP's names.
    ``From `` is escaped beside ``-``, as GnuPG does for the sake of mail.
    """
    parts = [BEGIN, b"\nHash: ", ",".join(dict.fromkeys(hashes)).encode("ascii"), b"\n\n"]
    for line in text_lines(data):
        bare = data[line.start : line.end]
        if bare.startswith((b"-", b"From ")):
            parts.append(b"- ")
        crlf = data[line.start : line.stop].endswith(b"\r\n")
        parts += [bare, b"\r\n" if crlf else b"\n"]
    return b"".join([*parts, armor(ArmorKind.SIGNATURE, packets)])


def is_cleartext(head: bytes) -> bool:
    """Return whether a signed text begins on a line of the first 64 KiB."""
    return _line(head[:_HEAD], BEGIN, 0) >= 0


def parse_cleartext(data: bytes) -> ClearText:
    """Read the first signed text of a document; what does not belong there is in ``odd``.

    Raises ArtifactMalformed where there is none, or where it cannot be told what would be signed,
    and LimitReached.
    """
    check_text(data)
    begin = _line(data, BEGIN, 0)
    if begin < 0:
        raise _malformed(0, BEGIN.decode(), "another text")
    odd = [Odd(Oddity.BEFORE, 0)] if begin else []
    start, hashes, strange = _headers(data, begin)
    signature = _line(data, BEGIN_SIGNATURE, start)
    if signature < 0:
        raise _malformed(start, BEGIN_SIGNATURE.decode(), "the end")
    signed, blanks, unescaped = _unescape(data[start:signature], start)
    packets, after = _signature(data, signature)
    return ClearText(
        signed=signed,
        offset=start,
        length=signature - start,
        blanks=blanks,
        hashes=hashes,
        packets=packets,
        odd=(*odd, *strange, *unescaped, *after),
    )


def _line(data: bytes, marker: bytes, at: int) -> int:
    """Return where a line that is just ``marker`` starts, -1 where there is none."""
    while (found := data.find(marker, at)) >= 0:
        at = found + len(marker)
        if (not found or data[found - 1 : found] == b"\n") and _ends_line(data, at):
            return found
    return -1


def _ends_line(data: bytes, at: int) -> bool:
    return at == len(data) or data.startswith((b"\n", b"\r\n"), at)


def _headers(data: bytes, begin: int) -> tuple[int, tuple[str, ...], list[Odd]]:
    """Return where the text starts, the hashes that the headers name, and strange headers."""
    hashes: list[str] = []
    odd: list[Odd] = []
    at = data.find(b"\n", begin) + 1
    for _ in range(MAX_HEADERS + 1):
        end = data.find(b"\n", at)
        if end < 0 or at == 0:
            raise _malformed(begin, "an empty line after the headers", "the end")
        line, start, at = data[at:end].removesuffix(b"\r"), at, end + 1
        if not line:
            return at, tuple(hashes), odd
        header = _HEADER.match(line)
        if header is None:
            raise _malformed(start, "a header or an empty line", "another line")
        names = [each.strip(BLANKS) for each in header.group(2).split(b",")]
        if header.group(1) == b"Hash" and all(map(_HASH.match, names)):
            hashes += [each.decode("ascii").upper() for each in names]
        else:
            odd.append(Odd(Oddity.HEADER, start))
    raise LimitReached(what="headers of a signed text", limit=MAX_HEADERS)


def _unescape(body: bytes, offset: int) -> tuple[bytes, int, list[Odd]]:
    lines: list[bytes] = []
    odd: list[Odd] = []
    blanks = 0
    for line in text_lines(body):
        bare = body[line.start : line.end]
        blanks += body[line.end : line.stop].startswith((b" ", b"\t"))
        raw = body[line.start : line.stop]
        if raw.startswith(b"- "):
            bare = bare[2:]
        elif raw.startswith(b"-") and not odd:
            odd.append(Odd(Oddity.NOT_ESCAPED, offset + line.start))
        lines.append(bare)
    return b"\r\n".join(lines), blanks, odd


def _signature(data: bytes, start: int) -> tuple[bytes, list[Odd]]:
    """Return the packets of the signature block at ``start`` and what is odd from there on."""
    at = _line(data, END_SIGNATURE, start)
    if at < 0:
        raise _malformed(start, END_SIGNATURE.decode(), "the end")
    end = at + len(END_SIGNATURE)
    odd: list[Odd] = []
    block = data[start:end]
    for line in block.splitlines()[1:]:
        if not line.strip():
            break
        header = _HEADER.match(line)
        if header is not None and header.group(1) not in _USUAL:
            odd.append(Odd(Oddity.SIGNATURE_HEADER, start))
            break
    if data[end:].strip(b"\r\n"):
        odd.append(Odd(Oddity.AFTER, end))
    blocks = dearmor(block)
    if len(blocks) != 1 or blocks[0].kind is not ArmorKind.SIGNATURE:
        raise _malformed(start, "one signature block", f"{len(blocks)} blocks")
    return blocks[0].data, odd


def _malformed(offset: int, expected: str, found: str) -> ArtifactMalformed:
    return ArtifactMalformed(format="openpgp-text", offset=offset, expected=expected, found=found)
