"""Turns design tokens into the application's palette and the stylesheet of the window's parts."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QIcon, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory, QWidget

from signstation.gui.icons import ICON_SIZE, Icons
from signstation.gui.tokens import MONO_FAMILIES, TEXT_FAMILIES, THEMES, ThemeName, Tokens
from signstation.system.resources import resource


def _family(wanted: tuple[str, ...]) -> str:
    present = set(QFontDatabase.families())
    return next((each for each in wanted if each in present), wanted[-1])


def _literal(font: QFont) -> QFont:
    """Switch ligatures off: ``--`` must not look like a dash, nor ``->`` like an arrow."""
    for feature in ("calt", "liga", "dlig"):
        font.setFeature(QFont.Tag(feature), 0)
    return font


class Theme(QObject):
    """The look of one application: owned by the main window, lives on the GUI thread.

    ``changed`` is emitted after a switch, so that painted widgets and icons refresh.
    """

    changed = Signal()

    def __init__(self, application: QApplication, name: ThemeName | None = None) -> None:
        """Apply ``name``, or what the system prefers for None, and follow the system then."""
        super().__init__(application)
        self._application = application
        self._pictures = TemporaryDirectory(prefix="signstation-theme-")
        self.icons = Icons()
        self.text_family = _family(TEXT_FAMILIES)
        self.mono_family = _family(MONO_FAMILIES)
        application.setFont(_literal(QFont(self.text_family)))
        self.strong = _literal(QFont(self.text_family))
        self.strong.setPixelSize(13)
        self.strong.setWeight(QFont.Weight.DemiBold)
        self._follow = name is None
        self.tokens = THEMES[name or self._preferred()]
        style = QStyleFactory.create("Fusion")
        application.setStyle(style)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._system_changed)
        self._apply()

    def choose(self, name: ThemeName | None) -> None:
        """Switch the theme; None follows the system again."""
        self._follow = name is None
        wanted = THEMES[name or self._preferred()]
        if wanted is not self.tokens:
            self.tokens = wanted
            self._apply()
            self.changed.emit()

    def dress(self, part: QWidget) -> None:
        """Give a part of the window, and all that will be in it, the look of now and of later."""
        _Dress(self, part)

    def icon(self, name: str, colour: str | None = None, size: int = ICON_SIZE) -> QIcon:
        """Return an icon in the text colour, or in ``colour``."""
        return self.icons.icon(name, colour or self.tokens.text2, self.tokens.text3, size)

    def mono(self, size: int = 12) -> QFont:
        """Return the font for hashes, names and paths, ``size`` in px."""
        font = _literal(QFont(self.mono_family))
        font.setPixelSize(size)
        return font

    def _preferred(self) -> ThemeName:
        scheme = QGuiApplication.styleHints().colorScheme()
        return ThemeName.DARK if scheme is Qt.ColorScheme.Dark else ThemeName.LIGHT

    def _system_changed(self) -> None:
        if self._follow:
            self.choose(None)

    def _apply(self) -> None:
        self._application.setPalette(_palette(self.tokens))
        # Now, not at the next turn: else there would be a picture in the colours of both themes.
        QCoreApplication.sendPostedEvents(None, QEvent.Type.ApplicationPaletteChange)
        self.sheet = self._stylesheet()

    def _stylesheet(self) -> str:
        sheet = resource("theme", "window.qss").read_text("utf-8")
        values = {
            **{name: value for name, value in asdict(self.tokens).items() if name != "name"},
            "text_family": f'"{self.text_family}"',
            "mono_family": f'"{self.mono_family}"',
            "chevron_down": self._picture("chevron-down", self.tokens.text2),
            "check_mark": self._picture("check", self.tokens.on_accent),
        }
        for name in sorted(values, key=len, reverse=True):
            sheet = sheet.replace(f"@{name}", str(values[name]))
        return sheet

    def _picture(self, name: str, colour: str) -> str:
        # a stylesheet takes pictures only from files
        path = Path(self._pictures.name) / f"{name}-{colour[1:]}.png"
        if not path.exists():
            self.icons.pixmap(name, colour, 16).save(str(path))
        return path.as_posix()


class _Dress(QObject):
    """The stylesheet of one part; owned by it.

    One stylesheet for the whole application would make Qt polish every widget of every page at a
    switch, ten times as many as are seen. A part that is hidden is dressed when it is shown.
    """

    def __init__(self, theme: Theme, part: QWidget) -> None:
        super().__init__(part)
        self._theme, self._part = theme, part
        theme.changed.connect(self._changed)
        self._put()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Dress the part that is about to be seen."""
        if watched is self._part and event.type() is QEvent.Type.Show:
            self._part.removeEventFilter(self)
            self._put()
        return super().eventFilter(watched, event)

    def _changed(self) -> None:
        self._part.removeEventFilter(self)
        if self._part.isVisible():
            self._put()
        else:
            self._part.installEventFilter(self)

    def _put(self) -> None:
        # Without an empty one in between Qt polishes every widget one by one: four times slower.
        self._part.setStyleSheet("")
        self._part.setStyleSheet(self._theme.sheet)


def _palette(tokens: Tokens) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for colour, roles in (
        (tokens.background, (role.Window,)),
        (tokens.surface, (role.Base, role.Button)),
        (tokens.raised, (role.AlternateBase, role.ToolTipBase)),
        (tokens.text, (role.WindowText, role.Text, role.ButtonText, role.ToolTipText)),
        (tokens.text3, (role.PlaceholderText,)),
        (tokens.accent, (role.Link, role.Highlight)),
        (tokens.on_accent, (role.HighlightedText,)),
    ):
        for each in roles:
            palette.setColor(each, QColor(colour))
    for each in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, each, QColor(tokens.text3))
    return palette
