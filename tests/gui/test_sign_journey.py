"""A second release by the keyboard alone, with a real station: compare, save, sign, export."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from signstation.app.api import StationApi
from signstation.app.demo_release import write_release
from signstation.gui.pages import PageName
from signstation.gui.sign import INSPECT, KEYS, RESULT, REVIEW
from signstation.gui.theme import Theme
from signstation.model.jobs import JobState
from signstation.model.orders import GenerateOrder, KeyForm, SignOrder, X509Use
from tests.support.windowdesk import Desk, open_desk


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
    """The window in front of a station that has signed ``acme-1`` already."""
    with open_desk(qtbot, theme, _sign_first) as desk:
        yield desk


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
