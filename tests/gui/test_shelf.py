"""The window before its station is there, and pages that are built when they are wanted."""

from __future__ import annotations

import gc
from concurrent.futures import Future

import pytest
from pytestqt.qtbot import QtBot

from signstation.app.api import StationApi
from signstation.errors import NotWritable
from signstation.gui.frame import Window
from signstation.gui.main import settle
from signstation.gui.pages import Page, PageName
from signstation.gui.registered import PAGES
from signstation.gui.theme import Theme
from tests.support.window import RecordedStation, Script


def test_the_window_is_usable_before_its_station_and_shows_what_was_chosen(
    qtbot: QtBot, theme: Theme
) -> None:
    awaited: Future[StationApi] = Future()
    window = Window(theme, awaited, PAGES)
    qtbot.addWidget(window)
    painted: list[bool] = []
    window.painted.connect(lambda: painted.append(True))
    window.show()
    qtbot.waitUntil(lambda: bool(painted))
    assert len(window.navigation.findChildren(object)) > len(PAGES)
    with pytest.raises(KeyError):
        window.page(PageName.OVERVIEW)
    window.go(window.names().index(PageName.KEYS))
    station = RecordedStation(Script())
    with qtbot.waitSignal(window.all_built):
        awaited.set_result(station)
    assert window.whole
    assert window.current == window.names().index(PageName.KEYS)
    assert window.page(PageName.KEYS).isVisible()
    window.end()
    station.close()
    assert len(painted) == 1


def test_a_station_that_cannot_be_had_is_told_once(qtbot: QtBot, theme: Theme) -> None:
    awaited: Future[StationApi] = Future()
    window = Window(theme, awaited, PAGES)
    qtbot.addWidget(window)
    with qtbot.waitSignal(window.broken) as told:
        awaited.set_exception(NotWritable(path="/srv/state", reason="read-only"))
    assert isinstance(told.args[0], NotWritable)
    assert not window.whole
    window.end()


def test_only_the_page_that_is_shown_is_built_before_the_first_picture(
    qtbot: QtBot, theme: Theme
) -> None:
    station = RecordedStation(Script())
    window = Window(theme, station, PAGES)
    qtbot.addWidget(window)
    assert len(window.findChildren(Page)) == 1
    for name in window.names():
        window.page(name)
    assert window.whole
    assert len(window.findChildren(Page)) == len(PAGES)
    window.end()
    station.close()


def test_what_stays_is_kept_from_the_collector() -> None:
    gc.unfreeze()
    settle()
    try:
        assert gc.get_freeze_count() > len(gc.get_objects())
    finally:
        gc.unfreeze()
