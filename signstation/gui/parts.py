"""Small building blocks of every page: labels, cards, chips, banners and buttons that say why."""

from __future__ import annotations

import re

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from signstation.gui.theme import Theme
from signstation.gui.tokens import CHIP_HEIGHT, Tone
from signstation.gui.words import tip

LONG_WORD = 24
"""Characters without a blank that always have room."""
PIECE = 8
_LONG = re.compile(rf"\S{{{LONG_WORD + 1},}}")
TONE_ICONS = {
    Tone.NEUTRAL: "info",
    Tone.ACCENT: "info",
    Tone.OK: "check-circle",
    Tone.WARNING: "warning",
    Tone.ERROR: "x-circle",
}


def restyle(widget: QWidget, **properties: str) -> None:
    """Set dynamic properties and polish again, so that the stylesheet takes notice."""
    for name, value in properties.items():
        widget.setProperty(name, value)
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def breakable(text: str) -> str:
    """Allow breaks inside words that are longer than LONG_WORD, invisibly."""
    if len(text) <= LONG_WORD:
        return text
    return _LONG.sub(_break_up, text)


def _break_up(word: re.Match[str]) -> str:
    found = word.group()
    return "\u200b".join(found[i : i + PIECE] for i in range(0, len(found), PIECE))


class Label(QLabel):
    """Plain text in one of the stylesheet's roles; never interprets markup."""

    def __init__(
        self,
        text: str,
        parent: QWidget,
        role: str = "body",
        *,
        wrap: bool = False,
        selectable: bool = False,
    ) -> None:
        """``role``: title, section, strong, sub, label, caption, reason, mono, digest, counter."""
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", role)
        self.setWordWrap(wrap)
        if wrap:
            policy = self.sizePolicy()
            policy.setHorizontalPolicy(QSizePolicy.Policy.Expanding)
            policy.setHeightForWidth(True)
            self.setSizePolicy(policy)
            self.setMinimumWidth(80)
        if selectable:
            self.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse
                | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
        self.setText(text)

    def setText(self, text: str) -> None:
        """Show a text; long words of a wrapping label may break, so that nothing is cut off."""
        selectable = self.textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByMouse
        soft = self.wordWrap() and not selectable
        self._plain = text
        super().setText(breakable(text) if soft else text)
        self.setAccessibleName(text)

    def text(self) -> str:
        """Return the text without the invisible places where it may break."""
        return self._plain


class IconLabel(QLabel):
    """An icon in a tone's colour that follows the theme; decoration beside a word."""

    def __init__(
        self, theme: Theme, name: str, parent: QWidget, tone: Tone | None = None, size: int = 20
    ) -> None:
        """``tone`` None takes the secondary text colour."""
        super().__init__(parent)
        self._theme, self._name, self._tone, self._size = theme, name, tone, size
        self.setFixedSize(QSize(size, size))
        theme.changed.connect(self._draw)
        self._draw()

    def set_icon(self, name: str, tone: Tone | None) -> None:
        """Show another icon."""
        self._name, self._tone = name, tone
        self._draw()

    def _draw(self) -> None:
        tokens = self._theme.tokens
        colour = tokens.text2 if self._tone is None else tokens.tone(self._tone)[0]
        self.setPixmap(self._theme.icons.pixmap(self._name, colour, self._size))


class Card(QFrame):
    """A surface with an optional title; add content to ``body``."""

    def __init__(self, parent: QWidget, title: str = "", role: str = "card") -> None:
        """``role`` is the stylesheet's: card, well or sheet."""
        super().__init__(parent)
        self.setProperty("role", role)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(16, 14, 16, 16)
        self.body.setSpacing(8)
        self.title: Label | None = None
        if title:
            self.title = Label(title, self, "section")
            self.body.addWidget(self.title)


