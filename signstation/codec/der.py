"""Strict, bounded DER (X.690): a reader that knows where it is, and a writer, also of PEM.

Only what CMS and X.509 envelopes need: low tag numbers, definite lengths in their shortest form.
Nesting is bounded by the callers, which walk a fixed structure and never recurse over input.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple, NoReturn

from signstation.errors import ArtifactMalformed

BOOLEAN = 0x01
INTEGER = 0x02
BIT_STRING = 0x03
OCTET_STRING = 0x04
NULL = 0x05
OBJECT_IDENTIFIER = 0x06
UTC_TIME = 0x17
GENERALIZED_TIME = 0x18
BMP_STRING = 0x1E
SEQUENCE = 0x30
SET = 0x31

MAX_LENGTH_OCTETS = 4
"""Most octets of a length: contents under 4 GiB, more than any envelope that is held in memory."""
MAX_INTEGER = 64
"""Most content octets of an INTEGER: RFC 5280 4.1.2.2 allows a serial number 20, some have more."""
MAX_OID = 64
"""Most content octets of an OBJECT IDENTIFIER: the longest in use have about 20."""
PEM_LINE = 64
"""Characters of a line of PEM (RFC 7468 section 3)."""
MAX_PEM_LABEL = 64
"""Most bytes of a first boundary's start and label."""
SHORT_FORM = 0x80
"""Lengths from here on need the long form (X.690 8.1.3)."""
HIGH_TAG = 0x1F
"""Low five bits of an identifier with a tag number above 30 (X.690 8.1.2.4): never in CMS."""

_BEGIN = b"-----BEGIN "
_END = b"-----END "
_DASHES = b"-----"


def context(number: int, *, constructed: bool = True) -> int:
    """Identifier octet of a context-specific tag."""
    return 0x80 | number | (0x20 if constructed else 0)


def malformed(name: str, offset: int, expected: str, found: str) -> NoReturn:
    """Raise ArtifactMalformed of format ``name``."""
    raise ArtifactMalformed(format=name, offset=offset, expected=expected, found=found)


class Element(NamedTuple):
    """One tag-length-value; offsets count from the start of the outermost data.

    A tuple, because envelopes have dozens and a frozen dataclass takes three times as long to make.
    """

    source: bytes
    name: str  # of the format, for errors
    tag: int
    start: int
    body: int
    end: int

    @property
    def raw(self) -> bytes:
        """Identifier, length and content."""
        return self.source[self.start : self.end]

    @property
    def content(self) -> bytes:
        """The content octets."""
        return self.source[self.body : self.end]

    def reader(self) -> Reader:
        """Read the content as a series of elements."""
        return Reader(self.source, self.body, self.end, self.name)

    def fail(self, expected: str, found: str = "") -> NoReturn:
        """Raise ArtifactMalformed at this element."""
        malformed(self.name, self.start, expected, found or self.raw[:16].hex())


