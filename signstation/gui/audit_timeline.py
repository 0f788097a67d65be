"""When things happened: a bar per day or longer, and a range to select, with mouse or keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from signstation.gui.theme import Theme
from signstation.gui.words import tr, trn

DAY = 86_400
MAX_BARS = 90
"""Most bars: below about 8 px a bar can hardly be met with a mouse."""
FEWEST_BARS = 14
HEIGHT = 86
FOOT = 18
"""Room for the dates below the bars, in px."""
PAD = 12


@dataclass(frozen=True, slots=True)
class Span:
    """Bars from ``start``, each ``width`` seconds long; ``counts`` says how much is in each."""

    start: int
    width: int
    counts: tuple[int, ...]

    @staticmethod
    def of(times: Sequence[int], now: int) -> Span:
        """Return whole days (UTC) from the first time until today, several to a bar if many."""
        first = min(min(times, default=now), now) // DAY
        last = max(max(times, default=now), now) // DAY
        first = min(first, last - FEWEST_BARS + 1)
        days = -(-(last - first + 1) // MAX_BARS)
        bars = -(-(last - first + 1) // days)
        start = (last + 1 - bars * days) * DAY
        found = Counter(max(0, each - start) // (days * DAY) for each in times)
        return Span(start, days * DAY, tuple(found[number] for number in range(bars)))

    def edge(self, bar: int) -> int:
        """Return when a bar begins, in Unix seconds."""
        return self.start + bar * self.width


class TimeLine(QWidget):
    """Emits ``ranged`` with first second and first second after it, or (0, 0) for all time.

    Drag over bars, or go with the arrow keys: Shift extends, Escape selects all time again.
    """

    ranged = Signal(object, object)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        """Start without anything."""
        super().__init__(parent)
        self._theme = theme
        self._span = Span.of((), 0)
        self._from = self._to = -1
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(HEIGHT)
        self.setAccessibleName(tr("Time line"))
        theme.changed.connect(self.update)

    def show_times(self, times: Sequence[int], now: int) -> None:
        """Show other times; a selection ends when the bars stand for other days."""
        fresh = Span.of(times, now)
        if (fresh.start, fresh.width) != (self._span.start, self._span.width):
            self._from = self._to = -1
        self._span = fresh
        self._describe()
        self.update()

    def clear_range(self) -> None:
        """Select all time."""
        self._select(-1, -1)

    def words(self) -> str:
        """Return what is selected and how much is in it."""
        if self._from < 0:
            count, first, last = sum(self._span.counts), 0, len(self._span.counts) - 1
        else:
            first, last = sorted((self._from, self._to))
            count = sum(self._span.counts[first : last + 1])
        begin, end = _day(self._span.edge(first)), _day(self._span.edge(last + 1) - 1)
        return trn(
            "1 record, {begin} to {end}",
            "{count} records, {begin} to {end}",
            count,
            begin=begin,
            end=end,
        )

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(400, HEIGHT)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a range."""
        bar = self._bar_at(event.position().x())
        self._select(bar, bar)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Extend it."""
        if event.buttons() & Qt.MouseButton.LeftButton and self._from >= 0:
            self._select(self._from, self._bar_at(event.position().x()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrow keys go from bar to bar, Home and End to the first and the last."""
        last = len(self._span.counts) - 1
        at = self._to if self._to >= 0 else last + (event.key() == Qt.Key.Key_Left)
        match event.key():
            case Qt.Key.Key_Left:
                at -= 1
            case Qt.Key.Key_Right:
                at += 1
            case Qt.Key.Key_Home:
                at = 0
            case Qt.Key.Key_End:
                at = last
            case Qt.Key.Key_Escape if self._from >= 0:
                self.clear_range()
                return
            case _:
                super().keyPressEvent(event)
                return
        at = max(0, min(at, last))
        extend = event.modifiers() & Qt.KeyboardModifier.ShiftModifier and self._from >= 0
        self._select(self._from if extend else at, at)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the selection, the bars and the days at both ends."""
        tokens = self._theme.tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        border = tokens.accent if self.hasFocus() else tokens.hairline
        painter.setPen(QPen(QColor(border), 2 if self.hasFocus() else 1))
        painter.setBrush(QColor(tokens.surface))
        painter.drawRoundedRect(area, 8, 8)
        painter.setPen(Qt.PenStyle.NoPen)
        first, last = sorted((self._from, self._to))
        if first >= 0:
            left, right = self._left(first), self._left(last + 1)
            room = QRectF(left, 4, right - left, HEIGHT - FOOT - 6)
            painter.fillRect(room, QColor(tokens.selection))
        self._bars(painter)
        font = self.font()
        font.setPixelSize(11)
        painter.setFont(font)
        painter.setPen(QColor(tokens.text2))
        foot = QRectF(PAD, HEIGHT - FOOT - 2, self.width() - 2 * PAD, FOOT)
        span = self._span
        painter.drawText(foot, Qt.AlignmentFlag.AlignLeft, _day(span.start))
        end = _day(span.edge(len(span.counts)) - 1)
        painter.drawText(foot, Qt.AlignmentFlag.AlignRight, end)
        painter.drawText(foot, Qt.AlignmentFlag.AlignHCenter, self.words())
        painter.end()
        event.accept()

    def _bars(self, painter: QPainter) -> None:
        tokens = self._theme.tokens
        room = HEIGHT - FOOT - 14
        most = max(self._span.counts, default=0) or 1
        first, last = sorted((self._from, self._to))
        for number, count in enumerate(self._span.counts):
            left, right = self._left(number), self._left(number + 1)
            height = max(3.0, room * count / most) if count else 1.0
            inside = first < 0 or first <= number <= last
            colour = tokens.hairline if not count else tokens.accent if inside else tokens.border
            bar = QRectF(left + 1, HEIGHT - FOOT - 4 - height, max(right - left - 2, 1), height)
            painter.fillRect(bar, QColor(colour))

    def _left(self, bar: int) -> float:
        return PAD + (self.width() - 2 * PAD) * bar / max(len(self._span.counts), 1)

    def _bar_at(self, x: float) -> int:
        count = len(self._span.counts)
        bar = int((x - PAD) / max(self.width() - 2 * PAD, 1) * count)
        return max(0, min(bar, count - 1))

    def _select(self, start: int, end: int) -> None:
        if (start, end) == (self._from, self._to):
            return
        self._from, self._to = start, end
        self._describe()
        self.update()
        if start < 0:
            self.ranged.emit(0, 0)
        else:
            first, last = sorted((start, end))
            self.ranged.emit(self._span.edge(first), self._span.edge(last + 1))

    def _describe(self) -> None:
        self.setAccessibleDescription(self.words())


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
