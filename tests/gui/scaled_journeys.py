"""Sign and Verify by the keyboard alone at 200 per cent; ``test_scale.py`` runs it in a process."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from signstation.gui.pages import PageName
from signstation.gui.sign import INSPECT, KEYS, RESULT, REVIEW, SignPage
from signstation.gui.verify import VerifyPage
from signstation.gui.verify_list import VerifyList
from signstation.model.orders import SignOrder
from tests.support.window import Script
from tests.support.windowcut import cut_texts
from tests.support.windowdriver import Driver, busy_script

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
"""The platform without a screen says so of raising a dialogue."""
TABS = 80
"""More Tab stops than a page has."""
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture(scope="session")
def qapp_args(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """A screen of 2560 by 1440 dots; how many of them make a px, the environment says."""
    screen = {"name": "", "x": 0, "y": 0, "width": 2560, "height": 1440, "logicalDpi": 96, "dpr": 1}
    layout = tmp_path_factory.mktemp("screen") / "screens.json"
    layout.write_text(json.dumps({"screens": [screen]}))
    return ["signstation", "-platform", f"offscreen:configfile={layout}"]


@pytest.fixture
def script() -> Script:
    """A station with jobs."""
    return busy_script()


@pytest.fixture(autouse=True)
def _active(driver: Driver) -> None:
    """A window that has the keyboard, on a screen of its size with two dots for each px."""
    driver.window.activateWindow()
    driver.until(driver.window.isActiveWindow)
    screen = driver.window.screen()
    assert screen.devicePixelRatio() == 2.0
    assert (screen.size().width(), screen.size().height()) == (1280, 720)
    assert driver.window.grab().size().width() == 2560


def _focused(driver: Driver) -> QWidget:
    return QApplication.focusWidget() or driver.window


def _tab_to(driver: Driver, wanted: QWidget) -> None:
    """Go there with Tab alone; what it reaches has to be seen."""
    for _ in range(TABS):
        if QApplication.focusWidget() is wanted:
            assert not wanted.visibleRegion().isEmpty(), wanted.accessibleName()
            return
        QTest.keyClick(_focused(driver), Qt.Key.Key_Tab)
    raise AssertionError(f"Tab never reaches {wanted.accessibleName()}")


def _press(driver: Driver, button: QWidget) -> None:
    driver.until(button.isEnabled)
    _tab_to(driver, button)
    QTest.keyClick(button, Qt.Key.Key_Space)
    driver.settle()


def _whole(driver: Driver) -> None:
    """Nothing is cut off, and the page needs no more room than it has."""
    driver.settle()
    driver.window.grab()
    driver.settle()
    assert list(cut_texts(driver.window)) == []
    shelf = driver.window._shelf
    assert shelf.minimumSizeHint().width() <= shelf.width()
    assert shelf.minimumSizeHint().height() <= shelf.height()
    assert (driver.window.width(), driver.window.height()) == (1280, 720)


def _choose(driver: Driver, path: Path) -> None:
    """Type a name into the dialogue for files."""
    dialog = next(each for each in driver.window.findChildren(QFileDialog) if each.isVisible())
    line = dialog.focusWidget()
    assert line is not None
    QTest.keyClicks(line, str(path))
    QTest.keyClick(line, Qt.Key.Key_Return)
    driver.settle()
    driver.window.activateWindow()  # no window manager gives the keyboard back
    driver.until(driver.window.isActiveWindow)


def journey_a_release_is_signed(driver: Driver, tmp_path: Path) -> None:
    """From the navigation to the result; every control is reached with Tab."""
    archive = tmp_path / "acme.tar.gz"
    archive.write_bytes(b"x")
    QTest.keyClick(_focused(driver), Qt.Key.Key_2, CONTROL)
    driver.settle()
    page = driver.window.page(PageName.SIGN)
    assert isinstance(page, SignPage)
    _whole(driver)
    _press(driver, page._choose.drop.files)
    _choose(driver, archive)
    for step in (INSPECT, KEYS, REVIEW):
        driver.until(lambda at=step: page._stepper.current == at)  # type: ignore[misc]
        _whole(driver)
        if step == KEYS:
            for row in page._keys.rows.values():
                _tab_to(driver, row.hash)
                QTest.keyClick(row.hash, Qt.Key.Key_End)
        _press(driver, page._stepper.next)
    driver.until(lambda: page._stepper.current == RESULT)
    _whole(driver)
    orders = [each for name, each in driver.station.orders if name == "plan"]
    assert orders
    assert {each.hash.title for each in orders if isinstance(each, SignOrder) and each.hash} == {
        "SHA-512"
    }
    assert [name for name, _ in driver.station.orders if name == "submit"]


def journey_a_release_is_verified(driver: Driver, tmp_path: Path) -> None:
    """From the navigation to every verdict, and into the result beside it."""
    archive = tmp_path / "acme.tar.gz"
    archive.write_bytes(b"x")
    QTest.keyClick(_focused(driver), Qt.Key.Key_3, CONTROL)
    driver.settle()
    page = driver.window.page(PageName.VERIFY)
    assert isinstance(page, VerifyPage)
    _whole(driver)
    _press(driver, page._drop.files)
    _choose(driver, archive)
    rows = page.findChildren(VerifyList)[0]
    driver.until(lambda: rows.model.rowCount() == len(driver.station.script.verifications))
    _tab_to(driver, rows.table)
    QTest.keyClick(rows.table, Qt.Key.Key_Home, CONTROL)
    for row in range(rows.model.rowCount()):
        driver.settle()
        assert rows.table.currentIndex().row() == row
        _whole(driver)
        QTest.keyClick(rows.table, Qt.Key.Key_Down)
    _press(driver, page._commands)
    _whole(driver)
