"""Which bytes of an artifact each good signature covers: a bar, and the same in words."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from signstation.gui.parts import Label
from signstation.gui.theme import Theme
from signstation.gui.words import say, tr
from signstation.model.checks import Verification
from signstation.reports.answers import Stretch, byte_map, covered_inside, of_inside
from signstation.reports.words import human_size

BAR = 26
MAX_LISTED = 12
"""Most stretches in words; more are counted."""
SMALLEST = 3
"""Least width of a stretch in px, so that none disappears."""


class _Bar(QWidget):
    """The whole file from left to right. Covered is filled, not covered is hatched."""

    def __init__(
        self, theme: Theme, stretches: Sequence[Stretch], size: int, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._theme, self._stretches, self._size = theme, stretches, max(size, 1)
        self.setFixedHeight(BAR)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(200, BAR)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw each stretch in proportion."""
        tokens = self._theme.tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        left = 0.5
        spare = max(0.0, self.width() - 1.0 - SMALLEST * len(self._stretches))
        for each in self._stretches:
            width = SMALLEST + spare * (each.end - each.start) / self._size
            area = QRectF(left, 0.5, width, BAR - 1)
            if each.signatures:
                painter.fillRect(area, QColor(tokens.ok_tint))
                painter.setPen(QPen(QColor(tokens.ok), 1))
            else:
                painter.fillRect(area, QColor(tokens.sunken))
                hatch = QBrush(QColor(tokens.text3), Qt.BrushStyle.BDiagPattern)
                painter.fillRect(area, hatch)
                painter.setPen(QPen(QColor(tokens.border), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(area)
            left += width
        painter.end()
        event.accept()


class ByteMap(QWidget):
    """Bar and words for one verification."""

    def __init__(self, theme: Theme, verification: Verification, parent: QWidget) -> None:
        """Compute the stretches from the checked ``covers``."""
        super().__init__(parent)
        stretches = byte_map(verification)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        packed = covered_inside(verification)
        size = verification.size if packed is None else packed.size
        column.addWidget(_Bar(theme, stretches, size, self))
        lines = [_words(each) for each in stretches]
        if packed is not None:
            lines.insert(0, say(of_inside(packed)))
        for words in lines[:MAX_LISTED]:
            column.addWidget(Label(words, self, "sub", wrap=True))
        if len(lines) > MAX_LISTED:
            rest = tr("… and {count} more stretches", count=len(lines) - MAX_LISTED)
            column.addWidget(Label(rest, self, "sub"))
        self.setAccessibleName(tr("What the signatures cover"))
        self.setAccessibleDescription(". ".join(lines[:MAX_LISTED]))


def _words(stretch: Stretch) -> str:
    where = tr(
        "Bytes {start} to {end} ({size})",
        start=f"{stretch.start:,}".replace(",", "\u00a0"),
        end=f"{stretch.end:,}".replace(",", "\u00a0"),
        size=human_size(stretch.end - stretch.start),
    )
    if not stretch.signatures:
        return tr("{where}: covered by no good signature", where=where)
    numbers = ", ".join(str(each + 1) for each in stretch.signatures)
    return tr("{where}: covered by signature\u00a0{numbers}", where=where, numbers=numbers)
