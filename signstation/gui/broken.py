"""What opens when there is no station to work with: why, and what to do."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from signstation.gui.parts import ActionButton, Banner, Label
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone
from signstation.gui.words import tr


class BrokenWindow(QWidget):
    """A small window of its own; closing it ends the program."""

    def __init__(self, theme: Theme, lines: Sequence[str]) -> None:
        """``lines`` are the sentences of one error, escaped."""
        super().__init__()
        self.setObjectName("root")
        self.setWindowTitle("signstation")
        self.setMinimumWidth(560)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(14)
        column.addWidget(Label(tr("The station does not open"), self, "title"))
        theme.dress(self)
        banner = Banner(theme, self)
        banner.say(Tone.ERROR, lines[0], "\n".join(lines[1:]))
        column.addWidget(banner)
        row = QHBoxLayout()
        row.addStretch(1)
        close = ActionButton(theme, tr("Close"), self, kind="primary")
        close.clicked.connect(self.close)
        close.setFocus()
        row.addWidget(close)
        column.addLayout(row)
