"""What the window remembers between two starts: its looks, language and size, nothing signed."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

from signstation.gui.tokens import ThemeName
from signstation.model.language import Language

_FILE = "window.ini"
_THEME = "theme"
_LANGUAGE = "language"
_GEOMETRY = "geometry"


class Memory:
    """A small file in the state directory; a damaged one is forgotten."""

    def __init__(self, home: Path) -> None:
        """``home`` is the state directory; it exists."""
        self._settings = QSettings(str(home / _FILE), QSettings.Format.IniFormat)

    def theme(self) -> ThemeName | None:
        """Return the chosen theme, None for the system's."""
        value = self._settings.value(_THEME, "")
        return next((each for each in ThemeName if each.value == value), None)

    def keep_theme(self, name: ThemeName | None) -> None:
        """Remember a choice."""
        self._settings.setValue(_THEME, name.value if name else "")

    def language(self) -> Language | None:
        """Return the chosen language, None for the system's."""
        value = self._settings.value(_LANGUAGE, "")
        return next((each for each in Language if each.value == value), None)

    def keep_language(self, language: Language | None) -> None:
        """Remember a choice; it takes effect at the next start."""
        self._settings.setValue(_LANGUAGE, language.value if language else "")

    def geometry(self) -> QByteArray:
        """Return the last geometry, perhaps empty."""
        value = self._settings.value(_GEOMETRY, QByteArray())
        return value if isinstance(value, QByteArray) else QByteArray()

    def keep_geometry(self, geometry: QByteArray) -> None:
        """Remember a geometry."""
        self._settings.setValue(_GEOMETRY, geometry)
