"""The ar archive around a Debian package: members, strictly read, and one member written.

Magic || members; each is a header of 60 bytes (name 16, mtime 12, uid 6, gid 6, mode 8 octal, size
10, two end bytes), its bytes, and a line feed where their number is odd: deb(5), ar(5). Long names
of GNU and BSD are refused, as dpkg refuses them (lib/dpkg/ar.c).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from signstation.errors import ArtifactMalformed, LimitReached

NAME = "deb"
MAGIC = b"!<arch>\n"
HEADER_SIZE = 60
MAX_MEMBERS = 64
"""Most members of one archive: three, and a signature for each role that anybody ever named."""
MAX_MEMBER_SIZE = 9_999_999_999
"""Largest size that ten decimal digits hold (deb(5): so a member ends below 9.31 GiB)."""
_END = b"`\n"
_TEXT = re.compile(rb"[!-~][ -~]*")
_NUMBER = re.compile(rb"([0-9]+) *")
_OCTAL = re.compile(rb"([0-7]+) *")

Read = Callable[[int, int], bytes]
"""``read(offset, length)``: fewer bytes only at the end of the file."""


@dataclass(frozen=True, slots=True)
class Member:
    """One member: its bytes begin at ``start``, its header 60 bytes before."""

    name: str  # printable ASCII, without the filling and without a slash at its end
    start: int
    size: int
    header: bytes

    @property
    def at(self) -> int:
        """Offset of the header."""
        return self.start - HEADER_SIZE

    @property
    def end(self) -> int:
        """Offset behind the bytes."""
        return self.start + self.size

    @property
    def next(self) -> int:
        """Offset behind the filling: where the next header stands."""
        return self.end + self.size % 2


def fail(offset: int, expected: str, found: str) -> NoReturn:
    """Raise ArtifactMalformed for a Debian package."""
    raise ArtifactMalformed(format=NAME, offset=offset, expected=expected, found=found)


def members(read: Read, size: int) -> tuple[Member, ...]:
    """Read all headers of an archive of ``size`` bytes; the bytes themselves are not looked at.

    Raises ArtifactMalformed where anything does not fit exactly, LimitReached for too many members.
    """
    if read(0, len(MAGIC)) != MAGIC:
        fail(0, "the magic of an ar archive", "something else")
    found: list[Member] = []
    at = len(MAGIC)
    while at < size:
        if len(found) == MAX_MEMBERS:
            raise LimitReached(what="members of an ar archive", limit=MAX_MEMBERS)
        member = _member(read(at, HEADER_SIZE), at)
        if member.next > size:
            fail(member.start, f"{member.size} bytes of {member.name}", "the end of the file")
        if member.size % 2 and read(member.end, 1) != b"\n":
            fail(member.end, "a line feed that fills up to an even offset", "another byte")
        found.append(member)
        at = member.next
    return tuple(found)


def _member(header: bytes, at: int) -> Member:
    if len(header) < HEADER_SIZE:
        fail(at, "a member's header", "the end of the file")
    if header[58:] != _END:
        fail(at + 58, "the end of a member's header", repr(header[58:]))
    name = header[:16].rstrip(b" ").removesuffix(b"/")
    if not _TEXT.fullmatch(name) or b"/" in name or name.startswith(b"#1"):
        fail(at, "a short name", repr(header[:16]))
    for first, last in ((16, 28), (28, 34), (34, 40)):
        if header[first:last].strip() and not _NUMBER.fullmatch(header[first:last]):
            fail(at + first, "a decimal number", repr(header[first:last]))
    if header[40:48].strip() and not _OCTAL.fullmatch(header[40:48]):
        fail(at + 40, "an octal number", repr(header[40:48]))
    size = _NUMBER.fullmatch(header[48:58])
    if size is None:
        fail(at + 48, "a decimal size", repr(header[48:58]))
    return Member(name.decode("ascii"), at + HEADER_SIZE, int(size[1]), header)


def member(name: str, content: bytes) -> bytes:
    """Return a member as debsigs writes it: no time, owned by root, mode 100644.

    ``name``: at most 15 printable ASCII characters. Raises ValueError.
    """
    encoded = name.encode("ascii")
    if not _TEXT.fullmatch(encoded) or len(encoded) > 15 or b"/" in encoded:  # noqa: PLR2004 - of 16, one for the slash of others
        raise ValueError(name)
    head = b"%-16s%-12d%-6d%-6d%-8s%-10d%s" % (encoded, 0, 0, 0, b"100644", len(content), _END)
    return head + content + b"\n" * (len(content) % 2)
