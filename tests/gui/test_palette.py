"""The command palette: found by letters, done with Enter, without a mouse."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from signstation.gui.keys import KeysPage
from signstation.gui.pages import PageName
from signstation.gui.palette import Palette
from signstation.gui.palette_match import Command, matching, score
from signstation.gui.queue import QueuePage
from signstation.gui.theme import Theme
from signstation.gui.tokens import ThemeName
from tests.support.window import Script
from tests.support.windowdriver import Driver, busy_script


@pytest.fixture
def script() -> Script:
    """A station with jobs."""
    return busy_script()


def _open(driver: Driver) -> Palette:
    driver.settle()
    QTest.keyClick(driver.window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    driver.settle()
    palette = driver.window.commands
    assert palette.isVisible()
    assert palette.line.hasFocus()
    return palette


def _do(driver: Driver, typed: str) -> None:
    palette = _open(driver)
    QTest.keyClicks(palette.line, typed)
    QTest.keyClick(palette.line, Qt.Key.Key_Return)
    assert not palette.isVisible()
    driver.settle()


def _nothing() -> None:
    """Do nothing."""


def test_letters_and_enter_open_a_page(driver: Driver) -> None:
    _do(driver, "page queue")
    assert driver.window.names()[driver.window.current] is PageName.QUEUE


def test_a_key_is_picked_on_its_page(driver: Driver) -> None:
    _do(driver, "module key")
    page = driver.window.page(PageName.KEYS)
    assert isinstance(page, KeysPage)
    assert driver.window.names()[driver.window.current] is PageName.KEYS
    key = page.list.current()
    assert key is not None
    assert "module key" in key.label


def test_a_job_is_picked_on_its_page(driver: Driver) -> None:
    _do(driver, "acme-4.1.9")
    page = driver.window.page(PageName.QUEUE)
    assert isinstance(page, QueuePage)
    (job,) = page.jobs.jobs
    assert job.title == "acme-4.1.9"


def test_an_action_of_the_page_is_done(driver: Driver) -> None:
    driver.page(PageName.KEYS, KeysPage)
    _do(driver, "make a key")
    page = driver.window.page(PageName.KEYS)
    assert isinstance(page, KeysPage)
    assert page.procedure is not None


def test_the_help_is_found(driver: Driver) -> None:
    _do(driver, "journal recovery")
    assert driver.window.help.topic == "recovery"
    assert driver.window.help.browser.hasFocus()


def test_the_appearance_changes_and_the_menu_knows(driver: Driver, theme: Theme) -> None:
    _do(driver, "appearance dark")
    assert theme.tokens.name is ThemeName.DARK


def test_arrows_move_while_the_line_keeps_the_focus(driver: Driver) -> None:
    palette = _open(driver)
    first = palette.table.currentIndex().row()
    QTest.keyClick(palette.line, Qt.Key.Key_Down)
    assert palette.table.currentIndex().row() == first + 1
    assert palette.line.hasFocus()


@pytest.mark.parametrize("key", [Qt.Key.Key_Escape, Qt.Key.Key_Tab])
def test_the_focus_goes_back_where_it_was(driver: Driver, key: Qt.Key) -> None:
    driver.window.navigation.take_focus()
    before = driver.window.focusWidget()
    palette = _open(driver)
    QTest.keyClick(palette.line, key)
    assert not palette.isVisible()
    assert driver.window.focusWidget() is before


def test_nothing_fitting_is_said_and_does_nothing(driver: Driver) -> None:
    palette = _open(driver)
    QTest.keyClicks(palette.line, "qqqqxx")
    assert palette._count.text() == "Nothing fits. Esc closes."
    QTest.keyClick(palette.line, Qt.Key.Key_Return)
    assert palette.isVisible()


def test_words_and_beginnings_come_first() -> None:
    titles = ("Look again", "Go to the queue", "Overlook agaves", "Lag")
    commands = [Command("Action", each, "x", _nothing) for each in titles]
    assert matching("la", commands)[0].title in {"Look again", "Lag"}
    assert matching("look again", commands)[0].title == "Look again"
    assert [each.title for each in matching("gtq", commands)] == ["Go to the queue"]
    assert not matching("zz", commands)
    assert len(matching("", commands)) == len(titles)


def test_letters_must_come_in_order() -> None:
    assert score("abc", "a b c") > score("abc", "aabbcc") > 0
    assert score("cba", "a b c") == 0
    assert score("ab", "") == 0
