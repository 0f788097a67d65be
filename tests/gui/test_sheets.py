"""Prompt sheets: they belong to their job, several at once, and secrets leave no trace."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit

from signstation.gui.pages import PageName
from signstation.gui.secretfield import SecretField
from signstation.gui.sheets import PromptSheet
from signstation.model.prompts import PromptKind
from signstation.model.secret import Secret
from signstation.model.station import PromptClosed, PromptOpened
from tests.support.windowdriver import Driver, make_prompt


def _open(driver: Driver, *kinds: PromptKind) -> tuple[PromptSheet, ...]:
    for number, kind in enumerate(kinds):
        driver.station.emit(PromptOpened(make_prompt(f"p{number}", kind)))
    driver.until(lambda: len(driver.window.sheets.sheets()) == len(kinds))
    return driver.window.sheets.sheets()


def _field(sheet: PromptSheet, number: int = 0) -> SecretField:
    return sheet.findChildren(SecretField)[number]


def test_a_passphrase_reaches_the_station_and_the_sheet_closes(driver: Driver) -> None:
    (sheet,) = _open(driver, PromptKind.PASSPHRASE)
    QTest.keyClicks(_field(sheet), "correct horse")
    QTest.keyClick(_field(sheet), Qt.Key.Key_Return)
    driver.until(lambda: not driver.window.sheets.sheets())
    assert driver.station.secrets == [b"correct horse"]
    assert not driver.window.sheets.isVisible()


def test_a_sheet_names_its_job_and_takes_the_focus(driver: Driver) -> None:
    (sheet,) = _open(driver, PromptKind.PASSPHRASE)
    words = [each.accessibleName() for each in sheet.findChildren(type(sheet.notice))]
    assert "Job 3: Passphrase of Acme Release Signing 2026" in words
    assert _field(sheet).hasFocus()


def test_a_sheet_does_not_take_the_focus_from_somebody_who_types(driver: Driver) -> None:
    driver.window.open(PageName.KEYS)
    field = next(each for each in driver.visible(QLineEdit) if not isinstance(each, SecretField))
    field.setFocus()
    _open(driver, PromptKind.PASSPHRASE)
    assert field.hasFocus()


def test_several_prompts_stand_below_one_another_and_each_has_its_own_answer(
    driver: Driver,
) -> None:
    first, second = _open(driver, PromptKind.PASSPHRASE, PromptKind.PIN)
    driver.until(lambda: 0 < first.geometry().bottom() < second.geometry().top())
    QTest.keyClicks(_field(second), "123456")
    assert second.accept is not None
    QTest.mouseClick(second.accept, Qt.MouseButton.LeftButton)
    driver.until(lambda: driver.window.sheets.sheets() == (first,))
    assert driver.station.secrets == [b"123456"]
    assert ("answer", "p1") in driver.station.orders


def test_escape_dismisses_and_nothing_is_answered(driver: Driver) -> None:
    (sheet,) = _open(driver, PromptKind.PASSPHRASE)
    QTest.keyClicks(_field(sheet), "half")
    QTest.keyClick(_field(sheet), Qt.Key.Key_Escape)
    driver.until(lambda: not driver.window.sheets.sheets())
    assert ("dismiss", "p0") in driver.station.orders
    assert driver.station.secrets == []


def test_an_empty_passphrase_is_not_sent(driver: Driver) -> None:
    (sheet,) = _open(driver, PromptKind.PASSPHRASE)
    QTest.keyClick(_field(sheet), Qt.Key.Key_Return)
    assert sheet.notice.text() == "Passphrase: nothing was typed."
    assert driver.station.secrets == []


def test_a_new_passphrase_is_typed_twice(driver: Driver) -> None:
    (sheet,) = _open(driver, PromptKind.NEW_PASSPHRASE)
    QTest.keyClicks(_field(sheet, 0), "one")
    QTest.keyClicks(_field(sheet, 1), "two")
    QTest.keyClick(_field(sheet, 1), Qt.Key.Key_Return)
    assert sheet.notice.text() == "The two entries differ. Type it again."
    assert not _field(sheet, 0).text()
    for number in (0, 1):
        QTest.keyClicks(_field(sheet, number), "same")
    QTest.keyClick(_field(sheet, 1), Qt.Key.Key_Return)
    driver.until(lambda: driver.station.secrets == [b"same"])


def test_a_wrong_passphrase_is_told_with_the_tries_left(driver: Driver) -> None:
    driver.station.emit(PromptOpened(make_prompt(wrong=True, tries=2)))
    driver.until(lambda: bool(driver.window.sheets.sheets()))
    (sheet,) = driver.window.sheets.sheets()
    assert sheet.notice.text() == "That was not the right passphrase. Tries left: 2."


@pytest.mark.parametrize("kind", [PromptKind.TOUCH, PromptKind.INSERT])
def test_what_a_device_answers_has_only_a_way_out(driver: Driver, kind: PromptKind) -> None:
    (sheet,) = _open(driver, kind)
    assert sheet.accept is None
    assert not sheet.findChildren(SecretField)
    driver.station.emit(PromptClosed("p0"))
    driver.until(lambda: not driver.window.sheets.sheets())


def test_a_confirmation_is_given_by_its_button(driver: Driver) -> None:
    (sheet,) = _open(driver, PromptKind.CONFIRM)
    assert sheet.accept is not None
    assert sheet.cancel.hasFocus()
    QTest.mouseClick(sheet.accept, Qt.MouseButton.LeftButton)
    driver.until(lambda: not driver.window.sheets.sheets())
    assert ("answer", "p0") in driver.station.orders


def test_the_clipboard_neither_gives_nor_takes(driver: Driver) -> None:
    clipboard = QGuiApplication.clipboard()
    clipboard.setText("from elsewhere")
    (sheet,) = _open(driver, PromptKind.PASSPHRASE)
    field = _field(sheet)
    control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(field, Qt.Key.Key_V, control)
    QTest.keyClick(field, Qt.Key.Key_Insert, shift)
    QTest.mouseClick(field, Qt.MouseButton.MiddleButton)
    assert not field.text()
    QTest.keyClicks(field, "secret")
    QTest.keyClick(field, Qt.Key.Key_A, control)
    QTest.keyClick(field, Qt.Key.Key_C, control)
    QTest.keyClick(field, Qt.Key.Key_X, control)
    assert clipboard.text() == "from elsewhere"
    assert field.text() == "secret"
    QTest.keyClick(field, Qt.Key.Key_Backspace)
    QTest.keyClick(field, Qt.Key.Key_Z, control)
    assert field.text() in {"secre", ""}
    assert field.contextMenuPolicy() is Qt.ContextMenuPolicy.PreventContextMenu
    assert not field.acceptDrops()


def test_nothing_of_a_secret_is_on_the_screen_or_told_to_a_screen_reader(driver: Driver) -> None:
    (sheet,) = _open(driver, PromptKind.PASSPHRASE)
    field = _field(sheet)
    QTest.keyClicks(field, "a")
    field.setCursorPosition(0)
    one = field.grab().toImage()
    QTest.keyClicks(field, "bcdefgh")
    field.setCursorPosition(0)
    assert field.grab().toImage() == one
    assert not field.displayText()
    assert "bcd" not in field.accessibleName() + field.accessibleDescription()


def test_a_secret_is_taken_once(driver: Driver) -> None:
    (sheet,) = _open(driver, PromptKind.PASSPHRASE)
    field = _field(sheet)
    field.insert("päss")  # what an input method commits
    secret = field.take()
    assert isinstance(secret, Secret)
    with secret.open() as opened:
        assert bytes(opened) == "päss".encode()
    assert not field.text()
    field.undo()
    assert not field.text().strip("\0")


def test_the_sheets_lie_above_the_page(driver: Driver) -> None:
    (sheet,) = _open(driver, PromptKind.PASSPHRASE)
    page = driver.window.page(driver.window.names()[driver.window.current])

    def above() -> bool:
        bottom = sheet.mapTo(driver.window, QPoint(0, sheet.height())).y()
        return 0 < bottom <= page.mapTo(driver.window, QPoint(0, 0)).y()

    driver.until(above)
