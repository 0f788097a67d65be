"""The list of all jobs: asked for once, then only what changed; hidden pages learn when shown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from signstation.gui.joblist import MAX_SINGLE
from signstation.gui.overview import OverviewPage
from signstation.gui.pages import PageName
from signstation.gui.queue import QueuePage
from signstation.model.jobs import JobEvent, JobRow, JobState
from tests.support.window import Script, make_job
from tests.support.windowdriver import Driver

MANY = 3 * MAX_SINGLE


def _script() -> Script:
    return Script(jobs=tuple(make_job(n, (JobState.DONE,))[0] for n in range(MANY, 0, -1)))


def _asked(driver: Driver, since: int) -> list[tuple[str, object]]:
    """Return the questions about jobs, without those of their steps."""
    return [each for each in driver.station.orders[since:] if each[0] in {"jobs", "job"}]


def _change(driver: Driver, *jobs: JobRow) -> None:
    known = {each.id: each for each in driver.station.script.jobs}
    known.update((each.id, each) for each in jobs)
    driver.station.script.jobs = tuple(sorted(known.values(), key=lambda row: -row.id))
    for each in jobs:
        driver.station.emit(JobEvent(each.id))


@pytest.mark.parametrize("script", [_script()], ids=["many"])
def test_only_a_job_that_changed_is_asked_for(driver: Driver) -> None:
    page = driver.page(PageName.QUEUE, QueuePage)
    before, since = page.jobs.model.rows(), len(driver.station.orders)
    _change(driver, replace(driver.station.script.jobs[5], state=JobState.INTERRUPTED, done=0))
    driver.until(lambda: driver.window.strip.jobs.accessibleName() == "Interrupted jobs: 1")
    assert set(_asked(driver, since)) == {("job", MANY - 5)}
    after = page.jobs.model.rows()
    assert sum(old is not new for old, new in zip(before, after, strict=True)) <= 2  # and its sums


@pytest.mark.parametrize("script", [_script()], ids=["many"])
def test_new_jobs_and_old_ones_find_their_places(driver: Driver) -> None:
    page = driver.page(PageName.QUEUE, QueuePage)
    new = [make_job(n, (JobState.INTERRUPTED,))[0] for n in (MANY + 2, MANY + 1)]
    _change(driver, *new)
    driver.until(lambda: driver.window.strip.jobs.accessibleName() == "Interrupted jobs: 2")
    shown = [each.id for each in page.jobs.model.rows() if isinstance(each, JobRow)]
    assert shown == list(range(MANY + 2, 0, -1))


@pytest.mark.parametrize("script", [_script()], ids=["many"])
def test_many_changes_and_jobs_that_are_gone_are_one_question(driver: Driver) -> None:
    since = len(driver.station.orders)
    rows = driver.station.script.jobs
    _change(driver, *(replace(each, state=JobState.INTERRUPTED) for each in rows))
    driver.until(lambda: driver.window.strip.jobs.accessibleName() == f"Interrupted jobs: {MANY}")
    assert ("jobs", None) in _asked(driver, since)
    driver.station.script.jobs = driver.station.script.jobs[1:]
    driver.station.emit(JobEvent(MANY))
    driver.until(
        lambda: driver.window.strip.jobs.accessibleName() == f"Interrupted jobs: {MANY - 1}"
    )


def test_a_hidden_page_learns_of_jobs_when_it_is_shown(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    overview = driver.page(PageName.OVERVIEW, OverviewPage)
    driver.page(PageName.QUEUE, QueuePage)
    learnt: list[tuple[JobRow, ...]] = []
    monkeypatch.setattr(overview, "learn_jobs", learnt.append)
    _change(driver, make_job(1, (JobState.INTERRUPTED,))[0])
    driver.until(lambda: driver.window.strip.jobs.accessibleName() == "Interrupted jobs: 1")
    assert not learnt
    driver.page(PageName.OVERVIEW, OverviewPage)
    assert [[each.id for each in rows] for rows in learnt] == [[1]]