class Reader:
    """Reads elements in turn from ``data[start:end]``; every error is ArtifactMalformed."""

    __slots__ = ("_at", "_data", "_end", "_name")

    def __init__(
        self, data: bytes, start: int = 0, end: int | None = None, name: str = "der"
    ) -> None:
        """``name`` is the format that errors name."""
        self._data = data
        self._at = start
        self._end = len(data) if end is None else end
        self._name = name

    @property
    def offset(self) -> int:
        """Where the next element starts."""
        return self._at

    def more(self) -> bool:
        """Whether anything is left."""
        return self._at < self._end

    def peek(self) -> int | None:
        """Identifier octet of the next element, or None at the end."""
        return self._data[self._at] if self._at < self._end else None

    def any(self) -> Element:
        """Return the next element, whatever its tag."""
        start = self._at
        if self._end - start < 2:  # noqa: PLR2004 - identifier and length
            malformed(self._name, start, "identifier and length", f"{self._end - start} bytes")
        tag = self._data[start]
        if tag & HIGH_TAG == HIGH_TAG:
            malformed(self._name, start, "a low tag number", f"0x{tag:02x}")
        length, body = self._length(start + 1)
        if length > self._end - body:
            left = self._end - body
            malformed(self._name, start, f"{length} bytes of content", f"{left} bytes")
        self._at = body + length
        return Element(self._data, self._name, tag, start, body, self._at)

    def read(self, tag: int) -> Element:
        """Return the next element, which must have ``tag``."""
        found = self.peek()
        if found != tag:
            what = "the end" if found is None else f"tag 0x{found:02x}"
            malformed(self._name, self._at, f"tag 0x{tag:02x}", what)
        return self.any()

    def optional(self, tag: int) -> Element | None:
        """Return the next element if it has ``tag``, else None and stay."""
        return self.any() if self.peek() == tag else None

    def all(self, limit: int) -> Iterator[Element]:
        """Yield the rest, refusing more than ``limit`` elements."""
        count = 0
        while self.more():
            count += 1
            if count > limit:
                malformed(self._name, self._at, f"at most {limit} elements", "more")
            yield self.any()

    def finish(self) -> None:
        """Refuse anything left over."""
        if self.more():
            malformed(self._name, self._at, "the end", f"{self._end - self._at} more bytes")

    def _length(self, at: int) -> tuple[int, int]:
        first = self._data[at]
        if first < SHORT_FORM:
            return first, at + 1
        count = first & 0x7F
        if count == 0:
            malformed(self._name, at, "a definite length (DER)", "an indefinite length (BER)")
        if count > MAX_LENGTH_OCTETS or at + 1 + count > self._end:
            malformed(self._name, at, f"at most {MAX_LENGTH_OCTETS} length octets", f"{count}")
        octets = self._data[at + 1 : at + 1 + count]
        value = int.from_bytes(octets)
        if octets[0] == 0 or value < SHORT_FORM:
            malformed(self._name, at, "the shortest length (DER)", octets.hex())
        return value, at + 1 + count


def parse_integer(element: Element) -> int:
    """Return an INTEGER's value; it must be in shortest form."""
    content = element.content
    if not 0 < len(content) <= MAX_INTEGER:
        element.fail(f"an INTEGER of 1 to {MAX_INTEGER} octets", f"{len(content)} octets")
    if len(content) > 1 and content[0] in {0x00, 0xFF} and (content[0] ^ content[1]) < SHORT_FORM:
        element.fail("an INTEGER in shortest form")
    return int.from_bytes(content, signed=True)


def parse_oid(element: Element) -> str:
    """Return an OBJECT IDENTIFIER in dotted form."""
    content = element.content
    if not 0 < len(content) <= MAX_OID or content[-1] & 0x80:
        element.fail("an OBJECT IDENTIFIER")
    dotted = _dotted(content)
    if not dotted:
        element.fail("an OBJECT IDENTIFIER in shortest form")
    return dotted


@lru_cache(maxsize=256)
def _dotted(content: bytes) -> str:
    """Return the dotted form, empty where an arc is not in shortest form; remembered as ``oid``."""
    arcs: list[int] = []
    value = 0
    starts = True
    for octet in content:
        if starts and octet == 0x80:  # noqa: PLR2004 - a leading zero group
            return ""
        value = value << 7 | octet & 0x7F
        starts = octet < 0x80  # noqa: PLR2004 - last octet of an arc
        if starts:
            arcs.append(value)
            value = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


def parse_time(element: Element) -> int:
    """Return UTCTime or GeneralizedTime as Unix seconds, in the one form of RFC 5280 4.1.2.5."""
    content = element.content
    if element.tag == UTC_TIME and len(content) == len("YYMMDDHHMMSSZ"):
        # RFC 5280 4.1.2.5.1: two-digit years below 50 are of this century
        century = b"20" if content[:2] < b"50" else b"19"
        content = century + content
    elif element.tag != GENERALIZED_TIME:
        element.fail("a time")
    digits, zulu = content[:-1], content[-1:]
    if zulu != b"Z" or len(digits) != len("YYYYMMDDHHMMSS") or not digits.isdigit():
        element.fail("a time in UTC with seconds")
    year, month, day, hour, minute, second = (
        int(digits[start:end])
        for start, end in ((0, 4), (4, 6), (6, 8), (8, 10), (10, 12), (12, 14))
    )
    try:
        return int(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp())
    except ValueError:
        element.fail("a time that exists")


