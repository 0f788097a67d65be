"""A switch of the theme: what is seen changes at once, what is hidden when it is shown."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from signstation.gui.frame import Window
from signstation.gui.pages import PageArea, PageName
from signstation.gui.shelf import Shelf
from signstation.gui.theme import Theme
from signstation.gui.tokens import DARK, LIGHT, ThemeName
from tests.support.windowdriver import Driver, every_widget
from tests.support.windowscenes import described


def _sheet(widget: QWidget | None) -> str:
    """Return the stylesheet that a widget takes its look from."""
    while widget is not None:
        if widget.styleSheet():
            return widget.styleSheet()
        widget = widget.parentWidget()
    return ""


def _structure(widget: QWidget) -> bool:
    """Whether it only holds others: the palette alone gives it its background."""
    holder = widget.parentWidget()
    inside = isinstance(holder, QAbstractScrollArea) and holder.viewport() is widget
    return isinstance(holder if inside else widget, Window | PageArea | Shelf)


@pytest.mark.parametrize("name", PageName, ids=lambda name: name.value)
def test_every_part_that_is_seen_follows_a_switch(
    driver: Driver, theme: Theme, name: PageName
) -> None:
    driver.window.open(name)
    driver.settle()
    theme.choose(ThemeName.DARK)
    for each in every_widget(driver.window):
        if each.isVisible() and not _structure(each):
            assert DARK.surface in _sheet(each), described(each)
            assert LIGHT.surface not in _sheet(each), described(each)


def test_a_hidden_page_follows_when_it_is_shown(driver: Driver, theme: Theme) -> None:
    driver.window.open(PageName.OVERVIEW)
    keys = driver.window.page(PageName.KEYS)
    theme.choose(ThemeName.CONTRAST)
    theme.choose(ThemeName.DARK)
    assert LIGHT.surface in keys.styleSheet()
    driver.window.open(PageName.KEYS)
    assert DARK.surface in keys.styleSheet()
    driver.window.open(PageName.OVERVIEW)
    theme.choose(ThemeName.LIGHT)
    theme.choose(ThemeName.DARK)
    driver.window.open(PageName.KEYS)
    assert DARK.surface in keys.styleSheet()
