"""Just enough of ELF (gABI chapter 4) to name what is inside a kernel module.

Strict about what it uses: every offset and count is checked against the file before it is read.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from signstation.errors import ArtifactMalformed

NAME = "elf"
MAGIC = b"\x7fELF"
HEADER = 64
"""Bytes of the larger file header (ELF64)."""
RELOCATABLE = 1
"""ET_REL: the type of kernel modules."""
WITHOUT_BYTES = frozenset({0, 8})
"""SHT_NULL and SHT_NOBITS: sections without bytes in the file."""
EXTENDED_INDEX = 0xFFFF
"""SHN_XINDEX: the string table's index is in section 0's sh_link."""
MAX_SECTIONS = 65_536
"""Most sections: the kernel's own build makes a few hundred; -ffunction-sections some thousands."""
MAX_NAMES = 4 * 1024 * 1024
"""Most bytes of section names."""
MAX_NAME = 512
"""Most bytes of one section name: -ffunction-sections puts a symbol in it (KSYM_NAME_LEN 512)."""
MAX_MODINFO = 4 * 1024 * 1024
"""Most bytes of .modinfo: drivers with thousands of aliases have 300 kB."""
MAX_ENTRIES = 100_000
"""Most entries of .modinfo."""

_WIDE = {True: "QQQQIIQQ", False: "IIIIIIII"}  # flags, addr, offset, size, link, info, align, entry

Read = Callable[[int, int], bytes]
"""``read(offset, length)``: fewer bytes only at the end of the file."""


@dataclass(frozen=True, slots=True)
class Section:
    """A section: its name as bytes, type, and where its bytes are."""

    name: bytes
    type: int
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Elf:
    """An ELF file's headers. ``end`` is where the last byte that they speak of ends."""

    wide: bool  # ELF64
    little: bool
    type: int
    machine: int
    sections: tuple[Section, ...]
    end: int

    def find(self, name: bytes) -> Section | None:
        """Return the first section of a name."""
        return next((each for each in self.sections if each.name == name), None)


@dataclass(frozen=True, slots=True)
class _Header:
    wide: bool
    order: str
    type: int
    machine: int
    table: int
    entry: int
    count: int
    names: int


def _fail(offset: int, expected: str, found: str) -> NoReturn:
    raise ArtifactMalformed(format=NAME, offset=offset, expected=expected, found=found)


def parse(read: Read, size: int) -> Elf:
    """Parse the headers of an ELF file of ``size`` bytes. Raises ArtifactMalformed."""
    header = _header(read(0, HEADER))
    count, names = header.count, header.names
    if count == 0 or names == EXTENDED_INDEX:
        # gABI: too many for the header's fields; section 0 holds the true values
        ((_, _, _, _, _, extended, link, *_),) = _table(read, header, 1, size)
        count = count or extended
        names = link if names == EXTENDED_INDEX else names
    if not 0 < count <= MAX_SECTIONS:
        _fail(header.table, f"1 to {MAX_SECTIONS} sections", str(count))
    if names >= count:
        _fail(header.table, f"a name table below section {count}", str(names))
    rows = _table(read, header, count, size)
    strings = _strings(read, rows[names], size)
    end = header.table + count * header.entry
    sections: list[Section] = []
    for name, kind, _, _, offset, length, *_ in rows:
        if kind not in WITHOUT_BYTES:
            if offset + length > size:
                _fail(offset, f"{length} bytes of section", f"{size} bytes of file")
            end = max(end, offset + length)
        sections.append(Section(_name(strings, name), kind, offset, length))
    return Elf(header.wide, header.order == "<", header.type, header.machine, tuple(sections), end)


def modinfo(read: Read, elf: Elf) -> tuple[tuple[str, str], ...]:
    """Return the ``key=value`` entries of .modinfo in order; undecodable bytes become U+FFFD.

    Raises ArtifactMalformed where there is no such section.
    """
    section = elf.find(b".modinfo")
    if section is None or section.type in WITHOUT_BYTES:
        _fail(0, "a .modinfo section", "none")
    if section.size > MAX_MODINFO:
        _fail(section.offset, f"at most {MAX_MODINFO} bytes of .modinfo", str(section.size))
    entries = [each for each in read(section.offset, section.size).split(b"\0") if each]
    if len(entries) > MAX_ENTRIES:
        _fail(section.offset, f"at most {MAX_ENTRIES} entries", str(len(entries)))
    found: list[tuple[str, str]] = []
    for entry in entries:
        key, _, value = entry.decode(errors="replace").partition("=")
        found.append((key, value))
    return tuple(found)


def _header(data: bytes) -> _Header:
    if data[:4] != MAGIC:
        _fail(0, MAGIC.hex(), data[:4].hex())
    kind, order_byte = data[4:5], data[5:6]
    if kind not in {b"\1", b"\2"} or order_byte not in {b"\1", b"\2"}:
        _fail(4, "class and byte order 1 or 2", data[4:6].hex())
    wide, order = kind == b"\2", "<" if order_byte == b"\1" else ">"
    form = struct.Struct(order + ("HHIQQQIHHHHHH" if wide else "HHIIIIIHHHHHH"))
    if len(data) < 16 + form.size:
        _fail(len(data), f"{16 + form.size} bytes of header", f"{len(data)}")
    fields = form.unpack_from(data, 16)
    entry = struct.calcsize(order + "II" + _WIDE[wide])
    if fields[10] != entry:
        _fail(16, f"section headers of {entry} bytes", str(fields[10]))
    return _Header(
        wide, order, fields[0], fields[1], fields[5], entry, count=fields[11], names=fields[12]
    )


def _table(read: Read, header: _Header, count: int, size: int) -> list[tuple[int, ...]]:
    """Section headers: name, type, flags, address, offset, size, link and three more."""
    length = count * header.entry
    if header.table == 0 or header.table + length > size:
        _fail(header.table, f"{length} bytes of section headers", f"{size} bytes of file")
    form = header.order + "II" + _WIDE[header.wide]
    return list(struct.iter_unpack(form, read(header.table, length)))


def _strings(read: Read, row: tuple[int, ...], size: int) -> bytes:
    _, kind, _, _, offset, length, *_ = row
    if length > MAX_NAMES or kind in WITHOUT_BYTES or offset + length > size:
        _fail(offset, f"at most {MAX_NAMES} bytes of names", str(length))
    return read(offset, length)


def _name(strings: bytes, at: int) -> bytes:
    end = strings.find(b"\0", at, at + MAX_NAME)
    if end < 0:
        _fail(at, f"a section name of less than {MAX_NAME} bytes", "none")
    return strings[at:end]
