"""One step of a guided procedure: the question with its fields, and the answers as they stand."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from signstation.ceremonies.answers import Answers, Field, FieldKind, shown_answer
from signstation.ceremonies.procedure import Course, Remark, Step
from signstation.gui.facts import SEVERITIES
from signstation.gui.literal import Literal
from signstation.gui.parts import Card, IconLabel, Label, clear, line
from signstation.gui.procedure_fields import FieldBox, field_box
from signstation.gui.procedure_scroll import Scrolled
from signstation.gui.theme import Theme
from signstation.gui.words import say, tr

ASIDE = 340
"""Width of the column with the answers in px."""
AnyCourse = Course[Any, Any]
_PATHS = frozenset({FieldKind.DIRECTORY, FieldKind.FILE})


class Aside(Card):
    """Every answer as it stands, with what it gives to think."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        """Start empty."""
        super().__init__(parent, tr("As it stands"))
        self._theme = theme
        area = Scrolled(tr("Answers as they stand"), self)
        self._column, self._inner = area.column, area.inner
        self._column.setSpacing(3)
        self.body.addWidget(area, 1)
        self.setFixedWidth(ASIDE)

    def show_course(self, course: AnyCourse) -> None:
        """Show all fields that are asked, answered or not, then the remarks."""
        clear(self._column)
        inner = self._inner
        for step in course.steps:
            for field in step.asked(course.answers):
                if field.kind is not FieldKind.PHRASE:
                    self._answer(field, course.answers, inner)
        for step in course.steps:
            for remark in step.remarks(course.answers):
                self._remark(remark, inner)
        self._column.addStretch(1)

    def _answer(self, field: Field[Any], answers: Answers, inner: QWidget) -> None:
        self._column.addSpacing(6)
        self._column.addWidget(Label(say(field.title), inner, "label"))
        words = say(shown_answer(field, answers))
        if field.kind in _PATHS:
            self._column.addWidget(Literal(words, say(field.title), inner))
        else:
            self._column.addWidget(Label(words, inner, wrap=True))

    def _remark(self, remark: Remark, inner: QWidget) -> None:
        icon, tone = SEVERITIES[remark.severity]
        self._column.addSpacing(8)
        self._column.addWidget(line(inner))
        self._column.addSpacing(4)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(IconLabel(self._theme, icon, inner, tone, 16), 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(Label(say(remark.text), inner, "sub", wrap=True), 1)
        self._column.addLayout(row)


class StepForm(QWidget):
    """Built from the description alone; ``answered`` carries a field and what was typed."""

    answered = Signal(object, str)

    def __init__(self, theme: Theme, step: Step, course: AnyCourse, parent: QWidget) -> None:
        """Build it for the answers as they are; ``show_course`` follows them."""
        super().__init__(parent)
        self._theme, self._step = theme, step
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        card = Card(self, say(step.question))
        card.body.addWidget(Label(say(step.words), card, "sub", wrap=True))
        card.body.addSpacing(4)
        area = Scrolled(say(step.question), card)
        self._column, self._inner = area.column, area.inner
        card.body.addWidget(area, 1)
        row.addWidget(card, 1)
        self._aside = Aside(theme, self)
        row.addWidget(self._aside)
        self._boxes: list[FieldBox] = []
        self._offered: tuple[object, ...] = ()
        self.show_course(course)

    def show_course(self, course: AnyCourse) -> None:
        """Show the answers; fields whose choices have changed are built anew."""
        offered = tuple(each.choices(course.answers) for each in self._step.fields)
        if offered != self._offered or not self._boxes:
            self._offered = offered
            self._build(course.answers)
        asked = self._step.asked(course.answers)
        for box in self._boxes:
            box.setVisible(box.field in asked)
            if box.field in asked:
                box.show_answers(course.answers)
        self._aside.show_course(course)

    def take_focus(self) -> None:
        """Go to the first field."""
        for box in self._boxes:
            if not box.isHidden():
                box.take_focus()
                return

    def _build(self, answers: Answers) -> None:
        clear(self._column)
        inner = self._inner
        titled = len(self._step.fields) > 1
        self._boxes = [
            field_box(self._theme, each, answers, titled=titled, parent=inner)
            for each in self._step.fields
        ]
        for box in self._boxes:
            box.answered.connect(self._answered)
            self._column.addWidget(box)
        self._column.addStretch(1)

    def _answered(self, name: str, typed: str) -> None:
        field = next(each for each in self._step.fields if each.name == name)
        self.answered.emit(field, typed)
