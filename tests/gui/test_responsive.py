"""The window keeps up: a busy queue, a switched theme, a first picture. Generous on slow machines.

The aims (16 ms, 100 ms, 500 ms) are printed by ``python -m tests.bench window``; here stand bounds
that only a defect breaks: work in the GUI thread that grows with the number of rows or widgets. It
is processor time of that thread, so that other programs on the machine do not matter.
"""

from __future__ import annotations

import statistics
import time

import pytest

from signstation.gui.frame import Window
from signstation.gui.pages import PageName
from signstation.gui.queue import QueuePage
from signstation.gui.registered import PAGES
from signstation.gui.theme import Theme
from signstation.gui.tokens import ThemeName
from signstation.model.jobs import JobState
from tests.support.window import RecordedStation, Script, make_job
from tests.support.windowdriver import Driver
from tests.support.windowpace import Ticks, resident_mb, work_through

STEPS = 10_000
SECONDS = 2.0
BOUND_P99_MS = 64
BOUND_SWITCH_MS = 800
BOUND_BUILD_MS = 2000
BOUND_MB = 200
"""What one window may take; the process of the tests has seen hundreds."""


@pytest.fixture
def script() -> Script:
    """One job of many artifacts that has just begun."""
    job, steps = make_job(1, (JobState.RUNNING, *(JobState.QUEUED,) * (STEPS - 1)))
    return Script(jobs=(job,), steps={1: steps})


def test_the_event_loop_turns_while_ten_thousand_steps_run(driver: Driver) -> None:
    before = resident_mb()
    page = driver.page(PageName.QUEUE, QueuePage)
    driver.until(lambda: page.model.rowCount() == STEPS)
    ticks = Ticks()
    thread = work_through(driver.station, 1, SECONDS)
    driver.qtbot.waitUntil(lambda: not thread.is_alive(), timeout=60_000)
    assert ticks.work_p99() < BOUND_P99_MS, str(ticks.lateness())
    driver.until(lambda: page.model.rows()[-1].state is JobState.DONE)
    assert resident_mb() - before < BOUND_MB


def test_a_theme_is_switched_before_anybody_waits(driver: Driver, theme: Theme) -> None:
    driver.settle()
    times = []
    for name in (ThemeName.DARK, ThemeName.CONTRAST, ThemeName.LIGHT):
        began = time.thread_time()
        theme.choose(name)
        driver.window.repaint()
        times.append((time.thread_time() - began) * 1000)
    assert statistics.median(times) < BOUND_SWITCH_MS


@pytest.mark.usefixtures("driver")
def test_a_window_is_built_before_anybody_waits(theme: Theme) -> None:
    station = RecordedStation(Script())
    began = time.thread_time()
    window = Window(theme, station, PAGES)
    window.resize(1280, 720)
    for name in window.names():
        window.page(name)
    window.grab()
    spent = (time.thread_time() - began) * 1000
    window.end()
    window.deleteLater()
    station.close()
    assert spent < BOUND_BUILD_MS
