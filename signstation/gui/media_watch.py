"""Tells when a removable medium comes or goes: the kernel wakes us, nothing is polled."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSocketNotifier, QTimer, Signal

from signstation.gui.bridge import Bridge
from signstation.model.media import MOUNTS, Medium

if TYPE_CHECKING:  # the engine takes 150 ms to import: the window is painted before
    from signstation.app.api import StationApi

SETTLE_MS = 300
"""Time after a change of the mount table until it is read: several lines come at once."""


class MediaWatch(QObject):
    """Emits ``changed`` with every Medium that is mounted. Lives on the GUI thread."""

    changed = Signal(tuple)

    def __init__(self, station: StationApi, bridge: Bridge, parent: QObject) -> None:
        """Watch the mount table from now on; ``look`` asks at once."""
        super().__init__(parent)
        self._station, self._bridge = station, bridge
        self._settled = QTimer(self)
        self._settled.setSingleShot(True)
        self._settled.setInterval(SETTLE_MS)
        self._settled.timeout.connect(self.look)
        # proc_pid_mountinfo(5): poll reports an exception when something is mounted or unmounted
        self._table = os.open(MOUNTS, os.O_RDONLY | os.O_CLOEXEC)
        self._notifier = QSocketNotifier(self._table, QSocketNotifier.Type.Exception, self)
        self._notifier.activated.connect(self._settled.start)
        self.destroyed.connect(_closer(self._table))

    def look(self) -> None:
        """Ask the station what is mounted now."""
        self._bridge.deliver(self._station.media(), self._came, _nothing)

    def _came(self, media: tuple[Medium, ...]) -> None:
        self.changed.emit(media)


def _closer(descriptor: int) -> Callable[[], None]:
    return lambda: os.close(descriptor)


def _nothing(_: object) -> None:
    """Media are an offer: where they cannot be listed, files can still be chosen."""
