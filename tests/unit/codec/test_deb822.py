"""Paragraphs of fields: read as deb822(5) has them, anything else refused with its line."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signstation.codec.deb822 import MAX_FIELDS, paragraph
from signstation.errors import ArtifactMalformed, LimitReached

NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,12}", fullmatch=True)
LINES = st.from_regex(r"[!-~]([ -~]{0,20}[!-~])?", fullmatch=True)


@given(st.dictionaries(NAMES.map(str.capitalize), st.lists(LINES, min_size=1, max_size=4)))
def test_fields_are_read_back(wanted: dict[str, list[str]]) -> None:
    written = "".join(f"{name}: " + "\n ".join(lines) + "\n" for name, lines in wanted.items())
    found = paragraph(written.encode(), format_id="x")
    assert found.names == tuple(wanted)
    assert found.fields == {name.lower(): "\n".join(lines) for name, lines in wanted.items()}
    assert found.repeated == ()


@given(st.binary(max_size=200))
def test_arbitrary_bytes_give_fields_or_a_typed_error(content: bytes) -> None:
    with suppress(ArtifactMalformed):
        assert len(paragraph(content, format_id="x").names) <= MAX_FIELDS


def test_the_first_of_a_name_wins_and_the_second_is_told() -> None:
    found = paragraph(b"Suite: stable\n# a remark\nsuite: other\nEmpty:\n", format_id="x")
    assert found.field("SUITE") == "stable"
    assert found.field("empty") == found.field("missing") == ""
    assert found.repeated == ("suite",)


@pytest.mark.parametrize("content", [b" a\n", b"A\n", b"A b: c\n", b"A: b\n\nC: d\n", b"-A: b\n"])
def test_what_is_no_paragraph_is_refused(content: bytes) -> None:
    with pytest.raises(ArtifactMalformed, match=r"field|line|malformed"):
        paragraph(content, format_id="x")


def test_the_number_of_fields_is_bounded() -> None:
    with pytest.raises(LimitReached):
        paragraph(b"A:\n" * (MAX_FIELDS + 1), format_id="x")
