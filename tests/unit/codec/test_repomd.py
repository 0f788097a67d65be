"""repomd.xml, primary.xml and what is inside an index: read strictly, and within bounds."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from signstation.codec import repomd_open, repomd_xml
from signstation.codec.repomd import MAX_DATA, Location, parse_primary, parse_repomd
from signstation.codec.repomd_open import open_index
from signstation.codec.repomd_xml import MAX_DEPTH, MAX_TEXT, MAX_TOKEN, elements
from signstation.errors import ArtifactMalformed, LimitReached, SignstationError
from signstation.model.hashes import HashAlgorithm
from tests.support.rpmrepo import data, listed, primary, repomd

GOOD = repomd([data("primary", ".gz", b"a", b"b"), data("other", "", b"c", b"c")])


def test_what_createrepo_writes_is_read() -> None:
    found = parse_repomd(GOOD)
    first, second = found.data
    assert (found.revision, found.created, found.repeated) == ("7", 1_600_000_000, ())
    assert (first.type, first.location.place) == ("primary", "repodata/primary.xml.gz")
    assert (first.size, first.open_size, first.checksum.algorithm) == (1, 1, HashAlgorithm.SHA256)
    assert second.opened


def test_packages_are_read_one_after_the_other() -> None:
    content = primary([listed(f"p{number}", b"x", version=f"{number}") for number in range(3)])
    found = list(parse_primary(content[at : at + 7] for at in range(0, len(content), 7)))
    assert [each.location.place for each in found] == ["p0.rpm", "p1.rpm", "p2.rpm"]
    assert found[2].titles == ("p2-2-1.noarch", "p2-0:2-1.noarch")


def test_titles_of_source_packages_and_epochs() -> None:
    entry = listed("p", b"x", epoch="3").replace("noarch", "src")
    (found,) = parse_primary([primary([entry])])
    assert found.titles == ("p-3:1.0-1.src", "p-3:1.0-1.nosrc")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<repomd", b'<!DOCTYPE r [<!ENTITY a "b">]><repomd'),
        (b'encoding="UTF-8"', b'encoding="ISO-8859-1"'),
        (b"</repomd>", b""),
        (b"<size>1</size>", b"<size>-1</size>"),
        (b"<size>1</size>", b"<size>1</size><size>1</size>"),
        (b"<size>1</size>", b"<size>" + b"9" * 30 + b"</size>"),
        (b'type="primary"', b""),
        (b' href="repodata/primary.xml.gz"', b""),
        (b'type="sha256">', b'type="sha512">'),
        (b'type="sha256">', b'type="sha256">\xc3\xa4'),
        (b"<revision>", b"<revision>&unknown;"),
    ],
)
def test_what_is_not_as_it_should_be_is_refused(old: bytes, new: bytes) -> None:
    assert old in GOOD
    with pytest.raises(ArtifactMalformed):
        parse_repomd(GOOD.replace(old, new, 1))


def test_another_first_element_is_refused() -> None:
    with pytest.raises(ArtifactMalformed):
        parse_repomd(b"<other><repomd></repomd></other>")
    with pytest.raises(ArtifactMalformed):
        list(parse_primary([b"<repomd/>"]))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'packages="1"', b'packages="2"'),
        (b'type="rpm"', b'type="deb"'),
        (b'<location href="p.rpm"/>', b""),
        (b'<location href="p.rpm"/>', b'<location href="p.rpm"/><location href="q.rpm"/>'),
        (b'package="1"', b'package="x"'),
        (b"</metadata>", b""),
    ],
)
def test_a_list_of_packages_that_is_wrong_is_refused(old: bytes, new: bytes) -> None:
    content = primary([listed("p", b"x")])
    assert old in content
    with pytest.raises(ArtifactMalformed):
        list(parse_primary([content.replace(old, new, 1)]))


@pytest.mark.parametrize(
    ("href", "base", "place"),
    [
        ("a/b.rpm", "", "a/b.rpm"),
        ("../b.rpm", "", ""),
        ("/etc/passwd", "", ""),
        ("a//b", "", ""),
        ("a/./b", "", ""),
        ("a/b.rpm", "https://example.org", ""),
    ],
)
def test_places_are_below_the_repository(href: str, base: str, place: str) -> None:
    assert Location(href, base).place == place


def test_too_many_indexes_are_refused() -> None:
    entry = data("other", "", b"c", b"c")
    with pytest.raises(LimitReached):
        parse_repomd(repomd([entry] * (MAX_DATA + 1)))


@pytest.mark.parametrize(
    "content",
    [
        b"<a>" * (MAX_DEPTH + 1),
        b"<a><b>" + b"x" * (MAX_TEXT + 1) + b"</b></a>",
        b'<a b="' + b"x" * (MAX_TOKEN + repomd_xml.PIECE + 1),
        b"<a><!--" + b"x" * (MAX_TOKEN + repomd_xml.PIECE + 1),
    ],
    ids=["depth", "text", "attribute", "comment"],
)
def test_xml_beyond_a_bound_is_refused_before_it_ends(content: bytes) -> None:
    with pytest.raises(ArtifactMalformed, match="at most"):
        list(elements([content], frozenset({"a/b"})))


def test_text_outside_of_what_is_wanted_is_not_held() -> None:
    content = b"<a><c>" + b"x" * (MAX_TEXT * 2) + b"</c><b> y<!-- --> z </b></a>"
    (found,) = elements([content], frozenset({"a/b"}))
    assert found.text.split() == ["y", "z"]


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "xz": lzma.compress,
    "bzip2": bz2.compress,
    "zstd": zstandard.ZstdCompressor(write_checksum=True).compress,
}
INSIDE = bytes(range(256)) * 2_000


@pytest.mark.parametrize("name", [*PACKERS, "plain"])
def test_every_compression_is_opened(name: str) -> None:
    pack = PACKERS.get(name, bytes)
    packed = pack(INSIDE)
    pieces = (packed[at : at + 1000] for at in range(0, len(packed), 1000))
    assert b"".join(open_index(pieces)) == INSIDE


@pytest.mark.parametrize("name", PACKERS)
def test_streams_that_are_not_whole_or_too_long_are_refused(name: str) -> None:
    packed = PACKERS[name](INSIDE)
    flipped = bytearray(packed)
    flipped[len(packed) // 2] ^= 0x10
    for damaged in (packed[:-1], packed + b"x", packed + packed, bytes(flipped)):
        with pytest.raises(ArtifactMalformed):
            list(open_index([damaged]))
    with pytest.raises(ArtifactMalformed):
        list(open_index([packed], len(INSIDE) - 1))


def test_a_bomb_is_left_early() -> None:
    packed = bz2.compress(bytes(4 * repomd_open.PIECE))
    held: list[int] = []
    with pytest.raises(ArtifactMalformed):
        held.extend(map(len, open_index([packed], repomd_open.PIECE)))
    assert sum(held) <= repomd_open.PIECE


@given(st.binary(max_size=300), st.integers(0, len(GOOD)), st.integers(0, 40))
def test_any_bytes_give_a_value_or_a_typed_error(junk: bytes, at: int, cut: int) -> None:
    for content in (junk, GOOD[:at] + junk + GOOD[at + cut :]):
        try:
            parse_repomd(content)
        except SignstationError:
            continue
