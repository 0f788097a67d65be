"""What ``doctor`` found on this machine, as a panel that opens below its chip."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QToolButton, QVBoxLayout, QWidget

from signstation.gui.parts import TONE_ICONS, IconLabel, Label, clear, line
from signstation.gui.strip import HEALTH_TONES
from signstation.gui.theme import Theme
from signstation.gui.words import say, tr
from signstation.model.station import DoctorRow, Health

WIDTH = 470


class HealthPanel(QFrame):
    """Lies over the window. Rows that need a person come first; Esc closes it."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        """Start empty."""
        super().__init__(parent)
        self._theme = theme
        self.setProperty("role", "sheet")
        self.setAccessibleName(tr("Health of the station"))
        outer = QVBoxLayout(self)
        outer.setContentsMargins(16, 14, 6, 12)
        outer.setSpacing(10)
        head = QHBoxLayout()
        head.addWidget(Label(tr("Health of the station"), self, "section"), 1)
        close = QToolButton(self)
        close.setIcon(theme.icon("x", size=16))
        close.setAccessibleName(tr("Close"))
        close.clicked.connect(self.hide)
        head.addWidget(close)
        outer.addLayout(head)
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setAccessibleName(tr("What was looked at on this machine"))
        self._inner = QWidget(area)
        self._column = QVBoxLayout(self._inner)
        self._column.setContentsMargins(0, 0, 10, 0)
        self._column.setSpacing(10)
        area.setWidget(self._inner)
        self._area = area
        outer.addWidget(area)
        self.setFixedWidth(WIDTH)
        self.hide()

    def show_doctor(self, rows: Sequence[DoctorRow]) -> None:
        """Replace the rows."""
        clear(self._column)
        order = (Health.BAD, Health.WARNING, Health.GOOD)
        for each in sorted(rows, key=lambda row: order.index(row.health)):
            if self._column.count():
                self._column.addWidget(line(self._inner))
            self._column.addLayout(self._row(each))
        if not rows:
            self._column.addWidget(Label(tr("Nobody has looked yet."), self._inner, "sub"))
        self._column.addStretch(1)

    def open_at(self, corner: QPoint) -> None:
        """Show it with its upper right corner below ``corner`` (in the parent); again closes it."""
        if self.isVisible():
            self.hide()
            return
        content = self._column.heightForWidth(WIDTH - 24)
        room = self.window().height() - corner.y() - 24
        self.setFixedHeight(min(content + 76, room))
        self.move(corner.x() - WIDTH, corner.y() + 6)
        self.show()
        self.raise_()
        self._area.setFocus(Qt.FocusReason.PopupFocusReason)

    def _row(self, row: DoctorRow) -> QHBoxLayout:
        tone = HEALTH_TONES[row.health]
        layout = QHBoxLayout()
        layout.setSpacing(12)
        icon = IconLabel(self._theme, TONE_ICONS[tone], self._inner, tone, 18)
        layout.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(Label(say(row.title), self._inner, "strong", wrap=True))
        words.addWidget(Label(say(row.detail), self._inner, "sub", wrap=True))
        if row.remedy is not None:
            words.addWidget(Label(say(row.remedy), self._inner, wrap=True))
        layout.addLayout(words, 1)
        return layout
