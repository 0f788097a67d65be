"""Loads the audit log page by page, newest first: a long log never travels at once."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from signstation.app.api import StationApi
from signstation.errors import SignstationError
from signstation.gui.bridge import Bridge
from signstation.model.audit import AuditFilter, AuditRecord

MAX_RECORDS = 200_000
"""Most records that the window holds, about 200 MB; older ones are on the command line."""


class AuditFeed(QObject):
    """Lives on the GUI thread. ``appended`` comes several times, then ``done``."""

    reset = Signal()
    appended = Signal(list)
    """More AuditRecord, older than those before."""

    done = Signal(bool)
    """Everything is here; True where older records were left out."""

    failed = Signal(object)
    """SignstationError."""

    def __init__(self, station: StationApi, bridge: Bridge, parent: QObject) -> None:
        """Ask nothing yet."""
        super().__init__(parent)
        self._station, self._bridge = station, bridge
        self._round = 0
        self.rows: list[AuditRecord] = []

    def start(self) -> None:
        """Begin from the newest record."""
        self._round += 1
        self.rows = []
        self.reset.emit()
        self._ask(self._round)

    def _ask(self, number: int) -> None:
        def done(rows: tuple[AuditRecord, ...]) -> None:
            if number != self._round:
                return
            self.rows.extend(rows)
            self.appended.emit(list(rows))
            if not rows or rows[-1].index == 0:
                self.done.emit(False)
            elif len(self.rows) >= MAX_RECORDS:
                self.done.emit(True)
            else:
                self._ask(number)

        def failed(error: SignstationError) -> None:
            if number == self._round:
                self.failed.emit(error)

        future = self._station.audit_records(AuditFilter(), len(self.rows))
        self._bridge.deliver(future, done, failed)