class Chip(QFrame):
    """Icon and words on one tinted line; its height is fixed, as Qt drops larger radii."""

    def __init__(
        self, theme: Theme, icon: str, words: str, parent: QWidget, tone: Tone = Tone.NEUTRAL
    ) -> None:
        """Build it; ``set`` changes it later."""
        super().__init__(parent)
        self.setProperty("role", "chip")
        self.setFixedHeight(CHIP_HEIGHT)
        row = QHBoxLayout(self)
        row.setContentsMargins(9, 0, 11, 0)
        row.setSpacing(6)
        self._icon = IconLabel(theme, icon, self, tone, 14)
        self._words = Label(words, self, "label")
        row.addWidget(self._icon)
        row.addWidget(self._words)
        self.set(icon, words, tone)

    def set(self, icon: str, words: str, tone: Tone, explanation: str = "") -> None:
        """Show something else; ``explanation`` is the tooltip and accessible description."""
        self._icon.set_icon(icon, tone)
        self._words.setText(words)
        restyle(self._words, tone=tone.value)
        restyle(self, tone=tone.value)
        self.setToolTip(tip(explanation))
        self.setAccessibleName(words)
        self.setAccessibleDescription(explanation)


class Banner(QFrame):
    """A headline with its reason, in the tone of what happened, with room for actions."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        """Start empty and hidden; ``say`` shows it."""
        super().__init__(parent)
        self.setProperty("role", "banner")
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 12, 16, 12)
        row.setSpacing(14)
        self._icon = IconLabel(theme, "info", self, Tone.NEUTRAL, 28)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(2)
        self._headline = Label("", self, "section", wrap=True)
        self._detail = Label("", self, "body", wrap=True)
        column.addWidget(self._headline)
        column.addWidget(self._detail)
        row.addLayout(column, 1)
        self.buttons = QHBoxLayout()
        self.buttons.setSpacing(8)
        row.addLayout(self.buttons)
        self.hide()

    def say(self, tone: Tone, headline: str, detail: str = "", icon: str | None = None) -> None:
        """Show a headline; ``icon`` overrides the tone's own."""
        self._icon.set_icon(icon or TONE_ICONS[tone], tone)
        self._headline.setText(headline)
        self._detail.setText(detail)
        self._detail.setVisible(bool(detail))
        restyle(self, tone=tone.value)
        self.setAccessibleName(headline)
        self.setAccessibleDescription(detail)
        self.show()

    @property
    def headline(self) -> str:
        """The words shown now."""
        return self._headline.text()


class ActionButton(QPushButton):
    """A push button whose reason for being disabled stands in a label beside it."""

    def __init__(
        self,
        theme: Theme,
        text: str,
        parent: QWidget,
        *,
        icon: str = "",
        kind: str = "plain",
    ) -> None:
        """``kind`` is the stylesheet's: plain, primary, danger or quiet."""
        super().__init__(parent)
        self._theme, self._name, self._kind = theme, icon, kind
        self.setProperty("kind", kind)
        self.setAutoDefault(False)
        self.reason = Label("", parent, "reason", wrap=True)
        self.reason.hide()
        theme.changed.connect(self._draw)
        self.set(text, icon)

    @property
    def icon_name(self) -> str:
        """Name of the icon, empty where it has none."""
        return self._name

    def allow(self, *, reason: str = "") -> None:
        """Enable it, or disable it with the reason in words."""
        self.setEnabled(not reason)
        self.reason.setText(reason)
        self.reason.setVisible(bool(reason))
        self.setAccessibleDescription(reason)

    def set(self, text: str, icon: str) -> None:
        """Change the words and the icon."""
        self._name = icon
        # Qt puts the text right behind the icon: a space of its own keeps them apart.
        self.setText(f" {text}" if icon and text else text)
        self.setAccessibleName(text)
        self._draw()

    def _draw(self) -> None:
        if not self._name:
            return
        tokens = self._theme.tokens
        colour = {
            "primary": tokens.on_accent,
            "danger": tokens.error,
            "quiet": tokens.accent,
        }.get(self._kind, tokens.text)
        self.setIcon(self._theme.icon(self._name, colour, 16))


def line(parent: QWidget) -> QFrame:
    """Return a hairline between two groups."""
    frame = QFrame(parent)
    frame.setProperty("role", "line")
    return frame


def clear(layout: QLayout) -> None:
    """Take every widget and layout out and delete it."""
    while (item := layout.takeAt(0)) is not None:
        if (widget := item.widget()) is not None:
            widget.hide()
            widget.deleteLater()
        elif (inner := item.layout()) is not None:
            clear(inner)
