"""Descriptions of Debian builds: kinds, fields and lists of files, strictly read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signstation.codec.debsource import (
    MAX_FILES,
    Kind,
    looks_like_description,
    parse_description,
)
from signstation.errors import ArtifactMalformed, LimitReached
from signstation.model.hashes import HashAlgorithm
from tests.support.debsource import BUILDINFO, DSC, TARBALL, Source

SOURCE = Source()
KINDS = {"dsc": SOURCE.dsc, "buildinfo": SOURCE.buildinfo, "changes": SOURCE.changes}
NAMED = {"dsc": [TARBALL], "buildinfo": [DSC], "changes": [DSC, TARBALL, BUILDINFO]}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_each_kind_is_told_by_its_fields_and_its_files_are_read(kind: str) -> None:
    found = parse_description(KINDS[kind])
    assert found.kind is Kind(kind)
    assert looks_like_description(KINDS[kind])
    assert [each.name for each in found.files] == NAMED[kind]
    assert found.contradictions == ()
    for each in found.files:
        assert set(each.digests) == {HashAlgorithm.MD5, HashAlgorithm.SHA1, HashAlgorithm.SHA256}
        assert each.strong


@given(st.binary(max_size=300))
def test_arbitrary_bytes_give_a_description_or_a_typed_error(tail: bytes) -> None:
    try:
        parse_description(SOURCE.changes + tail)
    except (ArtifactMalformed, LimitReached):
        return


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("a_1.0~rc1+x-1.dsc", "a_1.0~rc1+x-1.dsc"),
        ("../a", ""),
        ("/a", ""),
        ("a/b", ""),
        (".a", ""),
        ("..", ""),
        ("a\x1b", ""),
        ("-a", ""),
    ],
)
def test_names_of_other_places_have_no_place(name: str, place: str) -> None:
    found = parse_description(SOURCE.dsc.replace(TARBALL.encode(), name.encode()))
    assert [each.place for each in found.files] == [place]


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"Checksums-Sha256:\n ", b"Checksums-Sha256:\n 0"), (b" 20 ", b" -20 "), (b" 20 ", b" ")],
)
def test_lines_of_another_form_are_refused(old: bytes, new: bytes) -> None:
    assert old in SOURCE.dsc
    with pytest.raises(ArtifactMalformed):
        parse_description(SOURCE.dsc.replace(old, new))


def test_a_file_that_is_listed_twice_is_refused() -> None:
    line = next(each for each in SOURCE.dsc.split(b"\n") if each.endswith(TARBALL.encode()))
    with pytest.raises(ArtifactMalformed):
        parse_description(SOURCE.dsc.replace(line, line + b"\n" + line))


def test_lists_that_say_different_things() -> None:
    other_size = SOURCE.dsc.replace(b" 20 ", b" 21 ", 1)
    fewer = SOURCE.changes.replace(b" misc optional " + TARBALL.encode(), b" x y other")
    assert parse_description(other_size).contradictions == (TARBALL,)
    assert parse_description(fewer).contradictions == (TARBALL, "other")


def test_weak_digests_alone_do_not_count() -> None:
    (file,) = parse_description(SOURCE.dsc.split(b"Checksums-Sha1")[0]).files
    assert not file.strong


def test_too_many_files_are_refused() -> None:
    lines = "".join(f" {number:032x} 1 f{number}\n" for number in range(MAX_FILES + 1))
    with pytest.raises(LimitReached):
        parse_description(b"Format: 3.0\nSource: a\nFiles:\n" + lines.encode())


@pytest.mark.parametrize("content", [b"", b"Hello\n", b"Package: a\nVersion: 1\n", b"Source: a\n"])
def test_other_texts_are_no_description(content: bytes) -> None:
    assert not looks_like_description(content)
    with pytest.raises(ArtifactMalformed):
        parse_description(content)
