"""The time line of the Audit page: bars, ranges with mouse and keys, words for who cannot see."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from signstation.gui.audit_timeline import DAY, FEWEST_BARS, MAX_BARS, PAD, Span, TimeLine
from signstation.gui.theme import Theme
from signstation.gui.tokens import ThemeName

NOW = 20_000 * DAY + 3600


@given(st.lists(st.integers(0, NOW), max_size=50))
def test_every_time_is_in_exactly_one_bar(times: list[int]) -> None:
    span = Span.of(times, NOW)
    assert sum(span.counts) == len(times)
    assert FEWEST_BARS <= len(span.counts) <= MAX_BARS
    assert span.width % DAY == 0
    assert span.edge(len(span.counts)) > NOW
    for number, count in enumerate(span.counts):
        inside = [each for each in times if span.edge(number) <= each < span.edge(number + 1)]
        assert len(inside) == count


@pytest.fixture
def line(qtbot: QtBot) -> Iterator[TimeLine]:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    holder = QWidget()
    qtbot.addWidget(holder)
    line = TimeLine(Theme(application, ThemeName.LIGHT), holder)
    line.resize(FEWEST_BARS * 20 + 2 * PAD, line.height())
    line.show_times([NOW - DAY, NOW - DAY, NOW], NOW)
    yield line
    holder.hide()


def test_it_says_how_much_there_is(line: TimeLine) -> None:
    assert line.words().startswith("3 records, ")
    assert line.accessibleDescription() == line.words()
    line.grab()


def test_a_range_is_dragged(line: TimeLine) -> None:
    ranges: list[tuple[object, object]] = []
    line.ranged.connect(lambda start, end: ranges.append((start, end)))
    right = PAD + FEWEST_BARS * 20 - 5
    QTest.mousePress(line, Qt.MouseButton.LeftButton, pos=QPoint(right, 20))
    assert ranges[-1] == (NOW - 3600, NOW - 3600 + DAY)
    assert line.words().startswith("1 record, ")
    line._select(line._from, line._bar_at(right - 20))
    assert ranges[-1] == (NOW - 3600 - DAY, NOW - 3600 + DAY)
    assert line.words().startswith("3 records, ")


def test_the_keyboard_is_enough(line: TimeLine) -> None:
    ranges: list[tuple[object, object]] = []
    line.ranged.connect(lambda start, end: ranges.append((start, end)))
    QTest.keyClick(line, Qt.Key.Key_Left)
    assert ranges[-1] == (NOW - 3600, NOW - 3600 + DAY)
    QTest.keyClick(line, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert ranges[-1] == (NOW - 3600 - DAY, NOW - 3600 + DAY)
    QTest.keyClick(line, Qt.Key.Key_Home)
    assert line.words().startswith("0 records")
    QTest.keyClick(line, Qt.Key.Key_Escape)
    assert ranges[-1] == (0, 0)


def test_other_days_end_the_selection_and_the_same_days_keep_it(line: TimeLine) -> None:
    QTest.keyClick(line, Qt.Key.Key_End)
    line.show_times([NOW - DAY, NOW, NOW], NOW)
    assert line.words().startswith("2 records")
    line.show_times([NOW - 400 * DAY], NOW)
    assert "to" in line.words()
    assert line.words().startswith("1 record")
