"""The Verify page: from a drop to a verdict with every reason, and to a report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolButton

from signstation.errors import ArtifactMalformed
from signstation.gui.bytemap import ByteMap
from signstation.gui.copying import CopyButton
from signstation.gui.drop import DropArea
from signstation.gui.fingerprint import FingerprintCard
from signstation.gui.literal import Literal
from signstation.gui.pages import PageName
from signstation.gui.parts import Banner, Label
from signstation.gui.reportfile import read_report
from signstation.gui.trustpath import TrustPath
from signstation.gui.verify import VerifyPage
from signstation.gui.verify_list import VerifyList
from signstation.gui.verify_result import ResultView
from signstation.gui.verify_save import ReportSaver
from signstation.model.checks import Verdict
from signstation.model.orders import VerifyOrder
from signstation.model.station import VerifiedPath
from tests.support import windowdata
from tests.support.window import Script
from tests.support.windowdriver import RELEASE, Driver


def _verified(driver: Driver, *paths: Path) -> VerifyPage:
    page = driver.page(PageName.VERIFY, VerifyPage)
    page.take(paths or RELEASE)
    driver.settle()
    return page


def _list(page: VerifyPage) -> VerifyList:
    return page.findChildren(VerifyList)[0]


def _pick(driver: Driver, page: VerifyPage, name: str) -> ResultView:
    path = next(Path(each.path) for each in windowdata.release() if name in each.path)
    assert _list(page).select_path(path)
    driver.settle()
    return page.findChildren(ResultView)[0]


def _words(view: ResultView) -> list[str]:
    return [each.text() for each in view.findChildren(Label)]


def _banner(view: ResultView) -> str:
    return view.findChildren(Banner)[0].headline


def test_dropped_files_are_verified_and_the_worst_is_shown_first(driver: Driver) -> None:
    page = driver.page(PageName.VERIFY, VerifyPage)
    area = page.findChildren(DropArea)[0]
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile("/srv/with blank/a.rpm"), QUrl("https://example.org/b")])
    actions, button = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(area, QDragEnterEvent(QPoint(9, 9), actions, data, button, none))
    QApplication.sendEvent(area, QDropEvent(QPointF(9, 9), actions, data, button, none))
    driver.settle()
    assert ("verify", VerifyOrder((Path("/srv/with blank/a.rpm"),))) in driver.station.orders
    view = page.findChildren(ResultView)[0]
    assert _banner(view) == "Changed: acme-4.2.0.tar.gz"
    verdicts = [each.verification.verdict for each in _list(page).model.rows() if each.verification]
    assert verdicts[0] is Verdict.TAMPERED
    assert verdicts[-1] is Verdict.TRUSTED


def test_a_trusted_package_has_three_answers_a_path_and_a_map(driver: Driver) -> None:
    view = _pick(driver, _verified(driver), "acme-core")
    words = _words(view)
    assert _banner(view) == "Verified: acme-core-4.2.0-1.el9.x86_64.rpm"
    for question in (
        "Is the content unchanged?",
        "Is the signature mathematically valid?",
        "Is the signer trusted?",
    ):
        assert question in words
    (path,) = view.findChildren(TrustPath)
    nodes = [each for each in path.children() if hasattr(each, "focusPolicy")]
    focusable = [each for each in nodes if each.focusPolicy() is Qt.FocusPolicy.StrongFocus]
    assert len(focusable) == 4
    assert "Acme Release Signing 2026" in focusable[1].accessibleName()
    (covered,) = view.findChildren(ByteMap)
    assert "covered by signature" in covered.accessibleDescription()
    assert "covered by no good signature" in covered.accessibleDescription()
    path.grab()
    covered.grab()


def test_the_path_fits_side_by_side_and_one_below_the_other(driver: Driver) -> None:
    view = _pick(driver, _verified(driver), "acme-core")
    (path,) = view.findChildren(TrustPath)
    for width, rows in ((1200, 1), (600, 4)):
        path.resize(width, path.heightForWidth(width))
        tops = {each.y() for each in path.children() if hasattr(each, "focusPolicy")}
        assert len(tops) == rows
        bottom = max(each.geometry().bottom() for each in path.children() if hasattr(each, "y"))
        assert bottom < path.height() + 1


def test_a_tool_that_contradicts_us_is_loud(driver: Driver) -> None:
    view = _pick(driver, _verified(driver), "tar.gz")
    banners = [each.headline for each in view.findChildren(Banner)]
    assert "gpgv says: accepts. signstation says: Changed." in banners


def test_a_tool_that_agrees_is_quiet(driver: Driver) -> None:
    view = _pick(driver, _verified(driver), "acme-core")
    assert len(view.findChildren(Banner)) == 1


def test_a_failed_check_shows_its_evidence_at_once_and_others_on_request(driver: Driver) -> None:
    view = _pick(driver, _verified(driver), "acme-core")
    before = len(view.findChildren(Literal))
    button = next(
        each
        for each in view.findChildren(QToolButton)
        if each.accessibleName().startswith("Evidence: The payload")
    )
    assert not button.isChecked()
    button.click()
    shown = [each.toPlainText() for each in view.findChildren(Literal)]
    assert len(shown) > before
    assert "rpm.payload-digest · required" in shown
    view = _pick(driver, _verified(driver), "tar.gz")
    assert "blob.content · required" in [each.toPlainText() for each in view.findChildren(Literal)]


def test_the_fingerprint_can_be_compared(driver: Driver) -> None:
    view = _pick(driver, _verified(driver), "acme-core")
    (card,) = view.findChildren(FingerprintCard)
    digits = windowdata.SUBKEY
    spaced = " ".join(digits[i : i + 4] for i in range(0, 40, 4)).lower()
    for typed, answer in (
        (digits[:10], "10 of 40 digits, the same so far"),
        (spaced, "It is the same fingerprint."),
        (digits[:-1] + "0", "It is a different fingerprint."),
        (digits[-8:], "It is a different fingerprint."),
        ("", "Not compared."),
    ):
        card.field.setText(typed)
        assert card.answer.accessibleName() == answer


def test_a_key_id_is_not_offered_for_comparison(driver: Driver) -> None:
    view = _pick(driver, _verified(driver), "acme-plugin")
    (card,) = view.findChildren(FingerprintCard)
    assert not hasattr(card, "field")


def test_the_commands_reproduce_the_result_and_can_be_copied(driver: Driver) -> None:
    page = _verified(driver)
    view = _pick(driver, page, "acme-core")
    QTest.mouseClick(page._commands, Qt.MouseButton.LeftButton)
    copy = next(
        each for each in view.findChildren(CopyButton) if each.accessibleName().endswith("commands")
    )
    copy.click()
    lines = QGuiApplication.clipboard().text().splitlines()
    assert any(each.startswith("sha256sum -- /srv/builds/") for each in lines)
    assert "rpmkeys --define '_pkgverify_level all' -Kv artifact.rpm" in lines
    assert any(each.startswith("signstation verify ") for each in lines)


def test_the_filter_narrows_by_name_and_verdict(driver: Driver) -> None:
    page = _verified(driver)
    QTest.keyClick(driver.window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    found = _list(page)
    assert found.filter.hasFocus()
    QTest.keyClicks(found.filter, "verified")
    assert found.model.rowCount() == 2
    found.filter.clear()
    QTest.keyClicks(found.filter, "NOTES")
    assert [each.path.name for each in found.model.rows()] == ["RELEASE-NOTES.txt"]
    QTest.keyClicks(found.filter, "no such thing")
    assert found.model.rowCount() == 0


ERROR = ArtifactMalformed(
    path="broken.rpm", format="rpm", offset=96, expected="a header", found="the end of the file"
)


@pytest.mark.parametrize(
    "script",
    [
        Script(
            verifications=(),
            unverifiable=(
                VerifiedPath(Path("/srv/broken.rpm"), error=json.dumps(ERROR.to_wire())),
            ),
        )
    ],
)
def test_what_cannot_be_read_is_told_with_offset_and_advice(driver: Driver) -> None:
    page = _verified(driver)
    banner = next(each for each in page.findChildren(Banner) if each.isVisible())
    assert banner.headline.startswith("broken.rpm: ")
    assert "At byte 96: expected a header" in banner.accessibleDescription()


@pytest.mark.parametrize("script", [Script(verifications=())])
def test_an_empty_folder_says_so(driver: Driver) -> None:
    page = _verified(driver)
    view = page.findChildren(ResultView)[0]
    assert "Nothing was found that could be verified." in _words(view)


def test_trust_files_and_a_time_travel_with_the_order(driver: Driver) -> None:
    page = driver.page(PageName.VERIFY, VerifyPage)
    options = page._options
    options.files.setChecked(True)
    page.take(RELEASE)
    assert not [name for name, _ in driver.station.orders if name == "verify"]
    assert "Choose at least one trust file" in page._resume.reason.accessibleName()
    assert page._resume.reason.isVisible()
    options.add((Path("/srv/trust/release.asc"),))
    options.other_time.setChecked(True)
    at = options.at()
    QTest.mouseClick(page._resume, Qt.MouseButton.LeftButton)
    driver.settle()
    order = VerifyOrder(RELEASE, (Path("/srv/trust/release.asc"),), at)
    assert ("verify", order) in driver.station.orders


def test_f5_verifies_again_and_escape_returns_to_the_choice(driver: Driver) -> None:
    page = _verified(driver)
    QTest.keyClick(driver.window, Qt.Key.Key_F5)
    driver.settle()
    assert [name for name, _ in driver.station.orders].count("verify") == 2
    QTest.keyClick(driver.window, Qt.Key.Key_Escape)
    assert page.findChildren(DropArea)[0].isVisible()


def test_results_of_an_abandoned_verification_are_dropped(driver: Driver) -> None:
    page = driver.page(PageName.VERIFY, VerifyPage)
    page.take(RELEASE)
    page.leave()
    driver.settle()
    assert page.findChildren(DropArea)[0].isVisible()
    assert _list(page).model.rowCount() == 0


@pytest.mark.parametrize("suffix", ["html", "json", "pdf", "svg"])
def test_a_report_is_written(driver: Driver, tmp_path: Path, suffix: str) -> None:
    page = _verified(driver)
    target = tmp_path / f"report.{suffix}"
    saver = page.findChildren(ReportSaver)[0]
    results = [VerifiedPath(Path(each.path), each) for each in windowdata.release()]
    saver.save(target, results)
    driver.settle()
    content = target.read_bytes()
    assert content.startswith(b"%PDF") or b"acme-core-4.2.0-1.el9.x86_64" in content
    assert any(each.headline == "The report was saved." for each in page.findChildren(Banner))
    if suffix == "json":
        read = read_report(target)
        assert [(each.path, each.verdict) for each in read] == [
            (each.path, each.verdict) for each in windowdata.release()
        ]


def test_a_report_that_cannot_be_written_is_told(driver: Driver, tmp_path: Path) -> None:
    page = _verified(driver)
    saver = page.findChildren(ReportSaver)[0]
    saver.save(tmp_path / "missing" / "report.html", ())
    driver.settle()
    banner = next(each for each in page.findChildren(Banner) if each.isVisible())
    assert "cannot be written" in banner.headline


def test_a_result_is_taken_out_of_the_list_and_undo_brings_it_back(driver: Driver) -> None:
    page = _verified(driver)
    before = [each.path for each in _list(page).model.rows()]
    table = _list(page).table
    table.setFocus()
    QTest.keyClick(table, Qt.Key.Key_Delete)
    assert [each.path for each in _list(page).model.rows()] == before[1:]
    assert before[0] not in [each.path for each in page._results]
    assert page.notice.banner.headline == f"{before[0].name} is out of the list."
    assert table.selectionModel().hasSelection()
    QTest.keyClick(page.notice.act, Qt.Key.Key_Space)
    assert [each.path for each in _list(page).model.rows()] == before
    assert table.selectionModel().selectedRows()[0].row() == 0
    QTest.mouseClick(_list(page).take_out, Qt.MouseButton.LeftButton)
    assert page.notice.isVisible()
    QTest.keyClick(driver.window, Qt.Key.Key_Escape)
    assert not page.notice.isVisible()
    assert len(_list(page).model.rows()) == len(before) - 1
