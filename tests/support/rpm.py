"""Builds small RPM packages in plain Python: the generated twins of the corpus.

Written from docs/manual/format_*.md of rpm and independent of ``signstation.codec``, so that the
two can contradict each other. Packages are real enough for rpmkeys; the payload is not a cpio.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

MAGIC = b"\x8e\xad\xe8\x01\0\0\0\0"
INT16, INT32, INT64, STRING, BINARY, ARRAY, I18N = 3, 4, 5, 6, 7, 8, 9
_INTEGERS = {INT16: ("H", 2), INT32: ("I", 4), INT64: ("Q", 8)}

Value = bytes | Sequence[bytes] | Sequence[int]


@dataclass(frozen=True, slots=True)
class RawEntry:
    """One entry: numbers for the integer types, bytes for BINARY and STRING, else strings."""

    tag: int
    type: int
    value: Value

    def encoded(self) -> tuple[int, bytes]:
        """Return count and bytes."""
        if self.type in _INTEGERS:
            code = _INTEGERS[self.type][0]
            numbers = [each for each in self.value if isinstance(each, int)]
            return len(numbers), struct.pack(f">{len(numbers)}{code}", *numbers)
        if isinstance(self.value, bytes):
            if self.type == BINARY:
                return len(self.value), self.value
            return 1, self.value + b"\0"
        strings = [each for each in self.value if isinstance(each, bytes)]
        return len(strings), b"".join(each + b"\0" for each in strings)


def build_header(region: int, entries: Sequence[RawEntry]) -> bytes:
    """Return a header with its region, entries in the given order."""
    index, store = b"", b""
    for each in entries:
        count, data = each.encoded()
        store += bytes(-len(store) % _INTEGERS.get(each.type, ("", 1))[1])
        index += struct.pack(">IIiI", each.tag, each.type, len(store), count)
        store += data
    number = len(entries) + 1
    first = struct.pack(">IIiI", region, BINARY, len(store), 16)
    store += struct.pack(">IIiI", region, BINARY, -16 * number, 16)
    return MAGIC + struct.pack(">II", number, len(store)) + first + index + store


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to build. ``extra`` are more entries of the main header, kept sorted by tag."""

    name: bytes = b"twin"
    version: bytes = b"1.0"
    release: bytes = b"1"
    arch: bytes = b"noarch"
    source: bool = False
    rpm_format: int = 4
    payload: bytes = b"payload of a twin\n" * 40
    reserve: int = 4128
    payload_digest: int = 8  # OpenPGP's number of the hash; 0 for none
    header_digests: bool = True
    md5: bool = True
    build_time: int = 1_600_000_000
    extra: Sequence[RawEntry] = ()
    change_signature: Callable[[list[RawEntry]], None] = field(default=lambda _: None)
    change_main: Callable[[list[RawEntry]], None] = field(default=lambda _: None)
    lead_name: bytes = b""
    padding: bytes = b"\0"

    def with_(self, **changes: object) -> Recipe:
        """A recipe with changes."""
        return replace(self, **changes)  # type: ignore[arg-type]


_HASHES = {1: "md5", 2: "sha1", 8: "sha256", 10: "sha512"}


def files(*paths: tuple[bytes, int], capabilities: Sequence[bytes] = ()) -> list[RawEntry]:
    """Entries for files of (path, mode), in one directory each."""
    directories = sorted({path.rpartition(b"/")[0] + b"/" for path, _ in paths})
    count = len(paths)
    found = [
        RawEntry(1028, INT32, [7] * count),
        RawEntry(1030, INT16, [mode for _, mode in paths]),
        RawEntry(1035, ARRAY, [hashlib.sha256(path).hexdigest().encode() for path, _ in paths]),
        RawEntry(1039, ARRAY, [b"root"] * count),
        RawEntry(1040, ARRAY, [b"root"] * count),
        RawEntry(
            1116,
            INT32,
            [directories.index(path.rpartition(b"/")[0] + b"/") for path, _ in paths],
        ),
        RawEntry(1117, ARRAY, [path.rpartition(b"/")[2] for path, _ in paths]),
        RawEntry(1118, ARRAY, directories),
        RawEntry(5011, INT32, [8]),
    ]
    if capabilities:
        found.append(RawEntry(5010, ARRAY, capabilities))
    return found


