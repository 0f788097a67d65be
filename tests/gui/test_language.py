"""The window in German: every text translated, nothing cut off, and a choice that is remembered."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QSettings
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from signstation.gui.frame import Window
from signstation.gui.language import (
    CONTEXT,
    Catalogue,
    Language,
    quiet,
    read_catalogue,
    speak,
    spoken,
    system_language,
)
from signstation.gui.memory import Memory
from signstation.gui.registered import PAGES
from signstation.gui.theme import Theme
from signstation.gui.words import tr
from tests.support.window import RecordedStation
from tests.support.windowcut import cut_texts
from tests.support.windowdriver import Driver, busy_script
from tests.support.windowscenes import SCENES, Scene, lay_out

ROOT = Path(__file__).resolve().parents[2]
RECORDED = {
    node.value
    for path in sorted((ROOT / "tests" / "support").glob("window*.py"))
    for node in ast.walk(ast.parse(path.read_text("utf-8")))
    if isinstance(node, ast.Constant) and isinstance(node.value, str)
}
"""Texts that only the recorded station says; the real one's are all in the catalogue."""


class Listener(Catalogue):
    """A catalogue that writes down what it was asked for and does not have."""

    def __init__(self, application: QApplication) -> None:
        """Begin with the German one."""
        super().__init__(Language.GERMAN, application)
        self.missing: set[str] = set()

    def translate(
        self, context: str, source: str, disambiguation: str | None = None, n: int = -1
    ) -> str | None:
        """Answer as the catalogue does."""
        found = super().translate(context, source, disambiguation, n)
        if context == CONTEXT and found is None and any(map(str.isalpha, source)):
            self.missing.add(source)
        return found


@pytest.fixture
def german(qapp: QApplication) -> Iterator[Listener]:
    """German, until the test ends."""
    speak(qapp, Language.GERMAN)
    listener = Listener(qapp)
    qapp.installTranslator(listener)
    yield listener
    quiet(qapp)


@pytest.fixture
def window(qtbot: QtBot, theme: Theme, german: Listener) -> Iterator[Driver]:
    """The German window at 1280 by 720."""
    assert german.code is Language.GERMAN
    station = RecordedStation(busy_script())
    window = Window(theme, station, PAGES)
    window.resize(1280, 720)
    window.show()
    driver = Driver(qtbot, window, station)
    driver.settle()
    yield driver
    window.end()
    window.hide()
    window.deleteLater()
    station.close()


def test_the_catalogue_is_complete_and_has_the_same_places() -> None:
    found = subprocess.run(
        [sys.executable, str(ROOT / "packaging" / "translations"), "--check"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stdout


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name.replace(" ", "-"))
def test_a_scene_is_german_and_fits(window: Driver, german: Listener, scene: Scene) -> None:
    """Nothing that the window asked for is missing, and nothing is cut off."""
    scene.go(window)
    lay_out(window)
    assert sorted(german.missing - RECORDED) == [], scene.name
    faults = list(cut_texts(window.window))
    assert not faults, scene.name
    page = window.window._shelf
    assert page.minimumSizeHint().width() <= page.width()
    assert page.minimumSizeHint().height() <= 720 - window.window.strip.height()
    assert window.window.width() == 1280


def test_texts_come_in_the_language_that_is_spoken(qapp: QApplication) -> None:
    assert tr("Keys") == "Keys"
    assert spoken() is Language.ENGLISH
    speak(qapp, Language.GERMAN)
    try:
        assert spoken() is Language.GERMAN
        assert tr("Keys") == "Schlüssel"
        assert tr("{done} of {count} signed", done=1, count=2) == "1 von 2 signiert"
        assert tr("not in any catalogue") == "not in any catalogue"
        assert QCoreApplication.translate("QPlatformTheme", "Cancel") == "Abbrechen"
    finally:
        quiet(qapp)
    assert tr("Keys") == "Keys"


def test_german_speaks_to_the_reader_and_uses_one_word_for_one_thing() -> None:
    for source, words in read_catalogue(Language.GERMAN).items():
        parts = set(words.replace(".", " ").replace(",", " ").split())
        assert not parts & {"du", "dein", "deine", "Digest", "Fingerprint", "Unterschrift"}, source


def test_a_choice_is_remembered_for_the_next_start(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    assert memory.language() is None
    memory.keep_language(Language.GERMAN)
    assert Memory(tmp_path).language() is Language.GERMAN
    memory.keep_language(None)
    assert Memory(tmp_path).language() is None
    QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat).setValue("language", "xx")
    assert Memory(tmp_path).language() is None


def test_the_menu_offers_each_language_in_its_own_words(driver: Driver) -> None:
    chosen: list[object] = []
    strip = driver.window.strip
    strip.language_chosen.connect(chosen.append)
    actions = {each.text(): each for each in strip.findChildren(QAction)}
    actions["Deutsch"].trigger()
    actions["English"].trigger()
    actions["Language of the system"].trigger()
    assert chosen == [Language.GERMAN, Language.ENGLISH, None]


def test_the_systems_language_decides_where_nobody_chose() -> None:
    assert system_language() in Language
