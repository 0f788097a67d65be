"""The Verify page compares an artifact with an earlier version, beside its verdict."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from signstation.gui.pages import PageName
from signstation.gui.parts import ActionButton, Banner, Label
from signstation.gui.verify import VerifyPage
from signstation.gui.verify_compare import ComparisonCard
from signstation.gui.verify_list import VerifyList
from signstation.model.artifacts import Inspection
from signstation.model.checks import Verification
from signstation.model.station import Inspected
from signstation.model.versions import Earlier
from tests.support import windowdata
from tests.support.windowdriver import RELEASE, Driver

GOOD = windowdata.rpm_good()
OLD = Path("/srv/old/acme-core-4.1.9-1.el9.x86_64.rpm")


def _inspection(verification: Verification) -> Inspection:
    path = Path(verification.path)
    found = next(each for place, each in windowdata.inspections() if place == path)
    return replace(found, sha256=verification.sha256)


def _with_earlier(driver: Driver, *, known: bool = True, altered: bool = False) -> None:
    new = _inspection(GOOD)
    facts = tuple(replace(each, value=f"{each.value} before") for each in new.sections[0].facts)
    old = replace(
        new,
        title="acme-core-4.1.9-1.el9.x86_64",
        sha256=windowdata.digest("old"),
        sections=(replace(new.sections[0], facts=facts), *new.sections[1:]),
    )
    driver.station.script.inspections = (Inspected(Path(GOOD.path), new), Inspected(OLD, old))
    if known:
        digest = windowdata.digest("other") if altered else old.sha256
        earlier = Earlier(Path(GOOD.path), OLD, digest, windowdata.NOW)
        driver.station.release.earlier = (earlier,)


def _page(driver: Driver) -> VerifyPage:
    page = driver.page(PageName.VERIFY, VerifyPage)
    page.take(RELEASE)
    driver.settle()
    assert page.findChildren(VerifyList)[0].select_path(Path(GOOD.path))
    driver.settle()
    return page


def _press(driver: Driver, page: VerifyPage) -> ComparisonCard:
    (button,) = [
        each for each in page.findChildren(ActionButton) if each.text().strip() == "Compare"
    ]
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Space)
    driver.settle()
    return page.findChildren(ComparisonCard)[0]


def _words(card: ComparisonCard) -> str:
    return "\n".join(each.text() for each in card.findChildren(Label) if each.isVisible())


def test_the_version_signed_here_last_is_compared(driver: Driver) -> None:
    _with_earlier(driver)
    card = _press(driver, _page(driver))
    assert "Since acme-core-4.1.9-1.el9.x86_64: 0 added, 0 removed" in _words(card)
    assert f"Signed here on 2026-11-24: {OLD}" in _words(card)


def test_a_file_that_a_person_picks_is_compared(driver: Driver) -> None:
    _with_earlier(driver, known=False)
    page = _page(driver)
    card = _press(driver, page)
    assert "has not signed an earlier version" in _words(card)
    card.chosen.emit(OLD)
    driver.settle()
    assert "Since acme-core-4.1.9-1.el9.x86_64" in _words(card)
    assert "Signed here" not in _words(card)


def test_the_comparison_follows_the_selection_and_can_be_put_away(driver: Driver) -> None:
    _with_earlier(driver)
    page = _page(driver)
    assert _press(driver, page).isVisible()
    assert not _press(driver, page).isVisible()


def test_a_file_that_changed_since_its_verification_is_told(driver: Driver) -> None:
    _with_earlier(driver)
    new, *rest = driver.station.script.inspections
    assert new.inspection is not None
    changed = replace(new.inspection, sha256=windowdata.digest("now"))
    driver.station.script.inspections = (Inspected(new.path, changed), *rest)
    page = _page(driver)
    assert not _press(driver, page).isVisible()
    assert any("changed" in each.headline for each in page.findChildren(Banner) if each.isVisible())


def test_an_earlier_version_that_was_altered_is_told(driver: Driver) -> None:
    _with_earlier(driver, altered=True)
    page = _page(driver)
    assert not _press(driver, page).isVisible()
    assert any(str(OLD) in each.headline for each in page.findChildren(Banner) if each.isVisible())
