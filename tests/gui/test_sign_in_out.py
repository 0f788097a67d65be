"""Media, saved profiles and exports on the Sign page, by mouse and by keyboard."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from signstation.errors import DiskFull
from signstation.gui.pages import PageName
from signstation.gui.parts import ActionButton, Label
from signstation.gui.sign import KEYS, SignPage
from signstation.gui.sign_media import medium_lines
from signstation.model.copies import CopyOrder
from signstation.model.exports import ExportOrder
from signstation.model.jobs import JobState
from signstation.model.media import Medium
from signstation.model.profiles import KindChoice, Profile
from tests.support.window import Script, make_job
from tests.support.windowdata import HOSTILE_NAME, NOW, RELEASE
from tests.support.windowdriver import Driver

STICK = Medium(
    mount=Path("/media/me/STICK"),
    device="/dev/sdb1",
    label=HOSTILE_NAME,
    model="Ultra Fit",
    serial="4C53",
    file_system="vfat",
    read_only=True,
    guards=("nosuid", "nodev", "noexec"),
    size=32_000_000_000,
    free=8_000_000_000,
    newest=NOW - 3 * 86400,
)


@pytest.fixture
def script() -> Script:
    """A station that signs two artifacts at once."""
    job, steps = make_job(7, (JobState.DONE, JobState.DONE))
    return Script(jobs=(job,), steps={7: steps})


def _page(driver: Driver) -> SignPage:
    return driver.page(PageName.SIGN, SignPage)


def _go(driver: Driver, page: SignPage, step: int) -> None:
    page.take((RELEASE,))
    driver.settle()
    while page._stepper.current < step:
        page._stepper.next.click()
        driver.settle()


def _orders(driver: Driver, name: str) -> list[object]:
    return [order for call, order in driver.station.orders if call == name]


def test_a_medium_says_what_it_is() -> None:
    assert medium_lines(STICK, NOW) == (
        "Ultra Fit · 4C53",
        "vfat · read-only, nosuid, nodev, noexec · 8.0 GB of 32.0 GB free",
        "Youngest change on 2026-11-21, 3 days ago",
    )
    later = replace(STICK, newest=NOW + 9 * 86400, model="", serial="", guards=())
    assert medium_lines(later, NOW)[-1].endswith("later than this clock")
    assert len(medium_lines(replace(STICK, newest=None), NOW)) == 2


def test_a_mounted_medium_has_a_card_and_is_copied_in(driver: Driver) -> None:
    page = _page(driver)
    assert not page._choose.media.isVisible()
    driver.station.release.media = (STICK,)
    driver.station.release.copied = Path("/private/0")
    page._choose.media.look()
    driver.settle()
    texts = [each.text() for each in page._choose.media.findChildren(Label)]
    assert not any("\u202e" in each for each in texts)
    copy = page._choose.media.findChildren(ActionButton)[0]
    copy.setFocus()
    QTest.keyClick(copy, Qt.Key.Key_Space)
    driver.settle()
    (order,) = _orders(driver, "copy_in")
    assert order == CopyOrder((STICK.mount,), always=True)
    assert page._flow.paths == (Path("/private/0/STICK"),)
    driver.station.release.media = ()
    page._choose.media.look()
    driver.settle()
    assert page._choose.media.media == ()


def test_choices_are_saved_as_a_profile_and_used_again(driver: Driver) -> None:
    page = _page(driver)
    _go(driver, page, KEYS)
    bar = page._keys.profiles
    assert not bar.save.isEnabled()
    assert bar.save.reason.text()
    QTest.keyClicks(bar.name, "Release 4")
    QTest.keyClick(bar.name, Qt.Key.Key_Return)
    driver.settle()
    (saved,) = _orders(driver, "save_profile")
    assert isinstance(saved, Profile)
    assert {each.format for each in saved.kinds} == set(page._flow.signing())
    assert bar.box.currentText() == "Release 4"
    first = page._flow.signing()[0]
    page._keys._chosen(first, None)
    assert bar.box.currentIndex() == 0
    assert first not in page._flow.signing()
    bar.box.setCurrentIndex(1)
    bar.box.activated.emit(1)
    driver.settle()
    assert first in page._flow.signing()
    assert page._flow.profile == "Release 4"
    page._stepper.next.click()
    driver.settle()
    shown = [each.text() for each in page._review.findChildren(Label) if each.isVisible()]
    assert "Profile: Release 4" in shown


def test_a_profile_is_deleted_and_undo_brings_it_back(driver: Driver) -> None:
    kept = Profile("nightly", "/home/a/settings.toml", hash="sha512")
    driver.station.release.profiles = (kept, Profile("other", "/etc/settings.toml"))
    page = _page(driver)
    _go(driver, page, KEYS)
    bar = page._keys.profiles
    assert not bar.delete.isVisible()
    bar.box.setCurrentIndex(1)
    assert bar.delete.accessibleName() == "Delete the chosen profile"
    QTest.keyClick(bar.delete, Qt.Key.Key_Space)
    driver.settle()
    assert _orders(driver, "delete_profile") == ["nightly"]
    assert [bar.box.itemText(n) for n in range(bar.box.count())] == ["No profile", "other"]
    assert page.notice.banner.headline == "Profile nightly is deleted; what is chosen below stays."
    assert page.notice.act.accessibleName() == "Undo"
    QTest.keyClick(page.notice.act, Qt.Key.Key_Space)
    driver.settle()
    assert _orders(driver, "save_profile") == [kept]
    assert "nightly" in [bar.box.itemText(n) for n in range(bar.box.count())]


def test_a_profile_whose_key_is_not_here_leaves_the_kind_unsigned_and_says_so(
    driver: Driver,
) -> None:
    page = _page(driver)
    profile = Profile("Old", "/x", kinds=(KindChoice("rpm", "gpg:GONE", "openpgp"),))
    driver.station.release.profiles = (profile, Profile("Odd", "/x", hash="crc32"))
    _go(driver, page, KEYS)
    bar = page._keys.profiles
    bar.used.emit(profile)
    assert "RPM packages" in bar.note.text()
    assert page._flow.signing() == ()
    assert not page._stepper.next.isEnabled()
    bar.used.emit(driver.station.release.profiles[1])
    assert "crc32" in page._banner.headline


def test_the_result_is_exported_and_says_when_it_may_be_taken_away(driver: Driver) -> None:
    page = _page(driver)
    driver.station.release.media = (replace(STICK, read_only=False),)
    _go(driver, page, 4)
    driver.until(page._result.carry.isVisible)
    page._result.carry.click()
    driver.settle()
    card = page._result.export
    assert card.place.currentText() == str(STICK.mount)
    assert card.name.text() == RELEASE.name
    card.go.click()
    driver.settle()
    (order,) = _orders(driver, "export")
    assert isinstance(order, ExportOrder)
    assert order.files == page._result.outputs()
    assert order.root == page._flow.output
    assert card.banner.headline.endswith("read back and equal")
    assert "safe to remove" in card.banner.accessibleDescription()
    assert card.report.isVisible()
    card.close_button.click()
    assert not card.isVisible()


def test_a_failed_export_says_why_and_can_be_tried_again(driver: Driver) -> None:
    page = _page(driver)
    _go(driver, page, 4)
    driver.until(page._result.carry.isVisible)
    page._result.carry.click()
    driver.settle()
    card = page._result.export
    assert not card.go.isEnabled()
    assert card.go.reason.text()
    card.place.setEditText("/media/full")
    driver.station.script.failure = DiskFull(path="/media/full")
    card.go.click()
    driver.settle()
    driver.station.script.failure = None
    assert "/media/full" in card.banner.headline
    assert not card.report.isVisible()
    assert card.go.isEnabled()
