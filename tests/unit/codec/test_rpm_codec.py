"""RPM headers: any bytes give a value or a typed error, bounds are rpm's, writing inverts it."""

from __future__ import annotations

import contextlib
import struct
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from signstation.codec import rpmfile, rpmwrite
from signstation.codec.rpmfile import Header, Package, read_package
from signstation.codec.rpmtags import DataType, Tag
from signstation.errors import ArtifactMalformed, LimitReached
from tests.support.rpm import (
    ARRAY,
    BINARY,
    I18N,
    INT16,
    INT32,
    INT64,
    STRING,
    RawEntry,
    Recipe,
    build,
    build_header,
    layout,
)


def parse(content: bytes) -> Package:
    return read_package(lambda offset, length: content[offset : offset + length], len(content))


def walk(header: Header) -> None:
    """Read every entry in every way."""
    for each in header.entries:
        header.data(each)
        for read in (header.strings, header.numbers):
            with contextlib.suppress(ArtifactMalformed):
                list(read(each.tag))
        with contextlib.suppress(ArtifactMalformed):
            header.binary(each.tag)


def survives(content: bytes) -> None:
    """A value or a typed error; never anything else."""
    with contextlib.suppress(ArtifactMalformed):
        package = parse(content)
        walk(package.signature)
        walk(package.main)
        assert package.main.end <= len(content)


GOOD = build(Recipe(reserve=64, payload=b"p"))
PARTS = layout(GOOD)


@given(st.binary(max_size=400))
@example(b"")
@example(GOOD[:96])
def test_any_bytes_give_a_value_or_a_typed_error(content: bytes) -> None:
    survives(content)
    survives(GOOD[:96] + content)
    survives(GOOD[: PARTS.main] + content)


@given(st.integers(96, PARTS.payload - 1), st.integers(0, 255), st.binary(min_size=1, max_size=6))
def test_mutated_headers_give_a_value_or_a_typed_error(place: int, value: int, more: bytes) -> None:
    survives(GOOD[:place] + bytes([value]) + GOOD[place + 1 :])
    survives(GOOD[:place] + more + GOOD[place + len(more) :])
    survives(GOOD[:place] + more + GOOD[place:])
    survives(GOOD[:place] + GOOD[place + len(more) :])


NUMBERS = st.sampled_from([0, 1, 2, 15, 16, 17, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 0xFFFFFFFF])
FIELDS = [
    start + 16 + 4 * number
    for start in (96, PARTS.main)
    for number in range(4 * struct.unpack_from(">I", GOOD, start + 8)[0])
]


@given(st.sampled_from([104, 108, PARTS.main + 8, PARTS.main + 12, *FIELDS]), NUMBERS)
def test_wild_numbers_in_the_index_give_a_value_or_a_typed_error(place: int, value: int) -> None:
    survives(GOOD[:place] + struct.pack(">I", value) + GOOD[place + 4 :])


def entry() -> st.SearchStrategy[RawEntry]:
    text = st.binary(max_size=12).map(lambda value: value.replace(b"\0", b"0"))
    return st.one_of(
        st.builds(RawEntry, TAGS, st.just(BINARY), st.binary(min_size=1, max_size=20)),
        st.builds(RawEntry, TAGS, st.just(STRING), text),
        st.builds(RawEntry, TAGS, st.sampled_from([ARRAY, I18N]), st.lists(text, min_size=1)),
        st.builds(RawEntry, TAGS, st.just(INT16), numbers(2)),
        st.builds(RawEntry, TAGS, st.just(INT32), numbers(4)),
        st.builds(RawEntry, TAGS, st.just(INT64), numbers(8)),
    )


def numbers(size: int) -> st.SearchStrategy[list[int]]:
    return st.lists(st.integers(0, 2 ** (8 * size) - 1), min_size=1, max_size=5)


TAGS = st.integers(100, 9999)


@given(st.lists(entry(), max_size=20, unique_by=lambda each: each.tag))
def test_what_was_built_is_read_and_written_again_byte_for_byte(entries: list[RawEntry]) -> None:
    entries.sort(key=lambda each: each.tag)
    raw = build_header(62, entries)
    package = parse(GOOD[:96] + raw + bytes(-len(raw) % 8) + GOOD[PARTS.main :])
    found = package.signature
    assert [each.tag for each in found.entries] == [each.tag for each in entries]
    assert found.stray == 0
    assert found.whole
    for each in entries:
        match each.type:
            case 7:
                assert found.binary(each.tag) == each.value
            case 6:
                assert list(found.strings(each.tag)) == [each.value]
            case 8 | 9:
                assert list(found.strings(each.tag)) == list(each.value)
            case _:
                assert list(found.numbers(each.tag)) == list(each.value)
    assert rpmwrite.signature_header(rpmwrite.items_of(found)) == raw
    assert rpmwrite.signature_header(rpmwrite.items_of(found)[::-1]) == raw


