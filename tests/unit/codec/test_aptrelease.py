"""Release files of APT repositories: fields, dates and lists of digests, strictly read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signstation.codec.aptrelease import looks_like_release, parse_release
from signstation.errors import ArtifactMalformed, LimitReached
from signstation.model.hashes import HashAlgorithm
from tests.support.aptrepo import PACKAGES, Repository

GOOD = Repository(date=1_795_140_670, until=1_795_745_470).release()


def test_a_release_file_is_read() -> None:
    found = parse_release(GOOD)
    assert found.field("suite") == "stable"
    assert found.moment("date") == 1_795_140_670
    assert found.moment("valid-until") == 1_795_745_470
    assert found.moment("codename") is None
    assert [each.path for each in found.indexes] == [
        "main/binary-all/Packages",
        "main/binary-all/Packages.gz",
    ]
    first, second = found.indexes
    assert first.size == len(PACKAGES)
    assert first.strongest is HashAlgorithm.SHA256
    assert first.stem == second.stem == "main/binary-all/Packages"
    assert looks_like_release(GOOD)


@given(st.binary(max_size=300))
def test_arbitrary_bytes_give_a_release_or_a_typed_error(tail: bytes) -> None:
    try:
        parse_release(GOOD + tail)
    except (ArtifactMalformed, LimitReached):
        return


@pytest.mark.parametrize(
    ("path", "place"),
    [("a/b", "a/b"), ("../a", ""), ("/a", ""), ("a//b", ""), ("a/./b", ""), ("a/..", "")],
)
def test_paths_that_leave_the_repository_have_no_place(path: str, place: str) -> None:
    found = parse_release(Repository(date=0, indexes={path: b"x"}).release())
    assert [each.place for each in found.indexes] == [place]


@pytest.mark.parametrize(
    "lines",
    ["SHA256:\n 00 1 a\n", f"SHA256:\n {'0' * 64} x a\n", f"SHA256:\n {'0' * 64} 1\n",
     f"SHA256:\n {'0' * 64} 1 a\n {'0' * 64} 1 a\n", f"SHA256:\n {'0' * 64} 1 {'a' * 5000}\n"],
)  # fmt: skip
def test_lists_that_are_none_are_refused(lines: str) -> None:
    with pytest.raises(ArtifactMalformed):
        parse_release(b"Suite: x\n" + lines.encode())


def test_sizes_that_contradict_each_other_are_told() -> None:
    both = f"MD5Sum:\n {'0' * 32} 1 a\nSHA256:\n {'0' * 64} 2 a\n"
    assert parse_release(both.encode()).sizes_differ == ("a",)


@pytest.mark.parametrize(
    "date", ["", "yesterday", "Fri, 20 Nov 2026 02:11:10 +0200", "Fri, 99 Nov 2026 02:11:10 UTC"]
)
def test_what_is_no_date_in_utc_is_none(date: str) -> None:
    assert parse_release(f"Suite: x\nDate: {date}\n".encode()).moment("date") is None


@pytest.mark.parametrize("text", [b"", b"Suite: x\n", b"SHA256:\n", b"hello\n", b"\xff" * 99])
def test_other_texts_do_not_look_like_one(text: bytes) -> None:
    assert not looks_like_release(text)
