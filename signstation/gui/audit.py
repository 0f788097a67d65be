"""The Audit page: what happened on this station, when, by whom, and whether the log is whole."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from signstation.app.api import StationApi
from signstation.errors import NotWritable, SignstationError
from signstation.gui.audit_detail import RecordDetail
from signstation.gui.audit_feed import AuditFeed
from signstation.gui.audit_signers import Wanted, answer, typed_hash
from signstation.gui.audit_timeline import TimeLine
from signstation.gui.audit_words import happened, kind_look, state_words, when, who
from signstation.gui.bridge import Bridge
from signstation.gui.drop import DropButton
from signstation.gui.errors import error_lines, parse_error
from signstation.gui.notice import PAGE, Notice
from signstation.gui.pages import Head, Page, PageName, page_column
from signstation.gui.parts import ActionButton, Banner
from signstation.gui.rows import Column, RowsModel, table_view
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone
from signstation.gui.words import tip, tr, trn
from signstation.model.audit import AuditKind, AuditProof, AuditRecord, AuditState
from signstation.model.keys import KeyInfo
from signstation.model.station import Inspected
from signstation.reports.words import show


class AuditPage(Page):
    """State of the log, time line, table and details of the picked record."""

    def __init__(self, theme: Theme, station: StationApi, bridge: Bridge, parent: QWidget) -> None:
        """Build it empty; records are asked for when the page is shown first."""
        super().__init__(parent)
        self._station, self._bridge = station, bridge
        self._asked = False
        self._range = (0, 0)
        self._proof = ""
        self._keys: tuple[KeyInfo, ...] = ()
        self._wanted: Wanted | None = None
        self._feed = AuditFeed(station, bridge, self)
        column = page_column(self)
        self._head = Head(tr("Audit"), tr("Reading the log…"), self)
        self._buttons(theme)
        column.addWidget(self._head)
        self.notice = Notice(theme, self, PAGE)
        column.addWidget(self.notice)
        self.banner = Banner(theme, self)
        column.addWidget(self.banner)
        self.signers = Banner(theme, self)
        column.addWidget(self.signers)
        self.line = TimeLine(theme, self)
        self.line.ranged.connect(self._ranged)
        column.addWidget(self.line)
        column.addWidget(self._list_view(theme), 1)
        self._feed.reset.connect(lambda: self.model.replace(()))
        self._feed.appended.connect(self._appended)
        self._feed.done.connect(self._done)
        self._feed.failed.connect(self._failed)

    def _buttons(self, theme: Theme) -> None:
        self.whose = DropButton(theme, tr("Who signed this…"), self, icon="search")
        self.whose.setToolTip(tip(tr("Pick a file, or drop one here")))
        self.whose.clicked.connect(self._ask_file)
        self.whose.dropped.connect(self.ask_about)
        self.export = ActionButton(theme, tr("Export…"), self, icon="save")
        self.check = ActionButton(theme, tr("Check against…"), self, icon="shield")
        self.again = ActionButton(theme, tr("Look again"), self, icon="refresh")
        self.export.clicked.connect(self._ask_export)
        self.check.clicked.connect(self._ask_check)
        self.again.clicked.connect(self.refresh)
        for button in (self.whose, self.export, self.check, self.again):
            self._head.buttons.addWidget(button)

    def _list_view(self, theme: Theme) -> QWidget:
        splitter = QSplitter(Qt.Orientation.Horizontal, self)
        splitter.setChildrenCollapsible(False)
        splitter.setHandleWidth(16)
        left = QWidget(splitter)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        row = QHBoxLayout()
        row.setSpacing(8)
        self.filter = QLineEdit(left)
        self.filter.setPlaceholderText(tr("Filter by key, artifact, person or hash (Ctrl+F)"))
        self.filter.setAccessibleName(tr("Filter the records"))
        self.filter.textChanged.connect(self._refilter)
        row.addWidget(self.filter, 1)
        self.kind = QComboBox(left)
        self.kind.setAccessibleName(tr("Kind of record"))
        self.kind.addItem(tr("Everything"), None)
        for kind in AuditKind:
            self.kind.addItem(kind_look(kind)[2], kind.value)
        self.kind.currentIndexChanged.connect(self._refilter)
        row.addWidget(self.kind)
        column.addLayout(row)
        columns: tuple[Column[AuditRecord], ...] = (
            Column(tr("When"), when, key=lambda each: each.index, mono=True, width=168),
            Column(
                tr("What"),
                lambda each: kind_look(each.kind)[2],
                icon=lambda each: kind_look(each.kind)[:2],
                pill=True,
                width=172,
            ),
            Column(tr("About"), lambda each: show(Path(each.artifact).name or each.key)),
            Column(tr("Who"), who, width=205),
        )
        self.model: RowsModel[AuditRecord] = RowsModel(theme, columns, self)
        self.table = table_view(self.model, tr("Audit log"), columns, left)
        self.table.selectionModel().selectionChanged.connect(self._picked)
        column.addWidget(self.table, 1)
        splitter.addWidget(left)
        self.detail = RecordDetail(theme, splitter)
        self.detail.setMinimumWidth(330)
        self.detail.prove.connect(self._prove)
        self.detail.queue.connect(lambda job: self.seek_page.emit(PageName.QUEUE, str(job)))
        splitter.addWidget(self.detail)
        splitter.setStretchFactor(0, 1)
        splitter.setSizes([780, 372])
        return splitter

    def shown(self) -> None:
        """Ask for the records, once."""
        if not self._asked:
            self.refresh()

    def refresh(self) -> None:
        """Read the log again and check it without a checkpoint."""
        self._asked = True
        self._feed.start()
        self._check(())
        self._bridge.deliver(self._station.keys(), self._learn_keys, self._failed)

    def take(self, paths: tuple[Path, ...]) -> None:
        """Hold the log against checkpoints that were dropped."""
        self._check(paths)

    def focus_filter(self) -> None:
        """Go into the filter."""
        self.filter.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def leave(self) -> None:
        """Close the notice, then show all time, then clear the filter and its answer."""
        if self.notice.isVisible():
            self.notice.hide()
        elif self._range != (0, 0):
            self.line.clear_range()
        else:
            self.filter.clear()

    def _appended(self, rows: list[AuditRecord]) -> None:
        self.model.append(rows)

    def _done(self, cut: bool) -> None:  # noqa: FBT001 - Qt's signal
        rows = self._feed.rows
        self.line.show_times([each.time for each in rows if each.time], int(time.time()))
        words = trn("1 record", "{count} records", len(rows))
        if cut:
            words += " · " + tr("older ones: signstation audit list")
        self._head.say(tr("Audit"), words)
        self._answer()
        if rows and not self.table.selectionModel().hasSelection():
            self.table.selectRow(0)

    def _ranged(self, start: int, end: int) -> None:
        self._range = (start, end)
        self._refilter()

    def _refilter(self) -> None:
        wanted = "".join(self.filter.text().casefold().split())
        digest = typed_hash(wanted)
        if digest is None:
            self._wanted = None
        elif self._wanted is None or self._wanted.sha256 != digest:
            self._wanted = Wanted(digest)
        self._answer()
        kind = self.kind.currentData()
        start, end = self._range

        def fits(each: AuditRecord) -> bool:
            if (kind and each.kind.value != kind) or (end and not start <= each.time < end):
                return False
            digest = each.sha256.hex() if each.sha256 else ""
            words = f"{happened(each)}{each.artifact}{each.key}{each.caller}{digest}"
            words += "".join(value for _, value in each.details)
            return wanted in "".join(words.casefold().split())

        self.model.filter(fits if wanted or kind or end else None)

    def _learn_keys(self, keys: tuple[KeyInfo, ...]) -> None:
        self._keys = keys
        self._answer()

    def _answer(self) -> None:
        """Say who could have signed what is asked about, or nothing."""
        if self._wanted is None:
            self.signers.hide()
        else:
            self.signers.say(*answer(self._wanted, self._feed.rows, self._keys), "search")

    def _ask_file(self) -> None:
        dialog = QFileDialog(self, tr("Which file is it about?"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.ask_about)
        dialog.open()

    def ask_about(self, name: str) -> None:
        """Say who could have signed a file; the station reads it."""
        found: list[Inspected] = []
        path = Path(name)
        future = self._station.inspect((path,), None, self._bridge.streaming(found.append))
        self._bridge.deliver(future, lambda _: self._about(found), self._failed)

    def _about(self, found: list[Inspected]) -> None:
        for each in found:
            if each.inspection is not None:
                inspection = each.inspection
                self._wanted = Wanted(inspection.sha256, each.path.name, inspection.format)
                self.filter.setText(inspection.sha256.hex())
                self._answer()
                return
            if each.error is not None:
                self._failed(parse_error(each.error))

    def _picked(self) -> None:
        indexes = self.table.selectionModel().selectedRows()
        if indexes:
            self.detail.show_record(self.model.row(indexes[0]))
        else:
            self.detail.show_nothing()

    def _check(self, against: tuple[Path, ...]) -> None:
        future = self._station.audit_check(against)
        self._bridge.deliver(future, self._show_state, self._failed)

    def _show_state(self, state: AuditState) -> None:
        self.banner.say(*state_words(state))

    def _ask_check(self) -> None:
        dialog = QFileDialog(self, tr("Checkpoints to hold the log against"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.filesSelected.connect(self._check_files)
        dialog.open()

    def _check_files(self, names: list[str]) -> None:
        self._check(tuple(Path(each) for each in names))

    def _ask_export(self) -> None:
        dialog = QFileDialog(self, tr("Where the log is exported to"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.export_to)
        dialog.open()

    def export_to(self, directory: str) -> None:
        """Write records, checkpoint and verifier into a directory."""
        future = self._station.audit_export(Path(directory))
        self._bridge.deliver(future, self._exported, self._failed)

    def _exported(self, files: tuple[Path, ...]) -> None:
        names = "\n".join(show(str(each)) for each in files)
        self.notice.say(Tone.OK, tr("The log was exported."), names)

    def _prove(self, record: AuditRecord) -> None:
        future = self._station.audit_prove(record.index)
        self._bridge.deliver(future, self._ask_where, self._failed)

    def _ask_where(self, proof: AuditProof) -> None:
        self._proof = proof.text
        dialog = QFileDialog(self, tr("Save the proof"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("json")
        dialog.selectFile(f"proof-{proof.index}.json")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.save_proof)
        dialog.open()

    def save_proof(self, name: str) -> None:
        """Write the proof that was made last; a few kilobytes."""
        try:
            Path(name).write_text(self._proof, encoding="utf-8")
        except OSError as error:
            self._failed(NotWritable(path=name, reason=error.strerror or ""))
            return
        words = tr("verify_audit.py checks it without signstation: {path}", path=name)
        self.notice.say(Tone.OK, tr("The proof was saved."), words)

    def _failed(self, error: SignstationError) -> None:
        first, *rest = error_lines(error)
        self.notice.say(Tone.ERROR, first, " ".join(rest))
