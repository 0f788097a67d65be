"""Shows what changed since an earlier version: findings first, then section by section."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QPlainTextEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from signstation.app.difference import Change, ChangeKind, Difference
from signstation.gui.facts import SEVERITIES, fact_text
from signstation.gui.literal import Literal
from signstation.gui.parts import ActionButton, IconLabel, Label, clear
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone
from signstation.gui.words import say, tr, trn
from signstation.model.artifacts import Fact
from signstation.model.versions import Earlier
from signstation.reports.words import show, show_block

MAX_CHANGES_SHOWN = 200
"""Most changes that become widgets; the rest is counted."""
MAX_VISIBLE_LINES = 14
"""Lines of one change that are visible without scrolling."""

KINDS = {
    ChangeKind.ADDED: ("plus", Tone.ACCENT, "Added"),
    ChangeKind.REMOVED: ("minus-circle", Tone.NEUTRAL, "Removed"),
    ChangeKind.CHANGED: ("compare", Tone.WARNING, "Changed"),
}
"""Icon, tone and word: never colour alone."""


def summary(difference: Difference) -> str:
    """Return one line: what changed since which version."""
    earlier = difference.earlier
    if difference.same_bytes:
        return tr("The same bytes as {earlier}", earlier=earlier)
    added, removed, changed = difference.counts()
    if not difference.changes:
        return tr("Nothing that is shown changed since {earlier}", earlier=earlier)
    return tr(
        "Since {earlier}: {added} added, {removed} removed, {changed} changed",
        earlier=earlier,
        added=added,
        removed=removed,
        changed=changed,
    )


class DifferenceView(QScrollArea):
    """Emits ``chosen`` with the Path of an earlier version that a person picked."""

    chosen = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        """Start empty."""
        super().__init__(parent)
        self._theme = theme
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(tr("What changed"))
        self._inner = QWidget(self)
        self._column = QVBoxLayout(self._inner)
        self._column.setContentsMargins(0, 8, 8, 0)
        self._column.setSpacing(6)
        self.setWidget(self._inner)

    def show_difference(self, difference: Difference | None, earlier: Earlier | None) -> None:
        """Show a difference; None where no earlier version is known."""
        clear(self._column)
        inner = self._inner
        if difference is None:
            none = tr("This station has not signed an earlier version of this artifact.")
            self._column.addWidget(Label(none, inner, wrap=True))
        else:
            self._column.addWidget(Label(summary(difference), inner, "strong", wrap=True))
            if earlier is not None:
                self._column.addWidget(Label(_origin(earlier), inner, "sub", wrap=True))
            for finding in difference.findings:
                icon, tone = SEVERITIES[finding.severity]
                self._column.addLayout(self._row(icon, tone, say(finding.text)))
            self._changes(difference.changes)
        self._column.addSpacing(8)
        pick = ActionButton(
            self._theme, tr("Compare with another file…"), inner, icon="compare", kind="quiet"
        )
        pick.clicked.connect(self._pick)
        self._column.addWidget(pick, 0, Qt.AlignmentFlag.AlignLeft)
        self._column.addStretch(1)
        self.verticalScrollBar().setValue(0)

    def _row(self, icon: str, tone: Tone, words: str) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        picture = IconLabel(self._theme, icon, self._inner, tone, 16)
        row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(Label(words, self._inner, wrap=True), 1)
        return row

    def _changes(self, changes: tuple[Change, ...]) -> None:
        section = ""
        for change in changes[:MAX_CHANGES_SHOWN]:
            if change.section != section:
                section = change.section
                self._column.addSpacing(8)
                self._column.addWidget(Label(say(change.title), self._inner, "label"))
            icon, tone, word = KINDS[change.kind]
            words = f"{tr(word)}: {say(change.label)}"
            self._column.addLayout(self._row(icon, tone, words))
            self._column.addWidget(self._value(change))
        if len(changes) > MAX_CHANGES_SHOWN:
            count = len(changes) - MAX_CHANGES_SHOWN
            self._column.addWidget(
                Label(trn("… and {count} more", "… and {count} more", count), self._inner, "sub")
            )

    def _value(self, change: Change) -> QWidget:
        name = say(change.label)
        if change.lines:
            return DiffBlock(self._theme, change.lines, name, self._inner)
        values = [
            fact_text(Fact(change.label, each, change.style))
            for each in (change.before, change.after)
            if each
        ]
        return Literal(" → ".join(values), name, self._inner)

    def _pick(self) -> None:
        dialog = QFileDialog(self, tr("Earlier version"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._picked)
        dialog.open()

    def _picked(self, name: str) -> None:
        self.chosen.emit(Path(name))


class DiffBlock(QPlainTextEdit):
    """Lines with + and - before them, tinted in the theme's tones besides."""

    def __init__(self, theme: Theme, lines: tuple[str, ...], name: str, parent: QWidget) -> None:
        """``lines`` are untrusted; they are escaped here."""
        super().__init__(parent)
        self._theme = theme
        self._lines = show_block("\n".join(lines)).splitlines()
        self.setReadOnly(True)
        self.setProperty("role", "mono")
        self.setTabChangesFocus(True)
        self.setAccessibleName(tr("Change of {name}", name=name))
        visible = max(1, min(len(self._lines), MAX_VISIBLE_LINES))
        self.setFixedHeight(visible * 17 + 28)
        theme.changed.connect(self._draw)
        self._draw()

    def _draw(self) -> None:
        tokens = self._theme.tokens
        tones = {"+": tokens.tone(Tone.OK), "-": tokens.tone(Tone.ERROR)}
        self.setPlainText("")
        cursor = QTextCursor(self.document())
        for number, line in enumerate(self._lines):
            form = QTextCharFormat()
            if line[:1] in tones:
                colour, tint = tones[line[0]]
                form.setForeground(QColor(colour))
                form.setBackground(QColor(tint))
            cursor.insertText(("\n" if number else "") + line, form)
        self.moveCursor(QTextCursor.MoveOperation.Start)


def _origin(earlier: Earlier) -> str:
    when = datetime.fromtimestamp(earlier.signed_at, UTC).strftime("%Y-%m-%d")
    return tr("Signed here on {day}: {path}", day=when, path=show(str(earlier.path)))
