"""The scenes of the window: every page in every state that looks different, and the way there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)

from signstation.gui.audit import AuditPage
from signstation.gui.keys import KeysPage
from signstation.gui.pages import PageName
from signstation.gui.queue import QueuePage
from signstation.gui.sign import SignPage
from signstation.gui.stepper import Stepper
from signstation.gui.trust import TrustPage
from signstation.gui.verify import VerifyPage
from signstation.gui.verify_list import VerifyList
from signstation.model.anchors import Anchor
from signstation.model.artifacts import Finding, Severity
from signstation.model.audit import CheckpointState
from signstation.model.jobs import JobState
from signstation.model.media import Medium
from signstation.model.profiles import Profile
from signstation.model.prompts import PromptKind
from signstation.model.releases import CoveredFile, ReleaseFinding, Survey
from signstation.model.station import Inspected, PromptOpened, VerifiedPath
from signstation.model.text import text
from signstation.model.tokens import PinState, TokenInfo
from signstation.model.versions import Earlier
from tests.support import windowaudit, windowdata
from tests.support.window import Script, make_job
from tests.support.windowdriver import RELEASE, Driver, make_prompt

EVIL = windowdata.HOSTILE_NAME


@dataclass(frozen=True, slots=True)
class Scene:
    """A name and the way to it."""

    name: str
    go: Callable[[Driver], object]


def _open(name: PageName) -> Callable[[Driver], None]:
    def go(driver: Driver) -> None:
        driver.window.open(name)

    return go


def _verify_results(driver: Driver) -> None:
    page = driver.page(PageName.VERIFY, VerifyPage)
    page.take(RELEASE)
    driver.settle()
    rows = page.findChildren(VerifyList)[0]
    if not rows.select_path(Path(windowdata.rpm_good().path)):
        rows.table.selectRow(1)
    page._commands.setChecked(True)
    driver.settle()


def _verify_compare(driver: Driver) -> None:
    _verify_results(driver)
    page = driver.page(PageName.VERIFY, VerifyPage)
    shown = page.findChildren(VerifyList)[0].table.currentIndex()
    subject = page.findChildren(VerifyList)[0].model.row(shown).path
    old = next(each.path for each in driver.station.script.inspections if each.path != subject)
    driver.station.release.earlier = (Earlier(subject, old, None, windowdata.NOW),)
    page._compare.setChecked(True)
    driver.settle()


def _sign_to(step: int) -> Callable[[Driver], None]:
    def go(driver: Driver) -> None:
        page = driver.page(PageName.SIGN, SignPage)
        page.take(RELEASE)
        driver.settle()
        stepper = page.findChildren(Stepper)[0]
        while stepper.current < step:
            assert stepper.next.isEnabled(), stepper.next.reason.text()
            stepper.next.click()
            driver.settle()

    return go


def _sign_list(driver: Driver) -> None:
    _sign_to(1)(driver)
    driver.page(PageName.SIGN, SignPage)._look.offer.click()
    driver.settle()


def release_survey() -> Survey:
    """Return a release of an archive that covers its packages and in which not all fits."""
    folder = windowdata.RELEASE
    index = folder / "dists/stable/Release"
    debs = tuple(folder / f"pool/hello_1.{number}_all.deb" for number in range(4))
    stray = folder / f"pool/{EVIL}"
    stale = text("Packages are not those that the indexes state: {names}", names="hello_2.0.deb")
    unlisted = text("No index names packages that are here: {names}", names=EVIL)
    remedy = ("reprepro", "--basedir", str(folder), "export")
    return Survey(
        findings=(
            ReleaseFinding(Finding("release.stale", Severity.BLOCKER, stale), index, remedy),
            ReleaseFinding(Finding("release.unlisted", Severity.WARNING, unlisted), stray, remedy),
        ),
        covered=tuple(CoveredFile(each, index) for each in debs),
        left=(*debs, stray),
    )


def _sign_release(driver: Driver) -> None:
    driver.station.release.survey = release_survey()
    _sign_to(1)(driver)


def _queue(driver: Driver) -> None:
    page = driver.page(PageName.QUEUE, QueuePage)
    driver.settle()
    if page.model.rowCount():
        page.table.selectRow(0)
        page.orders.ask_cancel()


def _queue_release(driver: Driver) -> None:
    page = driver.page(PageName.QUEUE, QueuePage)
    driver.settle()
    for newest in driver.station.script.jobs[:1]:
        twin = replace(newest, id=newest.id + 1, state=JobState.QUEUED, paused=True)
        driver.station.script.jobs = (twin, *driver.station.script.jobs)
        page.learn_jobs(driver.station.script.jobs)
        page.jobs.table.selectRow(0)
    stick = Medium(Path(f"/media/{EVIL}"), EVIL, EVIL, EVIL, EVIL, "vfat", True, (), 2, 1, None)
    driver.window.strip.show_media((stick,))
    driver.window.strip.show_tokens((TokenInfo("gpg", EVIL, "OpenPGP card", PinState.LAST, 1),))
    driver.settle()


def _delete_profile(driver: Driver) -> None:
    driver.station.release.profiles = (Profile(EVIL, f"/etc/{EVIL}"),)
    _sign_to(2)(driver)
    page = driver.page(PageName.SIGN, SignPage)
    page._keys.profiles.box.setCurrentIndex(1)
    page._keys.profiles.delete.click()
    driver.settle()


def _keys(driver: Driver) -> None:
    card = TokenInfo("gpg", EVIL, "OpenPGP card", PinState.LOW, 2, pin_each=True, touch=True)
    driver.station.script.tokens = (card,)
    page = driver.page(PageName.KEYS, KeysPage)
    page.refresh()
    driver.settle()
    page.list.table.selectRow(0)


def _make_key(driver: Driver) -> None:
    driver.page(PageName.KEYS, KeysPage).begin_making()


def _trust(driver: Driver) -> None:
    page = driver.page(PageName.TRUST, TrustPage)
    driver.settle()
    page.table.selectRow(0)


def _unpin(driver: Driver) -> None:
    _trust(driver)
    driver.page(PageName.TRUST, TrustPage).unpin.click()


def _pin(driver: Driver) -> None:
    driver.page(PageName.TRUST, TrustPage).take((Path(f"/srv/{EVIL}.asc"),))


def _pin_purpose(driver: Driver) -> None:
    _pin(driver)
    driver.settle()
    page = driver.page(PageName.TRUST, TrustPage)
    page.steps._compare.card.tick.setChecked(True)
    page.steps.stepper.next.click()


def _audit(driver: Driver) -> None:
    evil = (replace(each, caller=EVIL, key=EVIL, artifact=EVIL) for each in windowaudit.records())
    if driver.station.script.jobs and driver.station.script.jobs[0].title == EVIL:
        driver.station.audit.records = tuple(
            replace(each, details=((EVIL, EVIL),)) for each in evil
        )
        driver.station.audit.state = windowaudit.against(EVIL, CheckpointState.NOT_OURS)
    page = driver.page(PageName.AUDIT, AuditPage)
    driver.settle()
    page.table.selectRow(0)


def _prompts(driver: Driver) -> None:
    for number, kind in enumerate((PromptKind.NEW_PASSPHRASE, PromptKind.PIN, PromptKind.TOUCH)):
        prompt = make_prompt(f"p{number}", kind, wrong=True, tries=1)
        driver.station.emit(PromptOpened(prompt))
    driver.settle()


def _health(driver: Driver) -> None:
    driver.settle()
    driver.window.strip.station.click()


SCENES = (
    Scene("overview", _open(PageName.OVERVIEW)),
    Scene("sign choose", _open(PageName.SIGN)),
    Scene("sign inspect", _sign_to(1)),
    Scene("sign list", _sign_list),
    Scene("sign release", _sign_release),
    Scene("sign keys", _sign_to(2)),
    Scene("sign review", _sign_to(3)),
    Scene("sign result", _sign_to(4)),
    Scene("verify start", _open(PageName.VERIFY)),
    Scene("verify results", _verify_results),
    Scene("verify compare", _verify_compare),
    Scene("queue", _queue),
    Scene("queue release", _queue_release),
    Scene("delete a profile", _delete_profile),
    Scene("keys", _keys),
    Scene("make a key", _make_key),
    Scene("trust", _trust),
    Scene("unpin", _unpin),
    Scene("pin", _pin),
    Scene("pin purpose", _pin_purpose),
    Scene("audit", _audit),
    Scene("prompts", _prompts),
    Scene("health", _health),
)


def lay_out(driver: Driver) -> None:
    """Let everything that was asked for arrive and take its place."""
    driver.settle()
    driver.window.grab()
    driver.settle()
    driver.window.grab()


def described(widget: QWidget) -> str:
    """Name a widget for a person who reads a failed test."""
    return (
        f"{type(widget).__name__} {widget.accessibleName() or widget.objectName()!r}"
        f" in {type(widget.parent()).__name__}"
    )


def hostile_script() -> Script:
    """Return a station whose every untrusted value is ``EVIL``, or carries it."""
    row, steps = make_job(1, (JobState.DONE, JobState.FAILED), title=EVIL)
    return Script(
        verifications=(windowdata.hostile(), replace(windowdata.hostile(), path=f"/srv/b{EVIL}")),
        unverifiable=(VerifiedPath(Path(f"/srv/c{EVIL}"), error='{"code": "internal"}'),),
        inspections=_inspections(),
        keys=tuple(
            replace(each, label=EVIL, location=f"/home/{EVIL}") for each in windowdata.key_list()
        ),
        jobs=(replace(row, keys=(f"file:/{EVIL}",)),),
        steps={
            1: tuple(
                replace(
                    each,
                    path=f"/srv/{EVIL}",
                    title=EVIL,
                    outputs=(f"/srv/signed/{EVIL}",) if each.outputs else (),
                )
                for each in steps
            )
        },
        anchors=tuple(_anchor(each) for each in Script().anchors),
        anchor_file=tuple(_anchor(each) for each in Script().anchor_file),
        seen=tuple(replace(each, label=EVIL) for each in Script().seen),
        doctor=tuple(
            replace(each, detail=text("{value}", value=EVIL)) for each in windowdata.doctor()
        ),
    )


def _anchor(anchor: Anchor) -> Anchor:
    origin = replace(anchor.origin, source=f"file {EVIL}, pinned by {EVIL}")
    return replace(anchor, label=EVIL, names=(EVIL, EVIL), origin=origin)


def _inspections() -> tuple[Inspected, ...]:
    return tuple(
        Inspected(
            windowdata.RELEASE / f"{number}{EVIL}",
            replace(
                each,
                title=EVIL,
                findings=tuple(
                    replace(one, text=text("{value}", value=EVIL)) for one in each.findings
                ),
                sections=tuple(
                    replace(
                        section, facts=tuple(replace(fact, value=EVIL) for fact in section.facts)
                    )
                    for section in each.sections
                ),
                signatures=tuple(
                    replace(one, signer=EVIL, algorithm=EVIL) for one in each.signatures
                ),
            ),
        )
        for number, (_, each) in enumerate(windowdata.inspections())
    )


def every_text(window: QWidget) -> Iterator[str]:
    """Yield every text that a widget shows or tells: tables, tooltips and the title included."""
    yield window.windowTitle()
    for widget in window.findChildren(QWidget):
        yield from (widget.toolTip(), widget.accessibleName(), widget.accessibleDescription())
        if isinstance(widget, QLabel | QAbstractButton | QLineEdit):
            yield widget.text()
        elif isinstance(widget, QPlainTextEdit):
            yield widget.toPlainText()
        elif isinstance(widget, QComboBox):
            yield from (widget.itemText(number) for number in range(widget.count()))
        elif isinstance(widget, QAbstractItemView) and widget.model() is not None:
            yield from _cells(widget)


def _cells(view: QAbstractItemView) -> Iterator[str]:
    model = view.model()
    for row in range(model.rowCount()):
        for column in range(model.columnCount()):
            for role in (
                Qt.ItemDataRole.DisplayRole,
                Qt.ItemDataRole.ToolTipRole,
                Qt.ItemDataRole.AccessibleTextRole,
            ):
                yield str(model.index(row, column).data(role) or "")
