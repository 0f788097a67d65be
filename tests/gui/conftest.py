"""The window under test: one theme for the whole session, one window per test.

A stylesheet is set once per process: setting it again polishes every widget that is alive.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from signstation.gui.frame import Window
from signstation.gui.pages import PageName
from signstation.gui.registered import PAGES
from signstation.gui.theme import Theme
from signstation.gui.tokens import ThemeName
from tests.support.window import RecordedStation, Script
from tests.support.windowdriver import Driver


@pytest.fixture(scope="session")
def theme(qapp: QApplication) -> Theme:
    """The theme of all tests."""
    return Theme(qapp, ThemeName.LIGHT)


@pytest.fixture
def script() -> Script:
    """What the station will say; a test may change it before it uses ``driver``."""
    return Script()


@pytest.fixture
def driver(qtbot: QtBot, theme: Theme, script: Script) -> Iterator[Driver]:
    """The whole window at 1280 by 720 in front of a recorded station."""
    station = RecordedStation(script)
    window = Window(theme, station, PAGES)
    window.resize(1280, 720)
    window.show()
    driver = Driver(qtbot, window, station)
    driver.settle()
    yield driver
    theme.choose(ThemeName.LIGHT)
    window.end()
    window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    station.close()


@pytest.fixture
def names() -> tuple[PageName, ...]:
    """Every page of the window."""
    return tuple(each.name for each in PAGES)
