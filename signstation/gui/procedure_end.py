"""The last two steps of a guided procedure: everything that will happen, and what became of it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from signstation.ceremonies.procedure import Effect, EffectKind, Preview, Result
from signstation.errors import SignstationError
from signstation.gui.copying import CopyButton
from signstation.gui.errors import error_lines
from signstation.gui.facts import fact_text
from signstation.gui.fingerprint import FingerprintCard
from signstation.gui.literal import Literal
from signstation.gui.parts import ActionButton, Banner, Card, IconLabel, Label, clear, line
from signstation.gui.procedure_form import AnyCourse, Aside
from signstation.gui.procedure_scroll import Scrolled
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone
from signstation.gui.words import say, tr
from signstation.model.artifacts import Fact, FactStyle
from signstation.model.text import Text
from signstation.reports.words import show

_EFFECTS = {
    EffectKind.ASK: ("hand", Tone.ACCENT),
    EffectKind.MAKE: ("key", Tone.ACCENT),
    EffectKind.WRITE: ("save", Tone.ACCENT),
    EffectKind.TRUST: ("anchor", Tone.ACCENT),
    EffectKind.STAY: ("info", Tone.NEUTRAL),
}


class ReviewForm(QWidget):
    """What will happen, whether it can be undone, and the command that does the same."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        """Start empty."""
        super().__init__(parent)
        self._theme = theme
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        card = Card(self, tr("This will happen"))
        area = Scrolled(tr("This will happen"), card)
        self._column, self._inner = area.column, area.inner
        card.body.addWidget(area, 1)
        row.addWidget(card, 1)
        self._aside = Aside(theme, self)
        row.addWidget(self._aside)

    def show_course(self, course: AnyCourse) -> None:
        """Show the preview of a course that stands at its review."""
        self._aside.show_course(course)
        clear(self._column)
        inner = self._inner
        preview = course.preview()
        for each in preview.effects:
            self._column.addLayout(self._effect(each, inner))
        self._column.addSpacing(4)
        self._column.addWidget(line(inner))
        self._column.addLayout(self._undo(preview, inner))
        self._column.addWidget(line(inner))
        self._command(preview, inner)
        self._column.addStretch(1)

    def _effect(self, effect: Effect, inner: QWidget) -> QHBoxLayout:
        icon, tone = _EFFECTS[effect.kind]
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(IconLabel(self._theme, icon, inner, tone, 20), 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(Label(say(effect.text), inner, wrap=True))
        if effect.path:
            words.addWidget(Literal(show(effect.path), say(effect.text), inner))
        row.addLayout(words, 1)
        return row

    def _undo(self, preview: Preview, inner: QWidget) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(12)
        icon = IconLabel(self._theme, "refresh", inner, Tone.NEUTRAL, 20)
        row.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(Label(tr("Can it be undone?"), inner, "strong"))
        words.addWidget(Label(say(preview.undo), inner, "sub", wrap=True))
        row.addLayout(words, 1)
        return row

    def _command(self, preview: Preview, inner: QWidget) -> None:
        title = tr("The same on the command line")
        head = QHBoxLayout()
        head.addWidget(Label(title, inner, "label"))
        head.addStretch(1)
        command = show(preview.command)
        head.addWidget(CopyButton(self._theme, command, tr("Copy the command"), inner))
        self._column.addLayout(head)
        self._column.addWidget(Literal(command, title, inner))


class EndForm(QWidget):
    """While it is done, and afterwards: the result, or what went wrong and the way back."""

    back = Signal()
    """After a failure: to the review, with every answer kept."""
    done = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        """Start empty."""
        super().__init__(parent)
        self._theme = theme
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(14)

    def show_doing(self, words: Text) -> None:
        """Say what is being done; how long it takes is not known."""
        clear(self._column)
        card = Card(self, say(words))
        bar = QProgressBar(card)
        bar.setRange(0, 0)
        bar.setTextVisible(False)
        bar.setAccessibleName(say(words))
        card.body.addWidget(bar)
        hint = tr(
            "A question to you appears above this page. Nothing is done until it is answered."
        )
        card.body.addWidget(Label(hint, card, "sub", wrap=True))
        self._column.addWidget(card)
        self._column.addStretch(1)

    def show_failure(self, error: SignstationError) -> None:
        """Say what happened, what it means and what to do, with the way back."""
        clear(self._column)
        banner = Banner(self._theme, self)
        first, *rest = error_lines(error)
        banner.say(Tone.ERROR, first, " ".join(rest))
        self._column.addWidget(banner)
        row = QHBoxLayout()
        again = ActionButton(self._theme, tr("Back to the review"), self, icon="chevron-left")
        again.clicked.connect(self.back)
        row.addWidget(again)
        row.addStretch(1)
        self._column.addLayout(row)
        self._column.addStretch(1)
        again.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_result(self, result: Result, further: tuple[ActionButton, ...]) -> None:
        """Show what was made; ``further`` are buttons of the owner, beside "Done"."""
        clear(self._column)
        banner = Banner(self._theme, self)
        banner.say(Tone.OK, say(result.headline), say(result.detail))
        self._column.addWidget(banner)
        area = Scrolled(tr("Result"), self)
        columns = QHBoxLayout()
        columns.setSpacing(16)
        columns.addLayout(self._left(result, area.inner), 3)
        columns.addLayout(self._right(result, area.inner), 2)
        area.column.addLayout(columns)
        area.column.addStretch(1)
        self._column.addWidget(area, 1)
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addStretch(1)
        for each in further:
            each.setParent(self)
            row.addWidget(each)
            each.show()
        done = ActionButton(self._theme, tr("Done"), self, icon="check", kind="primary")
        done.clicked.connect(self.done)
        row.addWidget(done)
        self._column.addLayout(row)
        done.setFocus(Qt.FocusReason.OtherFocusReason)

    def _left(self, result: Result, area: QWidget) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(16)
        if result.fingerprint:
            column.addWidget(FingerprintCard(self._theme, result.fingerprint, area))
        card = Card(area, tr("What was made"))
        for fact in result.facts:
            self._fact(fact, card)
        column.addWidget(card)
        column.addStretch(1)
        return column

    def _fact(self, fact: Fact, card: Card) -> None:
        card.body.addWidget(Label(say(fact.label), card, "label"))
        role = "body" if fact.style is FactStyle.TEXT else "mono"
        card.body.addWidget(Literal(fact_text(fact), say(fact.label), card, role))

    def _right(self, result: Result, area: QWidget) -> QVBoxLayout:
        column = QVBoxLayout()
        card = Card(area, tr("What comes next"))
        for number, each in enumerate(result.advice, 1):
            row = QHBoxLayout()
            row.setSpacing(10)
            mark = Label(f"{number}", card, "strong")
            mark.setFixedWidth(16)
            row.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
            row.addWidget(Label(say(each), card, wrap=True), 1)
            card.body.addLayout(row)
        column.addWidget(card)
        column.addStretch(1)
        return column
