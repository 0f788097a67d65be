"""The Keys page: the list on one time axis, details, family, use, and the ways to new keys."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest

from signstation.errors import AgentMissing
from signstation.gui.hierarchy import MAX_NODES, KeyNode
from signstation.gui.keys import KeysPage
from signstation.gui.keys_axis import DAY, YEAR, Axis, life_tone
from signstation.gui.keys_family import Placed, Use, family_of, family_order, use_of, uses
from signstation.gui.keys_looks import expiry_words, kind_words
from signstation.gui.literal import Literal
from signstation.gui.pages import PageName
from signstation.gui.parts import ActionButton, Label
from signstation.gui.theme import Theme
from signstation.gui.tokens import THEMES, ThemeName, Tone
from signstation.model.jobs import JobState
from signstation.model.keys import KeyInfo, KeyRef, KeyState, SignatureType
from tests.support import windowdata
from tests.support.window import Script, make_job
from tests.support.windowdriver import Driver, busy_script

NOW = windowdata.NOW


def _key(label: str, *, primary: bool = True) -> KeyInfo:
    """Return a key of the recorded listing by its name."""
    return next(
        each
        for each in windowdata.key_list()
        if label in each.label and (each.parent is None) is primary
    )


PRIMARY = _key("Signing 2026")
SUBKEY = _key("Signing 2026", primary=False)
MODULE = _key("module key")
OLD = _key("Signing 2024")
AUDIT = _key("audit")
KEYS = (PRIMARY, SUBKEY, MODULE, OLD, AUDIT)


def _keys(driver: Driver) -> KeysPage:
    page = driver.page(PageName.KEYS, KeysPage)
    driver.until(lambda: page.model.rowCount() > 0)
    return page


def _cells(page: KeysPage, row: int) -> list[str]:
    model = page.model
    return [str(model.index(row, column).data()) for column in range(model.columnCount())]


def _detail(page: KeysPage) -> list[str]:
    labels = [each.text() for each in page.list.detail.findChildren(Label)]
    return labels + [each.toPlainText() for each in page.list.detail.findChildren(Literal)]


def test_every_key_is_listed_with_protection_and_state(driver: Driver) -> None:
    page = _keys(driver)
    assert page.model.rowCount() == 5
    assert _cells(page, 1)[0].endswith("└ Signing subkey")
    bare = next(row for row in range(5) if "module key" in _cells(page, row)[0])
    assert _cells(page, bare)[2] == "NO PASSPHRASE"
    assert "5 keys · 3 active · 1 without a passphrase" in [
        each.text() for each in page.findChildren(Label)
    ]


def test_the_detail_names_the_key_for_the_command_line(driver: Driver) -> None:
    page = _keys(driver)
    page.list.table.selectRow(1)
    driver.settle()
    words = _detail(page)
    assert f"--key gpg:{windowdata.SUBKEY}" in words
    assert "6F02 D94C 81AA 3E17 55C0\nB2E9 04D7 9C3A 610F 2B48" in words


def test_the_fingerprint_is_copied_by_keyboard(driver: Driver) -> None:
    page = _keys(driver)
    page.list.table.selectRow(1)
    page.list.table.setFocus()
    modifiers = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(page.list.table, Qt.Key.Key_C, modifiers)
    assert QGuiApplication.clipboard().text() == windowdata.SUBKEY
    copy = page.list.detail.copy
    assert copy is not None
    assert copy.text().strip() == "Copied"


def test_protection_and_state_are_explained_in_words(driver: Driver) -> None:
    page = _keys(driver)
    row = next(n for n in range(5) if "module key" in _cells(page, n)[0])
    page.list.table.selectRow(row)
    assert "A file without a passphrase: whoever copies the file can sign." in _detail(page)
    row = next(n for n in range(5) if _cells(page, n)[3] == "expired")
    page.list.table.selectRow(row)
    assert any(each.startswith("It has run out.") for each in _detail(page))


def test_the_filter_knows_fingerprints_in_groups(driver: Driver) -> None:
    page = _keys(driver)
    QTest.keyClick(driver.window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert page.list.filter.hasFocus()
    QTest.keyClicks(page.list.filter, "6f02 d94c")
    assert page.model.rowCount() == 1
    page.list.filter.setText("expired")
    assert page.model.rowCount() == 1
    QTest.keyClick(driver.window, Qt.Key.Key_Escape)
    assert page.model.rowCount() == 5


def test_looking_again_keeps_the_picked_key(driver: Driver) -> None:
    page = _keys(driver)
    page.list.table.selectRow(3)
    picked = page.list.current()
    QTest.keyClick(driver.window, Qt.Key.Key_F5)
    driver.settle()
    assert page.list.current() == picked


@pytest.mark.parametrize("script", [Script(keys=())])
def test_without_keys_it_leads_to_making_one(driver: Driver) -> None:
    page = driver.page(PageName.KEYS, KeysPage)
    assert page.empty.isVisible()
    assert not page.make.isVisible()
    page.empty.make_button.setFocus()
    QTest.keyClick(page.empty.make_button, Qt.Key.Key_Space)
    assert page.procedure is not None
    assert page.procedure.course.procedure.id == "key-generation"


def test_a_store_that_fails_is_told(driver: Driver) -> None:
    driver.station.script.failure = AgentMissing(key="gpg:", reason="No agent")
    page = driver.page(PageName.KEYS, KeysPage)
    driver.until(page.notice.isVisible)
    assert "cannot be reached" in page.notice.banner.headline


# ---- family -------------------------------------------------------------------------------------


def test_the_family_is_drawn_as_nodes_that_the_keyboard_walks(driver: Driver) -> None:
    page = _keys(driver)
    page.list.table.selectRow(0)
    nodes = page.list.tree.findChildren(KeyNode)
    names = [each.accessibleName() for each in nodes]
    assert names[0].startswith("Primary key, certifies only: Acme Release")
    assert names[1].startswith("Signing subkey: Acme Release")
    nodes[0].setFocus()
    QTest.keyClick(nodes[0], Qt.Key.Key_Down)
    assert nodes[1].hasFocus()
    QTest.keyClick(nodes[1], Qt.Key.Key_Return)
    assert page.list.current() == KEYS[1]
    assert nodes[1].hasFocus()  # the family is the same: its nodes stay
    QTest.mouseClick(nodes[0], Qt.MouseButton.LeftButton)
    assert page.list.current() == KEYS[0]


def _issued(count: int) -> tuple[KeyInfo, ...]:
    root = replace(KEYS[2], key=KeyRef("file", "/ca.pem"), label="Acme CA")
    leaves = tuple(
        replace(KEYS[2], key=KeyRef("file", f"/{n}.pem"), parent=root.key) for n in range(count)
    )
    return root, *leaves


@pytest.mark.parametrize("script", [Script(keys=_issued(MAX_NODES + 20))])
def test_an_authority_with_many_certificates_stays_bounded(driver: Driver) -> None:
    page = _keys(driver)
    assert len(page.list.tree.findChildren(KeyNode)) == MAX_NODES
    words = [each.text() for each in page.list.tree.findChildren(Label)]
    assert "… and 21 more" in words
    assert "Certificate, issued by another" in words


def test_keys_follow_their_parents_and_circles_lose_nothing() -> None:
    shuffled = (KEYS[1], KEYS[2], KEYS[0])
    expected = (Placed(KEYS[2], 0), Placed(KEYS[0], 0), Placed(KEYS[1], 1))
    assert family_order(shuffled) == expected
    one = replace(KEYS[2], parent=KEYS[4].key)
    two = replace(KEYS[4], parent=KEYS[2].key)
    assert {each.key for each in family_order((one, two))} == {one, two}
    orphan = replace(KEYS[1], parent=KeyRef("gpg", "00"))
    assert family_order((orphan,)) == (Placed(orphan, 0),)


def test_a_chain_of_issuers_is_as_long_as_somebody_likes() -> None:
    chain = [
        replace(KEYS[2], key=KeyRef("file", str(n)), parent=KeyRef("file", str(n - 1)))
        for n in range(3000)
    ]
    ordered = family_order(chain)
    assert [each.depth for each in ordered] == list(range(3000))
    assert family_of(ordered, chain[-1]) == ordered


def test_the_family_of_a_key_is_its_own() -> None:
    ordered = family_order(KEYS)
    assert [each.key for each in family_of(ordered, KEYS[1])] == [KEYS[0], KEYS[1]]
    assert [each.key for each in family_of(ordered, KEYS[3])] == [KEYS[3]]


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (replace(KEYS[0], signature_types=()), "Primary key, certifies only"),
        (KEYS[3], "Primary key"),
        (KEYS[1], "Signing subkey"),
        (replace(KEYS[1], signature_types=(), usages=("encrypt",)), "Encryption subkey"),
        (replace(KEYS[1], usages=()), "Subkey"),
        (KEYS[2], "Certificate"),
        (replace(KEYS[2], parent=KEYS[4].key), "Certificate, issued by another"),
        (replace(KEYS[2], signature_types=(SignatureType.SSHSIG,)), "Key"),
    ],
)
def test_what_a_key_is_in_words(key: KeyInfo, words: str) -> None:
    assert kind_words(key) == words


# ---- use ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("script", [busy_script()])
def test_where_a_key_was_used_is_told_with_its_family(driver: Driver) -> None:
    page = _keys(driver)
    page.list.table.selectRow(0)
    used = next(each for each in _detail(page) if " in 3 jobs" in each)
    assert used.startswith("152 artifacts in 3 jobs\nlast on 2026-11-24")
    page.list.pick(OLD.key)
    assert "Nothing was signed with it on this station yet." in _detail(page)


def test_jobs_with_several_keys_say_at_most() -> None:
    row, _ = make_job(1, (JobState.DONE,) * 3)
    two = replace(row, keys=("gpg:A", "file:/b"))
    found = uses((row, two, replace(row, done=0)))
    assert found["file:/b"] == Use(3, 1, NOW, exact=False)
    assert found[row.keys[0]] == Use(3, 1, NOW, exact=True)
    assert use_of((Placed(KEYS[2], 0),), found) is None


# ---- the axis -----------------------------------------------------------------------------------


def test_the_axis_holds_all_keys_as_far_as_that_is_readable() -> None:
    axis = Axis.of(KEYS, NOW)
    assert axis.start < NOW - 318 * DAY
    assert axis.end > NOW + 412 * DAY
    assert axis.at(0) == 0.0
    assert axis.at(2**40) == 1.0
    assert 0 < axis.at(NOW) < 1
    ages = Axis.of((replace(KEYS[0], created=0, expires=2**33),), NOW)
    assert ages.end - ages.start < 10 * YEAR
    empty = Axis.of((), NOW)
    assert empty.start < NOW < empty.end


def test_the_years_stand_where_they_begin() -> None:
    names = [name for _, name in Axis.of(KEYS, NOW).years()]
    assert names == sorted(names)
    assert "2027" in names


@pytest.mark.parametrize(
    ("key", "tone"),
    [
        (KEYS[0], Tone.OK),
        (KEYS[1], Tone.WARNING),
        (KEYS[3], Tone.ERROR),
        (KEYS[4], Tone.OK),
        (replace(KEYS[0], state=KeyState.REVOKED), Tone.ERROR),
        (replace(KEYS[0], expires=NOW + 90 * DAY), Tone.OK),
        (replace(KEYS[0], expires=NOW + 90 * DAY - 1), Tone.WARNING),
    ],
)
def test_the_last_ninety_days_are_marked(key: KeyInfo, tone: Tone) -> None:
    assert life_tone(key, NOW) is tone


def _pixels(image: QImage) -> set[str]:
    return {
        image.pixelColor(x, y).name().upper()
        for x in range(image.width())
        for y in range(0, image.height(), 3)
    }


@pytest.mark.parametrize("name", list(ThemeName))
def test_zone_and_ends_are_painted_in_every_theme(
    driver: Driver, theme: Theme, name: ThemeName
) -> None:
    page = _keys(driver)
    theme.choose(name)
    table = page.list.table
    table.clearSelection()
    column = page.model.columnCount() - 1
    left, width = table.columnViewportPosition(column), table.columnWidth(column)
    picture = table.viewport().grab().toImage()
    seen = _pixels(picture.copy(left, 0, width, 5 * table.rowHeight(0)))
    tokens = THEMES[name]
    assert tokens.warning_tint.upper() in seen
    assert {tokens.error.upper(), tokens.ok.upper(), tokens.warning.upper()} <= seen
    assert not table.horizontalHeader().grab().isNull()


@pytest.mark.parametrize(
    ("expires", "words"),
    [
        (None, "without an end"),
        (25 * DAY, "for 25 days"),
        (DAY, "for 1 day"),
        (10, "for 0 days"),
        (0, "ended 0 days ago"),
        (-DAY, "ended 1 day ago"),
        (-40 * DAY, "ended 40 days ago"),
    ],
)
def test_how_long_a_key_lasts_in_words(expires: int | None, words: str) -> None:
    assert expiry_words(None if expires is None else NOW + expires, NOW) == words


# ---- the ways to new keys -----------------------------------------------------------------------


def test_the_public_half_of_the_picked_key_is_saved_step_by_step(
    driver: Driver, tmp_path: Path
) -> None:
    page = _keys(driver)
    page.list.table.selectRow(0)
    save = next(
        each
        for each in page.list.detail.findChildren(ActionButton)
        if each.text().strip() == "Save the public half…"
    )
    save.click()
    view = page.procedure
    assert view is not None
    QTest.keyClicks(driver.window.focusWidget(), str(tmp_path))
    view.stepper.next.click()
    view.stepper.next.click()
    driver.settle()
    assert ("export_key", (KEYS[0].key, tmp_path, False)) in driver.station.orders
    assert str(tmp_path / "release.asc") in [
        each.toPlainText() for each in view.findChildren(Literal)
    ]


def test_a_file_that_is_handed_over_begins_an_import(driver: Driver) -> None:
    page = _keys(driver)
    driver.window.open(PageName.KEYS, (Path("/media/stick/key.asc"),))
    view = page.procedure
    assert view is not None
    view.stepper.next.click()
    view.stepper.next.click()
    driver.settle()
    assert ("import_key", ("gpg", Path("/media/stick/key.asc"))) in driver.station.orders


def test_look_again_and_import_are_reached_by_their_buttons(driver: Driver) -> None:
    page = _keys(driver)
    page.take_in.click()
    assert page.procedure is not None
    assert page.procedure.course.procedure.id == "key-import"
    QTest.keyClick(driver.window, Qt.Key.Key_Escape)
    assert page.procedure is None
    assert page.list.isVisible()


def test_what_could_not_be_listed_is_not_said_to_be_looked_at(driver: Driver) -> None:
    page = driver.page(PageName.KEYS, KeysPage)
    page._keys = ()
    driver.station.script.failure = AgentMissing(key="gpg:", reason="No agent")
    page.refresh()
    driver.settle()
    shown = [each.text() for each in page.findChildren(Label) if each.isVisible()]
    assert "It is not known which keys there are." in shown
    assert page.notice.isVisible()
