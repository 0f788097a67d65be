"""The Audit page: the log with its state, filters, proofs, with the keyboard alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from signstation.gui.audit import AuditPage
from signstation.gui.literal import Literal
from signstation.gui.pages import PageName
from signstation.model.audit import AuditFilter, AuditKind, CheckpointState
from tests.support import windowaudit
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