def test_absent_tags_are_empty() -> None:
    main = parse(GOOD).main
    assert main.string(4242) == b""
    assert main.binary(4242) == b""
    assert main.number(4242, 7) == 7
    assert main.count(4242) == 0
    assert 4242 not in main


def test_a_tag_of_another_type_is_malformed_where_it_stands() -> None:
    main = parse(GOOD).main
    with pytest.raises(ArtifactMalformed) as caught:
        list(main.numbers(Tag.NAME))
    assert GOOD[caught.value.offset : caught.value.offset + 4] == struct.pack(">I", Tag.NAME)
    with pytest.raises(ArtifactMalformed):
        main.string(Tag.BUILD_TIME)


@pytest.mark.parametrize(
    ("place", "value", "expected"),
    [
        (104, 33, "1 to 32 tags"),
        (108, 64 * 1024 * 1024 + 1, "67108864 bytes"),
        (PARTS.main + 8, 0x10000, "1 to 65535 tags"),
        (PARTS.main + 12, 256 * 1024 * 1024, "268435455 bytes"),
    ],
)
def test_the_bounds_are_those_of_rpm(place: int, value: int, expected: str) -> None:
    with pytest.raises(ArtifactMalformed) as caught:
        parse(GOOD[:place] + struct.pack(">I", value) + GOOD[place + 4 :])
    assert expected in caught.value.expected
    assert caught.value.offset == place


def test_hidden_bytes_between_entries_are_counted() -> None:
    content = bytearray(GOOD)
    start = 96 + 16 + 16 * struct.unpack_from(">I", content, 104)[0]
    offsets = sorted(
        struct.unpack_from(">I", content, 96 + 24 + 16 * number)[0] for number in range(1, 7)
    )
    assert parse(bytes(content)).signature.stray == 0
    gap = start + offsets[2] - 1  # the byte of alignment before a number
    content[gap] = 0x41
    assert parse(bytes(content)).signature.stray == 1


def test_duplicate_tags_are_reported_and_the_first_counts() -> None:
    twice = [RawEntry(4000, STRING, b"first"), RawEntry(4000, STRING, b"second")]
    main = parse(build(Recipe(change_main=lambda found: found.extend(twice)))).main
    assert main.duplicates == (4000,)
    assert main.string(4000) == b"first"


def test_a_signature_header_without_region_is_read_as_rpm_does() -> None:
    index = struct.pack(">IIiI", 273, STRING, 0, 1)
    store = b"0" * 64 + b"\0"
    raw = rpmfile.HEADER_MAGIC + struct.pack(">II", 1, len(store)) + index + store
    package = parse(GOOD[:96] + raw + bytes(-len(raw) % 8) + GOOD[PARTS.main :])
    assert not package.signature.whole
    assert package.signature.string(273) == b"0" * 64


def test_a_huge_header_of_empty_strings_takes_no_longer_than_its_bytes() -> None:
    count = rpmfile.MAX_ARRAY
    entries = [RawEntry(5000 + number, ARRAY, [b""] * count) for number in range(2)]
    content = build(Recipe(change_main=lambda found: found.extend(entries)))
    started = time.process_time()
    package = parse(content)
    assert time.process_time() - started < 1
    assert package.main.count(5001) == count


def test_writing_more_than_rpm_reads_is_refused() -> None:
    items = [rpmwrite.binary(1000 + number, b"x") for number in range(32)]
    with pytest.raises(LimitReached):
        rpmwrite.signature_header(items)
    with pytest.raises(LimitReached):
        rpmwrite.signature_header([rpmwrite.binary(1000, bytes(rpmfile.MAX_SIGNATURE_STORE))])


def test_a_file_that_becomes_shorter_while_read_is_a_typed_error() -> None:
    shorter = GOOD[:-200]
    with pytest.raises(ArtifactMalformed) as caught:
        read_package(lambda offset, length: shorter[offset : offset + length], len(GOOD))
    assert caught.value.offset == len(shorter)


def test_alignment_is_what_the_types_need() -> None:
    assert [each.alignment for each in DataType] == [1, 1, 2, 4, 8, 1, 1, 1, 1]
