"""Shows the sections of an inspection: the same view for every format."""

from __future__ import annotations

from datetime import UTC, datetime

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QPlainTextEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from signstation.gui.literal import Literal
from signstation.gui.parts import IconLabel, Label, clear
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone
from signstation.gui.words import say, tr
from signstation.model.artifacts import Fact, FactStyle, Inspection, Severity
from signstation.reports.words import groups, human_size, show, show_block

MAX_FACTS_SHOWN = 200
"""Most facts of one section that become widgets; the rest is counted."""
CODE_LINES = 8
"""Lines of a scriptlet that are visible without scrolling."""

SEVERITIES = {
    Severity.NOTE: ("info", Tone.NEUTRAL),
    Severity.WARNING: ("warning", Tone.WARNING),
    Severity.BLOCKER: ("x-circle", Tone.ERROR),
}


def fact_text(fact: Fact) -> str:
    """Return a fact's value as it is shown on one line."""
    value = fact.value
    if fact.style is FactStyle.SIZE and value.isdecimal():
        return human_size(int(value))
    if fact.style is FactStyle.TIME and value.isdecimal():
        return datetime.fromtimestamp(int(value), UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    if fact.style is FactStyle.HEX:
        return groups(show(value))
    return show(value)


class FactsView(QScrollArea):
    """Findings, then existing signatures, then facts of one artifact."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        """Start empty."""
        super().__init__(parent)
        self._theme = theme
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(tr("What is inside"))
        self._inner = inner = QWidget(self)
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(0, 0, 8, 0)
        self._column.setSpacing(6)
        self.setWidget(inner)

    def show_inspection(self, inspection: Inspection) -> None:
        """Replace what is shown."""
        clear(self._column)
        inner = self._inner
        self._column.addWidget(Label(show(inspection.title), inner, "section", wrap=True))
        for finding in inspection.findings:
            icon, tone = SEVERITIES[finding.severity]
            self._column.addLayout(self._row(icon, tone, say(finding.text), inner))
        for existing in inspection.signatures:
            words = tr(
                "Already signed: {kind} by {signer}, {algorithm}, {hash}",
                kind=say(existing.kind),
                signer=existing.signer,
                algorithm=existing.algorithm,
                hash=existing.hash,
            )
            self._column.addLayout(self._row("sign", Tone.ACCENT, words, inner))
        for section in inspection.sections:
            if section.facts:
                self._section(say(section.title), section.facts, inner)
        self._column.addStretch(1)
        self.verticalScrollBar().setValue(0)

    def _row(self, icon: str, tone: Tone, words: str, inner: QWidget) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(IconLabel(self._theme, icon, inner, tone, 16), 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(Label(words, inner, wrap=True), 1)
        return row

    def _section(self, title: str, facts: tuple[Fact, ...], inner: QWidget) -> None:
        self._column.addSpacing(8)
        self._column.addWidget(Label(title, inner, "label"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(5)
        grid.setColumnStretch(1, 1)
        grid.setColumnMinimumWidth(0, 118)
        for row, fact in enumerate(facts[:MAX_FACTS_SHOWN]):
            grid.addWidget(
                Label(say(fact.label), inner, "sub", wrap=True),
                row,
                0,
                Qt.AlignmentFlag.AlignTop,
            )
            grid.addWidget(self._value(fact, inner), row, 1)
        self._column.addLayout(grid)
        if len(facts) > MAX_FACTS_SHOWN:
            rest = tr("… and {count} more", count=len(facts) - MAX_FACTS_SHOWN)
            self._column.addWidget(Label(rest, inner, "sub"))

    def _value(self, fact: Fact, inner: QWidget) -> QWidget:
        if fact.style is FactStyle.CODE:
            block = QPlainTextEdit(show_block(fact.value), inner)
            block.setReadOnly(True)
            block.setProperty("role", "mono")
            block.setAccessibleName(say(fact.label))
            lines = min(fact.value.count("\n") + 1, CODE_LINES)
            block.setFixedHeight(lines * 17 + 28)
            return block
        mono = fact.style in {FactStyle.MONO, FactStyle.HEX}
        return Literal(fact_text(fact), say(fact.label), inner, "mono" if mono else "body")
