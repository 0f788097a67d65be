"""The station is lost and comes back: what the window says and asks."""

from __future__ import annotations

from signstation.app.apart import StationNews
from signstation.errors import SignstationError, WorkerDied
from signstation.gui.lost import show_news
from signstation.gui.pages import PageName
from signstation.gui.queue import QueuePage
from tests.support.windowdriver import Driver, busy_script


def test_a_lost_station_is_told_until_another_one_is_there(driver: Driver) -> None:
    show_news(driver.window, StationNews.LOST)
    assert driver.window.notice.isVisible()
    assert "being started again" in driver.window.notice.banner.accessibleName()
    show_news(driver.window, StationNews.BACK)
    assert "nothing is lost" in driver.window.notice.banner.accessibleName()
    driver.window.notice.close_button.click()
    assert not driver.window.notice.isVisible()


def test_a_new_station_is_asked_for_everything_that_is_seen(driver: Driver) -> None:
    page = driver.page(PageName.QUEUE, QueuePage)
    assert page.model.rowCount() == 0
    script = busy_script()
    driver.station.script.jobs, driver.station.script.steps = script.jobs, script.steps
    show_news(driver.window, StationNews.BACK)
    driver.settle()
    assert page.model.rowCount() == script.jobs[0].steps


def test_without_another_station_the_window_ends_with_the_reason(driver: Driver) -> None:
    told: list[SignstationError] = []
    driver.window.broken.connect(told.append)
    error = WorkerDied(kind="station")
    show_news(driver.window, error)
    assert told == [error]
