"""Journeys through the window in front of a real station: real keys, real artifacts, real tools."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from signstation.app.api import StationApi
from signstation.app.connect import connect
from signstation.app.demo_release import write_release
from signstation.gui.frame import Window
from signstation.gui.keys import KeysPage
from signstation.gui.pages import PageName
from signstation.gui.parts import Banner
from signstation.gui.queue import QueuePage
from signstation.gui.registered import PAGES
from signstation.gui.secretfield import SecretField
from signstation.gui.sheets import PromptSheet
from signstation.gui.sign import SignPage
from signstation.gui.stepper import Stepper
from signstation.gui.theme import Theme
from signstation.gui.verify import VerifyPage
from signstation.gui.verify_list import VerifyList
from signstation.gui.verify_result import ResultView
from signstation.model.checks import Verdict
from signstation.model.jobs import JobState
from signstation.model.keys import Protection
from signstation.model.orders import GenerateOrder, KeyForm, X509Use
from tests.support.gnupg import GnupgHome

PASSPHRASE = "correct horse battery"
MILLISECONDS = 60_000


@dataclass(frozen=True)
class Desk:
    """A person's desk: window, station, a release to sign and a place for results."""

    bot: QtBot
    window: Window
    station: StationApi
    release: Path
    signed: Path

    def sheet(self, *, wrong: bool = False) -> PromptSheet:
        """Wait for one open question; ``wrong`` for one that was asked again."""

        def there() -> bool:
            sheets = self.window.sheets.sheets()
            return len(sheets) == 1 and sheets[0].prompt.previous_wrong is wrong

        self.bot.waitUntil(there, timeout=MILLISECONDS)
        return self.window.sheets.sheets()[0]

    def type_into(self, sheet: PromptSheet, typed: str) -> None:
        """Fill every field and press Return."""
        fields = sheet.findChildren(SecretField)
        for field in fields:
            QTest.keyClicks(field, typed)
        QTest.keyClick(fields[-1], Qt.Key.Key_Return)

    def wait(self, condition: Callable[[], bool]) -> None:
        """Wait for something that takes real work."""
        self.bot.waitUntil(condition, timeout=MILLISECONDS)


@pytest.fixture
def desk(qtbot: QtBot, theme: Theme) -> Iterator[Desk]:
    """A real station in private directories, and the window in front of it."""
    base = Path(tempfile.mkdtemp(prefix="sj-", dir="/tmp"))
    release = base / "acme"
    release.mkdir()
    write_release(release, int(time.time()))
    with GnupgHome() as gnupg:
        station = connect(base / "state", "window", gnupg_home=gnupg.path)
        window = Window(theme, station, PAGES)
        window.resize(1280, 720)
        window.show()
        yield Desk(qtbot, window, station, release, base / "signed")
        window.end()
        window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        station.close()
    shutil.rmtree(base, ignore_errors=True)


def _make_keys(desk: Desk) -> None:
    """Generate both keys; the passphrases are asked for in the window."""
    openpgp = GenerateOrder(KeyForm.OPENPGP, "Acme <release@acme.example>", "ed25519")
    modules = GenerateOrder(
        KeyForm.X509, "Acme modules", "rsa2048", usage=X509Use.MODULES, protect=False
    )
    made = desk.station.generate(openpgp)
    desk.type_into(desk.sheet(), PASSPHRASE)
    desk.wait(made.done)
    made.result()
    desk.station.generate(modules).result(60)


def _next(desk: Desk, stepper: Stepper) -> None:
    """Press Next as soon as the step is ready."""
    desk.wait(lambda: stepper.next.isEnabled() and desk.window.bridge.waiting == 0)
    stepper.next.click()


def _verdicts(page: VerifyPage) -> dict[str, Verdict | None]:
    rows = page.findChildren(VerifyList)[0].model.rows()
    return {
        each.path.name: each.verification.verdict if each.verification else None for each in rows
    }


