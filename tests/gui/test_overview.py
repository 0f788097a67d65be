"""The Overview page: what needs a person, where it leads, and calm when nothing does."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from signstation.errors import ToolMissing
from signstation.gui.overview import OverviewPage
from signstation.gui.overview_items import Group, Situation, endings, needs, releases
from signstation.gui.pages import PageName
from signstation.gui.parts import ActionButton, Label
from signstation.model.checks import Verdict
from signstation.model.jobs import JobRow, JobState
from signstation.model.keys import KeyFamily, KeyInfo, KeyState, KeyType, Protection
from signstation.model.orders import VerifyOrder
from signstation.model.station import Health, PromptClosed, PromptOpened
from signstation.reports.words import show
from tests.support import windowdata, windowtrust
from tests.support.window import Script, make_job
from tests.support.windowdata import NOW
from tests.support.windowdriver import Driver, busy_script, make_prompt

DAY = 86400


@pytest.fixture(autouse=True)
def _then(monkeypatch: pytest.MonkeyPatch) -> None:
    """The window lives at the time of the recorded data."""
    monkeypatch.setattr(time, "time", lambda: float(NOW))


@pytest.fixture
def script() -> Script:
    """A station with jobs of every kind."""
    return busy_script()


def _page(driver: Driver) -> OverviewPage:
    return driver.page(PageName.OVERVIEW, OverviewPage)


def _words(page: OverviewPage) -> list[str]:
    QApplication.processEvents()  # lays everything out
    return [each.text() for each in page.findChildren(Label) if each.isVisible()]


def _button(page: OverviewPage, name: str) -> ActionButton:
    return next(
        each for each in page.findChildren(ActionButton) if each.accessibleName().startswith(name)
    )


def _tile(page: OverviewPage, word: str) -> QPushButton:
    return next(
        each for each in page.tiles.findChildren(QPushButton) if word in each.accessibleName()
    )


def test_it_is_the_first_page_and_counts_what_needs_a_person(driver: Driver) -> None:
    assert driver.window.names()[0] is PageName.OVERVIEW
    page = _page(driver)
    assert "11 things need you · 3 of them are grave" in _words(page)
    assert _tile(page, "Jobs").accessibleName() == "Jobs: 2 need you; show only these"


def test_a_question_appears_and_goes_with_its_answer(driver: Driver) -> None:
    page = _page(driver)
    driver.station.emit(PromptOpened(make_prompt("p1")))
    driver.settle()
    assert "Job 3: Passphrase of Acme Release Signing 2026" in _words(page)
    assert _tile(page, "Questions").accessibleName().startswith("Questions: 1")
    driver.station.emit(PromptClosed("p1"))
    driver.settle()
    assert _tile(page, "Questions").accessibleName().startswith("Questions: 0")


@pytest.mark.parametrize(
    ("button", "page"),
    [
        ("Open the queue: acme-4.2.0", PageName.QUEUE),
        ("Verify again: acme-4.2.0.tar.gz", PageName.VERIFY),
        ("Open the keys: Acme module key", PageName.KEYS),
        ("Open trust: Bolt", PageName.TRUST),
    ],
)
def test_each_thing_leads_to_its_page(driver: Driver, button: str, page: PageName) -> None:
    _button(_page(driver), button).click()
    assert driver.window.names()[driver.window.current] is page


def test_verify_again_verifies_that_artifact(driver: Driver) -> None:
    _button(_page(driver), "Verify again: acme-4.2.0.tar.gz").click()
    driver.settle()
    path = Path(windowdata.tarball_changed().path)
    assert ("verify", VerifyOrder((path,))) in driver.station.orders


def test_what_was_seen_before_paths_were_kept_leads_to_the_page(driver: Driver) -> None:
    driver.station.script.seen = tuple(replace(each, path="") for each in windowtrust.seen())
    page = _page(driver)
    page.refresh()
    driver.settle()
    _button(page, "Open Verify: acme-4.2.0.tar.gz").click()
    assert driver.window.names()[driver.window.current] is PageName.VERIFY
    assert not [each for each in driver.station.orders if each[0] == "verify"]


def test_a_tile_shows_its_kind_alone_and_escape_shows_all(driver: Driver) -> None:
    page = _page(driver)
    QTest.mouseClick(_tile(page, "Artifacts"), Qt.MouseButton.LeftButton)
    assert "acme-tools: 1 artifact failed" not in _words(page)
    assert "RELEASE-NOTES.txt: Unsigned" in _words(page)
    QTest.keyClick(driver.window, Qt.Key.Key_Escape)
    assert "acme-tools: 1 artifact failed" in _words(page)


def test_an_artifact_can_be_forgotten_and_brought_back(driver: Driver) -> None:
    page = _page(driver)
    _button(page, "Forget: RELEASE-NOTES.txt").click()
    driver.settle()
    digest = windowdata.notes_unsigned().sha256
    assert ("forget", (digest,)) in driver.station.orders
    assert "RELEASE-NOTES.txt: Unsigned" not in _words(page)
    assert "acme-4.2.0.tar.gz: Changed" in _words(page)
    assert page.notice.act.accessibleName() == "Undo"
    page.notice.act.click()
    driver.settle()
    assert "RELEASE-NOTES.txt: Unsigned" in _words(page)
    _button(page, "Forget: RELEASE-NOTES.txt").click()
    driver.settle()
    _button(page, "Forget all").click()
    driver.settle()
    assert "None of the 2 artifacts verified lately is doubtful." in _words(page)


def _calm() -> Script:
    keys = tuple(
        replace(each, expires=NOW + 400 * DAY, protection=Protection.TOKEN)
        for each in windowdata.key_list()
        if each.state is KeyState.ACTIVE
    )
    anchors = tuple(replace(each, expires=NOW + 300 * DAY) for each in windowtrust.anchors()[:2])
    return Script(
        jobs=(make_job(1, (JobState.DONE,) * 3)[0],),
        keys=keys,
        anchors=anchors,
        seen=tuple(each for each in windowtrust.seen() if each.verdict is Verdict.TRUSTED),
        doctor=tuple(each for each in windowdata.doctor() if each.health is Health.GOOD),
    )


@pytest.mark.parametrize("script", [_calm()])
def test_when_all_is_well_it_says_so_and_what_was_looked_at(driver: Driver) -> None:
    page = _page(driver)
    words = _words(page)
    assert "All is well" in words
    assert "All is well: nothing needs you." in words
    assert "All 4 checks of this machine are good." in words
    assert "3 artifacts · 2026-11-24 14:30 UTC" in words
    _button(page, "Verify something").click()
    assert driver.window.names()[driver.window.current] is PageName.VERIFY


@pytest.mark.parametrize("script", [Script(jobs=(), keys=(), anchors=(), seen=(), doctor=())])
def test_a_new_station_says_how_to_begin(driver: Driver) -> None:
    words = _words(_page(driver))
    assert {"There is no key yet", "Nobody is trusted yet"} <= set(words)


@pytest.mark.parametrize("script", [Script(failure=ToolMissing(program="gpg", package="gnupg"))])
def test_what_cannot_be_asked_is_told_and_nothing_is_called_good(driver: Driver) -> None:
    page = _page(driver)
    assert page.notice.isVisible()
    assert "All is well" not in _words(page)
    assert not [each for each in _words(page) if each.startswith("None of the")]


def test_a_row_keeps_its_focus_while_nothing_changes(driver: Driver) -> None:
    page = _page(driver)
    button = _button(page, "Open the keys: Acme module key")
    button.setFocus()
    page.refresh()
    driver.settle()
    assert button.hasFocus()


@pytest.mark.parametrize(
    "script",
    [
        Script(
            jobs=(make_job(1, (JobState.FAILED,), title=windowdata.HOSTILE_NAME)[0],),
            anchors=windowtrust.hostile(),
            keys=tuple(
                replace(each, label=windowdata.HOSTILE_NAME) for each in windowdata.key_list()
            ),
            seen=tuple(replace(each, label=windowdata.HOSTILE_NAME) for each in windowtrust.seen()),
        )
    ],
)
def test_hostile_names_are_shown_literally(driver: Driver) -> None:
    page = _page(driver)
    texts = [each.text() for each in page.findChildren(QLabel)]
    texts += [each.accessibleName() for each in page.findChildren(QPushButton)]
    assert sum(show(windowdata.HOSTILE_NAME) in each for each in texts) > 5
    assert not [each for each in texts if "\u202e" in each]


# ---- the rules ----------------------------------------------------------------------------------


def _key(**more: Any) -> Situation:  # noqa: ANN401 - fields of KeyInfo
    good = {"protection": Protection.TOKEN, "expires": None, "state": KeyState.ACTIVE, **more}
    info: KeyInfo = replace(windowdata.key_list()[0], **good)
    return Situation(NOW, keys=(info,))


def _job(**more: Any) -> Situation:  # noqa: ANN401 - fields of JobRow
    row, _ = make_job(1, (JobState.DONE,))
    return Situation(NOW, jobs=(replace(row, **more),))


@pytest.mark.parametrize(
    ("situation", "count"),
    [
        (_key(), 0),
        (_key(expires=NOW + 90 * DAY), 0),
        (_key(expires=NOW + 90 * DAY - 1), 1),
        (_key(expires=NOW - 89 * DAY, state=KeyState.EXPIRED), 1),
        (_key(expires=NOW - 91 * DAY, state=KeyState.EXPIRED), 0),
        (_key(expires=NOW + DAY, state=KeyState.REVOKED), 0),
        (_key(expires=NOW + DAY, state=KeyState.PUBLIC_ONLY), 0),
        (_key(protection=Protection.UNPROTECTED), 1),
        (_key(protection=Protection.UNPROTECTED, state=KeyState.PUBLIC_ONLY), 0),
        (_key(type=KeyType(KeyFamily.RSA, 2048)), 1),
        (_key(type=KeyType(KeyFamily.RSA, 3072)), 0),
        (_key(type=KeyType(KeyFamily.OTHER)), 1),
        (_job(), 0),
        (_job(failed=1, state=JobState.FAILED), 1),
        (_job(failed=1, state=JobState.FAILED, finished=NOW - 31 * DAY), 0),
        (_job(state=JobState.INTERRUPTED, finished=NOW - 31 * DAY), 1),
        (_job(state=JobState.WAITING), 1),
        (_job(state=JobState.CANCELLED), 0),
    ],
)
def test_what_needs_a_person(situation: Situation, count: int) -> None:
    assert len(needs(situation)) == count


def test_a_waiting_job_whose_question_is_here_is_one_thing() -> None:
    waiting = replace(_job(state=JobState.WAITING, id=3), prompts=(make_prompt(),))
    assert [each.group for each in needs(waiting)] == [Group.PROMPTS]


def test_releases_are_whole_and_newest_first() -> None:
    jobs: list[JobRow] = [
        replace(make_job(n, (JobState.DONE,))[0], finished=NOW - n * DAY) for n in (3, 1, 2)
    ]
    jobs.append(make_job(4, (JobState.FAILED,))[0])
    assert [each.id for each in releases(Situation(NOW, jobs=tuple(jobs)), 3)] == [1, 2, 3]


def test_an_own_anchor_is_not_told_twice() -> None:
    situation = Situation(NOW, keys=windowdata.key_list(), anchors=windowtrust.anchors())
    found = endings(situation)
    assert [each.expires for each in found] == sorted(each.expires for each in found)
    assert [each.label for each in found if not each.own] == ["Acme Root 2024"]


def test_all_is_not_called_well_while_a_part_is_unknown(driver: Driver) -> None:
    page = driver.page(PageName.OVERVIEW, OverviewPage)
    driver.station.script.failure = ToolMissing(program="gpg", package="gnupg")
    page._situation = Situation(page._situation.now)
    page.refresh()
    driver.settle()
    shown = [each.text() for each in page.findChildren(Label) if each.isVisible()]
    assert "Not everything could be looked at." in shown
    assert page.notice.isVisible()
