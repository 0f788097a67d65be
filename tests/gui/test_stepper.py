"""The stepper: back is possible until it is locked, Next only asks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QSignalSpy, QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from signstation.gui.stepper import Step, Stepper
from signstation.gui.theme import Theme


@pytest.fixture
def stepper(qtbot: QtBot, theme: Theme) -> Iterator[Stepper]:
    outer = QWidget()
    qtbot.addWidget(outer)
    made = Stepper(theme, outer)
    for title in ("Choose", "Inspect", "Review"):
        made.add(Step(title, QWidget(made), f"To after {title}" if title != "Review" else ""))
    outer.resize(900, 400)
    made.resize(900, 400)
    outer.show()
    yield made
    outer.close()


def test_next_asks_and_go_moves(stepper: Stepper) -> None:
    wanted = QSignalSpy(stepper.wanted)
    stepper.next.click()
    assert wanted.count() == 1
    assert stepper.current == 0
    stepper.go(1)
    assert stepper.current == 1
    assert stepper.bar.accessibleName() == "Step 2 of 3: Inspect"
    assert stepper.next.accessibleName() == "To after Inspect"


def test_a_reason_disables_next_and_stands_beside_it(stepper: Stepper) -> None:
    stepper.allow_next(reason="Choose a key.")
    assert not stepper.next.isEnabled()
    assert stepper.next.reason.text() == "Choose a key."
    assert stepper.next.reason.isVisibleTo(stepper)
    stepper.allow_next()
    assert stepper.next.isEnabled()
    assert not stepper.next.reason.isVisibleTo(stepper)


def test_a_passed_step_is_reached_by_button_mark_and_key(stepper: Stepper) -> None:
    stepper.go(2)
    stepper.back.click()
    assert stepper.current == 1
    QTest.mouseClick(
        stepper.bar, Qt.MouseButton.LeftButton, pos=QPoint(8, stepper.bar.height() // 2)
    )
    assert stepper.current == 0
    stepper.go(2)
    stepper.bar.setFocus()
    QTest.keyClick(stepper.bar, Qt.Key.Key_Left)
    assert stepper.current == 1


def test_a_later_step_is_not_reached_by_its_mark(stepper: Stepper) -> None:
    right = QPoint(stepper.bar.width() - 8, stepper.bar.height() // 2)
    QTest.mouseClick(stepper.bar, Qt.MouseButton.LeftButton, pos=right)
    assert stepper.current == 0


def test_locked_means_no_way_back(stepper: Stepper) -> None:
    stepper.go(1)
    stepper.lock(locked=True)
    assert not stepper.back.isVisibleTo(stepper)
    QTest.mouseClick(
        stepper.bar, Qt.MouseButton.LeftButton, pos=QPoint(8, stepper.bar.height() // 2)
    )
    QTest.keyClick(stepper.bar, Qt.Key.Key_Left)
    assert stepper.current == 1
    stepper.lock(locked=False)
    assert stepper.back.isVisibleTo(stepper)


def test_it_can_be_painted_at_any_width(stepper: Stepper) -> None:
    for width in (900, 320, 120):
        stepper.bar.resize(width, 36)
        assert not stepper.bar.grab().isNull()
