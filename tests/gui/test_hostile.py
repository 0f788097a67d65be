"""Hostile names and metadata go through every scene, and come out as harmless letters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication, Qt
from PySide6.QtWidgets import QAbstractItemView, QLabel, QPlainTextEdit, QTextEdit, QWidget

from signstation.errors import ToolFailed
from signstation.gui.copying import CopyButton
from signstation.gui.pages import PageName
from signstation.gui.verify import VerifyPage
from signstation.gui.verify_save import ReportSaver
from signstation.model.station import PromptOpened, VerifiedPath
from signstation.model.text import text
from signstation.reports.words import show
from tests.support import windowdata
from tests.support.window import Script
from tests.support.windowdriver import Driver, make_prompt
from tests.support.windowscenes import (
    EVIL,
    SCENES,
    Scene,
    described,
    every_text,
    hostile_script,
    lay_out,
)

SHOWN = show(EVIL)
HIDDEN = ("\u202e", "\u200b\u202e", "\x1b", "\x9b", "\u2066", "\u2028")
QUIET = {"sign choose", "verify start", "make a key", "prompts"}
"""Scenes that show nothing of any file."""
OUTPUT = f"{EVIL}\x1b[2Jgpg: \x9b31mgood signature\u2066\u2028"


@pytest.fixture
def script() -> Script:
    """A station whose every untrusted value is hostile."""
    return hostile_script()


def _tips(window: QWidget) -> Iterator[str]:
    for widget in window.findChildren(QWidget):
        yield widget.toolTip()
        if isinstance(widget, QAbstractItemView) and widget.model() is not None:
            model = widget.model()
            for row in range(model.rowCount()):
                for column in range(model.columnCount()):
                    yield str(model.index(row, column).data(Qt.ItemDataRole.ToolTipRole) or "")


def _is_markup(words: str) -> bool:
    """Whether Qt would draw a picture, a link or anything else that is not a letter."""
    return Qt.mightBeRichText(words) and bool(re.search(r"<(?!/?p>)", words))


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name.replace(" ", "-"))
def test_a_scene_shows_it_literally(driver: Driver, scene: Scene) -> None:
    """No hidden character and no markup reaches a widget, tooltip, title or clipboard."""
    scene.go(driver)
    lay_out(driver)
    found = [each for each in every_text(driver.window) if each]
    assert not [each for each in found if any(hidden in each for hidden in HIDDEN)]
    if scene.name not in QUIET:
        assert any(SHOWN in each.replace("\u200b", "") for each in found)
    rich = [
        described(each)
        for each in driver.window.findChildren(QLabel)
        if each.textFormat() is not Qt.TextFormat.PlainText and each.text()
    ]
    assert not rich
    assert not [each for each in driver.visible(QTextEdit) if "<img" in each.toHtml()]
    assert not [each for each in _tips(driver.window) if _is_markup(each)]
    for button in driver.visible(CopyButton):
        button.copy()
        copied = QGuiApplication.clipboard().text()
        assert copied
        assert not [hidden for hidden in HIDDEN if hidden in copied], described(button)


def test_an_error_shows_what_a_program_said_literally(driver: Driver) -> None:
    driver.window.tell(ToolFailed(program=EVIL, exit_status=2, output=OUTPUT))
    lay_out(driver)
    notice = driver.window.notice.banner
    words = [each.text() for each in notice.findChildren(QLabel)]
    assert SHOWN in notice.headline
    assert any("\\x1b[2J" in each and "\\x9b31m" in each and "\\u2066" in each for each in words)
    assert not [each for each in words if any(hidden in each for hidden in HIDDEN)]


def test_a_prompt_shows_the_names_in_it_literally(driver: Driver) -> None:
    prompt = replace(
        make_prompt(),
        title=text("Passphrase of {key}", key=EVIL),
        body=text("{key}, to sign", key=OUTPUT),
    )
    driver.station.emit(PromptOpened(prompt))
    lay_out(driver)
    words = [each.text() for each in driver.window.sheets.findChildren(QLabel)]
    assert any(SHOWN in each for each in words)
    assert not [each for each in words if any(hidden in each for hidden in HIDDEN)]


@pytest.mark.parametrize("suffix", ["html", "json"])
def test_a_report_holds_it_escaped(driver: Driver, tmp_path: Path, suffix: str) -> None:
    target = tmp_path / f"report.{suffix}"
    page = driver.page(PageName.VERIFY, VerifyPage)
    saver = page.findChildren(ReportSaver)[0]
    saver.save(target, (VerifiedPath(Path(f"/srv/{EVIL}"), windowdata.hostile()),))
    driver.settle()
    driver.until(target.exists)
    written = target.read_text("utf-8")
    assert "img src=x" in written
    if suffix == "html":
        assert "<img" not in written
        assert "default-src 'none'" in written
    assert not [hidden for hidden in HIDDEN if hidden in written]


def test_the_title_of_the_window_is_ours(driver: Driver) -> None:
    for scene in SCENES:
        if not scene.name.startswith("sign"):
            scene.go(driver)
    lay_out(driver)
    assert driver.window.windowTitle() == "signstation"
    assert not [each for each in driver.visible(QPlainTextEdit) if not each.isReadOnly()]
