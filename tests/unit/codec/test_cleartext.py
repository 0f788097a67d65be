"""Texts signed in the clear: what is written reads back, and nothing else passes for signed."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signstation.codec import cleartext
from signstation.codec.cleartext import (
    Oddity,
    canonical_text,
    check_text,
    is_cleartext,
    parse_cleartext,
    text_lines,
    write_cleartext,
)
from signstation.errors import ArtifactMalformed, LimitReached

PACKETS = b"\xc2\x03abc"
DOCUMENT = write_cleartext(b"one\n- two\n", ["SHA256"], PACKETS)
TEXTS = st.lists(
    st.text(st.sampled_from("-F \tromaé\u2028\x0b"), max_size=8), min_size=1, max_size=6
).flatmap(lambda lines: st.sampled_from([("\n".join(lines)), "\r\n".join(lines) + "\r\n"]))


@given(TEXTS)
def test_what_is_written_reads_back_as_what_is_signed(text: str) -> None:
    data = text.encode()
    check_text(data)
    found = parse_cleartext(write_cleartext(data, ["SHA256", "SHA512", "SHA256"], PACKETS))
    if data.strip(b" \t\r\n"):
        assert found.signed == canonical_text(data)
    assert (found.hashes, found.packets, found.odd) == (("SHA256", "SHA512"), PACKETS, ())
    assert found.blanks == 0


@given(TEXTS)
def test_lines_are_the_whole_text_and_end_before_their_blanks(text: str) -> None:
    data = text.encode()
    lines = list(text_lines(data))
    assert b"".join(data[each.start : each.stop] for each in lines) == data
    bare = [data[each.start : each.end] for each in lines]
    assert all(each == each.rstrip(b" \t\r\n") for each in bare)
    assert canonical_text(data) == b"\r\n".join(bare)


@given(st.binary(max_size=400))
def test_any_bytes_give_a_text_or_a_typed_error(data: bytes) -> None:
    for document in (data, cleartext.BEGIN + b"\n\n" + data, DOCUMENT[:60] + data):
        with contextlib.suppress(ArtifactMalformed, LimitReached):
            parse_cleartext(document)


@given(st.integers(0, len(DOCUMENT) - 1), st.integers(0, 255))
def test_no_changed_byte_leaves_the_document_as_it_was(place: int, value: int) -> None:
    changed = DOCUMENT[:place] + bytes((value,)) + DOCUMENT[place + 1 :]
    try:
        found = parse_cleartext(changed)
    except ArtifactMalformed:
        return
    usual = parse_cleartext(DOCUMENT)
    if changed != DOCUMENT and not _only_blanks(changed):
        assert found != usual


def _only_blanks(changed: bytes) -> bool:
    """A line end of another kind around the armor, which holds nothing."""
    return changed.replace(b"\r", b"\n").replace(b"\n\n", b"\n") == DOCUMENT.replace(b"\n\n", b"\n")


ODD: dict[str, tuple[bytes, Oddity]] = {
    "text before": (b"Dear all,\n" + DOCUMENT, Oddity.BEFORE),
    "text behind": (DOCUMENT + b"PS\n", Oddity.AFTER),
    "a second message": (DOCUMENT + DOCUMENT, Oddity.AFTER),
    "comment": (DOCUMENT.replace(b"Hash:", b"Comment: hi\nHash:"), Oddity.HEADER),
    "a hash without a name": (DOCUMENT.replace(b"SHA256", b"SHA256, "), Oddity.HEADER),
    "not escaped": (DOCUMENT.replace(b"- - two", b"-two"), Oddity.NOT_ESCAPED),
    "strange armor": (
        DOCUMENT.replace(b"SIGNATURE-----\n\n", b"SIGNATURE-----\nNote: x\n\n"),
        Oddity.SIGNATURE_HEADER,
    ),
}
NOT_READ: dict[str, bytes] = {
    "more behind the last dash": DOCUMENT[:-1] + b"x\n",
    "nothing": b"",
    "no signature": DOCUMENT.partition(b"-----BEGIN PGP SIGNATURE")[0],
    "no end": DOCUMENT.partition(b"-----END")[0],
    "no empty line": DOCUMENT.replace(b"\n\n", b"\n", 1),
    "a line of blanks instead of the empty one": DOCUMENT.replace(b"\n\n", b"\n \n", 1),
    "damaged armor": DOCUMENT.replace(b"\n=", b"\n=A", 1),
    "a NUL": DOCUMENT.replace(b"one", b"o\0e"),
    "a lone CR": DOCUMENT.replace(b"one", b"o\re"),
    "Latin-1": DOCUMENT.replace(b"one", b"\xe9"),
    "blanks behind the first line": DOCUMENT.replace(b"MESSAGE-----\n", b"MESSAGE----- \n"),
}


@pytest.mark.parametrize("name", ODD)
def test_what_nobody_signed_is_told(name: str) -> None:
    document, kind = ODD[name]
    assert [each.kind for each in parse_cleartext(document).odd][:1] == [kind]


@pytest.mark.parametrize("name", NOT_READ)
def test_what_is_no_framework_is_refused(name: str) -> None:
    with pytest.raises(ArtifactMalformed) as caught:
        parse_cleartext(NOT_READ[name])
    assert 0 <= caught.value.offset <= len(NOT_READ[name])


def test_blanks_at_line_ends_are_counted_and_not_signed() -> None:
    document = DOCUMENT.replace(b"one\n", b"one \t\n")
    found = parse_cleartext(document)
    assert (found.blanks, found.signed) == (1, b"one\r\n- two")
    assert found.shown == b"one\n- two\n"


def test_the_text_may_speak_of_signed_texts() -> None:
    found = parse_cleartext(write_cleartext(DOCUMENT, ["SHA256"], PACKETS))
    assert found.shown == DOCUMENT


def test_a_signed_text_is_known_by_a_whole_line_near_the_start() -> None:
    assert is_cleartext(DOCUMENT)
    assert is_cleartext(b"\nhello\n" + DOCUMENT)
    assert not is_cleartext(b"x" + DOCUMENT)
    assert not is_cleartext(b"\n" * 70_000 + DOCUMENT)


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    headers = b"Hash: SHA256\n" * (cleartext.MAX_HEADERS + 1)
    with pytest.raises(LimitReached):
        parse_cleartext(cleartext.BEGIN + b"\n" + headers + b"\n")
    monkeypatch.setattr(cleartext, "MAX_LINES", 5)
    with pytest.raises(LimitReached):
        check_text(b"\n" * 5)
    monkeypatch.setattr(cleartext, "MAX_TEXT", 5)
    with pytest.raises(LimitReached):
        check_text(b"123456")
