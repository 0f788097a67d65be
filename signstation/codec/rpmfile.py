"""RPM package files of versions 4 and 6: lead, signature header and main header, strictly read.

Lead (96 bytes) || signature header || zeros to a multiple of 8 || main header || payload. Both
headers: magic || number of index entries || bytes of the store || index || store. The bounds are
those of rpm itself (lib/header.cc), so that nothing is read here that rpm would refuse.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NoReturn

from signstation.codec.rpmtags import INTEGERS, LOWEST_TAG, STRINGS, DataType, Region
from signstation.errors import ArtifactMalformed

NAME = "rpm"
LEAD_MAGIC = b"\xed\xab\xee\xdb"
LEAD_SIZE = 96
HEADER_MAGIC = b"\x8e\xad\xe8\x01\x00\x00\x00\x00"
INTRO_SIZE = 16
"""Bytes of a header before its index: magic, number of entries, bytes of the store."""
ENTRY_SIZE = 16
ALIGNMENT = 8
"""The signature header is padded to a multiple of this (lib/signature.cc)."""
MAX_SIGNATURE_TAGS = 32
"""Most entries of a signature header: il_max in hdrblobVerifyLengths(), lib/header.cc."""
MAX_SIGNATURE_STORE = 64 * 1024 * 1024
"""Most bytes of a signature header's store: dl_max there."""
MAX_TAGS = 0xFFFF
"""Most entries of a main header: HEADER_TAGS_MAX, lib/header.cc."""
MAX_STORE = 256 * 1024 * 1024 - 1
"""Most bytes of a main header's store: HEADER_DATA_MAX, lib/header.cc."""
MAX_ARRAY = 0xFFFFF
"""Most elements of an entry that is not binary: HEADER_ARRAY_MAX, lib/header.cc."""
CHUNK = 16 * 1024 * 1024
"""Bytes of one read; ``Artifact.read`` gives at most 64 MiB."""
HEADER_SIGNATURE = 5
"""Signature type of the lead: RPMSIGTYPE_HEADERSIG, the only one since version 3."""
LEAD_MAJORS = frozenset({3, 4})
"""Versions in the lead: 3 for packages of format 3 and 4, 4 for format 6 (docs/manual)."""

_LEAD = struct.Struct(">4sBBHH66sHH16s")
_ENTRY = struct.Struct(">IIiI")
_INTEGER_CODES = {1: "B", 2: "H", 4: "I", 8: "Q"}
_MAX_BLOCK = 64 * 1024

Read = Callable[[int, int], bytes]
"""``read(offset, length)``: fewer bytes only at the end of the file."""


def fail(offset: int, expected: str, found: str) -> NoReturn:
    """Raise ArtifactMalformed for an RPM file."""
    raise ArtifactMalformed(format=NAME, offset=offset, expected=expected, found=found)


@dataclass(frozen=True, slots=True)
class Lead:
    """The first 96 bytes; no signature covers them and rpm ignores all but the magic."""

    major: int
    minor: int
    type: int  # 0 binary, 1 source
    name: bytes  # 66 bytes, filled up with zeros
    spare: bytes  # 16 reserved bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """One index entry. ``offset`` counts from the start of the store, ``at`` from the file's."""

    tag: int
    type: DataType
    offset: int
    count: int
    length: int
    at: int


