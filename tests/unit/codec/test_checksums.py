"""Lists of checksums: what is written reads back, and a line that is no entry is no list."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signstation.codec import checksums
from signstation.codec.checksums import Entry, ListForm, looks_like_list, parse_list, write_list
from signstation.errors import ArtifactMalformed, LimitReached
from signstation.model.hashes import HashAlgorithm

DIGEST = bytes(range(32))
DIGITS = DIGEST.hex().encode()
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)


def entries() -> st.SearchStrategy[list[Entry]]:
    def entry(name: str, algorithm: HashAlgorithm, form: ListForm) -> Entry:
        return Entry(name, algorithm, DIGEST[:1] * algorithm.size, form)

    one = st.builds(
        entry, NAMES, st.sampled_from(checksums.ALGORITHMS), st.sampled_from(list(ListForm))
    )
    return st.lists(one, min_size=1, max_size=5)


@given(entries(), st.sampled_from(list(ListForm)))
def test_what_is_written_reads_back(wanted: list[Entry], form: ListForm) -> None:
    found = parse_list(write_list(wanted, form))
    assert [(each.name, each.algorithm, each.digest) for each in found] == [
        (each.name, each.algorithm, each.digest) for each in wanted
    ]
    assert {each.form for each in found} == {form}


@given(st.binary(max_size=300))
def test_any_bytes_give_a_list_or_a_typed_error(data: bytes) -> None:
    for text in (data, DIGITS + b"  " + data, b"\\" + DIGITS + b"  " + data):
        with contextlib.suppress(ArtifactMalformed):
            for each in parse_list(text):
                assert len(each.digest) == each.algorithm.size


def test_the_forms_that_are_found_in_the_wild() -> None:
    text = (
        b"# Fedora-42: 123 bytes\n\n"
        + DIGITS.upper()
        + b" *binary.iso\r\n"
        + DIGITS
        + b"  ./a b\n"
        + b"SHA256 (x (1) = 2) = "
        + DIGITS
        + b"\n\\"
        + DIGITS
        + b"  a\\\\b\\nc\\rd"
    )
    found = parse_list(text)
    assert [each.name for each in found] == ["binary.iso", "./a b", "x (1) = 2", "a\\b\nc\rd"]
    assert found[1].place == "a b"
    assert {each.algorithm for each in found} == {HashAlgorithm.SHA256}


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("a/./b//c", "a/b/c"),
        ("..a/b..", "..a/b.."),
        ("/etc/passwd", ""),
        ("../a", ""),
        ("a/../b", ""),
        ("a/", ""),
        (".", ""),
    ],
)
def test_places_stay_below_the_list(name: str, place: str) -> None:
    assert Entry(name, HashAlgorithm.SHA256, DIGEST).place == place


BAD = {
    "no digest": b"hello\n",
    "md5": DIGITS[:32] + b"  a\n",
    "between the sizes": DIGITS + b"00  a\n",
    "one space": DIGITS + b" a\n",
    "no name": DIGITS + b"  \n",
    "another tag": b"SHA512 (a) = " + DIGITS + b"\n",
    "unknown escape": b"\\" + DIGITS + b"  a\\t\n",
    "cut escape": b"\\" + DIGITS + b"  a\\\n",
    "not UTF-8": DIGITS + b"  \xff\n",
    "a NUL": DIGITS + b"  a\0b\n",
    "a long name": DIGITS + b"  " + b"a" * (checksums.MAX_NAME + 1),
    "comments only": b"# hello\n",
    "nothing": b"",
}


@pytest.mark.parametrize("name", BAD)
def test_other_texts_are_refused(name: str) -> None:
    with pytest.raises(ArtifactMalformed):
        parse_list(BAD[name])
    assert not looks_like_list(BAD[name], whole=True)


def test_a_part_of_a_list_is_known_for_one() -> None:
    text = DIGITS + b"  a\n" + DIGITS
    assert looks_like_list(text, whole=False)
    assert not looks_like_list(text, whole=True)
    assert not looks_like_list(DIGITS, whole=False)


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checksums, "MAX_ENTRIES", 2)
    with pytest.raises(LimitReached):
        parse_list((DIGITS + b"  a\n") * 3)
    monkeypatch.setattr(checksums, "MAX_LIST", 10)
    with pytest.raises(LimitReached):
        parse_list(DIGITS)
