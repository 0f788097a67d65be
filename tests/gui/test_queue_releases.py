"""The queue by release, paused and told in full: mouse and keyboard."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from signstation.gui.copying import CopyButton
from signstation.gui.literal import Literal
from signstation.gui.pages import PageName
from signstation.gui.parts import Label
from signstation.gui.queue import QueuePage
from signstation.gui.queue_actions import cancel_words
from signstation.gui.queue_releases import Release
from signstation.model.jobs import JobEvent, JobRow, JobState
from tests.support.window import Script, make_job
from tests.support.windowdriver import Driver, busy_script

MANY = 100_000
IN_A_RELEASE = 100


def _several() -> Script:
    """Return three jobs of one release, the newest queued, and two that stand alone."""
    script = busy_script()
    for job, states in ((4, (JobState.DONE,) * 12), (5, (JobState.QUEUED,) * 40)):
        row, steps = make_job(job, states)
        script.jobs = (row, *script.jobs)
        script.steps[job] = steps
    return script


def _lines(page: QueuePage) -> list[str]:
    model = page.jobs.model
    role = Qt.ItemDataRole.AccessibleTextRole
    return [str(model.index(n, 0).data(role)) for n in range(model.rowCount())]


def _queue(driver: Driver) -> QueuePage:
    return driver.page(PageName.QUEUE, QueuePage)


def _told(page: QueuePage) -> str:
    words = [each.text() for each in page.detail.findChildren(Label)]
    return "\n".join(words + [each.toPlainText() for each in page.detail.findChildren(Literal)])


@pytest.mark.parametrize("script", [_several()], ids=["several"])
def test_jobs_of_a_release_stand_under_its_sums(driver: Driver) -> None:
    page = _queue(driver)
    head, *jobs = _lines(page)
    assert head.startswith("acme-4.2.0 · 3 jobs, unfolded, 133 of 295 signed · 2 failed")
    assert [each.partition(",")[0] for each in jobs[:3]] == [
        "5 · acme-4.2.0",
        "4 · acme-4.2.0",
        "3 · acme-4.2.0",
    ]
    assert len(jobs) == 5
    shown = [page.jobs.model.index(n, 0).data().strip() for n in range(6)]
    assert shown == [
        "acme-4.2.0 (3)",
        "Job 5",
        "Job 4",
        "Job 3",
        "2 · acme-4.1.9",
        "1 · acme-tools",
    ]
    page.jobs.table.selectRow(0)
    driver.until(lambda: page.model.rowCount() == 295)
    assert "/srv/builds/acme-4.2.0" in _told(page)
    page.filter.setText("part00003.")
    assert page.model.rowCount() == 3
    assert not page.orders.cancel.isVisibleTo(page)


@pytest.mark.parametrize("script", [_several()], ids=["several"])
def test_left_and_right_fold_and_unfold(driver: Driver) -> None:
    page = _queue(driver)
    table = page.jobs.table
    assert page.jobs.select_job(4)
    table.setFocus()
    QTest.keyClick(table, Qt.Key.Key_Left)
    assert isinstance(page.jobs.line, Release)
    QTest.keyClick(table, Qt.Key.Key_Left)
    assert len(_lines(page)) == 3
    assert "folded, 133 of 295 signed" in _lines(page)[0]
    assert isinstance(page.jobs.line, Release)
    QTest.keyClick(table, Qt.Key.Key_Right)
    assert len(_lines(page)) == 6
    QTest.keyClick(table, Qt.Key.Key_Right)
    assert [each.id for each in page.jobs.jobs] == [5]
    QTest.keyClick(table, Qt.Key.Key_Left)
    QTest.keyClick(table, Qt.Key.Key_Return)
    assert len(_lines(page)) == 3
    assert page.jobs.select_job(3)
    assert len(_lines(page)) == 6


@pytest.mark.parametrize("script", [_several()], ids=["several"])
def test_releases_sort_as_a_whole(driver: Driver) -> None:
    page = _queue(driver)
    page.jobs.table.sortByColumn(1, Qt.SortOrder.AscendingOrder)
    names = [each.partition(",")[0] for each in _lines(page)]
    assert [each[:1] for each in names] == ["a", "5", "3", "4", "1", "2"]
    page.jobs.table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
    names = [each.partition(",")[0] for each in _lines(page)]
    assert names[2] == "acme-4.2.0 · 3 jobs"
    assert [each[:1] for each in names] == ["1", "2", "a", "3", "4", "5"]


@pytest.mark.parametrize("script", [_several()], ids=["several"])
def test_a_change_keeps_pick_and_folds_and_a_new_job_joins_its_release(driver: Driver) -> None:
    page = _queue(driver)
    page.jobs.select_job(4)
    row, steps = make_job(6, (JobState.QUEUED,))
    driver.station.script.jobs = (row, *driver.station.script.jobs)
    driver.station.script.steps[6] = steps
    driver.station.emit(JobEvent(6))
    driver.until(lambda: len(_lines(page)) == 7)
    assert _lines(page)[0].startswith("acme-4.2.0 · 4 jobs")
    assert [each.id for each in page.jobs.jobs] == [4]


@pytest.mark.parametrize("script", [_several()], ids=["several"])
def test_a_job_is_paused_and_goes_on_by_key_and_by_mouse(driver: Driver) -> None:
    page = _queue(driver)
    page.jobs.select_job(3)
    driver.settle()
    page.filter.setFocus()
    QTest.keyClick(page.filter, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    driver.settle()
    assert ("pause", 3) in driver.station.orders
    assert "3 · acme-4.2.0, Paused; what is under way ends, 121 of 243 signed" in " ".join(
        _lines(page)
    )
    assert page.orders.pause.accessibleName() == "Let it go on"
    assert page.jobs.hold.accessibleName() == "Let all jobs go on"
    QTest.mouseClick(page.orders.pause, Qt.MouseButton.LeftButton)
    driver.settle()
    assert ("unpause", 3) in driver.station.orders
    assert page.orders.pause.accessibleName() == "Pause"


@pytest.mark.parametrize("script", [_several()], ids=["several"])
def test_all_jobs_are_paused_and_the_strip_says_so(driver: Driver) -> None:
    page = _queue(driver)
    QTest.mouseClick(page.jobs.hold, Qt.MouseButton.LeftButton)
    driver.settle()
    assert ("pause", None) in driver.station.orders
    for each in (3, 5):
        driver.station.emit(JobEvent(each))
    driver.until(lambda: driver.window.strip.jobs.accessibleName() == "Paused jobs: 2")
    assert "5 · acme-4.2.0, Paused, 0 of 40 signed" in _lines(page)[1]
    QTest.mouseClick(page.jobs.hold, Qt.MouseButton.LeftButton)
    driver.settle()
    assert ("unpause", None) in driver.station.orders


def _all(*states: JobState) -> Script:
    row, steps = make_job(1, states)
    return Script(jobs=(row,), steps={1: steps})


@pytest.mark.parametrize("script", [_all(JobState.RUNNING)], ids=["running"])
def test_where_nothing_waits_the_pause_says_why(driver: Driver) -> None:
    page = _queue(driver)
    driver.until(lambda: page.model.rowCount() == 1)
    assert not page.orders.pause.isEnabled()
    assert page.orders.pause.reason.text().startswith("Nothing waits that could be paused")
    assert page.orders.pause.reason.isVisible()


@pytest.mark.parametrize("script", [_all(JobState.PUBLISHING)], ids=["publishing"])
def test_what_gets_its_name_cannot_be_stopped_and_says_so(driver: Driver) -> None:
    page = _queue(driver)
    assert not page.orders.cancel.isEnabled()
    assert "cannot be stopped any more" in page.orders.cancel.reason.text()


@pytest.mark.parametrize("script", [_all(JobState.DONE)], ids=["done"])
def test_with_nothing_at_work_there_is_nothing_to_pause(driver: Driver) -> None:
    page = _queue(driver)
    assert not page.orders.pause.isVisibleTo(page)
    assert page.jobs.hold.reason.text() == "No job is at work."


def test_stopping_tells_what_becomes_of_each_grade() -> None:
    row = replace(make_job(1, (JobState.DONE,))[0], steps=10, done=3, failed=1)
    states = {JobState.DONE: 3, JobState.FAILED: 1, JobState.RUNNING: 2, JobState.PUBLISHING: 1}
    signed, dropped, busy, publishing = cancel_words(row, states)
    assert signed.startswith("3 signed artifacts stay")
    assert dropped == "3 that wait are dropped."
    assert busy.startswith("2 that are being signed stop at the next safe point")
    assert publishing == "1 that is getting its name cannot be stopped and will be there."


@pytest.mark.parametrize("script", [_several()], ids=["several"])
def test_the_order_is_told_with_signer_and_commands_to_copy(driver: Driver) -> None:
    page = _queue(driver)
    page.jobs.select_job(3)
    driver.until(lambda: "rpmsign" in _told(page))
    assert "acme-4.2.0, RSA-4096, passphrase" in _told(page)
    (copy,) = [
        each
        for each in page.detail.findChildren(CopyButton)
        if each.accessibleName().startswith("Copy the commands")
    ]
    copy.copy()
    assert QGuiApplication.clipboard().text().startswith("rpmsign --define '_gpg_name gpg:")
    asked = [name for name, _ in driver.station.orders].count("job_detail")
    page.table.selectRow(0)
    page.table.clearSelection()
    driver.until(lambda: "rpmsign" in _told(page))
    assert [name for name, _ in driver.station.orders].count("job_detail") == asked


@pytest.mark.parametrize("script", [_several()], ids=["several"])
def test_an_artifact_that_ended_tells_its_log_with_times(driver: Driver) -> None:
    page = _queue(driver)
    page.jobs.select_job(3)
    driver.until(lambda: page.model.rowCount() == 243)
    step = page.model.row(page.model.index(0, 0))
    records = driver.station.audit.records
    mine = replace(records[0], job=3, details=(("step", str(step.id)),))
    other = replace(records[1], job=3, details=(("step", "1"),))
    driver.station.audit.records = (mine, other)
    page.table.selectRow(0)
    driver.until(lambda: "What happened" in _told(page))
    (log,) = [
        each
        for each in page.detail.findChildren(Literal)
        if each.accessibleName() == "What happened"
    ]
    assert len(log.toPlainText().splitlines()) == 1


def test_a_hundred_thousand_jobs_fold_sort_and_change(driver: Driver) -> None:
    row, _ = make_job(1, (JobState.DONE,))
    jobs: tuple[JobRow, ...] = tuple(
        replace(row, id=MANY - n, release=f"/srv/builds/r{n // IN_A_RELEASE}") for n in range(MANY)
    )
    page = _queue(driver)
    driver.station.script.jobs = jobs
    spent: dict[str, float] = {}

    def timed(name: str, began: float) -> None:
        spent[name] = time.perf_counter() - began

    began = time.perf_counter()
    page.learn_jobs(jobs)
    timed("load", began)
    lines = MANY + MANY // IN_A_RELEASE
    assert page.jobs.model.rowCount() == lines
    began = time.perf_counter()
    page.learn_jobs((replace(jobs[0], failed=1), *jobs[1:]))
    timed("change", began)
    began = time.perf_counter()
    page.jobs.model.fold("/srv/builds/r0", folded=True)
    timed("fold", began)
    assert page.jobs.model.rowCount() == lines - IN_A_RELEASE
    began = time.perf_counter()
    page.jobs.table.sortByColumn(0, Qt.SortOrder.AscendingOrder)
    timed("sort", began)
    page.jobs.table.scrollToBottom()
    began = time.perf_counter()
    assert not page.jobs.table.grab().isNull()
    timed("paint", began)
    print({name: f"{seconds * 1000:.0f} ms" for name, seconds in spent.items()})  # noqa: T201
