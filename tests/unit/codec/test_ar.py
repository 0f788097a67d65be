"""The ar archive of Debian packages: read back as written, refused where anything does not fit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signstation.codec.ar import MAGIC, MAX_MEMBERS, member, members
from signstation.errors import ArtifactMalformed, LimitReached

NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789.-_", min_size=1, max_size=15)


def _read(content: bytes) -> tuple[tuple[str, bytes], ...]:
    found = members(lambda at, length: content[at : at + length], len(content))
    return tuple((each.name, content[each.start : each.end]) for each in found)


@given(st.lists(st.tuples(NAMES, st.binary(max_size=40)), max_size=8))
def test_members_are_read_back_as_written(wanted: list[tuple[str, bytes]]) -> None:
    content = MAGIC + b"".join(member(name, data) for name, data in wanted)
    assert _read(content) == tuple(wanted)


@given(st.binary(max_size=400))
def test_arbitrary_bytes_give_members_or_a_typed_error(tail: bytes) -> None:
    try:
        found = _read(MAGIC + tail)
    except (ArtifactMalformed, LimitReached):
        return
    assert sum(len(data) for _, data in found) <= len(tail)


@given(st.data())
def test_one_changed_byte_of_a_header_changes_what_is_read_or_is_refused(
    data: st.DataObject,
) -> None:
    good = MAGIC + member("debian-binary", b"2.0\n") + member("x", b"abc")
    at = data.draw(st.integers(0, len(good) - 1))
    changed = bytearray(good)
    changed[at] ^= data.draw(st.integers(1, 255))
    try:
        found = _read(bytes(changed))
    except (ArtifactMalformed, LimitReached):
        return
    # times, owners and mode say nothing about the content
    harmless = any(start + 16 <= at < start + 48 for start in (8, 72))
    assert harmless or found != _read(good)


@pytest.mark.parametrize(
    ("content", "offset"),
    [
        (b"!<arch>\r", 0),
        (MAGIC + b"x" * 59, 8),
        (MAGIC + member("a", b"xy")[:-1], 68),
        (MAGIC + member("a", b"x")[:-1] + b"\0", 69),
        (MAGIC + member("a", b"").replace(b"`\n", b"`\r"), 66),
        (MAGIC + member("a", b"").replace(b"a   ", b"\x07   "), 8),
        (MAGIC + member("a", b"").replace(b"a   ", b"/   "), 8),
        (MAGIC + member("a", b"").replace(b"a     ", b"#1/20 "), 8),
        (MAGIC + member("a", b"").replace(b"100644", b"100648"), 48),
        (MAGIC + member("a", b"")[:48] + b"-1        `\n", 56),
        (MAGIC + member("a", b"")[:48] + b"          `\n", 56),
    ],
)
def test_what_does_not_fit_is_refused_where_it_stands(content: bytes, offset: int) -> None:
    with pytest.raises(ArtifactMalformed) as caught:
        _read(content)
    assert caught.value.offset == offset


def test_the_number_of_members_is_bounded() -> None:
    with pytest.raises(LimitReached):
        _read(MAGIC + member("a", b"") * (MAX_MEMBERS + 1))


@pytest.mark.parametrize("name", ["", "a" * 16, "a/b", "a\n", "#" * 16])
def test_names_that_do_not_fit_are_not_written(name: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        member(name, b"")