@dataclass(frozen=True, slots=True)
class Header:
    """One header as it stands: ``raw`` from its magic to the end of its store.

    ``entries`` are in the order of the index, without the region. ``whole`` tells whether the
    region holds all of the header, as rpm writes it. ``stray`` counts bytes of the store that are
    not zero and belong to no entry.
    """

    start: int
    raw: bytes
    store: int  # offset of the store in ``raw``
    entries: tuple[Entry, ...]
    whole: bool
    stray: int
    _by_tag: Mapping[int, Entry] = field(repr=False, compare=False)

    @property
    def end(self) -> int:
        """File offset behind the store."""
        return self.start + len(self.raw)

    @property
    def duplicates(self) -> tuple[int, ...]:
        """Tags that stand there more than once."""
        counts = Counter(each.tag for each in self.entries)
        return tuple(tag for tag, count in counts.items() if count > 1)

    def __contains__(self, tag: int) -> bool:
        return tag in self._by_tag

    def data(self, entry: Entry) -> bytes:
        """Return an entry's bytes in the store."""
        start = self.store + entry.offset
        return self.raw[start : start + entry.length]

    def strings(self, tag: int) -> Iterator[bytes]:
        """Yield a tag's strings, none where it is absent; raise ArtifactMalformed for a number."""
        entry = self._typed(tag, STRINGS, "strings")
        if entry is None:
            return
        at = self.store + entry.offset
        for _ in range(entry.count):
            end = self.raw.index(0, at)
            yield self.raw[at:end]
            at = end + 1

    def string(self, tag: int) -> bytes:
        """Return a tag's first string, empty where it is absent."""
        return next(self.strings(tag), b"")

    def numbers(self, tag: int) -> Iterator[int]:
        """Yield a tag's numbers, none where it is absent; raise ArtifactMalformed for strings."""
        entry = self._typed(tag, INTEGERS, "numbers")
        if entry is None:
            return
        layout = struct.Struct(f">{_INTEGER_CODES[entry.type.size]}")
        start = self.store + entry.offset
        for at in range(start, start + entry.length, layout.size):
            yield layout.unpack_from(self.raw, at)[0]

    def number(self, tag: int, default: int = 0) -> int:
        """Return a tag's first number."""
        return next(self.numbers(tag), default)

    def binary(self, tag: int) -> bytes:
        """Return a tag's bytes, empty where it is absent; raise ArtifactMalformed for others."""
        entry = self._typed(tag, frozenset({DataType.BINARY}), "bytes")
        return b"" if entry is None else self.data(entry)

    def count(self, tag: int) -> int:
        """Return the number of a tag's elements, 0 where it is absent."""
        return self._by_tag[tag].count if tag in self._by_tag else 0

    def _typed(self, tag: int, types: frozenset[DataType], expected: str) -> Entry | None:
        entry = self._by_tag.get(tag)
        if entry is not None and entry.type not in types:
            fail(entry.at, f"{expected} under tag {tag}", entry.type.name)
        return entry


@dataclass(frozen=True, slots=True)
class Package:
    """A package file without its payload, which starts at ``main.end`` and ends with the file."""

    lead: Lead
    lead_raw: bytes
    signature: Header
    padding: bytes
    main: Header
    size: int


def read_package(read: Read, size: int) -> Package:
    """Read lead and headers of a file of ``size`` bytes.

    Holds the headers, at most 320 MiB and with real packages below 30 MB. Raises ArtifactMalformed.
    """
    lead_raw = _exactly(read, 0, LEAD_SIZE)
    lead = _lead(lead_raw)
    signature = _read_header(read, LEAD_SIZE, Region.SIGNATURES)
    padding = _exactly(read, signature.end, -signature.end % ALIGNMENT)
    main = _read_header(read, signature.end + len(padding), Region.IMMUTABLE)
    if main.end > size:
        fail(size, f"a file of {size} bytes", "a longer one")
    return Package(lead, lead_raw, signature, padding, main, size)


def _exactly(read: Read, offset: int, length: int) -> bytes:
    parts: list[bytes] = []
    left = length
    while left:
        part = read(offset + length - left, min(left, CHUNK))
        if not part:
            fail(offset + length - left, f"{left} bytes more", "the end of the file")
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _lead(raw: bytes) -> Lead:
    magic, major, minor, kind, _, name, _, signature, spare = _LEAD.unpack(raw)
    if magic != LEAD_MAGIC:
        fail(0, f"magic {LEAD_MAGIC.hex()}", magic.hex())
    if major not in LEAD_MAJORS:
        fail(4, "format 3 or 4 in the lead", str(major))
    if signature != HEADER_SIGNATURE:
        fail(78, f"signature type {HEADER_SIGNATURE}", str(signature))
    return Lead(major, minor, kind, name, spare)


def _read_header(read: Read, start: int, region: Region) -> Header:
    intro = _exactly(read, start, INTRO_SIZE)
    if intro[:8] != HEADER_MAGIC:
        fail(start, f"header magic {HEADER_MAGIC.hex()}", intro[:8].hex())
    tags, size = struct.unpack_from(">II", intro, 8)
    signature = region is Region.SIGNATURES
    most_tags = MAX_SIGNATURE_TAGS if signature else MAX_TAGS
    most_bytes = MAX_SIGNATURE_STORE if signature else MAX_STORE
    if not 0 < tags <= most_tags:
        fail(start + 8, f"1 to {most_tags} tags", str(tags))
    if not 0 < size <= most_bytes:
        fail(start + 12, f"1 to {most_bytes} bytes of data", str(size))
    raw = _exactly(read, start, INTRO_SIZE + tags * ENTRY_SIZE + size)
    return _Reader(start, raw, tags, region).header()


