"""What a person needs who sees little, sees no colours, or has only a keyboard: every scene."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QAccessible, QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QRadioButton,
    QScrollArea,
    QWidget,
)

from signstation.gui.parts import IconLabel
from signstation.gui.theme import Theme
from signstation.gui.tokens import ThemeName, Tone
from tests.support.window import Script
from tests.support.windowdriver import Driver, busy_script, every_widget
from tests.support.windowscenes import SCENES, Scene, described, lay_out
from tests.support.windowwords import raw_words

READABLE = 4.5
"""WCAG 2.2, 1.4.3, for text of any size."""
ENOUGH_TABS = 400
INTERACTIVE = QAbstractButton | QLineEdit | QComboBox | QPlainTextEdit | QAbstractItemView


@pytest.fixture
def script() -> Script:
    """A station with jobs."""
    return busy_script()


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name.replace(" ", "-"))
def test_a_scene_can_be_used_by_everybody(driver: Driver, theme: Theme, scene: Scene) -> None:
    """All checks on one window: making one takes longer than looking at it."""
    scene.go(driver)
    lay_out(driver)
    driver.window.activateWindow()
    window = driver.window
    found = [
        *roles_and_names(window),
        *names_that_are_told_apart(window),
        *tones_alone(window),
        *icons_alone(window),
        *unreadable(window, theme),
        *raw_words(window),
    ]
    window.navigation.take_focus()
    forward = walk(window, Qt.Key.Key_Tab)
    found += [f"{described(each)}: Tab misses it" for each in stops(window) if each not in forward]
    found += backwards(window, forward)
    if walk(window, Qt.Key.Key_Backtab) != [forward[0], *reversed(forward[1:])]:
        found.append("Shift+Tab goes another way than Tab")
    assert not found, scene.name


def stops(window: QWidget) -> list[QWidget]:
    """What the Tab key can reach, in the order of the focus chain."""
    found, widget = [], window.nextInFocusChain()
    while widget is not window:
        inside = not isinstance(widget.parent(), QComboBox)
        usable = widget.isVisibleTo(window) and widget.isEnabled() and inside
        if usable and widget.focusPolicy() & Qt.FocusPolicy.TabFocus and not widget.focusProxy():
            found.append(widget)
        widget = widget.nextInFocusChain()
    return found


def walk(window: QWidget, key: Qt.Key) -> list[QWidget]:
    """Press a key until the focus comes back to where it was; what had the focus in between."""
    first = QApplication.focusWidget()
    assert first is not None
    seen = [first]
    for _ in range(ENOUGH_TABS):
        QTest.keyClick(seen[-1], key)
        now = QApplication.focusWidget()
        assert now is not None, f"the focus was lost after {described(seen[-1])}"
        if now is first:
            return seen
        assert now is not seen[-1], f"{described(now)} does not let go of the focus"
        assert now not in seen, f"{described(now)} leads back into a circle"
        seen.append(now)
    raise AssertionError("the focus never came back: " + ", ".join(map(described, seen[-5:])))


def _scroller(widget: QWidget) -> QWidget | None:
    parent = widget.parentWidget()
    while parent is not None and not isinstance(parent, QScrollArea):
        parent = parent.parentWidget()
    return parent


def backwards(window: QWidget, order: list[QWidget]) -> list[str]:
    """What comes after something that is below it, or right of it in the same row."""
    places = [
        (each, QRect(each.mapTo(window, QPoint(0, 0)), each.size()))
        for each in order
        if window.isAncestorOf(each)
    ]
    return [
        f"{described(after)} comes after {described(before)}"
        for (before, one), (after, other) in pairwise(places)
        if before.parentWidget() is after.parentWidget()
        if _scroller(before) is _scroller(after)
        if other.bottom() < one.top() or (other.right() < one.left() and _one_row(one, other))
    ]


def _one_row(one: QRect, other: QRect) -> bool:
    return abs(one.center().y() - other.center().y()) < min(one.height(), other.height()) // 2


def roles_and_names(window: QWidget) -> list[str]:
    """What can be used and does not tell a screen reader what it is."""
    faults = []
    for widget in every_widget(window):
        inner = isinstance(widget.parent(), QComboBox) or isinstance(widget, QHeaderView)
        if not isinstance(widget, INTERACTIVE) or inner:
            continue
        interface = QAccessible.queryAccessibleInterface(widget)
        assert interface is not None
        role = interface.role()
        name = interface.text(QAccessible.Text.Name).strip()
        if role in {QAccessible.Role.NoRole, QAccessible.Role.Client} or not name:
            faults.append(f"{described(widget)}: {role.name}, {name!r}")
    return faults


def names_that_are_told_apart(window: QWidget) -> list[str]:
    """Buttons side by side with one name: "Copy", "Copy" tells nothing to who hears it."""
    named = Counter(
        (each.parentWidget(), each.accessibleName())
        for each in every_widget(window)
        if isinstance(each, QAbstractButton) and each.accessibleName()
    )
    return [f"{count} buttons {name!r}" for (_, name), count in named.items() if count > 1]


def tones_alone(window: QWidget) -> list[str]:
    """Colours that tell a state without a word, or frames of them without a sign."""
    faults = []
    for widget in every_widget(window):
        if widget.property("tone") in {None, "", Tone.NEUTRAL.value}:
            continue
        if isinstance(widget, QLabel | QAbstractButton):
            told = bool(widget.text().strip())
        else:
            words = any(each.text().strip() for each in widget.findChildren(QLabel))
            marks = widget.findChildren(IconLabel) or widget.findChildren(QRadioButton)
            told = words and bool(marks)
        if not told:
            faults.append(f"{described(widget)}: {widget.property('tone')} tells it alone")
    return faults


def icons_alone(window: QWidget) -> list[str]:
    """Icons with no words beside them."""
    wordy = QLabel | QAbstractButton | QPlainTextEdit
    return [
        f"{described(icon)}: an icon without words"
        for icon in every_widget(window)
        if isinstance(icon, IconLabel)
        and not any(
            isinstance(each, wordy) and each is not icon
            for each in icon.parentWidget().findChildren(QWidget)
        )
    ]


# ---- contrast -----------------------------------------------------------------------------------


def luminance(colour: QColor) -> float:
    """Relative luminance by WCAG 2.2."""

    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(each) for each in (colour.redF(), colour.greenF(), colour.blueF()))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: QColor, other: QColor) -> float:
    """Contrast ratio by WCAG 2.2, 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _behind(image: QImage, area: QRect) -> QColor:
    """Return the colour that most pixels of an area have: what the text stands on."""
    step_x, step_y = max(1, area.width() // 60), max(1, area.height() // 20)
    counted = Counter(
        image.pixel(x, y)
        for x in range(area.left(), area.right() + 1, step_x)
        for y in range(area.top(), area.bottom() + 1, step_y)
    )
    return QColor.fromRgb(counted.most_common(1)[0][0])


def _written(window: QWidget) -> Iterator[tuple[QWidget, QRect, QColor]]:
    """Every widget with text that can be seen, the part that can be seen, and its text colour."""
    for widget in every_widget(window):
        if not isinstance(widget, QLabel | QAbstractButton | QLineEdit | QPlainTextEdit):
            continue
        words = widget.toPlainText() if isinstance(widget, QPlainTextEdit) else widget.text()
        placeholder = isinstance(widget, QLineEdit) and not words
        if placeholder and not widget.placeholderText():
            continue
        seen = widget.visibleRegion().boundingRect()
        if seen.height() < widget.fontMetrics().height() // 2 or not (words or placeholder):
            continue
        palette = widget.palette()
        role = palette.ColorRole.PlaceholderText if placeholder else widget.foregroundRole()
        yield widget, seen.translated(widget.mapTo(window, QPoint(0, 0))), palette.color(role)


def unreadable(window: QWidget, theme: Theme) -> list[str]:
    """Texts with too little contrast in one of the themes, measured on what is painted."""
    faults = []
    for name in ThemeName:
        theme.choose(name)
        image = window.grab().toImage()
        for widget, area, colour in _written(window):
            ratio = contrast(colour, _behind(image, area))
            if ratio < READABLE:
                faults.append(f"{name.value}: {described(widget)} {ratio:.2f}")
    return faults


def test_the_measure_knows_good_from_bad(theme: Theme) -> None:
    """A grey that is too light on white is found, and black on white is 21."""
    assert theme.tokens.text
    assert contrast(QColor("#000000"), QColor("#FFFFFF")) == pytest.approx(21, abs=0.01)
    assert contrast(QColor("#949494"), QColor("#FFFFFF")) < READABLE
