"""Rows of a printed report: pieces of known height that are drawn one below the other.

Lengths are CSS pixels (1/96 inch). Texts must have been escaped by the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QFontMetricsF,
    QPainter,
    QPen,
    QPolygonF,
    QTextLayout,
    QTextOption,
)

from signstation.gui.tokens import LIGHT, MONO_FAMILIES, TEXT_FAMILIES, Tone
from signstation.gui.words import tr
from signstation.reports.answers import Stretch

WIDTH, HEIGHT = 794.0, 1123.0
"""A4 (ISO 216) in CSS pixels."""
MARGIN = 56.0
ROOM = WIDTH - 2 * MARGIN
BAR = 24.0
SMALLEST_STRETCH = 2.0
"""Least width of a stretch of the byte map, so that none disappears."""
PAD = 10.0


@dataclass(frozen=True, slots=True)
class Row:
    """``draw`` gets a painter and the top edge; ``keep`` holds the next row on the same page."""

    height: float
    draw: Callable[[QPainter, float], None]
    keep: bool = False


@dataclass(frozen=True, slots=True)
class Style:
    """Size in px, weight, family and colour of a text."""

    size: int = 13
    strong: bool = False
    mono: bool = False
    colour: str = LIGHT.text

    def font(self) -> QFont:
        """Return the font: families in order of preference, no ligatures, no hinting."""
        font = QFont()
        font.setFamilies(list(MONO_FAMILIES if self.mono else TEXT_FAMILIES))
        font.setPixelSize(self.size)
        font.setWeight(QFont.Weight.DemiBold if self.strong else QFont.Weight.Normal)
        font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
        for feature in ("calt", "liga", "dlig"):
            font.setFeature(QFont.Tag(feature), 0)
        return font


TITLE = Style(24, strong=True)
CHAPTER = Style(18, strong=True)
SECTION = Style(14, strong=True)
BODY = Style()
SUB = Style(12, colour=LIGHT.text2)
STRONG = Style(strong=True)
MONO = Style(11, mono=True)


def toned(tone: Tone, style: Style = STRONG) -> Style:
    """Return ``style`` in the colour of a state."""
    return Style(style.size, style.strong, style.mono, LIGHT.tone(tone)[0])


def _wrapped(words: str, font: QFont, width: float) -> list[str]:
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    lines: list[str] = []
    for paragraph in words.split("\n"):
        layout = QTextLayout(paragraph, font)
        layout.setTextOption(option)
        layout.beginLayout()
        units = paragraph.encode("utf-16-le", "replace")  # Qt counts in units of UTF-16
        while (line := layout.createLine()).isValid():
            line.setLineWidth(width)
            start, length = line.textStart(), line.textLength()
            lines.append(units[2 * start : 2 * (start + length)].decode("utf-16-le").rstrip())
        layout.endLayout()
    return lines


def paragraph(
    words: str, style: Style = BODY, *, left: float = 0, keep: bool = False
) -> Iterator[Row]:
    """Yield one row per line, broken anywhere rather than cut off."""
    for line in _wrapped(words, style.font(), ROOM - left):
        yield _line(line, style, MARGIN + left, keep=keep)


def _line(words: str, style: Style, left: float, *, keep: bool = False) -> Row:
    font = style.font()
    metrics = QFontMetricsF(font)
    height = metrics.height() + 2

    def draw(painter: QPainter, top: float) -> None:
        painter.setFont(font)
        painter.setPen(QColor(style.colour))
        painter.drawText(QPointF(left, top + 1 + metrics.ascent()), words)

    return Row(height, draw, keep)


def space(height: float) -> Row:
    """Return an empty row."""
    return Row(height, lambda _painter, _top: None)


def rule() -> Row:
    """Return a thin line over the whole width."""

    def draw(painter: QPainter, top: float) -> None:
        painter.setPen(QPen(QColor(LIGHT.hairline), 1))
        painter.drawLine(QPointF(MARGIN, top + 4), QPointF(WIDTH - MARGIN, top + 4))

    return Row(9, draw, keep=True)


def _frame(painter: QPainter, area: QRectF, colour: str, tint: str) -> None:
    painter.setPen(QPen(QColor(colour), 1))
    painter.setBrush(QColor(tint))
    painter.drawRoundedRect(area, 6, 6)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def box(
    parts: Sequence[tuple[str, Style]],
    tone: Tone,
    *,
    left: float = 0,
    width: float = ROOM,
    least: float = 0,
    most: float = HEIGHT - 4 * MARGIN,
) -> Row:
    """Return a tinted frame around texts; what is higher than ``most`` is counted instead.

    ``least`` is the least height: frames side by side are equally high.
    """
    inner: list[Row] = []
    used = 0.0
    lines = [
        (line, style)
        for words, style in parts
        for line in _wrapped(words, style.font(), width - 2 * PAD)
    ]
    for number, (line, style) in enumerate(lines):
        row = _line(line, style, MARGIN + left + PAD)
        if used + row.height > most:
            more = tr("… and {count} more lines", count=len(lines) - number)
            inner.append(_line(more, SUB, MARGIN + left + PAD))
            break
        inner.append(row)
        used += row.height
    height = max(sum(each.height for each in inner) + 2 * PAD, least)
    colour, tint = LIGHT.tone(tone)

    def draw(painter: QPainter, top: float) -> None:
        _frame(painter, QRectF(MARGIN + left, top, width, height), colour, tint)
        below = top + PAD
        for each in inner:
            each.draw(painter, below)
            below += each.height

    return Row(height, draw)


def beside(boxes: Sequence[Row]) -> Row:
    """Return rows that were made with a ``left`` of their own as one row."""

    def draw(painter: QPainter, top: float) -> None:
        for each in boxes:
            each.draw(painter, top)

    return Row(max((each.height for each in boxes), default=0.0), draw)


def arrow(words: str) -> Row:
    """Return an arrow downwards with the reason beside it."""
    label = box_words(words)

    def draw(painter: QPainter, top: float) -> None:
        x, tip = MARGIN + 22, top + label.height + 4
        painter.setPen(QPen(QColor(LIGHT.ok), 2))
        painter.drawLine(QPointF(x, top + 3), QPointF(x, tip - 6))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(LIGHT.ok))
        corners = [QPointF(x, tip), QPointF(x - 4, tip - 7), QPointF(x + 4, tip - 7)]
        painter.drawPolygon(QPolygonF(corners))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        label.draw(painter, top + 3)

    return Row(label.height + 6, draw, keep=True)


def box_words(words: str) -> Row:
    """Return words beside an arrow as one row."""
    rows = list(paragraph(words, SUB, left=38))

    def draw(painter: QPainter, top: float) -> None:
        for each in rows:
            each.draw(painter, top)
            top += each.height

    return Row(sum(each.height for each in rows), draw)


def byte_bar(stretches: Sequence[Stretch], size: int) -> Row:
    """Return the whole file from left to right: covered is filled, not covered is hatched."""

    def draw(painter: QPainter, top: float) -> None:
        left = MARGIN
        spare = max(0.0, ROOM - SMALLEST_STRETCH * len(stretches))
        for each in stretches:
            width = SMALLEST_STRETCH + spare * (each.end - each.start) / max(size, 1)
            area = QRectF(left, top, width, BAR)
            painter.fillRect(area, QColor(LIGHT.ok_tint if each.signatures else LIGHT.sunken))
            if not each.signatures:
                painter.fillRect(area, QBrush(QColor(LIGHT.text3), Qt.BrushStyle.BDiagPattern))
            painter.setPen(QPen(QColor(LIGHT.ok if each.signatures else LIGHT.border), 1))
            painter.drawRect(area)
            left += width

    return Row(BAR + 6, draw, keep=True)
