"""Every text colour has enough contrast on each surface that it is used on (WCAG 2.2, 1.4.3)."""

from __future__ import annotations

import itertools

import pytest

from signstation.gui.tokens import THEMES, ThemeName, Tokens, Tone

TEXT = 4.5
CONTROL = 3.0


def _linear(channel: int) -> float:
    share = channel / 255
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)


def luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[i : i + 2], 16)) for i in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, two: str) -> float:
    bright, dark = sorted((luminance(one), luminance(two)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_the_formula_is_the_standards() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


@pytest.fixture(params=list(ThemeName), ids=lambda name: name.value)
def tokens(request: pytest.FixtureRequest) -> Tokens:
    return THEMES[request.param]


def test_text_can_be_read_on_every_surface(tokens: Tokens) -> None:
    surfaces = (tokens.background, tokens.surface, tokens.raised, tokens.sunken)
    texts = (tokens.text, tokens.text2, tokens.text3)
    for text, surface in itertools.product(texts, surfaces):
        assert contrast(text, surface) >= TEXT, (text, surface)


def test_states_can_be_read_on_their_tint_and_on_surfaces(tokens: Tokens) -> None:
    for tone in Tone:
        colour, tint = tokens.tone(tone)
        for surface in (tint, tokens.surface, tokens.background):
            assert contrast(colour, surface) >= TEXT, (tone, surface)
        # Banners write their reasons in the text colours on the tint.
        for text in (tokens.text, tokens.text2):
            assert contrast(text, tint) >= TEXT, (tone, text)


def test_selected_rows_and_buttons_can_be_read(tokens: Tokens) -> None:
    for text, ground in (
        (tokens.text, tokens.selection),
        (tokens.accent, tokens.selection),
        (tokens.text2, tokens.selection),
        (tokens.on_accent, tokens.accent),
        (tokens.on_accent, tokens.accent_hover),
        (tokens.error, tokens.sunken),
    ):
        assert contrast(text, ground) >= TEXT, (text, ground)


def test_controls_stand_out_from_their_surface(tokens: Tokens) -> None:
    for surface in (tokens.background, tokens.surface, tokens.raised):
        assert contrast(tokens.border, surface) >= CONTROL
        assert contrast(tokens.accent, surface) >= CONTROL


def test_every_tint_belongs_to_a_tone(tokens: Tokens) -> None:
    assert len({tokens.tone(tone)[0] for tone in Tone}) == len(Tone)
