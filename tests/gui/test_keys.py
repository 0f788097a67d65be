"""The Keys page: every key with its protection and life time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from signstation.errors import AgentMissing
from signstation.gui.copying import CopyButton
from signstation.gui.keys import KeysPage, family_order
from signstation.gui.keys_detail import expiry_words
from signstation.gui.literal import Literal
from signstation.gui.pages import PageName
from signstation.gui.parts import Label
from signstation.model.keys import KeyRef
from tests.support import windowdata
from tests.support.window import Script
from tests.support.windowdriver import Driver

DAY = 86400


def _keys(driver: Driver) -> KeysPage:
    page = driver.page(PageName.KEYS, KeysPage)
    driver.until(lambda: page.model.rowCount() > 0)
    return page


def _cells(page: KeysPage, row: int) -> list[str]:
    model = page.model
    return [str(model.index(row, column).data()) for column in range(model.columnCount())]


def _detail(page: KeysPage) -> list[str]:
    labels = [each.text() for each in page.detail.findChildren(Label)]
    return labels + [each.toPlainText() for each in page.detail.findChildren(Literal)]


def test_every_key_is_listed_with_protection_and_state(driver: Driver) -> None:
    page = _keys(driver)
    assert page.model.rowCount() == 5
    assert _cells(page, 1)[0].endswith("└ sign")
    bare = next(row for row in range(5) if "module key" in _cells(page, row)[0])
    assert _cells(page, bare)[2] == "NO PASSPHRASE"
    assert "5 keys · 3 active · 1 without a passphrase" in [
        each.text() for each in page.findChildren(Label)
    ]


def test_the_detail_names_the_key_for_the_command_line(driver: Driver) -> None:
    page = _keys(driver)
    page.table.selectRow(1)
    driver.settle()
    words = _detail(page)
    assert f"--key gpg:{windowdata.SUBKEY}" in words
    assert "6F02 D94C 81AA 3E17 55C0\nB2E9 04D7 9C3A 610F 2B48" in words
    copy = page.detail.findChildren(CopyButton)[0]
    copy.click()
    assert QGuiApplication.clipboard().text() == windowdata.SUBKEY
    assert copy.text().strip() == "Copied"


def test_a_key_without_a_passphrase_is_a_warning(driver: Driver) -> None:
    page = _keys(driver)
    row = next(n for n in range(5) if "module key" in _cells(page, n)[0])
    page.table.selectRow(row)
    assert "A file without a passphrase: whoever copies the file can sign." in _detail(page)


def test_the_filter_knows_fingerprints_in_groups(driver: Driver) -> None:
    page = _keys(driver)
    QTest.keyClick(driver.window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert page.filter.hasFocus()
    QTest.keyClicks(page.filter, "6f02 d94c")
    assert page.model.rowCount() == 1
    page.filter.setText("expired")
    assert page.model.rowCount() == 1
    QTest.keyClick(driver.window, Qt.Key.Key_Escape)
    assert page.model.rowCount() == 5


def test_the_public_half_is_saved_by_the_station(driver: Driver, tmp_path: Path) -> None:
    page = _keys(driver)
    page.table.selectRow(0)
    page._export(str(tmp_path))
    driver.settle()
    key = KeyRef("gpg", windowdata.PRIMARY)
    assert ("export_key", (key, tmp_path, False)) in driver.station.orders
    assert page.notice.banner.headline == "The public half was written and read back."


def test_looking_again_keeps_the_picked_key(driver: Driver) -> None:
    page = _keys(driver)
    page.table.selectRow(3)
    picked = page._current()
    QTest.keyClick(driver.window, Qt.Key.Key_F5)
    driver.settle()
    assert page._current() == picked


@pytest.mark.parametrize("script", [Script(keys=())])
def test_without_keys_it_says_how_to_make_one(driver: Driver) -> None:
    page = driver.page(PageName.KEYS, KeysPage)
    words = " ".join(each.text() for each in page.findChildren(Label))
    assert "signstation key generate openpgp" in words
    assert not page.export.isVisible()


def test_a_store_that_fails_is_told(driver: Driver) -> None:
    driver.station.script.failure = AgentMissing(key="gpg:", reason="No agent")
    page = driver.page(PageName.KEYS, KeysPage)
    driver.until(page.notice.isVisible)
    assert "cannot be reached" in page.notice.banner.headline


def test_a_subkey_follows_its_primary_and_circles_lose_nothing() -> None:
    keys = windowdata.key_list()
    shuffled = (keys[1], keys[2], keys[0])
    assert family_order(shuffled) == (keys[2], keys[0], keys[1])
    one = replace(keys[2], parent=keys[4].key)
    two = replace(keys[4], parent=keys[2].key)
    assert set(family_order((one, two))) == {one, two}
    orphan = replace(keys[1], parent=KeyRef("gpg", "00"))
    assert family_order((orphan,)) == (orphan,)


@pytest.mark.parametrize(
    ("expires", "words"),
    [
        (None, "without an end"),
        (25 * DAY, "for 25 days"),
        (DAY, "for 1 day"),
        (10, "for 0 days"),
        (0, "ended 0 days ago"),
        (-DAY, "ended 1 day ago"),
        (-40 * DAY, "ended 40 days ago"),
    ],
)
def test_how_long_a_key_lasts_in_words(expires: int | None, words: str) -> None:
    now = windowdata.NOW
    assert expiry_words(None if expires is None else now + expires, now) == words
