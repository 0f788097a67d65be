"""The design tokens: colours, spacing and type of the three themes, as frozen values.

Colour carries state only, and never alone: an icon and a word stand beside it. Every text colour
has a contrast of at least 4.5:1 on each surface that it is used on; a test computes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class ThemeName(Enum):
    """The three themes."""

    LIGHT = "light"
    DARK = "dark"
    CONTRAST = "contrast"


class Tone(Enum):
    """States that have a colour; each comes with an icon and a word."""

    NEUTRAL = "neutral"
    ACCENT = "accent"
    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Tokens:
    """Colours of one theme as #RRGGBB. ``*_tint`` are backgrounds for the state of that name."""

    name: ThemeName
    background: str
    surface: str
    raised: str
    sunken: str
    text: str
    text2: str
    text3: str
    accent: str
    accent_hover: str
    accent_tint: str
    on_accent: str
    ok: str
    ok_tint: str
    warning: str
    warning_tint: str
    error: str
    error_tint: str
    border: str
    hairline: str
    selection: str

    def tone(self, tone: Tone) -> tuple[str, str]:
        """Return (text colour, tint) of a state."""
        return {
            Tone.NEUTRAL: (self.text2, self.raised),
            Tone.ACCENT: (self.accent, self.accent_tint),
            Tone.OK: (self.ok, self.ok_tint),
            Tone.WARNING: (self.warning, self.warning_tint),
            Tone.ERROR: (self.error, self.error_tint),
        }[tone]


LIGHT = Tokens(
    name=ThemeName.LIGHT,
    background="#F3F5F8",
    surface="#FFFFFF",
    raised="#F7F9FB",
    sunken="#E9EDF2",
    text="#131C26",
    text2="#465462",
    text3="#5A6775",
    accent="#1A5FD0",
    accent_hover="#154DA9",
    accent_tint="#E4EDFC",
    on_accent="#FFFFFF",
    ok="#12703B",
    ok_tint="#E2F4E9",
    warning="#8A5300",
    warning_tint="#FDF1D8",
    error="#B3261E",
    error_tint="#FCE6E4",
    border="#7A8794",
    hairline="#D3DAE2",
    selection="#D8E6FD",
)
DARK = Tokens(
    name=ThemeName.DARK,
    background="#0E1319",
    surface="#151C24",
    raised="#1C2530",
    sunken="#0B1015",
    text="#E7EDF3",
    text2="#A9B7C6",
    text3="#8494A5",
    accent="#5B9BFF",
    accent_hover="#83B4FF",
    accent_tint="#16263F",
    on_accent="#08111F",
    ok="#4CC38A",
    ok_tint="#10291F",
    warning="#F0B849",
    warning_tint="#2E2511",
    error="#FF7B72",
    error_tint="#351A1B",
    border="#6B7B8D",
    hairline="#2A3542",
    selection="#1D3357",
)
CONTRAST = Tokens(
    name=ThemeName.CONTRAST,
    background="#000000",
    surface="#000000",
    raised="#14181D",
    sunken="#000000",
    text="#FFFFFF",
    text2="#F0F3F6",
    text3="#D9DEE3",
    accent="#71B7FF",
    accent_hover="#B5D9FF",
    accent_tint="#00213F",
    on_accent="#000000",
    ok="#4AE168",
    ok_tint="#00240B",
    warning="#FFD24A",
    warning_tint="#2B2000",
    error="#FF9A93",
    error_tint="#3A0604",
    border="#FFFFFF",
    hairline="#9EA7B0",
    selection="#003D73",
)
THEMES = {each.name: each for each in (LIGHT, DARK, CONTRAST)}

SPACE = (0, 4, 8, 12, 16, 24, 32)
"""Spacing steps in px."""
CONTROL_HEIGHT = 34
ROW_HEIGHT = 40
COMPACT_ROW_HEIGHT = 32
CHIP_HEIGHT = 24
NAV_WIDTH = 206
NAV_COLLAPSED = 64
COLLAPSE_BELOW = 1300
"""Window width in px below which the navigation shows icons only."""
TEXT_FAMILIES = ("Inter", "Noto Sans", "DejaVu Sans", "sans-serif")
MONO_FAMILIES = ("JetBrains Mono", "Noto Sans Mono", "DejaVu Sans Mono", "monospace")
