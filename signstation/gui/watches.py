"""What the strip keeps an eye on while the window is open: removable media, devices with keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication

from signstation.gui.bridge import Bridge
from signstation.gui.media_watch import MediaWatch
from signstation.gui.strip import StatusStrip
from signstation.model.tokens import TokenInfo

if TYPE_CHECKING:  # the engine takes 150 ms to import: the window is painted before
    from signstation.app.api import StationApi

LOOK_MS = 15_000
"""How often devices are looked at while somebody looks at the window: nothing tells of them, and
a PKCS#11 module is loaded into a new process each time."""


class TokenWatch(QObject):
    """Emits ``changed`` with the devices when they are others than before."""

    changed = Signal(tuple)

    def __init__(self, station: StationApi, bridge: Bridge, parent: QObject) -> None:
        """Look now and then from now on; ``look`` asks at once."""
        super().__init__(parent)
        self._station, self._bridge = station, bridge
        self._known: tuple[TokenInfo, ...] = ()
        self._asked = False
        timer = QTimer(self)
        timer.setInterval(LOOK_MS)
        timer.timeout.connect(self._tick)
        timer.start()

    def look(self) -> None:
        """Ask the station, unless it has not answered yet."""
        if not self._asked:
            self._asked = True
            self._bridge.deliver(self._station.tokens(), self._came, self._silent)

    def _tick(self) -> None:
        if QApplication.activeWindow() is not None:
            self.look()

    def _came(self, tokens: tuple[TokenInfo, ...]) -> None:
        self._asked = False
        if tokens != self._known:
            self._known = tokens
            self.changed.emit(tokens)

    def _silent(self, _: object) -> None:
        """What was shown before stays: the listing of the keys says what is wrong."""
        self._asked = False


def watch(station: StationApi, bridge: Bridge, strip: StatusStrip, parent: QObject) -> None:
    """Begin both, and let the strip show what they find."""
    media = MediaWatch(station, bridge, parent)
    media.changed.connect(strip.show_media)
    media.look()
    tokens = TokenWatch(station, bridge, parent)
    tokens.changed.connect(strip.show_tokens)
    tokens.look()
