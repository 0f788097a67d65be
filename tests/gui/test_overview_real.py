"""The Overview page before a real station: each thing that needs a person leads to its place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from signstation.app.api import StationApi
from signstation.gui.overview import OverviewPage
from signstation.gui.pages import PageName
from signstation.gui.parts import ActionButton, Label
from signstation.gui.theme import Theme
from signstation.gui.words import say
from signstation.model.jobs import JobState
from signstation.model.orders import GenerateOrder, KeyForm, SignOrder, VerifyOrder
from signstation.model.station import Health
from tests.support.windowdesk import Desk, open_desk

DAY = 86400


def _trouble(station: StationApi, base: Path) -> None:
    """A weak key without a passphrase that ends soon, a failed job and an unsigned file."""
    order = GenerateOrder(KeyForm.X509, "Old key", "rsa2048", expires=30 * DAY, protect=False)
    (key, *_) = station.generate(order).result(60)
    file = base / "acme.bin"
    file.write_bytes(b"\0what was reviewed")
    plan = station.plan(SignOrder((file,), (key.key,), title="acme")).result(60)
    file.write_bytes(b"\0what was put there afterwards")
    job = station.submit(plan.id).result(60)
    assert station.wait(job).result(60).state is JobState.FAILED
    station.verify(VerifyOrder((file,)), lambda _: None).result(60)


@pytest.fixture
def desk(qtbot: QtBot, theme: Theme) -> Iterator[Desk]:
    """The window in front of a station in trouble."""
    with open_desk(qtbot, theme, _trouble) as desk:
        yield desk


def test_each_row_is_there_and_its_button_leads_to_the_place(desk: Desk) -> None:
    page = desk.window.page(PageName.OVERVIEW)
    assert isinstance(page, OverviewPage)
    wrong = [each for each in desk.station.doctor().result(60) if each.health is not Health.GOOD]
    desk.quiet()
    desk.wait(lambda: "acme: 1 artifact failed" in _words(page))
    assert {say(each.title) for each in wrong} <= set(_words(page))
    rows = {
        "acme: 1 artifact failed": ("Open the queue", PageName.QUEUE),
        "acme.bin: Unsigned": ("Verify again", PageName.VERIFY),
        "Old key expires soon": ("Open the keys", PageName.KEYS),
        "Old key has no passphrase": ("Open the keys", PageName.KEYS),
        "Old key is weak": ("Open the keys", PageName.KEYS),
    }
    for row, (button, place) in rows.items():
        desk.window.open(PageName.OVERVIEW)
        desk.quiet()
        desk.wait(lambda wanted=row: wanted in _words(page))  # type: ignore[misc]
        name = f"{button}: {row}"
        (found,) = (each for each in page.findChildren(ActionButton) if _is(each, name))
        desk.wait(found.isVisible)
        found.setFocus()
        QTest.keyClick(found, Qt.Key.Key_Space)
        assert desk.window.names()[desk.window.current] is place, row


def _is(button: ActionButton, name: str) -> bool:
    return button.accessibleName() == name and not button.isHidden()


def _words(page: OverviewPage) -> list[str]:
    return [each.text() for each in page.findChildren(Label) if each.isVisible()]
