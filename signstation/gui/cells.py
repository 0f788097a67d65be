"""Painted cells of tables: a pill for a state, a bar for progress."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone

PILL = 22
BAR = 6
PERCENT = 44
"""Room for "100 %" in px."""


class Painted(Protocol):
    """What a cell needs of its model."""

    def look(
        self, index: QModelIndex | QPersistentModelIndex
    ) -> tuple[str, tuple[str, Tone] | None, Callable[[], float | None] | None]:
        """Return text, icon with tone, and how to get the progress."""
        ...


class CellDelegate(QStyledItemDelegate):
    """Paints the cells of columns that are declared as pill or progress."""

    def __init__(self, theme: Theme, model: Painted, parent: QObject) -> None:
        """Share one among all columns of a view."""
        super().__init__(parent)
        self._theme, self._model = theme, model
        self._font = QFont(theme.strong)
        self._font.setPixelSize(12)
        self._metrics = QFontMetrics(self._font)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Paint the row's background, then the cell."""
        text, icon, progress = self._model.look(index)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area: QRect = option.rect
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(self._theme.tokens.selection))
        if progress is not None:
            self._paint_bar(painter, area, text, icon, progress())
        else:
            self._paint_pill(painter, area, text, icon)
        painter.restore()

    def _paint_pill(
        self, painter: QPainter, area: QRect, text: str, icon: tuple[str, Tone] | None
    ) -> None:
        name, tone = icon or ("info", Tone.NEUTRAL)
        colour, tint = self._theme.tokens.tone(tone)
        room = area.width() - 16 - 36
        shown = self._metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
        width = self._metrics.horizontalAdvance(shown) + 36
        pill = QRectF(area.left() + 6, area.center().y() - PILL / 2 + 0.5, width, PILL)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tint))
        painter.drawRoundedRect(pill, PILL / 2, PILL / 2)
        ratio = painter.device().devicePixelRatioF()
        picture = self._theme.icons.pixmap(name, colour, 14, max(ratio, 2.0))
        painter.drawPixmap(int(pill.left()) + 8, int(pill.top()) + 4, picture)
        painter.setPen(QColor(colour))
        painter.setFont(self._font)
        words = pill.adjusted(27, 0, -4, 0)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, shown)

    def _paint_bar(
        self,
        painter: QPainter,
        area: QRect,
        text: str,
        icon: tuple[str, Tone] | None,
        progress: float | None,
    ) -> None:
        tokens = self._theme.tokens
        tone = icon[1] if icon else Tone.ACCENT
        colour = tokens.text3 if tone is Tone.NEUTRAL else tokens.tone(tone)[0]
        track = QRectF(
            area.left() + 8,
            area.center().y() - BAR / 2 + 0.5,
            max(10, area.width() - PERCENT - 24),
            BAR,
        )
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens.hairline))
        painter.drawRoundedRect(track, BAR / 2, BAR / 2)
        if progress:
            done = QRectF(track)
            done.setWidth(max(BAR, track.width() * min(progress, 1.0)))
            painter.setBrush(QColor(colour))
            painter.drawRoundedRect(done, BAR / 2, BAR / 2)
        painter.setPen(QColor(tokens.text2))
        painter.setFont(self._theme.mono(11))
        words = area.adjusted(0, 0, -8, 0)
        painter.drawText(words, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
