"""The Trust page: looking, pinning what was compared, unpinning with a way back."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QLabel

from signstation.errors import ArtifactChanged
from signstation.gui.fingerprint import comparable
from signstation.gui.literal import Literal
from signstation.gui.pages import PageName
from signstation.gui.parts import Label
from signstation.gui.trust import TrustPage
from signstation.gui.trust_compare import CompareStep
from signstation.gui.trust_pin import PurposeStep
from signstation.model.anchors import Anchor, AnchorKind, PinOrder, Unpinned
from signstation.model.trust import Purpose
from signstation.reports.words import show
from tests.support import windowdata, windowtrust
from tests.support.window import Script
from tests.support.windowdriver import Driver

FILE = Path("/srv/trust/carbon.pem")


def _page(driver: Driver) -> TrustPage:
    return driver.page(PageName.TRUST, TrustPage)


def _comparing(driver: Driver) -> tuple[TrustPage, CompareStep]:
    page = _page(driver)
    page.take((FILE,))
    driver.settle()
    return page, page.findChildren(CompareStep)[0]


def _words(page: TrustPage) -> list[str]:
    QApplication.processEvents()  # lays everything out
    labels = [each.text() for each in page.findChildren(Label) if each.isVisible()]
    return labels + [each.toPlainText() for each in _literals(page)]


def _literals(page: TrustPage) -> list[Literal]:
    return [each for each in page.findChildren(Literal) if each.isVisible()]


def _pick(page: TrustPage, label: str) -> Anchor:
    anchor = next(each for each in page.model.rows() if label in each.label)
    page.table.selectRow(page.model.rows().index(anchor))
    return anchor


def test_every_anchor_is_listed_and_the_first_is_shown_whole(driver: Driver) -> None:
    page = _page(driver)
    assert page.model.rowCount() == len(windowtrust.anchors())
    words = _words(page)
    assert "Generated on this station, on 2026-01-10" in words
    first, second = windowdata.PRIMARY[:20], windowdata.PRIMARY[20:]
    spaced = [" ".join(half[i : i + 4] for i in range(0, 20, 4)) for half in (first, second)]
    assert "\n".join(spaced) in words


def test_each_purpose_names_those_who_count_for_it(driver: Driver) -> None:
    page = _page(driver)
    words = [each.text() for each in page.purposes.findChildren(Label)]
    at = {words[n]: words[n + 1] for n in range(1, len(words) - 1, 2)}
    assert at["Packages"] == "Acme Release Signing 2026 <release@acme.example>"  # Bolt is revoked
    assert at["Kernel modules"] == "Acme Root 2024, Acme module key 2026"  # OpenPGP is no use there
    driver.station.script.anchors = tuple(
        each for each in driver.station.script.anchors if each.kind is AnchorKind.OPENPGP
    )
    page.refresh()
    driver.settle()
    words = [each.text() for each in page.purposes.findChildren(Label)]
    none = "Nobody: nothing of this kind can be called verified here."
    assert words[words.index("Kernel modules") + 1] == none


def test_a_revoked_anchor_says_why(driver: Driver) -> None:
    page = _page(driver)
    _pick(page, "Bolt")
    words = _words(page)
    assert "File bolt.asc, pinned by release, on 2024-12-24" in words
    assert "revoked on 2026-10-15: another key took its place" in words
    assert "packages, files" in words


@pytest.mark.parametrize("script", [Script(anchors=())])
def test_an_empty_station_explains(driver: Driver) -> None:
    page = _page(driver)
    assert "Nobody is trusted yet" in _words(page)
    assert page.pin.isVisible()
    assert not page.unpin.isVisible()


def test_nothing_can_be_pinned_that_was_not_compared(driver: Driver) -> None:
    page, _ = _comparing(driver)
    following = page.steps.stepper.next
    assert not following.isEnabled()
    assert following.reason.text() == "Compare a fingerprint first."
    assert following.reason.isVisible()


def test_typing_the_last_digits_compares(driver: Driver) -> None:
    page, step = _comparing(driver)
    driver.until(step.card.field.hasFocus)
    tail = windowtrust.MAKER[-8:].lower()
    QTest.keyClicks(step.card.field, tail[:4] + " " + tail[4:])
    assert step.card.answer.text() == "The digits are the same."
    assert [each.identity for each in step.compared()] == [windowtrust.MAKER]
    QTest.keyClick(step.card.field, Qt.Key.Key_Backspace)
    assert step.compared() == ()
    QTest.keyClicks(step.card.field, "0")
    assert "different" in step.card.answer.text()
    assert not page.steps.stepper.next.isEnabled()


def test_capitals_matter_where_a_fingerprint_is_in_base64() -> None:
    ours = "SHA256:oNnCcTWgWMkAQAbZLGpXKEVeRDABvm8oyy1DNDhMTrg"
    assert comparable("DNDhMT rg", ours) == "DNDhMTrg"
    assert comparable("dndhmtrg", ours) != comparable("DNDhMTrg", ours)
    assert comparable("7D88:90A1", "C0FF EE5E") == "7d8890a1"


def test_pasting_compares_nothing(driver: Driver) -> None:
    _, step = _comparing(driver)
    QGuiApplication.clipboard().setText(windowtrust.MAKER[-8:])
    step.card.field.paste()
    assert step.card.field.text() == ""
    assert step.compared() == ()
    assert "Pasting compares nothing" in step.card.answer.text()


def test_only_the_compared_one_of_two_is_pinned_for_its_purpose(driver: Driver) -> None:
    page, step = _comparing(driver)
    step.table.selectRow(1)
    step.card.tick.click()
    step.table.selectRow(0)
    assert not step.card.tick.isChecked()
    page.steps.stepper.next.click()
    purpose = page.findChildren(PurposeStep)[0]
    purpose.some.setChecked(True)
    assert page.steps.stepper.next.reason.text() == "Choose at least one purpose."
    box = next(each for each in purpose.findChildren(QCheckBox) if "Kernel" in each.text())
    box.click()
    page.steps.stepper.next.click()
    driver.settle()
    order = PinOrder(
        FILE,
        windowdata.digest(str(FILE)),
        (windowtrust.OTHER_ROOT,),
        (Purpose.KERNEL_MODULES,),
    )
    assert ("pin", order) in driver.station.orders
    assert page.notice.banner.headline == "1 anchor is pinned."
    assert "Carbon Root" in _words(page)
    assert page.model.rowCount() == len(windowtrust.anchors()) + 1


def test_a_file_that_changed_meanwhile_is_told_and_nothing_is_pinned(driver: Driver) -> None:
    page, step = _comparing(driver)
    step.card.tick.click()
    page.steps.stepper.next.click()
    driver.station.script.failure = ArtifactChanged(path=str(FILE), expected="aa", found="bb")
    page.steps.stepper.next.click()
    driver.settle()
    assert page.notice.isVisible()
    assert page.steps.isVisible()


def test_unpinning_names_the_loss_and_can_be_undone(driver: Driver) -> None:
    page = _page(driver)
    anchor = _pick(page, "Acme Release")
    page.unpin.click()
    detail = page.notice.banner.accessibleDescription()
    assert "It is a key of this station" in detail
    assert "acme-core-4.2.0-1.el9.x86_64" in detail
    assert page.notice.close_button.hasFocus()
    page.notice.act.click()
    driver.settle()
    assert ("unpin", anchor.identity) in driver.station.orders
    assert anchor not in page.model.rows()
    assert page.notice.act.text() == "Undo"
    page.notice.act.click()
    driver.settle()
    restored = next(value for name, value in driver.station.orders if name == "restore")
    assert isinstance(restored, Unpinned)
    assert restored.origin == anchor.origin
    assert anchor in page.model.rows()


def test_escape_leaves_the_steps_without_pinning(driver: Driver) -> None:
    page, step = _comparing(driver)
    step.card.tick.click()
    QTest.keyClick(driver.window, Qt.Key.Key_Escape)
    assert page.table.isVisible()
    assert not [name for name, _ in driver.station.orders if name == "pin"]
    page.pin.click()
    assert page.steps.stepper.current == 0


def test_the_filter_narrows_by_purpose_and_fingerprint(driver: Driver) -> None:
    page = _page(driver)
    QTest.keyClick(driver.window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(page.filter, "kernel modules")
    assert [each.label for each in page.model.rows()] == ["Acme Root 2024", "Acme module key 2026"]
    page.filter.clear()
    QTest.keyClicks(page.filter, windowdata.PRIMARY[-8:])
    assert page.model.rowCount() == 1


@pytest.mark.parametrize(
    "script",
    [Script(anchors=windowtrust.hostile(), anchor_file=windowtrust.hostile())],
)
def test_hostile_names_are_shown_literally(driver: Driver) -> None:
    page, step = _comparing(driver)
    step.card.tick.click()
    page.steps.stepper.next.click()
    page.leave()
    page.unpin.click()
    shown = [each.text() for each in page.findChildren(QLabel)]
    shown += [each.toPlainText() for each in page.findChildren(Literal)]
    assert any(show(windowdata.HOSTILE_NAME) in each for each in shown)
    assert not [each for each in shown if "\u202e" in each]
