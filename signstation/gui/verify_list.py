"""The list of verified artifacts: the worst first, a filter, and counts per verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QItemSelection, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from signstation.gui.parts import ActionButton, Label
from signstation.gui.rows import Column, RowsModel, table_view
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone
from signstation.gui.verdicts import verdict_look
from signstation.gui.words import tr
from signstation.model.checks import Verdict
from signstation.model.station import VerifiedPath
from signstation.reports.words import show

ORDER = (
    Verdict.TAMPERED,
    Verdict.INDETERMINATE,
    Verdict.UNTRUSTED,
    Verdict.UNSIGNED,
    Verdict.TRUSTED,
)
"""Worst first; what could not be read at all comes between changed and cannot tell."""


def result_look(result: VerifiedPath) -> tuple[str, Tone, str]:
    """Return icon, tone and word of a result, or of its failure."""
    if result.verification is None:
        return "x-circle", Tone.ERROR, tr("Not readable")
    return verdict_look(result.verification.verdict)


def _icon(result: VerifiedPath) -> tuple[str, Tone]:
    icon, tone, _ = result_look(result)
    return icon, tone


def _rank(result: VerifiedPath) -> float:
    if result.verification is None:
        return 0.5
    return ORDER.index(result.verification.verdict)


def counts(results: Sequence[VerifiedPath]) -> str:
    """Return ``1 Changed · 3 Verified``, worst first."""
    found = Counter(each.verification.verdict if each.verification else None for each in results)
    parts = [f"{found[each]} {verdict_look(each)[2]}" for each in ORDER if found[each]]
    if found[None]:
        parts.insert(0, f"{found[None]} {tr('Not readable')}")
    return " · ".join(parts)


class VerifyList(QWidget):
    """Emits ``picked`` and ``taken_out`` with a VerifiedPath: a row is selected, or to be gone."""

    picked = Signal(object)
    taken_out = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        """Start empty."""
        super().__init__(parent)
        self.setMinimumWidth(250)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self.filter = QLineEdit(self)
        self.filter.setPlaceholderText(tr("Filter (Ctrl+F)"))
        self.filter.setAccessibleName(tr("Filter the results"))
        self.filter.textChanged.connect(self._filter)
        column.addWidget(self.filter)
        columns: tuple[Column[VerifiedPath], ...] = (
            Column(
                tr("Result"),
                lambda each: result_look(each)[2],
                key=_rank,
                icon=_icon,
                pill=True,
                width=148,
            ),
            Column(tr("Artifact"), lambda each: show(each.path.name)),
        )
        self.model: RowsModel[VerifiedPath] = RowsModel(theme, columns, self)
        self.table = table_view(self.model, tr("Results"), columns, self)
        self.table.sortByColumn(0, self.table.horizontalHeader().sortIndicatorOrder())
        self.table.selectionModel().selectionChanged.connect(self._selected)
        column.addWidget(self.table, 1)
        self.take_out = ActionButton(
            theme, tr("Take out of the list"), self, icon="x", kind="quiet"
        )
        self.take_out.setToolTip(tr("Delete"))
        self.take_out.clicked.connect(self._take_out)
        column.addWidget(self.take_out, 0, Qt.AlignmentFlag.AlignLeft)
        shortcut = QShortcut(QKeySequence(Qt.Key.Key_Delete), self.table)
        shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
        shortcut.activated.connect(self._take_out)
        self._foot = Label("", self, "reason", wrap=True)
        column.addWidget(self._foot)

    def explain(self, words: str) -> None:
        """Say below the list whom this verification trusts."""
        self._foot.setText(words)

    def replace(self, results: Sequence[VerifiedPath]) -> None:
        """Show other results."""
        self.model.replace(results)

    def append(self, results: Sequence[VerifiedPath]) -> None:
        """Add results; the selection stays where it is."""
        self.model.append(results)

    def select_first(self) -> None:
        """Pick the worst result, unless one is picked already."""
        if self.model.rowCount() and not self.table.selectionModel().hasSelection():
            self.table.selectRow(0)

    def select_path(self, path: Path) -> bool:
        """Pick the result of a path; False where there is none."""
        for place, each in enumerate(self.model.rows()):
            if each.path == path:
                self.table.selectRow(place)
                return True
        return False

    def _filter(self, typed: str) -> None:
        wanted = typed.casefold()
        if not wanted:
            self.model.filter(None)
            return

        def fits(result: VerifiedPath) -> bool:
            word = result_look(result)[2]
            return wanted in f"{show(str(result.path))} {word}".casefold()

        self.model.filter(fits)

    def _take_out(self) -> None:
        if indexes := self.table.selectionModel().selectedRows():
            self.taken_out.emit(self.model.row(indexes[0]))

    def _selected(self, selection: QItemSelection) -> None:
        if indexes := selection.indexes():
            self.picked.emit(self.model.row(indexes[0]))
