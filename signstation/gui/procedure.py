"""A guided procedure in the window: rendered from its description, the same for every procedure."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from signstation.ceremonies.answers import Field
from signstation.ceremonies.procedure import Course, Procedure, Result
from signstation.errors import SignstationError
from signstation.gui.bridge import Bridge
from signstation.gui.pages import Head
from signstation.gui.parts import ActionButton
from signstation.gui.procedure_end import EndForm, ReviewForm
from signstation.gui.procedure_form import AnyCourse, StepForm
from signstation.gui.stepper import Step, Stepper
from signstation.gui.theme import Theme
from signstation.gui.words import say, tr


@dataclass(frozen=True, slots=True)
class Further:
    """A button beside "Done": its words, its icon, and what to call with the result."""

    words: str
    icon: str
    call: Callable[[Result], None]


@dataclass(frozen=True, slots=True)
class Task:
    """A course to be walked, who carries its order out, and what can be done afterwards.

    ``carry_out`` is a call of the station: it returns at once, prompts come as sheets.
    """

    course: AnyCourse
    carry_out: Callable[[Any], Future[Any]]
    further: tuple[Further, ...] = ()


def task(
    procedure: Procedure[Any, Any],
    carry_out: Callable[[Any], Future[Any]],
    *further: Further,
) -> Task:
    """Return a task that begins at the first step."""
    return Task(Course(procedure), carry_out, further)


class ProcedureView(QWidget):
    """Lives for one run. The pure ``Course`` is the only state; nothing here knows what it asks."""

    closed = Signal(object)
    """The person is through: the Result, or None where nothing was done."""

    def __init__(self, theme: Theme, bridge: Bridge, work: Task, parent: QWidget) -> None:
        """Show the first step."""
        super().__init__(parent)
        self._theme, self._bridge, self._task = theme, bridge, work
        self._course: AnyCourse = work.course
        self._result: Result | None = None
        self._working = False
        procedure = self._course.procedure
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(14)
        head = Head(say(procedure.title), say(procedure.sentence), self)
        self.leave_button = ActionButton(theme, tr("Leave"), self, icon="x")
        self.leave_button.setAccessibleDescription(tr("Nothing is done; the answers are dropped."))
        self.leave_button.clicked.connect(self._leave)
        head.buttons.addWidget(self.leave_button)
        column.addWidget(head)
        self._column = column
        self._forms: list[StepForm] = []
        self._shown: tuple[str, ...] = ()
        self._build()

    @property
    def course(self) -> AnyCourse:
        """Where it stands."""
        return self._course

    @property
    def working(self) -> bool:
        """Whether the order is being carried out: there is no leaving then."""
        return self._working

    def step_back(self) -> None:
        """Esc: one step back; from the first step, or after the end, leave."""
        if self._working:
            return
        if self.stepper.current == 0 or self._result is not None:
            self._leave()
        else:
            self.stepper.go(self.stepper.current - 1)

    def take_focus(self) -> None:
        """Put the focus into the step that is shown."""
        if self.stepper.current < len(self._forms):
            self._forms[self.stepper.current].take_focus()

    def _build(self) -> None:
        """Make the stepper for the steps that the answers call for, at the present position."""
        procedure = self._course.procedure
        steps = self._course.steps
        self._shown = tuple(each.id for each in steps)
        stepper = Stepper(self._theme, self)
        self._forms = [StepForm(self._theme, each, self._course, stepper) for each in steps]
        for step, form in zip(steps, self._forms, strict=True):
            form.answered.connect(self._answered)
            stepper.add(Step(say(step.title), form, tr("Next")))
        self._review = ReviewForm(self._theme, stepper)
        self._end = EndForm(self._theme, stepper)
        self._end.back.connect(self._again)
        self._end.done.connect(self._leave)
        stepper.add(Step(tr("Review"), self._review, say(procedure.action), "check"))
        stepper.add(Step(tr("Result"), self._end, ""))
        ids = (*self._shown, "")
        at = len(steps) if self._course.reviewing else ids.index(self._course.position)
        stepper.go(at)
        stepper.wanted.connect(self._next)
        stepper.entered.connect(self._entered)
        self.stepper = stepper
        self._column.addWidget(stepper, 1)
        stepper.show()  # a layout would show it only when the events are handled
        self._order_tabs(at)
        self._gate()

    def _order_tabs(self, index: int) -> None:
        """The Tab key goes through the step and then to Back and Next, whatever was made first."""
        shown = self._forms[index] if index < len(self._forms) else self._review
        inside = [
            each
            for each in shown.findChildren(QWidget)
            if each.focusPolicy() is not Qt.FocusPolicy.NoFocus
        ]
        stepper = self.stepper
        stops = (self.leave_button, stepper.bar, *inside, stepper.back, stepper.next)
        for one, two in pairwise(stops):
            QWidget.setTabOrder(one, two)

    def _answered(self, field: Field[Any], typed: str) -> None:
        self._course = self._course.answer(field, typed)
        self._forms[self.stepper.current].show_course(self._course)
        self._gate()

    def _gate(self) -> None:
        obstacle = self._course.obstacle()
        reason = ""
        if obstacle is not None:
            reason = f"{say(obstacle.field)}: {say(obstacle.problem)}"
        self.stepper.allow_next(reason=reason)

    def _next(self, index: int) -> None:
        if self._course.obstacle() is not None:
            return
        if self._course.reviewing:
            self._start(index)
            return
        self._course = self._course.forward()
        if tuple(each.id for each in self._course.steps) != self._shown:
            old = self.stepper
            self._column.removeWidget(old)
            old.hide()
            old.deleteLater()
            self._build()
            self._entered(self.stepper.current)
        else:
            self.stepper.go(index + 1)

    def _entered(self, index: int) -> None:
        """A step is shown: the course follows where the person went back."""
        if index < len(self._forms):
            name = self._shown[index]
            if name in self._course.passed:
                self._course = self._course.back_to(name)
            self._forms[index].show_course(self._course)
            self._forms[index].take_focus()
        elif index == len(self._forms):
            self._review.show_course(self._course)
            self.stepper.next.setFocus()
        if index <= len(self._forms):
            self._order_tabs(index)
        self._gate()

    def _start(self, index: int) -> None:
        """Carry the order out. Further clicks cannot come: the button is gone with its step."""
        self._working = True
        self.leave_button.hide()
        self._end.show_doing(self._course.procedure.doing)
        self.stepper.go(index + 1)
        self.stepper.lock(locked=True)
        future = self._task.carry_out(self._course.order())
        self._bridge.deliver(future, self._done, self._failed)

    def _done(self, outcome: object) -> None:
        self._working = False
        result = self._course.result(outcome)
        self._result = result
        buttons = tuple(self._button(each, result) for each in self._task.further)
        self._end.show_result(result, buttons)

    def _button(self, further: Further, result: Result) -> ActionButton:
        button = ActionButton(self._theme, further.words, self._end, icon=further.icon)
        button.clicked.connect(lambda: further.call(result))
        return button

    def _failed(self, error: SignstationError) -> None:
        self._working = False
        self.leave_button.show()
        self._end.show_failure(error)

    def _again(self) -> None:
        self.stepper.lock(locked=False)
        self.stepper.go(len(self._forms))

    def _leave(self) -> None:
        if not self._working:
            self.closed.emit(self._result)
