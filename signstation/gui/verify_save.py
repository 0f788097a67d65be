"""Saves results as a report: HTML, PDF and SVG for people, JSON for programs."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from signstation.errors import NotWritable, SignstationError
from signstation.gui.bridge import Bridge
from signstation.gui.errors import parse_error
from signstation.gui.language import spoken
from signstation.gui.report_print import PrintedReport, write_pdf, write_svg
from signstation.gui.words import tr
from signstation.model.station import VerifiedPath
from signstation.reports.html import report_html
from signstation.reports.verification import SCHEMA, error_json, verification_json

SUFFIXES = ("html", "pdf", "svg", "json")


class ReportSaver(QObject):
    """Asks where to, writes on a thread of its own, and tells how it went."""

    saved = Signal(object)
    """The Path that was written."""

    failed = Signal(object)
    """A SignstationError."""

    def __init__(self, bridge: Bridge, parent: QWidget) -> None:
        """Write nothing yet."""
        super().__init__(parent)
        self._bridge, self._window = bridge, parent
        self._results: tuple[VerifiedPath, ...] = ()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="report")

    def ask(self, results: Sequence[VerifiedPath]) -> None:
        """Open the dialogue; it also asks before a file is replaced."""
        self._results = tuple(results)
        dialog = QFileDialog(self._window, tr("Save the report"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters(
            [
                tr("Page to read (*.html)"),
                tr("Pages to print (*.pdf)"),
                tr("Picture (*.svg)"),
                tr("Data for programs (*.json)"),
            ]
        )
        dialog.setDefaultSuffix("html")
        dialog.filterSelected.connect(self._filter_selected)
        dialog.fileSelected.connect(self._chosen)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def save(self, target: Path, results: Sequence[VerifiedPath]) -> None:
        """Write the report; its suffix decides the form."""
        future: Future[Path] = self._thread.submit(_write, target, tuple(results), int(time.time()))
        self._bridge.deliver(future, self._done, self._broken)

    def _filter_selected(self, chosen: str) -> None:
        dialog = self.sender()
        if isinstance(dialog, QFileDialog):
            dialog.setDefaultSuffix(next(each for each in SUFFIXES if f"*.{each}" in chosen))

    def _chosen(self, name: str) -> None:
        self.save(Path(name), self._results)

    def _done(self, target: Path) -> None:
        self.saved.emit(target)

    def _broken(self, error: SignstationError) -> None:
        self.failed.emit(error)


def _write(target: Path, results: tuple[VerifiedPath, ...], made_at: int) -> Path:
    verified = [each.verification for each in results if each.verification is not None]
    if target.suffix in {".pdf", ".svg"}:
        printed = PrintedReport(tr("Verification report"), tuple(verified), made_at)
        (write_pdf if target.suffix == ".pdf" else write_svg)(printed, target)
        return target
    if target.suffix == ".json":
        report = {
            "schema": SCHEMA,
            "type": "report",
            "made_at": made_at,
            "checkpoint": "",
            "verifications": [verification_json(each) for each in verified],
            "errors": [
                error_json(parse_error(each.error), str(each.path))
                for each in results
                if each.error
            ],
        }
        content = json.dumps(report, indent=1) + "\n"
    else:
        content = report_html(
            tr("Verification report"), verified, made_at=made_at, language=spoken()
        )
    try:
        target.write_text(content, encoding="utf-8")
    except OSError as error:
        raise NotWritable(path=str(target), reason=error.strerror or "") from error
    return target
