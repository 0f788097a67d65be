"""The Audit page: the log with its state, filters, proofs, with the keyboard alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from signstation.gui.audit import AuditPage
from signstation.gui.literal import Literal
from signstation.gui.pages import PageName
from signstation.model.audit import AuditFilter, AuditKind, CheckpointState
from signstation.model.keys import KeyState, SignatureType
from signstation.model.station import Inspected
from signstation.reports.words import groups
from tests.support import windowaudit, windowdata
from tests.support.windowdriver import Driver


def _page(driver: Driver) -> AuditPage:
    return driver.page(PageName.AUDIT, AuditPage)


def test_the_whole_log_comes_page_by_page_newest_first(driver: Driver) -> None:
    page = _page(driver)
    assert [each.index for each in page.model.rows()] == list(range(23, -1, -1))
    offsets = [order[1] for order in driver.station.orders if order[0] == "audit_records"]
    assert offsets == [(AuditFilter(), each) for each in (0, 7, 14, 21)]
    assert page.line.words().startswith("24 records")


def test_what_cannot_be_known_without_a_checkpoint_is_said(driver: Driver) -> None:
    page = _page(driver)
    assert page.banner.headline == "The log of 24 records hangs together."
    assert "nobody can know if the newest" in page.banner.accessibleDescription()


@pytest.mark.parametrize(
    ("result", "headline"),
    [
        (CheckpointState.CONSISTENT, "The log of 24 records hangs together."),
        (CheckpointState.CONTRADICTED, "The log contradicts a checkpoint."),
        (CheckpointState.CUT_OFF, "The log contradicts a checkpoint."),
        (CheckpointState.NOT_OURS, "The log of 24 records hangs together."),
        (CheckpointState.UNREADABLE, "The log of 24 records hangs together."),
    ],
)
def test_checkpoints_are_held_against_it(
    driver: Driver, result: CheckpointState, headline: str
) -> None:
    page = _page(driver)
    driver.station.audit.state = windowaudit.against("/media/stick/checkpoint.txt", result)
    page.take((Path("/media/stick/checkpoint.txt"),))
    driver.settle()
    assert ("audit_check", (Path("/media/stick/checkpoint.txt"),)) in driver.station.orders
    assert page.banner.headline == headline
    assert "/media/stick/checkpoint.txt: " in page.banner.accessibleDescription()
    assert page.banner.property("tone") == {
        CheckpointState.CONSISTENT: "ok",
        CheckpointState.CONTRADICTED: "error",
        CheckpointState.CUT_OFF: "error",
    }.get(result, "warning")


def test_the_first_bad_record_is_named(driver: Driver) -> None:
    driver.station.audit.state = windowaudit.state(first_bad=9, reason="its hash is another")
    page = _page(driver)
    page.refresh()
    driver.settle()
    assert "record 9 is the first" in page.banner.headline
    assert "its hash is another" in page.banner.accessibleDescription()
    assert page.banner.property("tone") == "error"


def test_it_is_narrowed_by_words_kind_and_time(driver: Driver) -> None:
    page = _page(driver)
    page.filter.setText("part02")
    assert [each.index for each in page.model.rows()] == [2]
    page.filter.clear()
    page.kind.setCurrentIndex(page.kind.findData(AuditKind.REFUSAL.value))
    assert {each.kind for each in page.model.rows()} == {AuditKind.REFUSAL}
    page.kind.setCurrentIndex(0)
    QTest.keyClick(page.line, Qt.Key.Key_End)
    inside = len(page.model.rows())
    assert 0 <= inside < 24
    page.leave()
    assert len(page.model.rows()) == 24


def test_the_keyboard_is_enough_for_a_proof(driver: Driver, tmp_path: Path) -> None:
    page = _page(driver)
    page.table.setFocus()
    QTest.keyClick(page.table, Qt.Key.Key_Down)
    shown = [each.toPlainText() for each in page.detail.findChildren(Literal)]
    assert "22" in shown
    QTest.keyClick(page.detail.proof, Qt.Key.Key_Space)
    driver.settle()
    assert ("audit_prove", 22) in driver.station.orders
    target = tmp_path / "proof.json"
    page.save_proof(str(target))
    assert target.read_text("utf-8") == '{"index": 1}\n'
    page.save_proof(str(tmp_path / "missing" / "p.json"))
    assert "cannot be written" in page.notice.banner.headline


def test_the_log_is_exported(driver: Driver, tmp_path: Path) -> None:
    page = _page(driver)
    page.export_to(str(tmp_path))
    driver.settle()
    assert page.notice.banner.headline == "The log was exported."


def test_who_could_have_signed_a_hash_is_told(driver: Driver) -> None:
    """The hash of a published file, typed in groups: its key, when and by whom, and those able."""
    page = _page(driver)
    made = next(each for each in page.model.rows() if each.kind is AuditKind.PUBLISHED)
    assert made.sha256 is not None
    page.filter.setText(groups(made.sha256.hex()))
    assert list(page.model.rows()) == [made]
    assert page.signers.headline == "1 key of this station was used for this hash."
    detail = page.signers.accessibleDescription()
    assert made.key in detail
    assert "alice (window)" in detail
    assert "Keys here that could sign any kind of artifact: " in detail
    page.filter.setText("0" * 64)
    assert page.signers.headline == "This station recorded no signature for this hash."
    page.filter.setText("0" * 63)
    assert page.signers.isHidden()


def test_a_file_that_is_dropped_on_the_button_is_asked_about(driver: Driver) -> None:
    """Two files, or what is no file, are not taken; a drop elsewhere is a checkpoint."""
    page = _page(driver)

    def drop(*urls: QUrl) -> None:
        data = QMimeData()
        data.setUrls(list(urls))
        actions, button = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
        none = Qt.KeyboardModifier.NoModifier
        enter = QDragEnterEvent(QPoint(9, 9), actions, data, button, none)
        enter.ignore()
        QApplication.sendEvent(page.whose, enter)
        if enter.isAccepted():
            QApplication.sendEvent(
                page.whose, QDropEvent(QPointF(9, 9), actions, data, button, none)
            )
        driver.settle()

    one, two = QUrl.fromLocalFile("/srv/a.rpm"), QUrl.fromLocalFile("/srv/b.rpm")
    drop(one, two)
    drop(QUrl("https://example.org/a.rpm"))
    assert not [each for each in driver.station.orders if each[0] == "inspect"]
    drop(one)
    assert ("inspect", ((Path("/srv/a.rpm"),), None)) in driver.station.orders
    assert page.signers.isVisible()
    assert not page.whose.isDown()


def test_a_file_is_read_by_the_station_and_its_kind_counts(driver: Driver) -> None:
    """Only keys whose signatures the format can carry are named."""
    page = _page(driver)
    path, inspection = next(each for each in windowdata.inspections() if each[1].format == "kmod")
    driver.station.script.inspections = (Inspected(path, inspection),)
    page.ask_about(str(path))
    driver.settle()
    assert page.filter.text() == inspection.sha256.hex()
    assert path.name in page.signers.headline
    able = [
        each.label
        for each in driver.station.script.keys
        if SignatureType.CMS in each.signature_types and each.state is KeyState.ACTIVE
    ]
    last = page.signers.accessibleDescription().splitlines()[-1]
    assert any(each in last for each in able)
    assert "Release" not in last


def test_a_record_leads_to_its_job(driver: Driver) -> None:
    """One press away, in the queue."""
    page = _page(driver)
    asked: list[tuple[object, ...]] = []
    page.seek_page.connect(lambda *each: asked.append(each))
    page.table.selectRow(0)
    newest = page.model.rows()[0]
    QTest.keyClick(page.detail.job, Qt.Key.Key_Space)
    driver.settle()
    assert asked == [(PageName.QUEUE, str(newest.job))]
    assert not page.isVisible()


def test_an_empty_log_and_a_record_without_time_are_shown(driver: Driver) -> None:
    one = replace(windowaudit.records()[-1], time=0, kind=AuditKind.OTHER, artifact="", key="")
    driver.station.audit.records = (one,)
    page = _page(driver)
    page.refresh()
    driver.settle()
    assert page.model.rowCount() == 1
    driver.station.audit.records = ()
    page.refresh()
    driver.settle()
    assert page.model.rowCount() == 0
