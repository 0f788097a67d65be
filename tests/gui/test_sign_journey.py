"""A second release by the keyboard alone, with a real station: compare, save, sign, export."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from signstation.app.api import StationApi
from signstation.app.connect import connect
from signstation.app.demo_release import write_release
from signstation.gui.frame import Window
from signstation.gui.pages import PageName
from signstation.gui.registered import PAGES
from signstation.gui.sign import INSPECT, KEYS, RESULT, REVIEW, SignPage
from signstation.gui.theme import Theme
from signstation.model.jobs import JobState
from signstation.model.orders import GenerateOrder, KeyForm, SignOrder, X509Use
from tests.support.gnupg import GnupgHome

MILLISECONDS = 60_000
TABS = 80
"""More Tab stops than the window has."""


@dataclass(frozen=True)
class Desk:
    """A window in front of a real station that has signed ``acme-1`` already."""

    bot: QtBot
    window: Window
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


def _release(directory: Path) -> Path:
    directory.mkdir()
    write_release(directory, int(time.time()))
    (directory / "drivers").mkdir()
    for each in directory.glob("*.ko"):
        shutil.move(each, directory / "drivers" / each.name)
    return directory


def _sign_first(station: StationApi, base: Path) -> None:
    order = GenerateOrder(KeyForm.X509, "modules", "rsa2048", usage=X509Use.MODULES, protect=False)
    (key, *_) = station.generate(order).result(60)
    first = _release(base / "acme-1")
    plan = station.plan(SignOrder((first,), (key.key,), output=base / "signed-1")).result(60)
    job = station.submit(plan.id).result(60)
    assert station.wait(job).result(60).state is JobState.DONE


@pytest.fixture
def desk(qtbot: QtBot, theme: Theme) -> Iterator[Desk]:
    """The window, active, on its Sign page."""
    base = Path(tempfile.mkdtemp(prefix="sg-", dir="/tmp"))
    with GnupgHome() as gnupg:
        station = connect(base / "state", "window", gnupg_home=gnupg.path)
        _sign_first(station, base)
        window = Window(theme, station, PAGES)
        window.resize(1280, 720)
        window.show()
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow, timeout=MILLISECONDS)
        yield Desk(qtbot, window, base)
        window.end()
        window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        station.close()
    shutil.rmtree(base, ignore_errors=True)


def test_the_second_release_is_compared_signed_and_exported_by_keyboard(desk: Desk) -> None:
    """Every control that the journey needs is reached with Tab and used with the keyboard."""
    second = _release(desk.base / "acme-2")
    victim = next((second / "drivers").glob("*.ko"))
    content = victim.read_bytes()
    assert b"description=" in content
    victim.write_bytes(content.replace(b"description=", b"firmware=xxx", 1))
    desk.window.open(PageName.SIGN, (second,))
    page = desk.page
    desk.wait(lambda: page._stepper.next.isEnabled() and page._stepper.current == INSPECT)
    desk.quiet()
    codes = {finding.code for artifact, finding in page._flow.findings() if artifact.difference}
    assert "difference.interface" in codes
    desk.press(page._stepper.next)
    desk.wait(lambda: page._stepper.current == KEYS and page._stepper.next.isEnabled())
    desk.quiet()
    desk.tab_to(page._keys.profiles.name)
    QTest.keyClicks(page._keys.profiles.name, "Second")
    QTest.keyClick(page._keys.profiles.name, Qt.Key.Key_Return)
    desk.quiet()
    assert '[profile."Second"]' in (desk.base / "state/settings.toml").read_text()
    desk.press(page._stepper.next)
    desk.wait(lambda: page._stepper.current == REVIEW and page._stepper.next.isEnabled())
    desk.press(page._stepper.next)
    desk.wait(lambda: page._stepper.current == RESULT and page._result.carry.isVisible())
    modules = sorted((desk.base / "signed/drivers").glob("*.ko"))
    assert [each.name for each in modules] == sorted(
        each.name for each in (second / "drivers").glob("*.ko")
    )
    desk.press(page._result.carry)
    desk.quiet()
    (desk.base / "stick").mkdir()
    card = page._result.export
    desk.tab_to(card.place)
    QTest.keyClick(card.place, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(card.place, str(desk.base / "stick"))
    desk.press(card.go)
    desk.wait(card.report.isVisible)
    exported = desk.base / "stick/acme-2/drivers"
    assert {each.name for each in exported.iterdir()} == {each.name for each in modules}
    assert (desk.base / "stick/acme-2/report.html").is_file()
