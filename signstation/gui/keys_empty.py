"""What the Keys page shows while there is no key: what one would be for, and the two ways to it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from signstation.ceremonies.key_purpose import PURPOSES, Purpose
from signstation.gui.parts import ActionButton, Card, IconLabel, Label
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone
from signstation.gui.words import say, tr

WIDTH = 720
_ICONS = {
    Purpose.PACKAGES: "package",
    Purpose.MODULES: "module",
    Purpose.CODE: "certificate",
    Purpose.SSH: "file",
}


class NoKeys(QWidget):
    """Leads to making a key, or to taking one in."""

    make = Signal()
    take_in = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        """Build it."""
        super().__init__(parent)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addStretch(1)
        middle = QHBoxLayout()
        middle.addStretch(1)
        card = Card(self)
        card.setFixedWidth(WIDTH)
        card.body.setContentsMargins(32, 28, 32, 28)
        card.body.setSpacing(10)
        icon = IconLabel(theme, "key", card, Tone.ACCENT, 44)
        card.body.addWidget(icon, 0, Qt.AlignmentFlag.AlignHCenter)
        for words, role in (
            (tr("There is no key here yet"), "section"),
            (tr("With a key of your own you sign; everybody can verify without one."), "sub"),
        ):
            label = Label(words, card, role, wrap=True)
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            card.body.addWidget(label)
        card.body.addSpacing(8)
        for choice in PURPOSES:
            row = QHBoxLayout()
            row.setSpacing(14)
            picture = IconLabel(theme, _ICONS[Purpose(choice.value)], card, Tone.NEUTRAL, 22)
            row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
            lines = QVBoxLayout()
            lines.setSpacing(1)
            lines.addWidget(Label(say(choice.title), card, "strong"))
            lines.addWidget(Label(say(choice.words), card, "sub", wrap=True))
            row.addLayout(lines, 1)
            card.body.addLayout(row)
            card.body.addSpacing(4)
        card.body.addSpacing(8)
        buttons = QHBoxLayout()
        buttons.setSpacing(10)
        buttons.addStretch(1)
        self.make_button = ActionButton(theme, tr("Make a key…"), card, icon="plus", kind="primary")
        self.import_button = ActionButton(theme, tr("Import a key…"), card, icon="open")
        self.make_button.clicked.connect(self.make)
        self.import_button.clicked.connect(self.take_in)
        buttons.addWidget(self.make_button)
        buttons.addWidget(self.import_button)
        buttons.addStretch(1)
        card.body.addLayout(buttons)
        middle.addWidget(card)
        middle.addStretch(1)
        outer.addLayout(middle)
        outer.addStretch(2)
