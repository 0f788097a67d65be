"""Lists of checksums and texts signed in the clear, made in the window by the keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from signstation.app.api import StationApi
from signstation.gui.pages import PageName
from signstation.gui.sign import INSPECT, KEYS, RESULT, REVIEW
from signstation.gui.theme import Theme
from signstation.model.checks import Verdict, Verification
from signstation.model.keys import SignatureType
from signstation.model.orders import GenerateOrder, KeyForm, VerifyOrder
from signstation.model.station import VerifiedPath
from tests.support.windowdesk import Desk, open_desk

NOTES = "All is well.\n- a dash\ntrailing blanks  \n"


def _make_key(station: StationApi, _: Path) -> None:
    order = GenerateOrder(KeyForm.OPENPGP, "Release <release@example.org>", protect=False)
    station.generate(order).result(60)


@pytest.fixture
def desk(qtbot: QtBot, theme: Theme) -> Iterator[Desk]:
    """The window in front of a station with one OpenPGP key."""
    with open_desk(qtbot, theme, _make_key) as desk:
        yield desk


def _to_keys(desk: Desk) -> None:
    page = desk.page
    desk.wait(lambda: page._stepper.current == INSPECT and page._stepper.next.isEnabled())
    desk.quiet()
    desk.press(page._stepper.next)
    desk.wait(lambda: page._stepper.current == KEYS and page._stepper.next.isEnabled())
    desk.quiet()


def _sign(desk: Desk) -> None:
    page = desk.page
    desk.press(page._stepper.next)
    desk.wait(lambda: page._stepper.current == REVIEW and page._stepper.next.isEnabled())
    desk.press(page._stepper.next)
    desk.wait(lambda: page._stepper.current == RESULT and page._result.carry.isVisible())


def _verified(desk: Desk, path: Path) -> Verification:
    found: list[VerifiedPath] = []
    desk.station.verify(VerifyOrder((path,)), found.append).result(60)
    (verification,) = (each.verification for each in found if each.verification is not None)
    return verification


def test_a_folder_is_signed_by_one_list_in_the_clear(desk: Desk) -> None:
    release = desk.base / "acme"
    (release / "sub").mkdir(parents=True)
    (release / "a.iso").write_bytes(b"\0one")
    (release / "sub" / "b.iso").write_bytes(b"\0two")
    (release / "latest.iso").symlink_to("a.iso")
    desk.window.open(PageName.SIGN, (release,))
    page = desk.page
    desk.wait(lambda: page._stepper.current == INSPECT and page._stepper.next.isEnabled())
    desk.quiet()
    listing = page._look.listing
    desk.press(page._look.offer)
    for box in (listing.algorithm, listing.form, listing.signature):
        desk.tab_to(box)
        QTest.keyClick(box, Qt.Key.Key_End)
    desk.press(listing.make)
    written = release / "SHA512SUMS"
    desk.wait(lambda: page._flow.chosen == (written,))
    assert page._banner.headline == f"The list is written: {written}"
    assert "latest.iso" in page._banner.accessibleDescription()
    _to_keys(desk)
    assert page._flow.choices["checksums"].signature is SignatureType.CLEARTEXT
    _sign(desk)
    lines = written.read_text().splitlines()
    assert [each.partition(" = ")[0] for each in lines] == ["SHA512 (a.iso)", "SHA512 (sub/b.iso)"]
    signed = release / "SHA512SUMS.asc"
    assert _verified(desk, signed).verdict is Verdict.TRUSTED
    (release / "sub" / "b.iso").write_bytes(b"\0other")
    assert _verified(desk, signed).verdict is Verdict.TAMPERED


def test_a_text_is_signed_in_the_clear_and_its_blanks_are_told_before(desk: Desk) -> None:
    notes = desk.base / "NOTES"
    notes.write_text(NOTES)
    desk.window.open(PageName.SIGN, (notes,))
    page = desk.page
    assert page._look.offer.isHidden()
    _to_keys(desk)
    row = page._keys.rows["blob"]
    offered = [row.box.itemText(number) for number in range(row.box.count())]
    (clear,) = (at for at, each in enumerate(offered) if each.endswith("OpenPGP in the clear"))
    desk.tab_to(row.box)
    for _ in range(clear):
        QTest.keyClick(row.box, Qt.Key.Key_Down)
    assert row.hash.currentText() == "SHA-512, as usual"
    desk.press(page._stepper.next)
    desk.wait(lambda: page._stepper.current == REVIEW and page._stepper.next.isEnabled())
    assert "text.blanks" in {finding.code for _, finding in page._flow.findings()}
    desk.press(page._stepper.next)
    desk.wait(lambda: page._stepper.current == RESULT and page._result.carry.isVisible())
    verified = _verified(desk, desk.base / "signed" / "NOTES.asc")
    assert verified.verdict is Verdict.TRUSTED
    assert [each.kind for each in verified.signatures] == [SignatureType.CLEARTEXT]
