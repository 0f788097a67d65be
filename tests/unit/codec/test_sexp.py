"""Canonical s-expressions: the agent's own are read, any bytes give a value or a typed error."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from signstation.codec.sexp import MAX_DEPTH, MAX_SIZE, Sexp, build, member, parse, value
from signstation.errors import ArtifactMalformed

SIGNATURE = b"(7:sig-val(5:ecdsa(1:r2:\x00\xff)(1:s1:))))"
EXPRESSIONS = st.recursive(
    st.binary(max_size=300), lambda inner: st.lists(inner, max_size=4).map(tuple), max_leaves=30
)


def test_a_signature_is_read() -> None:
    parsed = parse(SIGNATURE)
    assert parsed == (b"sig-val", (b"ecdsa", (b"r", b"\x00\xff"), (b"s", b")")))
    numbers = member(parsed, b"ecdsa")
    assert value((b"ecdsa", *numbers), b"r") == b"\x00\xff"
    assert value(numbers, b"s") == b")"


@given(EXPRESSIONS)
def test_what_is_written_is_read_again(expression: Sexp) -> None:
    """Nesting of the strategy stays below the bound: 30 leaves, but lists of lists may go on."""
    written = build(expression)
    try:
        assert parse(written) == expression
    except ArtifactMalformed:
        assert _depth(expression) > MAX_DEPTH


def _depth(expression: Sexp) -> int:
    if isinstance(expression, bytes):
        return 0
    return 1 + max((_depth(each) for each in expression), default=0)


@given(st.binary(max_size=200) | st.text("()0123456789:a", max_size=60).map(str.encode))
@example(SIGNATURE[:-1])
@example(SIGNATURE + b"(")
def test_any_bytes_give_a_value_or_a_typed_error(data: bytes) -> None:
    try:
        assert build(parse(data)) == data
    except ArtifactMalformed as error:
        offset = error.offset
    else:
        offset = 0
    assert 0 <= offset <= len(data)


@pytest.mark.parametrize(
    ("data", "offset"),
    [
        (b"", 0),
        (b"(", 1),
        (b")", 0),
        (b"()1:a", 2),
        (b"01:a", 0),
        (b"2:a", 0),
        (b"(1:a", 4),
        (b"-1:a", 0),
        (b"1 :a", 0),
        (b"([1:h]1:a)", 1),
        (b"999999:a", 0),
        (b"\xd9\xa1:a", 0),  # ARABIC-INDIC DIGIT ONE
        (b"(" * (MAX_DEPTH + 1), MAX_DEPTH),
        (b"(" + b"0:" * (MAX_SIZE // 2) + b")", MAX_SIZE),
    ],
)
def test_wrong_bytes_are_refused_where_they_stand(data: bytes, offset: int) -> None:
    with pytest.raises(ArtifactMalformed) as caught:
        parse(data)
    assert caught.value.offset == offset


def test_the_deepest_list_is_read() -> None:
    assert parse(b"(" * MAX_DEPTH + b")" * MAX_DEPTH) != b""


@pytest.mark.parametrize("expression", [b"(1:a)", b"1:n", b"(1:a(1:n))", b"(1:a(1:n()))", b"(1:n)"])
def test_a_missing_or_odd_member_is_refused(expression: bytes) -> None:
    with pytest.raises(ArtifactMalformed):
        value(parse(expression), b"n")