def _main_entries(recipe: Recipe) -> list[RawEntry]:
    entries = [
        RawEntry(100, ARRAY, [b"C"]),
        RawEntry(1000, STRING, recipe.name),
        RawEntry(1001, STRING, recipe.version),
        RawEntry(1002, STRING, recipe.release),
        RawEntry(1004, I18N, [b"A twin of the corpus"]),
        RawEntry(1005, I18N, [b"Built without rpmbuild."]),
        RawEntry(1006, INT32, [recipe.build_time]),
        RawEntry(1007, STRING, b"builder.example.org"),
        RawEntry(1009, INT32, [7]),
        RawEntry(1014, STRING, b"MIT"),
        RawEntry(1021, STRING, b"linux"),
        RawEntry(1022, STRING, recipe.arch),
        RawEntry(1124, STRING, b"cpio"),
        RawEntry(1125, STRING, b"gzip"),
        RawEntry(1126, STRING, b"9"),
    ]
    if not recipe.source:
        stem = b"-".join((recipe.name, recipe.version, recipe.release))
        entries.append(RawEntry(1044, STRING, stem + b".src.rpm"))
    if recipe.payload_digest:
        digest = hashlib.new(_HASHES[recipe.payload_digest], recipe.payload).hexdigest().encode()
        entries.append(RawEntry(5092, ARRAY, [digest]))
        if recipe.rpm_format < 6:
            entries.append(RawEntry(5093, INT32, [recipe.payload_digest]))
    if recipe.rpm_format >= 6:
        sha512 = hashlib.sha512(recipe.payload).hexdigest().encode()
        sha3 = hashlib.sha3_256(recipe.payload).hexdigest().encode()
        entries += [
            RawEntry(5062, STRING, b"utf-8"),
            RawEntry(5114, INT32, [6]),
            RawEntry(5121, STRING, sha512),
            RawEntry(5123, STRING, sha3),
        ]
    entries = sorted([*entries, *recipe.extra], key=lambda each: each.tag)
    recipe.change_main(entries)
    return entries


def _signature_entries(recipe: Recipe, main: bytes) -> list[RawEntry]:
    whole = main + recipe.payload
    entries: list[RawEntry] = []
    if recipe.header_digests:
        entries.append(RawEntry(273, STRING, hashlib.sha256(main).hexdigest().encode()))
    if recipe.rpm_format >= 6:
        entries.append(RawEntry(279, STRING, hashlib.sha3_256(main).hexdigest().encode()))
    else:
        sha1 = hashlib.sha1(main, usedforsecurity=False).hexdigest().encode()
        entries += [RawEntry(269, STRING, sha1), RawEntry(1000, INT32, [len(whole)])]
        if recipe.md5:
            md5 = hashlib.md5(whole, usedforsecurity=False).digest()
            entries.append(RawEntry(1004, BINARY, md5))
        entries.append(RawEntry(1007, INT32, [len(recipe.payload) * 3]))
    if recipe.reserve:
        tag = 999 if recipe.rpm_format >= 6 else 1008
        entries.append(RawEntry(tag, BINARY, bytes(recipe.reserve)))
    entries.sort(key=lambda each: each.tag)
    recipe.change_signature(entries)
    return entries


def build(recipe: Recipe | None = None) -> bytes:
    """Return the package."""
    chosen = recipe or Recipe()
    main = build_header(63, _main_entries(chosen))
    signature = build_header(62, _signature_entries(chosen, main))
    name = b"-".join((chosen.name, chosen.version, chosen.release))
    lead = struct.pack(
        ">4sBBHH66sHH16s",
        b"\xed\xab\xee\xdb",
        4 if chosen.rpm_format >= 6 else 3,
        0,
        1 if chosen.source else 0,
        0 if chosen.rpm_format >= 6 else 1,
        chosen.lead_name or name[:65],
        0 if chosen.rpm_format >= 6 else 1,
        5,
        bytes(16),
    )
    padding = (chosen.padding * 8)[: -len(signature) % 8]
    return lead + signature + padding + main + chosen.payload


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things are in a well-formed package, in bytes from the start of the file."""

    signature: int
    signature_end: int
    main: int
    payload: int


def layout(content: bytes) -> Layout:
    """Find the parts of a package by its own numbers."""

    def end(start: int) -> int:
        tags, size = struct.unpack_from(">II", content, start + 8)
        return int(start + 16 + 16 * tags + size)

    signature_end = end(96)
    main = signature_end + -signature_end % 8
    return Layout(96, signature_end, main, end(main))


def entries(content: bytes, start: int) -> list[tuple[int, int, int, int]]:
    """Return (tag, type, file offset of the data, count) of the header at ``start``."""
    tags, _ = struct.unpack_from(">II", content, start + 8)
    store = start + 16 + 16 * tags
    found = []
    for number in range(tags):
        tag, kind, offset, count = struct.unpack_from(">IIiI", content, start + 16 + 16 * number)
        found.append((tag, kind, store + offset, count))
    return found


def data_of(content: bytes, tag: int) -> bytes:
    """Return the bytes of a BINARY tag of the signature header."""
    (place,) = (each for each in entries(content, 96) if each[0] == tag)
    return content[place[2] : place[2] + place[3]]


def covered(content: bytes) -> tuple[range, ...]:
    """Return what signatures cover: header and payload."""
    parts = layout(content)
    return (range(parts.main, parts.payload), range(parts.payload, len(content)))


def noticed(content: bytes) -> tuple[range, ...]:
    """Return what nothing covers but is told of: most of the lead, padding and reserve.

    Not so the numbers of architecture and system in the lead, and the size of the unpacked payload.
    """
    parts = layout(content)
    found = [range(4, 8), range(10, 76), range(78, 96), range(parts.signature_end, parts.main)]
    for tag, _, start, count in entries(content, 96):
        if tag in {999, 1008}:
            found.append(range(start, start + count))
    return tuple(each for each in found if each)
