"""The one time axis on which the life of every key is drawn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter
from PySide6.QtWidgets import (
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from signstation.gui.rows import Column, RowsModel
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tokens, Tone
from signstation.gui.words import tr
from signstation.model.keys import KeyInfo, KeyState

DAY = 86400
YEAR = 365 * DAY
WARNING_DAYS = 90
"""A key that ends within these days is marked: a change of keys takes weeks."""
LONGEST_PAST, LONGEST_FUTURE = 3 * YEAR, 5 * YEAR
SHORTEST_PAST, SHORTEST_FUTURE = YEAR // 4, YEAR
PAD = 10
BAR = 6
_DEAD = {KeyState.EXPIRED, KeyState.REVOKED, KeyState.DISABLED}


def life_tone(key: KeyInfo, now: int) -> Tone:
    """Return the tone of a key's life: over, soon over, or with time left."""
    if key.state in _DEAD or (key.expires is not None and key.expires <= now):
        return Tone.ERROR
    if key.expires is not None and key.expires < now + WARNING_DAYS * DAY:
        return Tone.WARNING
    return Tone.OK


@dataclass(frozen=True, slots=True)
class Axis:
    """From ``start`` to ``end`` with ``now`` between, in Unix seconds."""

    start: int
    now: int
    end: int

    @classmethod
    def of(cls, keys: Iterable[KeyInfo], now: int) -> Axis:
        """Return an axis that holds all keys as far as that stays readable."""
        keys = tuple(keys)
        first = min((each.created for each in keys if each.created is not None), default=now)
        last = max((each.expires for each in keys if each.expires is not None), default=now)
        past = min(max(now - first, SHORTEST_PAST), LONGEST_PAST)
        future = min(max(last - now, SHORTEST_FUTURE), LONGEST_FUTURE)
        margin = (past + future) // 30
        return cls(now - past - margin, now, now + future + margin)

    def at(self, moment: int) -> float:
        """Return where a moment is, 0 to 1; what is outside is put at the end."""
        return min(max((moment - self.start) / (self.end - self.start), 0.0), 1.0)

    def years(self) -> tuple[tuple[int, str], ...]:
        """Return the first moment of each year on the axis, and its name."""
        years = range(_year(self.start) + 1, _year(self.end) + 1)
        return tuple(
            (int(datetime(each, 1, 1, tzinfo=UTC).timestamp()), str(each)) for each in years
        )


def _year(moment: int) -> int:
    return datetime.fromtimestamp(moment, UTC).year


class _Scale:
    """The axis between two edges in px."""

    def __init__(self, axis: Axis, area: QRect) -> None:
        self._axis, self._left = axis, area.left() + PAD
        self._width = max(area.width() - 2 * PAD, 1)

    def x(self, moment: int) -> float:
        return self._left + self._axis.at(moment) * self._width


