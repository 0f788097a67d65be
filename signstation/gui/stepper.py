"""Guided work inside the window: numbered steps above, one step's content, Back and Next below.

The owner decides: Next only asks (``wanted``), ``go`` moves. A step that was passed can be
returned to by its mark until ``lock`` is called.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from signstation.gui.parts import ActionButton
from signstation.gui.theme import Theme
from signstation.gui.words import tr

MARK = 24
"""Diameter of a step's circle in px."""
GAP = 8


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its title, its content, and what the button that leaves it says."""

    title: str
    content: QWidget
    action: str
    icon: str = "arrow-right"


class StepBar(QWidget):
    """The numbered circles: done has a tick, the current one is filled, later ones are outlined.

    One Tab stop; the left and right arrows move among the steps that can be returned to.
    """

    chosen = Signal(int)
    """A passed step was picked."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        """Start without steps."""
        super().__init__(parent)
        self._theme = theme
        self._titles: list[str] = []
        self._current = 0
        self._locked = False
        self.setFixedHeight(MARK + 12)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        theme.changed.connect(self.update)

    def add(self, title: str) -> None:
        """Append a step."""
        self._titles.append(title)
        self._describe()

    def show_step(self, index: int, *, locked: bool) -> None:
        """Mark ``index`` as the current step; ``locked`` forbids going back."""
        self._current, self._locked = index, locked
        self._describe()
        self.update()

    def sizeHint(self) -> QSize:
        """Room for every circle and title."""
        metrics = QFontMetrics(self.font())
        texts = sum(metrics.horizontalAdvance(each) for each in self._titles)
        return QSize(texts + len(self._titles) * (MARK + 3 * GAP + 20), MARK + 12)

    def minimumSizeHint(self) -> QSize:
        """Titles of other steps than the current one may be left out when it is narrow."""
        return QSize(len(self._titles) * (MARK + 2 * GAP) + 120, MARK + 12)

    def _describe(self) -> None:
        if self._titles:
            words = tr(
                "Step {number} of {count}: {title}",
                number=self._current + 1,
                count=len(self._titles),
                title=self._titles[self._current],
            )
            self.setAccessibleName(words)

    def _places(self) -> list[tuple[QRect, QRect]]:
        """Circle and text rectangle of each step, spread over the width."""
        metrics = QFontMetrics(self._bold())
        wide = [metrics.horizontalAdvance(each) + 2 for each in self._titles]
        total = sum(MARK + GAP + each for each in wide)
        between = len(self._titles) - 1
        if total + between * 4 * GAP > self.width():
            wide = [each if n == self._current else 0 for n, each in enumerate(wide)]
            total = sum(MARK + GAP + each for each in wide)
        space = (self.width() - total) / between if between else 0
        places: list[tuple[QRect, QRect]] = []
        x, top = 0.0, (self.height() - MARK) // 2
        for each in wide:
            circle = QRect(round(x), top, MARK, MARK)
            places.append((circle, QRect(circle.right() + 1 + GAP, 0, each, self.height())))
            x += MARK + GAP + each + space
        return places

    def _bold(self) -> QFont:
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold)
        return font

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw circles, titles and the lines between them."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        places = self._places()
        for number, (circle, words) in enumerate(places):
            self._draw_mark(painter, number, circle)
            if number + 1 < len(places):
                self._draw_line(painter, number, words, places[number + 1][0])
            if words.width():
                self._draw_title(painter, number, words)
        painter.end()
        event.accept()

    def _draw_mark(self, painter: QPainter, number: int, circle: QRect) -> None:
        tokens = self._theme.tokens
        inner = circle.adjusted(1, 1, -1, -1)
        if number < self._current:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.ok_tint))
            painter.drawEllipse(inner)
            picture = self._theme.icons.pixmap("check", tokens.ok, 16)
            painter.drawPixmap(circle.topLeft() + QPoint(4, 4), picture)
            return
        current = number == self._current
        painter.setPen(QPen(QColor(tokens.accent if current else tokens.border), 1.4))
        painter.setBrush(QColor(tokens.accent) if current else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(inner)
        painter.setPen(QColor(tokens.on_accent if current else tokens.text2))
        font = self._bold()
        font.setPixelSize(12)
        painter.setFont(font)
        painter.drawText(circle, Qt.AlignmentFlag.AlignCenter, str(number + 1))

    def _draw_line(self, painter: QPainter, number: int, words: QRect, circle: QRect) -> None:
        tokens = self._theme.tokens
        done = number < self._current
        painter.setPen(QPen(QColor(tokens.ok if done else tokens.hairline), 2 if done else 1))
        start = words.right() + GAP if words.width() else words.left()
        middle = self.height() // 2
        painter.drawLine(start, middle, circle.left() - GAP, middle)

    def _draw_title(self, painter: QPainter, number: int, words: QRect) -> None:
        tokens = self._theme.tokens
        current = number == self._current
        painter.setPen(QColor(tokens.text if current else tokens.text2))
        font = self._bold()
        font.setUnderline(current and self.hasFocus())
        painter.setFont(font)
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(words, flags, self._titles[number])

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Go back to a passed step."""
        for number, (circle, words) in enumerate(self._places()):
            if circle.united(words).contains(event.position().toPoint()):
                self._pick(number)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left goes to the step before."""
        if event.key() == Qt.Key.Key_Left:
            self._pick(self._current - 1)
        else:
            super().keyPressEvent(event)

    def _pick(self, number: int) -> None:
        if 0 <= number < self._current and not self._locked:
            self.chosen.emit(number)


class Stepper(QWidget):
    """Steps, content and foot. The owner adds steps, listens to ``wanted`` and calls ``go``."""

    wanted = Signal(int)
    """Next was pressed on the step of this index."""

    entered = Signal(int)
    """The step of this index is shown now."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        """Start without steps."""
        super().__init__(parent)
        self._theme = theme
        self._steps: list[Step] = []
        self._locked = False
        self.bar = StepBar(theme, self)
        self.bar.chosen.connect(self.go)
        self._stack = QStackedWidget(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(14)
        column.addWidget(self.bar)
        column.addWidget(self._stack, 1)
        self._foot = QWidget(self)
        row = QHBoxLayout(self._foot)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        self.extra = QHBoxLayout()
        """Room at the left of the foot: Cancel, Start over."""
        self.back = ActionButton(theme, tr("Back"), self._foot, icon="chevron-left")
        self.next = ActionButton(theme, tr("Next"), self._foot, icon="arrow-right", kind="primary")
        self.next.reason.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.back.clicked.connect(self._back)
        self.next.clicked.connect(self._next)
        row.addLayout(self.extra)
        row.addStretch(1)
        row.addWidget(self.next.reason, 4)
        row.addWidget(self.back)
        row.addWidget(self.next)
        column.addWidget(self._foot)

    @property
    def current(self) -> int:
        """Index of the step that is shown."""
        return self._stack.currentIndex()

    def add(self, step: Step) -> None:
        """Append a step; its content becomes a child of the stack."""
        self._steps.append(step)
        self.bar.add(step.title)
        self._stack.addWidget(step.content)
        if len(self._steps) == 1:
            self.go(0)

    def go(self, index: int) -> None:
        """Show a step."""
        step = self._steps[index]
        self._stack.setCurrentIndex(index)
        self.bar.show_step(index, locked=self._locked)
        self.next.setVisible(bool(step.action))
        self._show_back()
        self.next.set(step.action, step.icon)
        self.entered.emit(index)

    def allow_next(self, *, reason: str = "") -> None:
        """Enable Next, or disable it with the reason beside it."""
        self.next.allow(reason=reason)

    def lock(self, *, locked: bool) -> None:
        """From the first step that cannot be undone on there is no way back."""
        self._locked = locked
        self._show_back()
        self.bar.show_step(self.current, locked=locked)

    def _show_back(self) -> None:
        possible = self.current > 0 and not self._locked
        self.back.setVisible(possible)
        self._foot.setVisible(possible or bool(self._steps[self.current].action))

    def _back(self) -> None:
        if self.current > 0 and not self._locked:
            self.go(self.current - 1)

    def _next(self) -> None:
        self.wanted.emit(self.current)
