"""The making of a key in the window, with a real station and a real GnuPG behind it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from signstation.app.connect import connect
from signstation.ceremonies.key_fields import ALGORITHM, MAIL, NAME
from signstation.gui.frame import Window
from signstation.gui.keys import KeysPage
from signstation.gui.pages import PageName
from signstation.gui.registered import PAGES
from signstation.gui.secretfield import SecretField
from signstation.gui.theme import Theme
from tests.support.gnupg import GnupgHome

MILLISECONDS = 60_000
PASSPHRASE = "correct horse battery"


@pytest.fixture
def window(qtbot: QtBot, theme: Theme, monkeypatch: pytest.MonkeyPatch) -> Iterator[Window]:
    """A window in front of a station that has no key at all."""
    base = Path(tempfile.mkdtemp(prefix="sp-", dir="/tmp"))
    with GnupgHome() as gnupg:
        monkeypatch.setenv("SIGNSTATION_HOME", str(base / "state"))
        monkeypatch.setenv("GNUPGHOME", str(gnupg.path))
        station = connect(base / "state", "window")
        window = Window(theme, station, PAGES)
        window.resize(1280, 720)
        window.show()
        yield window
        window.end()
        window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        station.close()
    shutil.rmtree(base, ignore_errors=True)


def test_from_no_key_to_a_saved_public_half(window: Window, qtbot: QtBot, tmp_path: Path) -> None:
    window.open(PageName.KEYS)
    page = window.page(PageName.KEYS)
    assert isinstance(page, KeysPage)
    qtbot.waitUntil(page.empty.isVisible, timeout=MILLISECONDS)
    page.empty.make_button.click()
    view = page.procedure
    assert view is not None
    for field, typed in ((ALGORITHM, "ed25519"), (NAME, "Acme"), (MAIL, "r@acme.example")):
        view._answered(field, typed)
    while not view.course.reviewing:
        view.stepper.next.click()
    view.stepper.next.click()
    qtbot.waitUntil(lambda: len(window.sheets.sheets()) == 1, timeout=MILLISECONDS)
    fields = window.sheets.sheets()[0].findChildren(SecretField)
    for each in fields:
        QTest.keyClicks(each, PASSPHRASE)
    QTest.keyClick(fields[-1], Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not view.working, timeout=MILLISECONDS)
    view.step_back()  # Esc after the end: the list
    qtbot.waitUntil(lambda: page.model.rowCount() == 2, timeout=MILLISECONDS)
    assert page.model.rows()[0].label == "Acme <r@acme.example>"

    page.begin_export()
    saving = page.procedure
    assert saving is not None
    QTest.keyClicks(window.focusWidget(), str(tmp_path))
    saving.stepper.next.click()
    saving.stepper.next.click()
    qtbot.waitUntil(lambda: not saving.working, timeout=MILLISECONDS)
    assert (tmp_path / "r.asc").read_text().startswith("-----BEGIN PGP PUBLIC KEY BLOCK-----")