class LifeDelegate(QStyledItemDelegate):
    """Paints one key's life; years, today and the warning zone run through all rows."""

    def __init__(self, theme: Theme, model: RowsModel[KeyInfo], view: QTableView) -> None:
        """``set_axis`` comes before the first row."""
        super().__init__(view)
        self._theme, self._model = theme, model
        self._axis = Axis.of((), 0)

    def set_axis(self, axis: Axis) -> None:
        """Take another axis; the view repaints because its rows were replaced."""
        self._axis = axis

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Paint background, zone, words and bar."""
        tokens = self._theme.tokens
        area: QRect = option.rect
        scale = _Scale(self._axis, area)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, QColor(tokens.selection))
        _paint_back(painter, tokens, area, scale, self._axis)
        self._paint_life(painter, area, scale, self._model.row(index))
        painter.setPen(QColor(tokens.text))
        font = QFont(self._theme.strong)
        font.setPixelSize(11)
        painter.setFont(font)
        text = self._model.look(index)[0]
        words = area.adjusted(PAD, 3, -PAD, -area.height() // 2 + 3)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        back = tokens.selection if selected else tokens.surface
        behind = QRectF(words).adjusted(-3, 2, 0, -1)  # lines must not strike the words through
        behind.setWidth(painter.fontMetrics().horizontalAdvance(text) + 6)
        painter.fillRect(behind, QColor(back))
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        painter.restore()

    def _paint_life(self, painter: QPainter, area: QRect, scale: _Scale, key: KeyInfo) -> None:
        tokens, axis = self._theme.tokens, self._axis
        colour = QColor(tokens.tone(life_tone(key, axis.now))[0])
        left = scale.x(key.created if key.created is not None else axis.start)
        right = scale.x(key.expires if key.expires is not None else axis.end)
        bar = QRectF(left, area.bottom() - 12, max(right - left, BAR), BAR)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens.border))
        painter.drawRoundedRect(bar, BAR / 2, BAR / 2)
        today = scale.x(axis.now)
        if right > today:
            rest = QRectF(max(today, left), bar.top(), right - max(today, left), BAR)
            painter.setBrush(colour)
            painter.drawRoundedRect(rest, BAR / 2, BAR / 2)
        painter.setBrush(colour)
        if key.expires is not None and key.expires <= axis.end:
            painter.drawRoundedRect(QRectF(right - 2, bar.top() - 3, 3, BAR + 6), 1, 1)


def _paint_back(painter: QPainter, tokens: Tokens, area: QRect, scale: _Scale, axis: Axis) -> None:
    """The zone that calls for a new key, the years and today."""
    today = scale.x(axis.now)
    soon = scale.x(axis.now + WARNING_DAYS * DAY)
    painter.fillRect(
        QRectF(today, area.top(), soon - today, area.height()), QColor(tokens.warning_tint)
    )
    for moment, _ in axis.years():
        x = scale.x(moment)
        painter.fillRect(QRectF(x, area.top(), 1, area.height()), QColor(tokens.hairline))
    painter.fillRect(QRectF(today - 0.5, area.top(), 1.5, area.height()), QColor(tokens.text2))


class AxisHeader(QHeaderView):
    """A header whose section ``number`` carries the years and today."""

    def __init__(self, theme: Theme, number: int, view: QTableView) -> None:
        """Take the manners of ``rows.table_view``."""
        super().__init__(Qt.Orientation.Horizontal, view)
        self._theme, self._number = theme, number
        self._axis = Axis.of((), 0)
        self.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.setHighlightSections(False)
        self.setSectionsClickable(True)
        self.setSortIndicatorShown(True)
        self.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)

    def set_axis(self, axis: Axis) -> None:
        """Show another axis."""
        self._axis = axis
        self.viewport().update()

    def paintSection(self, painter: QPainter, rect: QRect, number: int) -> None:
        """Draw the years where they are, and today above all."""
        if number != self._number:
            super().paintSection(painter, rect, number)
            return
        tokens, scale = self._theme.tokens, _Scale(self._axis, rect)
        painter.save()
        painter.fillRect(rect.adjusted(0, rect.height() - 1, 0, 0), QColor(tokens.hairline))
        font = QFont(self._theme.strong)
        font.setPixelSize(11)
        painter.setFont(font)
        metrics = painter.fontMetrics()
        today, words = scale.x(self._axis.now), tr("today")
        half = metrics.horizontalAdvance(words) / 2
        left = min(max(today - half, rect.left() + 2), rect.right() - 2 * half)
        painter.setPen(QColor(tokens.text))
        room = QRectF(left, rect.top(), 2 * half + 2, rect.height())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, words)
        painter.setPen(QColor(tokens.text3))
        free = rect.left() + 2.0
        for moment, name in self._axis.years():
            width = metrics.horizontalAdvance(name)
            x = scale.x(moment) - width / 2
            clear = x + width < room.left() - 6 or x > room.right() + 6
            if clear and x > free and x + width < rect.right() - 2:
                painter.drawText(
                    QRectF(x, rect.top(), width + 2, rect.height()),
                    Qt.AlignmentFlag.AlignVCenter,
                    name,
                )
                free = x + width + 10
        painter.restore()


def put_axis(
    theme: Theme, view: QTableView, model: RowsModel[KeyInfo], columns: tuple[Column[KeyInfo], ...]
) -> tuple[LifeDelegate, AxisHeader]:
    """Make the last column of a table the axis; returns what has to know it."""
    number = len(columns) - 1
    header = AxisHeader(theme, number, view)
    view.setHorizontalHeader(header)
    view.setSortingEnabled(True)
    for place, column in enumerate(columns):
        mode = (
            QHeaderView.ResizeMode.Interactive if column.width else QHeaderView.ResizeMode.Stretch
        )
        header.setSectionResizeMode(place, mode)
        if column.width:
            header.resizeSection(place, column.width)
    delegate = LifeDelegate(theme, model, view)
    view.setItemDelegateForColumn(number, delegate)
    return delegate, header
