"""The list of checks: worst first, each with its reason, its evidence one key away."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from signstation.gui.facts import fact_text
from signstation.gui.literal import Literal
from signstation.gui.parts import IconLabel, Label
from signstation.gui.theme import Theme
from signstation.gui.verdicts import outcome_look
from signstation.gui.words import say, tr
from signstation.model.artifacts import FactStyle
from signstation.model.checks import Check, Outcome
from signstation.reports.words import show

MAX_CHECKS = 300
"""Most checks that become widgets; the rest is counted and stands in the report."""
_ORDER = (Outcome.FAIL, Outcome.WARNING, Outcome.PASS, Outcome.NOT_RUN)


def _rank(check: Check) -> int:
    missed = check.required and check.outcome is Outcome.NOT_RUN
    return 0 if missed else _ORDER.index(check.outcome)


class _CheckRow(QWidget):
    """One check; its evidence is built when it is opened for the first time."""

    def __init__(self, theme: Theme, check: Check, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self._check = theme, check
        self._evidence: QWidget | None = None
        icon, tone, word = outcome_look(check.outcome)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 4, 0, 4)
        self._column.setSpacing(6)
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addWidget(IconLabel(theme, icon, self, tone, 18), 0, Qt.AlignmentFlag.AlignTop)
        summary = say(check.summary)
        row.addWidget(Label(summary, self, wrap=True), 1, Qt.AlignmentFlag.AlignTop)
        outcome = Label(word, self, "label")
        outcome.setProperty("tone", tone.value)
        row.addWidget(outcome, 0, Qt.AlignmentFlag.AlignTop)
        self.toggle = QToolButton(self)
        self.toggle.setCheckable(True)
        self.toggle.setProperty("role", "small")
        self.toggle.setAccessibleName(tr("Evidence: {summary}", summary=summary))
        self.toggle.setToolTip(tr("Show the evidence"))
        self.toggle.toggled.connect(self._toggled)
        row.addWidget(self.toggle, 0, Qt.AlignmentFlag.AlignTop)
        self._column.addLayout(row)
        theme.changed.connect(self._draw)
        self._draw()
        if check.outcome is Outcome.FAIL:
            self.toggle.setChecked(True)

    def _draw(self) -> None:
        name = "chevron-down" if self.toggle.isChecked() else "chevron-right"
        self.toggle.setIcon(self._theme.icon(name, size=16))

    def _toggled(self, opened: bool) -> None:  # noqa: FBT001 - Qt's signal
        self._draw()
        if opened and self._evidence is None:
            self._evidence = self._build(self._check)
            self._column.addWidget(self._evidence)
        if self._evidence is not None:
            self._evidence.setVisible(opened)

    def _build(self, check: Check) -> QWidget:
        evidence = QWidget(self)
        grid = QGridLayout(evidence)
        grid.setContentsMargins(28, 0, 34, 4)
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        code = show(check.code) + (" · " + tr("required") if check.required else "")
        rows = [(tr("Check"), code, True)]
        rows.extend(
            (say(fact.label), fact_text(fact), fact.style is not FactStyle.TEXT)
            for fact in check.details
        )
        for number, (title, value, mono) in enumerate(rows):
            label = Label(title, evidence, "sub")
            grid.addWidget(label, number, 0, Qt.AlignmentFlag.AlignTop)
            role = "mono" if mono else "body"
            grid.addWidget(Literal(value, title, evidence, role), number, 1)
        return evidence


class ChecksView(QWidget):
    """All checks of one verification."""

    def __init__(self, theme: Theme, checks: Sequence[Check], parent: QWidget) -> None:
        """Build a row per check."""
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        for each in sorted(checks, key=_rank)[:MAX_CHECKS]:
            column.addWidget(_CheckRow(theme, each, self))
        if not checks:
            column.addWidget(Label(tr("Nothing was checked."), self, "sub"))
        if len(checks) > MAX_CHECKS:
            rest = tr("… and {count} more in the report", count=len(checks) - MAX_CHECKS)
            column.addWidget(Label(rest, self, "sub"))
