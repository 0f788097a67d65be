"""The frame: pages, keys, strip, health, notices, closing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolButton

from signstation.errors import ToolMissing
from signstation.gui.navigation import PageButton
from signstation.gui.pages import PageName
from signstation.gui.parts import Chip
from signstation.gui.tokens import COLLAPSE_BELOW, NAV_COLLAPSED, NAV_WIDTH, ThemeName
from signstation.model.jobs import JobEvent, JobState
from signstation.model.media import Medium
from signstation.model.tokens import PinState, TokenInfo
from tests.support.window import Script, make_job
from tests.support.windowdriver import Driver, busy_script


def _buttons(driver: Driver) -> list[PageButton]:
    return driver.window.navigation.findChildren(PageButton)


def _press(driver: Driver, key: Qt.Key, modifier: Qt.KeyboardModifier) -> None:
    QTest.keyClick(driver.window, key, modifier)


def test_control_and_a_digit_open_each_page(driver: Driver) -> None:
    for number in range(len(_buttons(driver))):
        _press(driver, Qt.Key(Qt.Key.Key_1 + number), Qt.KeyboardModifier.ControlModifier)
        assert driver.window.current == number


def test_the_checked_entry_is_the_tab_stop_and_arrows_reach_the_rest(driver: Driver) -> None:
    driver.window.go(2)
    buttons = _buttons(driver)
    policies = [each.focusPolicy() for each in buttons]
    assert policies.count(Qt.FocusPolicy.StrongFocus) == 1
    assert policies[2] is Qt.FocusPolicy.StrongFocus
    buttons[2].setFocus()
    QTest.keyClick(buttons[2], Qt.Key.Key_Up)
    assert driver.window.current == 1
    assert buttons[1].hasFocus()
    QTest.keyClick(buttons[1], Qt.Key.Key_End)
    assert driver.window.current == len(buttons) - 1
    assert buttons[-1].hasFocus()


def test_a_narrow_window_shows_icons_alone(driver: Driver) -> None:
    driver.window.resize(COLLAPSE_BELOW - 1, 720)
    assert driver.window.navigation.width() == NAV_COLLAPSED
    driver.window.resize(COLLAPSE_BELOW, 720)
    assert driver.window.navigation.width() == NAV_WIDTH


def test_it_fits_the_smallest_screen(driver: Driver) -> None:
    hint = driver.window.minimumSizeHint()
    assert hint.width() <= 1280
    assert hint.height() <= 720


def test_the_strip_says_what_doctor_says(driver: Driver) -> None:
    chips = {each.accessibleName() for each in driver.window.strip.findChildren(Chip)}
    assert {"Air gap: no network used", "GnuPG agent: ready", "No job at work"} <= chips
    assert driver.window.strip.station.accessibleName() == "Station: 1 thing to look at"


@pytest.mark.parametrize("script", [Script(doctor=())])
def test_the_strip_claims_nothing_that_nobody_looked_at(driver: Driver) -> None:
    assert not driver.window.strip.network.isVisible()
    assert not driver.window.strip.agent.isVisible()


@pytest.mark.parametrize("script", [busy_script()])
def test_the_strip_counts_jobs_that_are_not_finished(driver: Driver) -> None:
    assert driver.window.strip.jobs.accessibleName() == "Jobs at work: 1"


def test_events_of_jobs_make_it_ask_once_for_many(driver: Driver) -> None:
    driver.settle()  # what was asked at the start is answered
    before = len(driver.station.orders)
    driver.station.script.jobs = (make_job(9, (JobState.INTERRUPTED,))[0],)
    for _ in range(500):
        driver.station.emit(JobEvent(9))
    driver.until(lambda: driver.window.strip.jobs.accessibleName() == "Interrupted jobs: 1")
    asked = [name for name, _ in driver.station.orders[before:]].count("job")
    assert 1 <= asked <= 3


def test_the_health_panel_shows_the_worst_first_and_closes_with_escape(driver: Driver) -> None:
    QTest.mouseClick(driver.window.strip.station, Qt.MouseButton.LeftButton)
    panel = driver.window.health
    assert panel.isVisible()
    inside = driver.window.rect().contains(panel.geometry())
    assert inside
    _press(driver, Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier)
    assert not panel.isVisible()


@pytest.mark.parametrize("script", [Script(failure=ToolMissing(program="gpg", package="gnupg"))])
def test_a_failed_call_is_told_in_words(driver: Driver) -> None:
    driver.until(driver.window.notice.isVisible)
    assert driver.window.notice.banner.headline == "The program gpg is not installed."


@pytest.mark.parametrize("script", [busy_script()])
def test_closing_asks_while_a_job_runs_and_keeping_is_the_default(driver: Driver) -> None:
    driver.window.close()
    assert driver.window.isVisible()
    notice = driver.window.notice
    assert notice.isVisible()
    assert notice.close_button.hasFocus()
    QTest.mouseClick(notice.close_button, Qt.MouseButton.LeftButton)
    assert driver.window.isVisible()
    driver.window.close()
    QTest.mouseClick(notice.act, Qt.MouseButton.LeftButton)
    assert not driver.window.isVisible()


def test_closing_does_not_ask_when_nothing_runs(driver: Driver) -> None:
    driver.window.close()
    assert not driver.window.isVisible()


def test_the_theme_can_be_switched_and_remembers_the_choice(driver: Driver) -> None:
    chosen: list[object] = []
    driver.window.theme_chosen.connect(chosen.append)
    switch = driver.window.strip.findChildren(QToolButton)[-1]
    menu = switch.menu()
    assert menu is not None
    background = driver.window.grab().toImage().pixelColor(QPoint(700, 60))
    action = next(each for each in menu.actions() if each.text() == "Dark")
    action.trigger()
    assert chosen == [ThemeName.DARK]
    assert driver.window.grab().toImage().pixelColor(QPoint(700, 60)) != background


def test_a_badge_is_part_of_the_name(driver: Driver) -> None:
    driver.station.script.jobs = (make_job(9, (JobState.INTERRUPTED,))[0],)
    driver.station.emit(JobEvent(9))
    queue = _buttons(driver)[driver.window.names().index(PageName.QUEUE)]
    driver.until(lambda: queue.accessibleName() == "Queue, 1 need you")
    driver.window.grab()


def test_nothing_takes_the_focus_away_from_the_application(driver: Driver) -> None:
    assert QGuiApplication.focusWindow() is not None
    assert QApplication.focusWidget() is _buttons(driver)[0]


def test_an_inserted_medium_has_a_chip_that_opens_the_sign_page(driver: Driver) -> None:
    stick = Medium(
        mount=Path("/media/STICK"),
        device="/dev/sdb1",
        label="A\u202estick with a very long name",
        model="",
        serial="",
        file_system="vfat",
        read_only=True,
        guards=(),
        size=1,
        free=1,
        newest=None,
    )
    chip = driver.window.strip.media
    assert not chip.isVisible()
    driver.window.strip.show_media((stick,))
    assert chip.isVisible()
    assert chip.accessibleName().endswith("…: read-only")
    assert "\u202e" not in chip.text() + chip.toolTip() + chip.accessibleName()
    chip.setFocus()
    QTest.keyClick(chip, Qt.Key.Key_Space)
    assert driver.window.current == driver.window.names().index(PageName.SIGN)
    driver.window.strip.show_media((stick, replace(stick, label="B", read_only=False)))
    assert chip.accessibleName() == "Media inserted: 2"
    assert "B: writable" in chip.toolTip()
    driver.window.strip.show_media(())
    assert not chip.isVisible()


def test_an_inserted_card_has_a_chip_with_its_tries_that_opens_the_keys_page(
    driver: Driver,
) -> None:
    card = TokenInfo("gpg", "Yubico\u202e 12345678", "OpenPGP card", PinState.GOOD, 3)
    chip = driver.window.strip.tokens
    assert not chip.isVisible()
    driver.window.strip.show_tokens((card,))
    assert chip.isVisible()
    assert chip.accessibleName().endswith("3 tries left")
    assert "\u202e" not in chip.text() + chip.toolTip() + chip.accessibleName()
    driver.window.strip.show_tokens((replace(card, device="A&B"),))
    assert chip.text() == " A&&B: 3 tries left"
    last = replace(card, device="Nitrokey 1", pin=PinState.LAST, tries=1, touch=True)
    driver.window.strip.show_tokens((card, last))
    assert chip.accessibleName() == "Nitrokey 1: 1 try left, 1 more"
    assert "another wrong PIN blocks it" in chip.toolTip()
    assert "touched for every signature" in chip.toolTip()
    driver.window.strip.show_tokens((replace(card, pin=PinState.BLOCKED, tries=0),))
    assert chip.accessibleName().endswith("PIN blocked")
    chip.setFocus()
    QTest.keyClick(chip, Qt.Key.Key_Space)
    assert driver.window.current == driver.window.names().index(PageName.KEYS)
    driver.window.strip.show_tokens(())
    assert not chip.isVisible()
