"""Command and response APDUs (ISO 7816-4, section 5) and BER-TLV data objects of a test card."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

SHORT_REPLY = 256
"""Most data bytes of an answer to a command without extended length."""


class Status(IntEnum):
    """Status words that the applets answer with."""

    OK = 0x9000
    MORE = 0x6100
    TERMINATED = 0x6285
    NO_TOUCH = 0x6600
    WRONG_LENGTH = 0x6700
    NOT_SATISFIED = 0x6982
    BLOCKED = 0x6983
    CONDITIONS = 0x6985
    WRONG_DATA = 0x6A80
    NO_FILE = 0x6A82
    WRONG_P1P2 = 0x6A86
    NOT_FOUND = 0x6A88
    NO_INSTRUCTION = 0x6D00
    NO_CLASS = 0x6E00


class Denied(Exception):
    """The applet answers with a status word and no data."""

    def __init__(self, status: int) -> None:
        """``status`` is the two bytes as a number."""
        super().__init__(f"{status:04X}")
        self.status = status


def wrong(tries: int) -> Denied:
    """Return the answer to a wrong PIN with so many tries left: 63Cx, or blocked."""
    return Denied(0x63C0 | tries) if tries else Denied(Status.BLOCKED)


@dataclass(frozen=True, slots=True)
class Command:
    """A command APDU; ``expected`` is Le, 0 for none."""

    kind: int
    instruction: int
    p1: int
    p2: int
    data: bytes
    expected: int

    @property
    def parameters(self) -> int:
        """P1 and P2 as one number."""
        return self.p1 << 8 | self.p2

    @property
    def chained(self) -> bool:
        """Whether more of the same command follows."""
        return bool(self.kind & 0x10)


def parse(raw: bytes) -> Command:
    """Take a command apart, short or extended. Raises Denied for impossible lengths."""
    if len(raw) < 4:
        raise Denied(Status.WRONG_LENGTH)
    head, body = raw[:4], raw[4:]
    data, expected = _body(body)
    return Command(head[0], head[1], head[2], head[3], data, expected)


def _body(body: bytes) -> tuple[bytes, int]:
    if not body:
        return b"", 0
    if len(body) == 1:
        return b"", body[0] or SHORT_REPLY
    if body[0] == 0 and len(body) == 3:
        return b"", int.from_bytes(body[1:], "big") or 0x10000
    wide = body[0] == 0
    length, start = (int.from_bytes(body[1:3], "big"), 3) if wide else (body[0], 1)
    data, rest = body[start : start + length], body[start + length :]
    if len(data) != length or len(rest) > 2:
        raise Denied(Status.WRONG_LENGTH)
    if not rest:
        return data, 0
    return data, int.from_bytes(rest, "big") or (0x10000 if wide else SHORT_REPLY)


def tlv(tag: int, value: bytes) -> bytes:
    """Return a BER-TLV object with a definite length."""
    name = tag.to_bytes((tag.bit_length() + 7) // 8 or 1, "big")
    size = len(value)
    if size < 0x80:
        return name + bytes((size,)) + value
    width = (size.bit_length() + 7) // 8
    return name + bytes((0x80 | width,)) + size.to_bytes(width, "big") + value


def heads(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield tag, length and what follows the length, without going past it by the length."""
    at = 0
    while at < len(data):
        start = at
        at += 1
        if data[start] & 0x1F == 0x1F:
            while data[at] & 0x80:
                at += 1
            at += 1
        tag = int.from_bytes(data[start:at], "big")
        size = data[at]
        at += 1
        if size & 0x80:
            width = size & 0x7F
            size = int.from_bytes(data[at : at + width], "big")
            at += width
        yield tag, size, data[at:]
        at += size


def objects(data: bytes) -> dict[int, bytes]:
    """Return the values of the BER-TLV objects in ``data`` by tag. Raises Denied."""
    found: dict[int, bytes] = {}
    try:
        for tag, size, rest in heads(data):
            if len(rest) < size:
                raise Denied(Status.WRONG_DATA)
            found[tag] = rest[:size]
    except IndexError as error:
        raise Denied(Status.WRONG_DATA) from error
    return found