class _Reader:
    """Checks index and store of one header, as hdrblobVerifyRegion() and hdrblobVerifyInfo()."""

    def __init__(self, start: int, raw: bytes, tags: int, region: Region) -> None:
        self._start = start
        self._raw = raw
        self._tags = tags
        self._store = INTRO_SIZE + tags * ENTRY_SIZE
        self._size = len(raw) - self._store
        self._region = region

    def header(self) -> Header:
        trailer, whole = self._trailer()
        entries: list[Entry] = []
        end = stray = 0
        for number in range(0 if trailer is None else 1, self._tags):
            entry = self._entry(number, end)
            stop = entry.offset + entry.length
            if trailer is not None and entry.offset < trailer + ENTRY_SIZE and stop > trailer:
                fail(entry.at, "data before the region's end", f"{stop} > {trailer}")
            stray += self._stray(end, entry.offset, trailer)
            entries.append(entry)
            end = stop
        stray += self._stray(end, self._size, trailer)
        by_tag: dict[int, Entry] = {}
        for entry in entries:
            by_tag.setdefault(entry.tag, entry)
        return Header(self._start, self._raw, self._store, tuple(entries), whole, stray, by_tag)

    def _trailer(self) -> tuple[int | None, bool]:
        """Return where the region ends, and whether it is the whole header."""
        tag, kind, offset, count = _ENTRY.unpack_from(self._raw, INTRO_SIZE)
        at = self._start + INTRO_SIZE
        if tag != self._region:
            if self._region is Region.SIGNATURES and tag >= LOWEST_TAG:
                return None, False
            fail(at, f"region tag {self._region.value}", f"tag {tag}")
        if kind != DataType.BINARY or count != ENTRY_SIZE:
            fail(at, f"a region of {ENTRY_SIZE} bytes", f"type {kind}, count {count}")
        if not 0 <= offset <= self._size - ENTRY_SIZE:
            fail(at + 8, f"an offset within {self._size} bytes", str(offset))
        found = _ENTRY.unpack_from(self._raw, self._store + offset)
        in_region = -found[2] // ENTRY_SIZE
        # packages signed long ago have HEADERIMAGE in the signature's trailer
        tags = {self._region, Region.IMAGE} if self._region is Region.SIGNATURES else {self._region}
        valid = found[0] in tags and found[1] == DataType.BINARY and found[3] == ENTRY_SIZE
        if not valid or found[2] % ENTRY_SIZE or not 0 < in_region <= self._tags:
            where = self._start + self._store + offset
            fail(where, f"a region trailer for {self._tags} tags", str(found))
        whole = in_region == self._tags and offset + ENTRY_SIZE == self._size
        if not whole and self._region is Region.IMMUTABLE:
            fail(at, "a region that holds the whole header", f"{in_region} of {self._tags} tags")
        return offset, whole

    def _entry(self, number: int, end: int) -> Entry:
        position = INTRO_SIZE + number * ENTRY_SIZE
        at = self._start + position
        tag, kind, offset, count = _ENTRY.unpack_from(self._raw, position)
        if tag < LOWEST_TAG:
            fail(at, f"a tag from {LOWEST_TAG}", str(tag))
        if kind not in _TYPES:
            fail(at + 4, "a type from 1 to 9", str(kind))
        known = DataType(kind)
        if not end <= offset < self._size:
            fail(at + 8, f"an offset from {end} to {self._size}", str(offset))
        if offset % known.alignment:
            fail(at + 8, f"a multiple of {known.alignment}", str(offset))
        most = self._size if known is DataType.BINARY else MAX_ARRAY
        if not 0 < count <= most or (known is DataType.STRING and count != 1):
            fail(at + 12, f"1 to {most} elements", str(count))
        length = known.size * count or self._strings(offset, count, at)
        if length > self._size - offset:
            fail(at + 12, f"at most {self._size - offset} bytes", str(length))
        return Entry(tag, known, offset, count, length, at)

    def _strings(self, offset: int, count: int, at: int) -> int:
        """Bytes of ``count`` strings: gallops over blocks, so that the cost is their length."""
        position = start = self._store + offset
        left, block, grows = count, 64, True
        while position < len(self._raw):
            found = self._raw.count(0, position, position + block)
            if found < left:
                left -= found
                position += block
                block = min(2 * block, _MAX_BLOCK) if grows else block
            elif block == 1:
                return position + 1 - start
            else:
                block, grows = block // 2, False
        fail(at + 12, f"{count} strings that end with a zero byte", str(count - left))

    def _stray(self, start: int, stop: int, trailer: int | None) -> int:
        """Count bytes other than zero between two entries, the region's trailer left out."""
        if trailer is not None and start <= trailer < stop:
            end = trailer + ENTRY_SIZE
            return self._stray(start, trailer, None) + self._stray(end, stop, None)
        gap = max(stop - start, 0)
        return gap - self._raw.count(0, self._store + start, self._store + stop) if gap else 0


_TYPES = frozenset(DataType)
