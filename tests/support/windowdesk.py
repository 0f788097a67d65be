"""A window in front of a real station, driven by the keyboard alone."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from signstation.app.api import StationApi
from signstation.app.connect import connect
from signstation.gui.frame import Window
from signstation.gui.pages import PageName
from signstation.gui.registered import PAGES
from signstation.gui.sign import SignPage
from signstation.gui.theme import Theme
from tests.support.gnupg import GnupgHome

MILLISECONDS = 60_000
TABS = 80
"""More Tab stops than the window has."""


@dataclass(frozen=True)
class Desk:
    """The window, active, the station behind it, and a directory of its own."""

    bot: QtBot
    window: Window
    station: StationApi
    base: Path

    @property
    def page(self) -> SignPage:
        """The Sign page."""
        page = self.window.page(PageName.SIGN)
        assert isinstance(page, SignPage)
        return page

    def wait(self, condition: Callable[[], bool]) -> None:
        """Wait for real work."""
        self.bot.waitUntil(condition, timeout=MILLISECONDS)

    def quiet(self) -> None:
        """Wait until the station owes nothing."""
        self.wait(lambda: self.window.bridge.waiting == 0)

    def tab_to(self, wanted: QWidget) -> None:
        """Go there with Tab alone."""
        self.wait(wanted.isVisible)  # Qt shows what is new in a layout a moment later
        for _ in range(TABS):
            if QApplication.focusWidget() is wanted:
                return
            QTest.keyClick(QApplication.focusWidget() or self.window, Qt.Key.Key_Tab)
        raise AssertionError(f"Tab never reaches {wanted.accessibleName()}")

    def press(self, button: QWidget) -> None:
        """Reach a button with Tab and press Space."""
        self.wait(button.isEnabled)
        self.tab_to(button)
        QTest.keyClick(button, Qt.Key.Key_Space)


@contextmanager
def open_desk(
    bot: QtBot, theme: Theme, prepare: Callable[[StationApi, Path], None]
) -> Iterator[Desk]:
    """Open the window once ``prepare`` has worked with its station and its directory."""
    base = Path(tempfile.mkdtemp(prefix="sg-", dir="/tmp"))
    with GnupgHome() as gnupg:
        station = connect(base / "state", "window", gnupg_home=gnupg.path)
        prepare(station, base)
        window = Window(theme, station, PAGES)
        window.resize(1280, 720)
        window.show()
        window.activateWindow()
        bot.waitUntil(window.isActiveWindow, timeout=MILLISECONDS)
        yield Desk(bot, window, station, base)
        window.end()
        window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        station.close()
    shutil.rmtree(base, ignore_errors=True)
