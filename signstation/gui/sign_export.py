"""Writes the signed release to a directory or stick, with everything read back from there."""

from __future__ import annotations

import re
from concurrent.futures import Future
from pathlib import Path

from PySide6.QtCore import QElapsedTimer, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QComboBox, QFileDialog, QGridLayout, QHBoxLayout, QLineEdit, QWidget

from signstation.app.api import StationApi
from signstation.errors import SignstationError
from signstation.gui.bridge import Bridge
from signstation.gui.errors import error_sentence
from signstation.gui.parts import ActionButton, Banner, Card, Label
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone
from signstation.gui.words import tr, trn
from signstation.model.copies import CopyNews
from signstation.model.exports import Exported, ExportOrder
from signstation.model.media import Medium
from signstation.reports.words import human_size, show

_UNSAFE = re.compile(r"[^\w.+-]+")


class ExportCard(Card):
    """Where to, under which name, and how it went. Hidden until ``offer``."""

    closed = Signal()

    def __init__(self, theme: Theme, station: StationApi, bridge: Bridge, parent: QWidget) -> None:
        """Build the fields; nothing is asked of the station yet."""
        super().__init__(parent, tr("Export"))
        self._station, self._bridge = station, bridge
        self._files: tuple[Path, ...] = ()
        self._root = Path()
        self._running: Future[Exported] | None = None
        self._report: Path | None = None
        self._clock = QElapsedTimer()
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setColumnStretch(0, 2)
        grid.setColumnStretch(2, 1)
        self.place = QComboBox(self)
        self.place.setEditable(True)
        self.place.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.place.setAccessibleName(tr("Folder or medium"))
        if (field := self.place.lineEdit()) is not None:
            field.setAccessibleName(tr("Folder or medium"))
        self.pick = ActionButton(theme, tr("Choose…"), self, icon="folder")
        self.name = QLineEdit(self)
        self.name.setAccessibleName(tr("Name of the new folder"))
        self.name.textChanged.connect(self._gate)
        self.place.editTextChanged.connect(self._gate)
        self.pick.clicked.connect(self._choose)
        grid.addWidget(Label(tr("Folder or medium"), self, "label"), 0, 0)
        grid.addWidget(Label(tr("Name of the new folder"), self, "label"), 0, 2)
        grid.addWidget(self.place, 1, 0)
        grid.addWidget(self.pick, 1, 1)
        grid.addWidget(self.name, 1, 2)
        self.body.addLayout(grid)
        self.banner = Banner(theme, self)
        self.report = ActionButton(theme, tr("Open the report"), self.banner, icon="file-text")
        self.report.clicked.connect(self._open_report)
        self.banner.buttons.addWidget(self.report)
        self.body.addWidget(self.banner)
        row = QHBoxLayout()
        row.setSpacing(10)
        self.go = ActionButton(theme, tr("Write and read back"), self, icon="usb", kind="primary")
        self.stop = ActionButton(theme, tr("Stop"), self, icon="stop")
        self.close_button = ActionButton(theme, tr("Close"), self)
        self.go.clicked.connect(self._start)
        self.stop.clicked.connect(self._stop)
        self.close_button.clicked.connect(self._closed)
        for button in (self.go, self.stop, self.close_button):
            row.addWidget(button)
        row.addWidget(self.go.reason, 1)
        row.addStretch(1)
        self.body.addLayout(row)
        self.stop.hide()
        self.hide()

    @property
    def busy(self) -> bool:
        """Whether something is being written."""
        return self._running is not None

    def offer(self, files: tuple[Path, ...], root: Path, title: str) -> None:
        """Show the card for these files below ``root``."""
        self._files, self._root, self._report = files, root, None
        self.name.setText(_UNSAFE.sub("-", title).strip("-.") or "release")
        self.banner.hide()
        self.show()
        self._gate()
        self._bridge.deliver(self._station.media(), self._media_came, self._failed)
        self.place.setFocus(Qt.FocusReason.OtherFocusReason)

    def _media_came(self, media: tuple[Medium, ...]) -> None:
        typed = self.place.currentText()
        self.place.clear()
        for medium in media:
            if not medium.read_only:
                self.place.addItem(show(str(medium.mount)))
        self.place.setEditText(typed or (self.place.itemText(0) if self.place.count() else ""))

    def _gate(self) -> None:
        place = self.place.currentText()
        if self._running is not None:
            reason = tr("It is being written.")
        elif not place.startswith("/"):
            reason = tr("Choose a folder or a medium.")
        elif not self.name.text():
            reason = tr("Give the new folder a name.")
        else:
            reason = ""
        self.go.allow(reason=reason)

    def _choose(self) -> None:
        dialog = QFileDialog(self, tr("Folder or medium"), self.place.currentText())
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.place.setEditText)
        dialog.open()

    def _start(self) -> None:
        order = ExportOrder(
            self._files, self._root, Path(self.place.currentText()), self.name.text()
        )
        self._clock.start()
        future = self._station.export(order, self._bridge.streaming(self._progress))
        self._running = future
        self.report.hide()
        self.stop.show()
        self.banner.say(Tone.ACCENT, tr("Checking names and space…"), icon="usb")
        self._gate()
        self._bridge.deliver(future, self._done, self._failed)

    def _progress(self, news: CopyNews) -> None:
        if self._running is None:
            return
        seconds = max(self._clock.elapsed() / 1000, 0.001)
        words = tr(
            "Writing and reading back: {done} of {total}, {speed} per second",
            done=human_size(news.done),
            total=human_size(news.total),
            speed=human_size(round(news.done / seconds)),
        )
        self.banner.say(Tone.ACCENT, words, show(news.name), icon="usb")

    def _done(self, exported: Exported) -> None:
        self._ended()
        self._report = exported.report
        words = trn(
            "{count} file is written, synced, read back and equal",
            "{count} files are written, synced, read back and equal",
            exported.files,
        )
        detail = tr(
            "{size} in {folder}, with report and digests. Once unmounted it is safe to remove.",
            size=human_size(exported.size),
            folder=str(exported.directory),
        )
        self.banner.say(Tone.OK, words, detail)
        self.report.show()
        self.report.setFocus(Qt.FocusReason.OtherFocusReason)

    def _failed(self, error: SignstationError) -> None:
        self._ended()
        self.banner.say(
            Tone.ERROR,
            error_sentence(error),
            tr("The new folder was removed again; the signed files are where they were."),
        )
        self.report.hide()

    def _ended(self) -> None:
        self._running = None
        self.stop.hide()
        self._gate()

    def _stop(self) -> None:
        if self._running is not None:
            self._running.cancel()

    def _open_report(self) -> None:
        if self._report is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._report)))

    def _closed(self) -> None:
        self._stop()
        self.hide()
        self.closed.emit()
