"""The Queue page: jobs and artifacts as they move, and what can be done with a job."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtTest import QSignalSpy, QTest

from signstation.gui.literal import Literal
from signstation.gui.pages import PageName
from signstation.gui.parts import ActionButton, Label
from signstation.gui.queue import QueuePage
from signstation.model.jobs import JobEvent, JobState
from tests.support.window import Script, make_job
from tests.support.windowdriver import Driver, busy_script

MANY = 100_000


def _queue(driver: Driver) -> QueuePage:
    return driver.page(PageName.QUEUE, QueuePage)


def _shown_actions(page: QueuePage) -> list[str]:
    return [
        each.accessibleName()
        for each in (
            page.orders.retry,
            page.orders.resume,
            page.orders.pause,
            page.orders.cancel,
        )
        if each.isVisibleTo(page)
    ]


def _words(page: QueuePage) -> list[str]:
    words = [each.text() for each in page.detail.findChildren(Label)]
    return words + [each.toPlainText() for each in page.detail.findChildren(Literal)]


def _one(state: JobState) -> Script:
    row, steps = make_job(1, (JobState.DONE, state))
    return Script(jobs=(replace(row, state=state),), steps={1: steps})


def test_the_newest_job_is_shown_with_its_counts(driver: Driver) -> None:
    driver.station.script = busy_script()
    for each in driver.station.script.jobs:
        driver.station.emit(JobEvent(each.id))
    page = _queue(driver)
    driver.until(lambda: page.model.rowCount() == 243)
    tiles = [each.accessibleName() for each in page.tiles._tiles]
    assert tiles[0] == "121 Signed; show only these"
    assert tiles[3] == "2 Failed; show only these"
    assert page.jobs.model.rowCount() == 3


def test_without_jobs_it_says_where_they_come_from(driver: Driver) -> None:
    page = _queue(driver)
    assert any(
        "Jobs of the Sign page appear here" in each.text() for each in page.findChildren(Label)
    )
    assert _shown_actions(page) == []


@pytest.mark.parametrize("script", [busy_script()])
def test_a_change_repaints_only_its_rows_and_keeps_the_selection(driver: Driver) -> None:
    page = _queue(driver)
    driver.until(lambda: page.model.rowCount() == 243)
    page.table.selectRow(122)
    changes = QSignalSpy(page.model.dataChanged)
    resets = QSignalSpy(page.model.modelReset)
    steps = list(driver.station.script.steps[3])
    for number in (121, 122, 124):
        steps[number] = replace(steps[number], state=JobState.DONE)
    driver.station.script.steps[3] = tuple(steps)
    for number in (121, 122, 124):
        driver.station.emit(JobEvent(3, steps[number].id))
    driver.until(lambda: page.tiles._tiles[0].accessibleName() == "124 Signed; show only these")
    ranges = [(changes.at(n)[0].row(), changes.at(n)[1].row()) for n in range(changes.count())]
    assert ranges == [(121, 122), (124, 124)]
    assert resets.count() == 0
    assert page.table.currentIndex().row() == 122
    assert "Signed and verified" in _words(page)


@pytest.mark.parametrize("script", [busy_script()])
def test_a_flood_of_events_asks_a_few_times(driver: Driver) -> None:
    page = _queue(driver)
    driver.until(lambda: page.model.rowCount() == 243)
    before = [name for name, _ in driver.station.orders].count("steps")
    for step in driver.station.script.steps[3] * 20:
        driver.window.bridge.put(JobEvent(3, step.id))
    driver.settle()
    driver.until(lambda: not page._feed._dirty)
    driver.settle()
    assert [name for name, _ in driver.station.orders].count("steps") - before <= 3


@pytest.mark.parametrize("script", [busy_script()])
def test_tiles_and_words_filter_and_escape_shows_all(driver: Driver) -> None:
    page = _queue(driver)
    driver.until(lambda: page.model.rowCount() == 243)
    page.tiles._tiles[3].click()
    assert page.model.rowCount() == 2
    page.tiles._tiles[0].click()
    assert page.model.rowCount() == 121
    QTest.keyClick(driver.window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert page.filter.hasFocus()
    QTest.keyClicks(page.filter, "part00003.")
    assert page.model.rowCount() == 1
    QTest.keyClick(driver.window, Qt.Key.Key_Escape)
    assert page.model.rowCount() == 243
    assert not page.tiles._tiles[0].isChecked()


@pytest.mark.parametrize("script", [busy_script()])
def test_sorting_keeps_the_selection_on_its_artifact(driver: Driver) -> None:
    page = _queue(driver)
    driver.until(lambda: page.model.rowCount() == 243)
    page.table.selectRow(3)
    picked = page.model.row(page.table.currentIndex())
    page.table.sortByColumn(0, Qt.SortOrder.DescendingOrder)
    (index,) = page.table.selectionModel().selectedRows()
    assert page.model.row(index) == picked
    assert index.row() == 239
    page.model.filter(lambda step: step is not picked)
    assert not page.table.selectionModel().selectedRows()
    assert page.model.rowCount() == 242


@pytest.mark.parametrize("script", [_one(JobState.FAILED)])
def test_a_failure_is_told_in_five_parts_and_can_be_tried_again(driver: Driver) -> None:
    page = _queue(driver)
    driver.until(lambda: page.model.rowCount() == 2)
    page.table.selectRow(1)
    words = " ".join(_words(page))
    for part in (
        "contradicts itself and is not signed",
        "the payload digest does not fit its bytes",
        "Nothing was signed and no file was changed",
        "Get the file again from where it was built",
    ):
        assert part in words
    assert _shown_actions(page) == ["Try the failed ones again"]
    QTest.mouseClick(page.orders.retry, Qt.MouseButton.LeftButton)
    driver.settle()
    assert ("retry", 1) in driver.station.orders


@pytest.mark.parametrize("script", [_one(JobState.INTERRUPTED)])
def test_an_interrupted_job_goes_on(driver: Driver) -> None:
    page = _queue(driver)
    assert _shown_actions(page) == ["Go on", "Stop this job…"]
    QTest.mouseClick(page.orders.resume, Qt.MouseButton.LeftButton)
    driver.settle()
    assert ("resume", 1) in driver.station.orders


@pytest.mark.parametrize("script", [busy_script()])
def test_stopping_asks_first_and_the_safe_answer_has_the_focus(driver: Driver) -> None:
    page = _queue(driver)
    QTest.mouseClick(page.orders.cancel, Qt.MouseButton.LeftButton)
    assert page.notice.close_button.hasFocus()
    assert page.notice.close_button.accessibleName() == "Keep signing"
    assert not [name for name, _ in driver.station.orders if name == "cancel"]
    QTest.mouseClick(page.notice.act, Qt.MouseButton.LeftButton)
    driver.settle()
    assert ("cancel", 3) in driver.station.orders


@pytest.mark.parametrize("script", [_one(JobState.PUBLISHING)])
def test_a_refused_stop_says_why(driver: Driver) -> None:
    page = _queue(driver)
    page.orders.stop()
    driver.settle()
    assert page.notice.banner.headline == "Job 1 can no longer be cancelled."


@pytest.mark.parametrize("script", [busy_script()])
def test_details_have_hashes_counters_and_results(driver: Driver) -> None:
    page = _queue(driver)
    driver.until(lambda: page.model.rowCount() == 243)
    page.table.selectRow(0)
    words = _words(page)
    assert "Signing with the key" in words
    assert "6.2 ms" in words
    assert "/srv/builds/signed/acme-part00000.ko" in words
    page.table.clearSelection()
    assert "Job 3" in _words(page)


def test_a_hundred_thousand_artifacts_are_shown_sorted_and_filtered(driver: Driver) -> None:
    row, steps = make_job(7, (JobState.DONE,) * (MANY - 1) + (JobState.RUNNING,))
    driver.station.script.jobs = (row,)
    driver.station.script.steps = {7: steps}
    driver.station.emit(JobEvent(7))
    page = _queue(driver)
    driver.qtbot.waitUntil(lambda: page.model.rowCount() == MANY, timeout=60_000)
    spent = {}
    began = time.perf_counter()
    page.table.sortByColumn(3, Qt.SortOrder.AscendingOrder)
    spent["sort"] = time.perf_counter() - began
    began = time.perf_counter()
    page.filter.setText("part00042")
    spent["filter"] = time.perf_counter() - began
    assert page.model.rowCount() == 1
    page.filter.clear()
    page.table.scrollToBottom()
    began = time.perf_counter()
    picture: QPixmap = page.table.grab()
    spent["paint"] = time.perf_counter() - began
    assert not picture.isNull()
    print({name: f"{seconds * 1000:.0f} ms" for name, seconds in spent.items()})  # noqa: T201
    assert page.model.index(MANY - 1, 0, QModelIndex()).isValid()


def test_every_action_says_what_it_does(driver: Driver) -> None:
    page = _queue(driver)
    for button in page.findChildren(ActionButton):
        assert button.accessibleName() or not button.isVisibleTo(page)
