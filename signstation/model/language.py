"""The languages in which the window and the reports for people are written."""

from __future__ import annotations

from enum import Enum


class Language(Enum):
    """Languages that every text is written in; the value is the ISO 639-1 code."""

    ENGLISH = "en"
    GERMAN = "de"
