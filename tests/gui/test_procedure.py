"""Guided procedures in the window: rendered from their description, walked by keyboard alone."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QRadioButton, QWidget

from signstation.errors import Cancelled, OutputExists, SignstationError
from signstation.gui.fingerprint import FingerprintCard
from signstation.gui.keys import KeysPage
from signstation.gui.literal import Literal
from signstation.gui.pages import PageName
from signstation.gui.parts import ActionButton, Banner, Label
from signstation.gui.procedure import ProcedureView
from signstation.gui.procedure_fields import LineBox
from signstation.model.orders import GenerateOrder, KeyForm, X509Use
from tests.support import windowdata
from tests.support.windowdriver import Driver

HIDDEN = "x\u202ey"


@pytest.fixture
def page(driver: Driver) -> KeysPage:
    """The Keys page with the making of a key under way."""
    page = driver.page(PageName.KEYS, KeysPage)
    driver.until(lambda: page.model.rowCount() > 0)
    page.make.click()
    return page


def _view(page: KeysPage) -> ProcedureView:
    assert page.procedure is not None
    return page.procedure


def _line(view: ProcedureView, name: str) -> LineBox:
    """Return a line of the step that is shown."""
    form = view._forms[view.stepper.current]
    return next(each for each in form.findChildren(LineBox) if each.field.name == name)


def _press(driver: Driver, key: Qt.Key) -> None:
    QTest.keyClick(driver.window.focusWidget(), key)


def _next(driver: Driver, page: KeysPage) -> None:
    """Tab to Next and press Space, as a person without a mouse does."""
    button = _view(page).stepper.next
    for _ in range(12):
        if button.hasFocus():
            break
        _press(driver, Qt.Key.Key_Tab)
    assert button.hasFocus(), driver.window.focusWidget()
    _press(driver, Qt.Key.Key_Space)


def _to_review(driver: Driver, page: KeysPage) -> None:
    """Choose kernel modules and take what is proposed, with the keyboard alone."""
    _press(driver, Qt.Key.Key_Down)  # from packages to modules
    _next(driver, page)
    _next(driver, page)
    QTest.keyClicks(driver.window.focusWidget(), "Acme modules 2026")
    for _ in range(4):
        _next(driver, page)


def _words(root: QWidget) -> list[str]:
    return [each.text() for each in root.findChildren(Label) if each.isVisible()]


def test_the_keyboard_alone_makes_a_key(driver: Driver, page: KeysPage) -> None:
    _to_review(driver, page)
    view = _view(page)
    assert view.course.reviewing
    assert "This will happen" in _words(view)
    assert not [name for name, _ in driver.station.orders if name == "generate"]
    _press(driver, Qt.Key.Key_Return)  # Return alone begins nothing
    assert not [name for name, _ in driver.station.orders if name == "generate"]
    _press(driver, Qt.Key.Key_Space)
    driver.settle()
    order = dict(driver.station.orders)["generate"]
    assert isinstance(order, GenerateOrder)
    assert (order.form, order.usage, order.name) == (
        KeyForm.X509,
        X509Use.MODULES,
        "Acme modules 2026",
    )
    assert order.protect
    assert view.findChildren(FingerprintCard)


def test_the_steps_follow_the_purpose(driver: Driver, page: KeysPage) -> None:
    view = _view(page)
    assert [each.id for each in view.course.steps].count("place") == 0
    _press(driver, Qt.Key.Key_Down)
    _next(driver, page)
    assert "place" in [each.id for each in _view(page).course.steps]
    assert "Step 2 of 8" in view.stepper.bar.accessibleName()


def test_what_is_wrong_is_told_at_the_field_and_beside_next(driver: Driver, page: KeysPage) -> None:
    _next(driver, page)
    _next(driver, page)
    view = _view(page)
    assert view.stepper.next.reason.text().startswith("Name: Type who signs")
    box = _line(view, "name")
    assert not box.problem.isVisible()  # not before the person has begun
    box.line.setText(HIDDEN)
    box.line.textEdited.emit(HIDDEN)
    assert box.problem.text() == "It holds invisible characters."
    assert box.line.accessibleDescription() == box.problem.text()
    assert not view.stepper.next.isEnabled()
    driver.settle()
    driver.window.grab()
    shown = [each.text() for each in view.findChildren(QLabel) if each.isVisible()]
    assert not any("\u202e" in each for each in shown)
    assert any("\\u202e" in each for each in shown)


def test_no_passphrase_has_to_be_typed(driver: Driver, page: KeysPage) -> None:
    _to_review(driver, page)
    view = _view(page)
    QTest.keyClick(driver.window, Qt.Key.Key_Escape)
    _press(driver, Qt.Key.Key_Down)
    box = _line(view, "confirm")
    driver.settle()
    assert box.isVisible()
    assert "no passphrase" in view.stepper.next.reason.text()
    QTest.keyClicks(box.line, "no passphrase")
    driver.settle()
    assert view.stepper.next.isEnabled()
    assert any("protects nothing" in each for each in _words(view))


def test_escape_goes_back_step_by_step_and_then_leaves(driver: Driver, page: KeysPage) -> None:
    _next(driver, page)
    view = _view(page)
    assert view.stepper.current == 1
    QTest.keyClick(driver.window, Qt.Key.Key_Escape)
    assert view.stepper.current == 0
    assert view.course.position == "purpose"
    QTest.keyClick(driver.window, Qt.Key.Key_Escape)
    assert page.procedure is None
    assert not [name for name, _ in driver.station.orders if name == "generate"]


def test_answers_stay_when_one_goes_back(driver: Driver, page: KeysPage) -> None:
    _to_review(driver, page)
    view = _view(page)
    view.stepper.go(2)
    box = _line(view, "common-name")
    assert box.line.text() == "Acme modules 2026"
    assert view.course.position == "name"
    assert "review" not in view.course.passed


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OutputExists(path="/srv/acme.pem"), "/srv/acme.pem"),
        (Cancelled(), "Stopped"),
    ],
)
def test_a_failure_says_why_and_leads_back_to_the_review(
    driver: Driver, page: KeysPage, error: SignstationError, words: str
) -> None:
    _to_review(driver, page)
    view = _view(page)
    driver.station.script.failure = error
    view.stepper.next.click()
    driver.settle()
    banner = next(each for each in view.findChildren(Banner) if each.isVisible())
    assert words in banner.headline
    again = driver.window.focusWidget()
    assert isinstance(again, ActionButton)
    driver.station.script.failure = None
    QTest.keyClick(again, Qt.Key.Key_Space)
    assert view.course.reviewing
    view.stepper.next.click()
    driver.settle()
    assert view.findChildren(FingerprintCard)


def test_nothing_is_left_while_the_key_is_being_made(driver: Driver, page: KeysPage) -> None:
    _to_review(driver, page)
    view = _view(page)
    view.stepper.next.click()
    assert view.working
    assert not view.leave_button.isVisible()
    QTest.keyClick(driver.window, Qt.Key.Key_Escape)
    assert page.procedure is view
    driver.settle()
    assert not view.working


def test_done_shows_the_new_key_in_the_list(driver: Driver, page: KeysPage) -> None:
    _to_review(driver, page)
    _view(page).stepper.next.click()
    driver.settle()
    done = driver.window.focusWidget()
    assert isinstance(done, ActionButton)
    QTest.keyClick(done, Qt.Key.Key_Space)
    driver.settle()
    assert page.procedure is None
    picked = page.list.current()
    assert picked is not None
    assert picked.fingerprint == windowdata.PRIMARY


def test_the_new_keys_public_half_is_one_button_away(driver: Driver, page: KeysPage) -> None:
    _to_review(driver, page)
    view = _view(page)
    view.stepper.next.click()
    driver.settle()
    save = next(
        each
        for each in view.findChildren(ActionButton)
        if each.isVisible() and each.text().strip() == "Save the public half…"
    )
    save.click()
    driver.settle()
    assert _view(page).course.procedure.id == "key-export"


def test_choices_are_radio_buttons_with_their_reasons(page: KeysPage) -> None:
    buttons = [each for each in _view(page).findChildren(QRadioButton) if each.isVisible()]
    assert [each.accessibleName() for each in buttons] == [
        "Packages and files",
        "Kernel modules",
        "Code signing",
        "SSH signatures",
    ]
    assert all(each.accessibleDescription() for each in buttons)


def _faults(root: QWidget) -> list[str]:
    """Return what no screen may have: cut words, nameless stops, hidden characters."""
    found: list[str] = []
    for label in root.findChildren(QLabel):
        if label.isVisible() and label.text() and label.wordWrap():
            if label.heightForWidth(label.width()) > label.height() + 1:
                found.append(f"cut: {label.text()}")
        elif label.isVisible() and label.text() and label.sizeHint().width() > label.width() + 1:
            found.append(f"cut: {label.text()}")
    for widget in root.findChildren(QWidget):
        stop = widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        if widget.isVisible() and stop and not widget.accessibleName().strip():
            found.append(f"nameless: {widget}")
    for literal in root.findChildren(Literal):
        needed = literal.heightForWidth(literal.viewport().width())
        if literal.isVisible() and literal.height() < needed - 1:
            found.append(f"cut: {literal.toPlainText()}")
    return found


def test_every_screen_shows_all_its_words(driver: Driver, page: KeysPage) -> None:
    walk = (
        lambda: _press(driver, Qt.Key.Key_Down),
        lambda: None,
        lambda: QTest.keyClicks(driver.window.focusWidget(), "A<b>" * 16),
        lambda: None,
        lambda: None,
        lambda: None,
        lambda: None,
    )
    for number, act in enumerate(walk):
        act()
        driver.settle()
        driver.window.grab()
        driver.settle()
        view = _view(page)
        assert _faults(view) == [], number
        assert view.stepper.current == number
        view.stepper.next.click()
    driver.settle()
    driver.window.grab()
    assert _faults(_view(page)) == []
    assert _view(page).stepper.current == len(walk)
