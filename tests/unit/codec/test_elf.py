"""ELF headers: both classes and byte orders, every cut and any byte, and hostile counts."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signstation.codec import elf
from signstation.errors import ArtifactMalformed
from tests.support.kmod import INFO, Layout, module

SMALL = module()


def _read(data: bytes) -> elf.Read:
    return lambda offset, length: data[offset : offset + length]


def _parse(data: bytes) -> elf.Elf:
    return elf.parse(_read(data), len(data))


def _everything(data: bytes) -> int:
    """Parse headers and .modinfo; return the offset of the error, 0 where there is none."""
    try:
        elf.modinfo(_read(data), _parse(data))
    except ArtifactMalformed as error:
        return error.offset
    return 0


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("little", [False, True])
def test_every_class_and_order_is_read(*, wide: bool, little: bool) -> None:
    data = module(layout=Layout(wide=wide, little=little, machine=183))
    found = _parse(data)
    assert (found.wide, found.little, found.type, found.machine) == (wide, little, 1, 183)
    assert [each.name for each in found.sections] == [b"", b".text", b".modinfo", b".shstrtab"]
    assert found.end == len(data)
    assert elf.modinfo(_read(data), found) == INFO


@given(st.binary(max_size=300))
def test_any_bytes_end_in_a_value_or_a_typed_error(data: bytes) -> None:
    assert _everything(data) >= 0
    assert _everything(elf.MAGIC + b"\2\1\1" + data) >= 0


@given(st.integers(0, len(SMALL) - 1), st.integers(1, 255))
def test_a_changed_byte_ends_in_a_value_or_a_typed_error(at: int, change: int) -> None:
    data = bytearray(SMALL)
    data[at] ^= change
    assert _everything(bytes(data)) >= 0


def test_every_cut_is_refused() -> None:
    for length in range(len(SMALL)):
        with pytest.raises(ArtifactMalformed):
            _parse(SMALL[:length])


def _patched(offset: int, form: str, value: int) -> bytes:
    data = bytearray(SMALL)
    struct.pack_into("<" + form, data, offset, value)
    return bytes(data)


@pytest.mark.parametrize(
    ("offset", "form", "value"),
    [
        (0x28, "Q", 2**63),  # e_shoff
        (0x28, "Q", 0),
        (0x3A, "H", 63),  # e_shentsize
        (0x3C, "H", 0xFFFE),  # e_shnum
        (0x3E, "H", 4),  # e_shstrndx
    ],
)
def test_counts_and_offsets_beyond_the_file_are_refused(offset: int, form: str, value: int) -> None:
    with pytest.raises(ArtifactMalformed):
        _parse(_patched(offset, form, value))


def test_a_section_count_in_section_zero_is_bounded() -> None:
    """gABI: e_shnum 0 moves the count to sh_size of section 0."""
    table = struct.unpack_from("<Q", SMALL, 0x28)[0]
    data = bytearray(_patched(0x3C, "H", 0))
    struct.pack_into("<Q", data, table + 32, 4)
    assert len(_parse(bytes(data)).sections) == 4
    struct.pack_into("<Q", data, table + 32, elf.MAX_SECTIONS + 1)
    with pytest.raises(ArtifactMalformed):
        _parse(bytes(data))


def test_sections_that_overlap_names_are_no_way_to_fill_memory() -> None:
    """A name is at most MAX_NAME bytes, however many sections point into one long string."""
    data = module(layout=Layout(extra=(("x" * 3 * elf.MAX_NAME, b""),)))
    with pytest.raises(ArtifactMalformed, match="section name"):
        _parse(data)


def test_a_file_without_modinfo_is_refused() -> None:
    data = SMALL.replace(b".modinfo", b".mxdinfo")
    with pytest.raises(ArtifactMalformed, match=r"\.modinfo"):
        elf.modinfo(_read(data), _parse(data))


def test_undecodable_and_keyless_entries_are_shown_not_dropped() -> None:
    data = module((("author", "B\N{LATIN SMALL LETTER O WITH DIAERESIS}se"), ("odd", "")))
    data = data.replace("ö".encode(), b"\xff\xfe")
    assert elf.modinfo(_read(data), _parse(data)) == (("author", "B\ufffd\ufffdse"), ("odd", ""))


def test_the_number_of_entries_is_bounded() -> None:
    data = module((("a", "b"),) * (elf.MAX_ENTRIES + 1))
    with pytest.raises(ArtifactMalformed, match="entries"):
        elf.modinfo(_read(data), _parse(data))
