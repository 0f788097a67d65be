"""What happens before a person sees a release: private copy, inspection, earlier versions."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from signstation.app.api import StationApi
from signstation.app.difference import compare
from signstation.errors import SignstationError
from signstation.gui.bridge import Bridge
from signstation.gui.errors import parse_error
from signstation.model.artifacts import Finding, Inspection, Severity
from signstation.model.copies import CopiedIn, CopyNews, CopyOrder
from signstation.model.station import Inspected
from signstation.model.text import Text
from signstation.model.versions import Earlier, Subject

MAX_COMPARED = 2000
"""Most artifacts that are compared with an earlier version by themselves."""
_ALTERED = Finding(
    "difference.altered",
    Severity.WARNING,
    Text("The file that it is compared with is no longer what was signed here then."),
)


class Preparation(QObject):
    """Works for one release at a time; what belongs to an older one is never told.

    Lives on the GUI thread. Order of signals: ``copying``, ``copied``, ``inspected`` for each
    artifact, ``looked``, ``compared`` for each that has an earlier version, ``done``.
    """

    copying = Signal(object)
    """CopyNews."""

    copied = Signal(object)
    """CopiedIn: what is signed instead of what was named, or the same."""

    inspected = Signal(object)
    """Inspected."""

    looked = Signal()
    """Everything is inspected."""

    compared = Signal(object, object, object)
    """Path of the artifact, Difference, Earlier or None."""

    done = Signal()
    failed = Signal(object)
    """SignstationError; nothing more comes."""

    def __init__(self, station: StationApi, bridge: Bridge, parent: QObject) -> None:
        """Start nothing."""
        super().__init__(parent)
        self._station, self._bridge = station, bridge
        self._number = 0
        self._running: Future[CopiedIn] | None = None
        self._inspections: dict[Path, Inspection] = {}

    def start(self, paths: tuple[Path, ...], *, always: bool = False) -> None:
        """Prepare these paths; ``always`` copies them in even where nobody else could write."""
        self.stop()
        number = self._number
        self._inspections.clear()

        def news(each: CopyNews) -> None:
            if number == self._number:
                self.copying.emit(each)

        future = self._station.copy_in(CopyOrder(paths, always), self._bridge.streaming(news))
        self._running = future

        def done(copy: CopiedIn) -> None:
            if number == self._number:
                self.copied.emit(copy)
                self._inspect(number, copy.paths)

        self._bridge.deliver(future, done, lambda error: self._fail(number, error))

    def stop(self) -> None:
        """Give up what is under way; a copy that is being made is removed again."""
        self._number += 1
        if self._running is not None:
            self._running.cancel()
            self._running = None

    def compare_with(self, path: Path, inspection: Inspection, earlier: Path) -> None:
        """Compare one artifact with a file that a person chose."""
        chosen = Earlier(path, earlier, None, 0)
        self._inspections[path] = inspection
        self._compare(self._number, (chosen,), ask=True)

    def _fail(self, number: int, error: SignstationError) -> None:
        if number == self._number:
            self.failed.emit(error)

    def _inspect(self, number: int, paths: tuple[Path, ...]) -> None:
        subjects: list[Subject] = []

        def result(each: Inspected) -> None:
            if number != self._number:
                return
            if each.inspection is not None:
                self._inspections[each.path] = each.inspection
                subjects.append(Subject(each.path, each.inspection.format, each.inspection.title))
            self.inspected.emit(each)

        def done(_: None) -> None:
            if number == self._number:
                self.looked.emit()
                self._find(number, tuple(subjects[:MAX_COMPARED]))

        future = self._station.inspect(paths, None, self._bridge.streaming(result))
        self._bridge.deliver(future, done, lambda error: self._fail(number, error))

    def _find(self, number: int, subjects: tuple[Subject, ...]) -> None:
        def found(earlier: tuple[Earlier, ...]) -> None:
            if number == self._number:
                self._compare(number, earlier, ask=False)

        future = self._station.earlier(subjects)
        self._bridge.deliver(future, found, lambda error: self._fail(number, error))

    def _compare(self, number: int, earlier: tuple[Earlier, ...], *, ask: bool) -> None:
        """Inspect the earlier files; ``ask``: a person chose them and wants to know what fails."""
        by_path: dict[Path, list[Earlier]] = {}
        for each in earlier:
            by_path.setdefault(each.path, []).append(each)
        if not by_path:
            self.done.emit()
            return

        def result(old: Inspected) -> None:
            if number == self._number:
                self._compared(old, by_path.get(old.path, []), ask=ask)

        def done(_: None) -> None:
            if number == self._number:
                self.done.emit()

        future = self._station.inspect(tuple(by_path), None, self._bridge.streaming(result))
        self._bridge.deliver(future, done, lambda error: self._fail(number, error))

    def _compared(self, old: Inspected, earlier: list[Earlier], *, ask: bool) -> None:
        if old.inspection is None:
            if ask and old.error is not None:
                self.failed.emit(parse_error(old.error))
            return
        for each in earlier:
            new = self._inspections.get(each.subject)
            if new is not None:
                found = compare(old.inspection, new)
                if each.sha256 not in {None, old.inspection.sha256}:
                    found = replace(found, findings=(*found.findings, _ALTERED))
                self.compared.emit(each.subject, found, None if ask else each)