def _verify(desk: Desk, paths: tuple[Path, ...], count: int) -> VerifyPage:
    desk.window.open(PageName.VERIFY, paths)
    page = desk.window.page(PageName.VERIFY)
    assert isinstance(page, VerifyPage)
    desk.wait(lambda: desk.window.bridge.waiting == 0 and len(_verdicts(page)) == count)
    return page


def test_from_keys_to_a_verified_release_and_back(desk: Desk) -> None:
    """Make keys, sign a folder with a mistyped passphrase, verify it, tamper, see it."""
    _make_keys(desk)
    desk.window.open(PageName.KEYS)
    keys = desk.window.page(PageName.KEYS)
    assert isinstance(keys, KeysPage)
    keys.refresh()
    desk.wait(lambda: keys.model.rowCount() >= 3)
    assert Protection.UNPROTECTED in {each.protection for each in keys.model.rows()}

    desk.window.open(PageName.SIGN, (desk.release,))
    sign = desk.window.page(PageName.SIGN)
    assert isinstance(sign, SignPage)
    stepper = sign.findChildren(Stepper)[0]
    _next(desk, stepper)
    sign._keys.output.setText(str(desk.signed))
    sign._keys.output.textEdited.emit(str(desk.signed))
    _next(desk, stepper)
    _next(desk, stepper)
    desk.type_into(desk.sheet(), "wrong")
    desk.type_into(desk.sheet(wrong=True), PASSPHRASE)

    def finished() -> bool:
        rows = desk.station.jobs().result(10)
        return bool(rows) and all(each.state.final for each in rows)

    desk.wait(finished)
    assert {each.state for each in desk.station.jobs().result(10)} == {JobState.DONE}
    desk.wait(lambda: not desk.window.sheets.sheets())

    desk.window.open(PageName.QUEUE)
    queue = desk.window.page(PageName.QUEUE)
    assert isinstance(queue, QueuePage)
    desk.wait(lambda: {each.state for each in queue.model.rows()} == {JobState.DONE})

    signed = tuple(sorted(desk.signed.rglob("*.ko")))
    page = _verify(desk, signed, len(signed))
    assert set(_verdicts(page).values()) == {Verdict.TRUSTED}

    victim = signed[0]
    with victim.open("r+b") as opened:
        opened.seek(200)
        byte = opened.read(1)
        opened.seek(200)
        opened.write(bytes([byte[0] ^ 1]))
    QTest.keyClick(desk.window, Qt.Key.Key_F5)
    desk.wait(lambda: _verdicts(page).get(victim.name) is Verdict.TAMPERED)
    desk.wait(lambda: bool(page.findChildren(ResultView)[0].findChildren(Banner)))
    banner = page.findChildren(ResultView)[0].findChildren(Banner)[0]
    assert banner.headline.startswith("Changed: ")


def test_a_dismissed_passphrase_signs_nothing(desk: Desk) -> None:
    """Esc in the sheet: the job ends, nothing is published, the original is as it was."""
    _make_keys(desk)
    tarball = next(desk.release.glob("*.tar.gz"))
    before = tarball.read_bytes()
    desk.window.open(PageName.SIGN, (tarball,))
    sign = desk.window.page(PageName.SIGN)
    stepper = sign.findChildren(Stepper)[0]
    for _ in range(3):
        _next(desk, stepper)
    sheet = desk.sheet()
    QTest.keyClick(sheet.findChildren(SecretField)[0], Qt.Key.Key_Escape)

    def ended() -> bool:
        rows = desk.station.jobs().result(10)
        return bool(rows) and all(each.state.final for each in rows)

    desk.wait(ended)
    (job,) = desk.station.jobs().result(10)
    assert job.state in {JobState.CANCELLED, JobState.FAILED}
    assert tarball.read_bytes() == before
    assert not list(desk.release.parent.rglob("*.asc"))
    desk.wait(lambda: not desk.window.sheets.sheets())