def der(tag: int, *parts: bytes) -> bytes:
    """Build one element from its identifier octet and the parts of its content."""
    content = b"".join(parts)
    size = len(content)
    if size < SHORT_FORM:
        return bytes((tag, size)) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(octets))) + octets + content


def sequence(*parts: bytes) -> bytes:
    """Build a SEQUENCE."""
    return der(SEQUENCE, *parts)


def set_of(*parts: bytes, tag: int = SET) -> bytes:
    """Build a SET OF, its elements in ascending order of their encodings (X.690 11.6)."""
    return der(tag, *sorted(parts))


def integer(value: int) -> bytes:
    """Build an INTEGER."""
    bits = (value if value >= 0 else ~value).bit_length()
    return der(INTEGER, value.to_bytes(bits // 8 + 1, signed=True))


@lru_cache(maxsize=256)
def oid(dotted: str) -> bytes:
    """Build an OBJECT IDENTIFIER from its dotted form; remembered, as they are few constants."""
    first, second, *rest = map(int, dotted.split("."))
    content = b"".join(map(_base128, (40 * first + second, *rest)))
    return der(OBJECT_IDENTIFIER, content)


def _base128(value: int) -> bytes:
    groups = [value & 0x7F]
    while value := value >> 7:
        groups.append(0x80 | value & 0x7F)
    return bytes(reversed(groups))


def encode_time(seconds: int) -> bytes:
    """Build UTCTime until 2049 and GeneralizedTime from 2050 on (RFC 5652 11.3)."""
    moment = datetime.fromtimestamp(seconds, UTC)
    if 1950 <= moment.year < 2050:  # noqa: PLR2004 - the years of UTCTime
        return der(UTC_TIME, f"{moment:%y%m%d%H%M%S}Z".encode())
    return der(GENERALIZED_TIME, f"{moment:%Y%m%d%H%M%S}Z".encode())


def encode_pem(label: str, data: bytes) -> bytes:
    """Write DER as one block of PEM (RFC 7468), with a newline at the end."""
    text = base64.b64encode(data).decode()
    lines = "\n".join(text[at : at + PEM_LINE] for at in range(0, len(text), PEM_LINE))
    return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n".encode()


@dataclass(frozen=True, slots=True)
class PemBlock:
    """One block of PEM: its label, its whole text, and what is between the boundaries."""

    label: str
    text: bytes
    body: bytes

    def decode(self) -> bytes:
        """Return the binary content. Raises ArtifactMalformed."""
        try:
            return base64.b64decode(b"".join(self.body.split()), validate=True)
        except binascii.Error:
            malformed("pem", 0, "base64", "something else")


def pem_blocks(data: bytes, limit: int) -> tuple[PemBlock, ...]:
    """Return the blocks whose boundaries fit, of any text, in one pass over it.

    Raises ArtifactMalformed above ``limit`` blocks.
    """
    found: list[PemBlock] = []
    at = 0
    while (start := data.find(_BEGIN, at)) >= 0 and (end := data.find(_END, start)) >= 0:
        label_end = data.find(_DASHES, start + len(_BEGIN), start + MAX_PEM_LABEL)
        label = data[start + len(_BEGIN) : label_end]
        closing = _END + label + _DASHES
        # a boundary without its partner: go on behind the next end, so that no byte is read twice
        at = end + len(_END)
        if label_end < 0 or not data.startswith(closing, end) or not label.isascii():
            continue
        stop = end + len(closing)
        body = data[label_end + len(_DASHES) : end]
        found.append(PemBlock(label.decode("ascii"), data[start:stop], body))
        if len(found) > limit:
            malformed("pem", start, f"at most {limit} blocks", "more")
    return tuple(found)
