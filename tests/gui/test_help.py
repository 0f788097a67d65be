"""The help inside the window: every page, every link, the search, and nothing from outside."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolButton

from signstation.gui.help_topics import ENGLISH, ORDER, START, Help
from signstation.gui.pages import PageName
from signstation.system.resources import resource
from tests.support.windowdriver import Driver

ROOT = Path(__file__).resolve().parents[2]
GERMAN = ("start", "sign", "verify", "verdicts", "keys", "queue")


def _press(driver: Driver, key: Qt.Key) -> None:
    QTest.keyClick(driver.window, key)


@pytest.mark.parametrize("name", list(PageName), ids=lambda name: name.value)
def test_f1_opens_the_page_that_belongs_to_what_is_shown(driver: Driver, name: PageName) -> None:
    driver.window.open(name)
    driver.settle()
    driver.window.navigation.take_focus()
    before = driver.window.focusWidget()
    _press(driver, Qt.Key.Key_F1)
    panel = driver.window.help
    assert panel.isVisible()
    assert panel.topic == name.value
    assert panel.browser.hasFocus()
    assert panel.browser.toPlainText().startswith(panel.browser.accessibleDescription())
    _press(driver, Qt.Key.Key_Escape)
    assert not panel.isVisible()
    assert driver.window.focusWidget() is before


def test_the_button_in_the_strip_opens_it_too(driver: Driver) -> None:
    buttons = driver.window.strip.findChildren(QToolButton)
    next(each for each in buttons if each.accessibleName() == "Help").click()
    assert driver.window.help.isVisible()


def test_links_lead_to_pages_of_the_help_and_nowhere_else(driver: Driver) -> None:
    _press(driver, Qt.Key.Key_F1)
    panel = driver.window.help
    panel.contents.click()
    assert panel.topic == START
    panel.browser.anchorClicked.emit(QUrl("keys.md"))
    assert panel.topic == "keys"
    for link in ("file:///etc/passwd", "https://example.org/keys.md", "../keys.md", "keys.html"):
        panel.browser.anchorClicked.emit(QUrl(link))
        assert panel.topic == "keys"
    panel.back.click()
    assert panel.topic == START


def test_nothing_is_loaded_from_outside(driver: Driver, tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    assert driver.window.grab().save(str(picture))
    browser = driver.window.help.browser
    assert browser.loadResource(2, QUrl.fromLocalFile(str(picture))) is None


def test_the_search_finds_words_in_any_order(driver: Driver) -> None:
    _press(driver, Qt.Key.Key_F1)
    panel = driver.window.help
    QTest.keyClicks(panel.search, "journal crash")
    assert panel.found.isVisible()
    titles = [each.topic.title for each in panel._model.rows()]
    assert titles[0] == "Journal and recovery"
    QTest.keyClick(panel.search, Qt.Key.Key_Return)
    assert panel.topic == "recovery"
    assert panel.browser.isVisible()


def test_the_search_says_when_nothing_is_found() -> None:
    assert not Help(ENGLISH).search("zzzz")
    assert not Help(ENGLISH).search("  ")


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_link_of_every_page_leads_somewhere(language: str) -> None:
    topics = Help(language).topics
    for topic in topics.values():
        assert topic.title
        assert "<" not in re.sub(r"```.*?```|`[^`]*`", "", topic.markdown, flags=re.DOTALL)
        for link in re.findall(r"\]\(([^)]*)\)", topic.markdown):
            assert link.removesuffix(".md") in topics, (topic.id, link)
    assert {
        link.removesuffix(".md") for link in re.findall(r"\]\((\S+)\)", topics[START].markdown)
    } == {each for each in ORDER if each != START}


def test_the_most_needed_pages_are_german_too() -> None:
    topics = Help("de").topics
    assert [each for each in GERMAN if topics[each].language != "de"] == []
    assert topics["command-line"].language == "en"  # made from the commands
    files = {each.stem for each in resource("help").glob("*.md")}
    assert files == set(ORDER), "a page that no list shows, or one that is missing"


def test_the_page_of_the_command_line_is_as_the_commands_are() -> None:
    found = subprocess.run(
        [sys.executable, str(ROOT / "packaging" / "commandline"), "--check"], check=False
    )
    assert found.returncode == 0, "run packaging/commandline"
