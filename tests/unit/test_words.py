"""The escaping function: nothing hidden gets through, nothing visible is lost."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from signstation.model.text import text
from signstation.reports.words import groups, human_size, sentence, show, show_block

HOSTILE = "<img src=x>&a\u202egnp.rpm"


def test_a_bidirectional_override_is_shown_as_an_escape() -> None:
    assert show(HOSTILE) == "<img src=x>&a\\u202egnp.rpm"


def test_terminal_controls_are_shown_as_escapes() -> None:
    assert show("a\x1b[31m\x9b2J\x07\r\nb") == "a\\x1b[31m\\x9b2J\\x07\\x0d\\x0ab"


def test_undecodable_bytes_and_zero_width_characters_are_shown() -> None:
    assert show("a\udcffb\u200bc\ufeffd\U000e0041") == "a\\udcffb\\u200bc\\ufeffd\\U000e0041"


def test_ordinary_writing_stays_as_it_is() -> None:
    assert show("Grüße, 世界: naïve café") == "Grüße, 世界: naïve café"


@given(st.text())
def test_nothing_hidden_is_left(value: str) -> None:
    shown = show(value)
    assert all(unicodedata.category(each) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} for each in shown)
    assert "\n" not in shown


@given(st.text())
def test_showing_again_changes_nothing(value: str) -> None:
    assert show(show(value)) == show(value)


def test_a_long_value_is_cut_and_counted() -> None:
    assert show("x" * 12, limit=10) == "xxxxxxxxxx… (+2 characters)"


def test_a_block_keeps_its_lines_and_nothing_else() -> None:
    assert show_block("one\n\ttwo\x1b") == "one\n\\x09two\\x1b"


def test_values_of_a_sentence_are_escaped_and_the_template_is_not_reread() -> None:
    assert sentence(text("Signed by {who}.", who="{x}\u202e")) == "Signed by {x}\\u202e."


def test_groups_and_sizes() -> None:
    assert groups("0123456789ab") == "0123 4567 89ab"
    assert [human_size(n) for n in (0, 999, 1000, 60_200, 1_400_000_000)] == [
        "0 bytes",
        "999 bytes",
        "1.0 kB",
        "60.2 kB",
        "1.4 GB",
    ]
