"""The last step of the Sign page: signing as it happens, and what came of it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QItemSelection, Qt, Signal
from PySide6.QtWidgets import QProgressBar, QSplitter, QVBoxLayout, QWidget

from signstation.app.api import StationApi
from signstation.gui.bridge import Bridge
from signstation.gui.kinds import kind_words
from signstation.gui.parts import ActionButton, Banner
from signstation.gui.queue_detail import DetailPane
from signstation.gui.rows import Column, RowsModel, table_view
from signstation.gui.sign_export import ExportCard
from signstation.gui.states import state_icon, state_words
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone
from signstation.gui.words import tr, trn
from signstation.model.jobs import JobState, StepRow
from signstation.reports.words import show


class ResultStep(QWidget):
    """Emits ``verify`` with the outputs, ``again`` for another release, ``cancel`` to stop."""

    verify = Signal(tuple)
    again = Signal()
    cancel = Signal()

    def __init__(self, theme: Theme, station: StationApi, bridge: Bridge, parent: QWidget) -> None:
        """Build the banner, the export card, the table and the detail card."""
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        self.banner = Banner(theme, self)
        self.stop = ActionButton(theme, tr("Stop"), self.banner, icon="stop")
        self.check = ActionButton(
            theme, tr("Verify the results"), self.banner, icon="verify", kind="primary"
        )
        self.more = ActionButton(theme, tr("Sign more"), self.banner, icon="plus")
        self.carry = ActionButton(theme, tr("Export…"), self.banner, icon="usb")
        self.carry.clicked.connect(self._export)
        for button in (self.stop, self.check, self.carry, self.more):
            self.banner.buttons.addWidget(button)
        self.stop.clicked.connect(self.cancel)
        self.check.clicked.connect(self._verify)
        self.more.clicked.connect(self.again)
        column.addWidget(self.banner)
        self.bar = QProgressBar(self)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(tr("Progress of the release"))
        column.addWidget(self.bar)
        self.export = ExportCard(theme, station, bridge, self)
        self.export.closed.connect(self.carry.setFocus)
        column.addWidget(self.export)
        columns: tuple[Column[StepRow], ...] = (
            Column(tr("Artifact"), lambda each: show(Path(each.path).name)),
            Column(tr("Kind"), lambda each: kind_words(each.format, 1), width=150),
            Column(
                tr("State"),
                lambda each: state_words(each.state),
                icon=lambda each: state_icon(each.state),
                width=190,
            ),
            Column(tr("Result"), _output_name, width=230),
        )
        self.model: RowsModel[StepRow] = RowsModel(theme, columns, self)
        self.table = table_view(self.model, tr("Results"), columns, self)
        self.table.selectionModel().selectionChanged.connect(self._selected)
        self.detail = DetailPane(theme, station, bridge, self)
        splitter = QSplitter(Qt.Orientation.Horizontal, self)
        splitter.setChildrenCollapsible(False)
        splitter.setHandleWidth(16)
        splitter.addWidget(self.table)
        splitter.addWidget(self.detail)
        splitter.setSizes([720, 340])
        column.addWidget(splitter, 1)
        self._rows: list[StepRow] = []
        self._root: Path | None = None
        self._title = ""

    def begin(self, root: Path | None, title: str) -> None:
        """Start with an empty table; results go below ``root``."""
        self._root, self._title = root, title
        self.export.hide()
        self.show_steps([])

    def show_steps(self, rows: list[StepRow]) -> None:
        """Show the steps of all jobs of the release."""
        selected = self.table.currentIndex().row()
        self._rows = rows
        self.model.replace(rows)
        if rows:
            self.table.selectRow(max(0, min(selected, len(rows) - 1)))
        final = sum(each.state.final for each in rows)
        self.bar.setRange(0, max(len(rows), 1))
        self.bar.setValue(final)
        self._say(final)

    def outputs(self) -> tuple[Path, ...]:
        """Files that were published."""
        done = (each for each in self._rows if each.state is JobState.DONE)
        return tuple(Path(name) for each in done for name in each.outputs)

    def _say(self, final: int) -> None:
        rows = self._rows
        running = final < len(rows) or not rows
        done = sum(each.state is JobState.DONE for each in rows)
        failed = [each for each in rows if each.state is JobState.FAILED]
        interrupted = any(each.state is JobState.INTERRUPTED for each in rows)
        self.stop.setVisible(running and not interrupted)
        self.check.setVisible(not running and done > 0)
        self.carry.setVisible(not running and done > 0 and self._root is not None)
        self.more.setVisible(not running or interrupted)
        self.bar.setVisible(running)
        if interrupted:
            words = tr("Interrupted: {done} of {count} are done", done=done, count=len(rows))
            self.banner.say(Tone.WARNING, words, tr("Go on from the queue."))
        elif not rows:
            self.banner.say(Tone.ACCENT, tr("Signing begins…"), icon="sign")
        elif running:
            words = tr("Signing: {done} of {count} are done", done=done, count=len(rows))
            self.banner.say(Tone.ACCENT, words, icon="sign")
        elif failed:
            words = tr("{done} signed, {failed} failed", done=done, failed=len(failed))
            self.banner.say(Tone.ERROR, words, tr("The reasons are beside each artifact."))
        elif done < len(rows):
            words = tr("Stopped: {done} of {count} are signed", done=done, count=len(rows))
            self.banner.say(Tone.WARNING, words, tr("Nothing is half done."))
        else:
            words = trn(
                "The artifact is signed and verified",
                "All {count} artifacts are signed and verified",
                done,
            )
            folders = sorted({str(path.parent) for path in self.outputs()})
            self.banner.say(Tone.OK, words, ", ".join(show(each) for each in folders[:3]))

    def _export(self) -> None:
        if self._root is not None:
            self.export.offer(self.outputs(), self._root, self._title)

    def _verify(self) -> None:
        self.verify.emit(self.outputs())

    def _selected(self, selection: QItemSelection) -> None:
        if not (indexes := selection.indexes()):
            return
        self.detail.show_step(self.model.row(indexes[0]))


def _output_name(row: StepRow) -> str:
    return ", ".join(show(Path(each).name) for each in row.outputs) or "—"
