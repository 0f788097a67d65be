"""The devices that are inserted, a row each above the list of keys: name, tries left, touch."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QWidget

from signstation.gui.parts import Card, Chip, IconLabel, Label, clear
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone
from signstation.gui.tokens_looks import kind_words, pin_words, token_look
from signstation.gui.words import tr
from signstation.model.tokens import TokenInfo
from signstation.reports.words import show


class Devices(Card):
    """Hidden while no device with a known key is there."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        """Start empty."""
        super().__init__(parent)
        self._theme = theme
        self.setAccessibleName(tr("Devices that are inserted"))
        self.hide()

    def show_tokens(self, tokens: tuple[TokenInfo, ...]) -> None:
        """Show what is there now."""
        clear(self.body)
        for each in tokens:
            self.body.addWidget(self._row(each))
        self.setVisible(bool(tokens))

    def _row(self, token: TokenInfo) -> QWidget:
        icon, tone, _ = token_look(token)
        row = QWidget(self)
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(10)
        line.addWidget(IconLabel(self._theme, icon, row, tone))
        line.addWidget(Label(show(token.device), row, "strong"))
        line.addWidget(Label(kind_words(token), row, "sub"))
        line.addStretch(1)
        if said := pin_words(token):
            line.addWidget(Chip(self._theme, "lock", tr("PIN: {state}", state=said), row, tone))
        if token.pin_each:
            words = tr("PIN for every signature")
            line.addWidget(Chip(self._theme, "lock", words, row, Tone.NEUTRAL))
        if token.touch:
            words = tr("Touch for every signature")
            line.addWidget(Chip(self._theme, "fingerprint", words, row, Tone.NEUTRAL))
        return row
