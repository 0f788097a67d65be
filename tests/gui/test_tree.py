"""What holds for every widget of every page in every theme, hostile names included."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)

from signstation.gui.literal import Literal
from signstation.gui.pages import PageName
from signstation.gui.parts import ActionButton, Chip
from signstation.gui.queue import QueuePage
from signstation.gui.sign import SignPage
from signstation.gui.stepper import Stepper
from signstation.gui.theme import Theme
from signstation.gui.tokens import ThemeName
from signstation.gui.trust import TrustPage
from signstation.gui.trust_compare import CompareCard
from signstation.gui.verify import VerifyPage
from signstation.gui.verify_list import VerifyList
from signstation.model.jobs import JobState
from signstation.model.prompts import PromptKind
from signstation.model.station import Inspected, PromptOpened, VerifiedPath
from signstation.model.text import text
from signstation.reports.words import show
from tests.support import windowdata, windowtrust
from tests.support.window import Script, make_job
from tests.support.windowdriver import RELEASE, Driver, busy_script, every_widget, make_prompt

EVIL = windowdata.HOSTILE_NAME
SHOWN = show(EVIL)
NAMED_ROLES = {
    QAccessible.Role.Button,
    QAccessible.Role.EditableText,
    QAccessible.Role.CheckBox,
    QAccessible.Role.RadioButton,
    QAccessible.Role.Table,
    QAccessible.Role.ComboBox,
    QAccessible.Role.ButtonMenu,
}


def _verify_results(driver: Driver) -> None:
    page = driver.page(PageName.VERIFY, VerifyPage)
    page.take(RELEASE)
    driver.settle()
    rows = page.findChildren(VerifyList)[0]
    rows.select_path(Path(windowdata.rpm_good().path))
    page._commands.setChecked(True)
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


def _queue(driver: Driver) -> None:
    page = driver.page(PageName.QUEUE, QueuePage)
    driver.settle()
    if page.model.rowCount():
        page.table.selectRow(0)
        page.orders.ask_cancel()


def _prompts(driver: Driver) -> None:
    for number, kind in enumerate((PromptKind.NEW_PASSPHRASE, PromptKind.PIN, PromptKind.TOUCH)):
        prompt = make_prompt(f"p{number}", kind, wrong=True, tries=1)
        driver.station.emit(PromptOpened(prompt))
    driver.settle()
    driver.window.strip.station.click()


def _unpin(driver: Driver) -> None:
    page = driver.page(PageName.TRUST, TrustPage)
    page.unpin.click()


def _pin_to(step: int) -> Callable[[Driver], None]:
    def go(driver: Driver) -> None:
        page = driver.page(PageName.TRUST, TrustPage)
        page.pin.click()
        if step:
            page.take((Path("/srv/trust/carbon.pem"),))
            driver.settle()
        if step > 1:
            page.findChildren(CompareCard)[0].tick.click()
            page.steps.stepper.next.click()

    return go


@dataclass(frozen=True, slots=True)
class Scene:
    """A name and the way to it."""

    name: str
    go: Callable[[Driver], object]


SCENES = (
    Scene("sign choose", lambda driver: driver.page(PageName.SIGN, SignPage)),
    Scene("sign inspect", _sign_to(1)),
    Scene("sign keys", _sign_to(2)),
    Scene("sign review", _sign_to(3)),
    Scene("sign result", _sign_to(4)),
    Scene("verify start", lambda driver: driver.page(PageName.VERIFY, VerifyPage)),
    Scene("verify results", _verify_results),
    Scene("queue", _queue),
    Scene("keys", lambda driver: driver.window.open(PageName.KEYS)),
    Scene("overview", lambda driver: driver.window.open(PageName.OVERVIEW)),
    Scene("trust", lambda driver: driver.window.open(PageName.TRUST)),
    Scene("trust unpin", _unpin),
    Scene("trust pin", _pin_to(0)),
    Scene("trust compare", _pin_to(1)),
    Scene("trust purpose", _pin_to(2)),
    Scene("prompts and health", _prompts),
)


@pytest.fixture
def script() -> Script:
    """A station with jobs."""
    return busy_script()


@pytest.fixture(params=SCENES, ids=lambda scene: scene.name.replace(" ", "-"))
def scene(request: pytest.FixtureRequest, driver: Driver) -> str:
    """The window, on one of its scenes."""
    request.param.go(driver)
    driver.settle()
    driver.window.grab()  # lays everything out
    driver.settle()
    return str(request.param.name)


def _described(widget: QWidget) -> str:
    return f"{type(widget).__name__} {widget.objectName()!r} in {type(widget.parent()).__name__}"


def _interfaces(root: QWidget) -> Iterator[tuple[QWidget, QAccessible.Role, str]]:
    for widget in every_widget(root):
        interface = QAccessible.queryAccessibleInterface(widget)
        if interface is not None:
            name = interface.text(QAccessible.Text.Name)
            yield widget, interface.role(), name


def test_everything_that_can_be_used_has_a_name(driver: Driver, scene: str) -> None:
    nameless = [
        _described(widget)
        for widget, role, name in _interfaces(driver.window)
        if role in NAMED_ROLES and not name.strip()
    ]
    assert not nameless, scene


def test_focusable_widgets_have_a_name(driver: Driver, scene: str) -> None:
    stops = Qt.FocusPolicy.TabFocus
    nameless = [
        _described(widget)
        for widget in every_widget(driver.window)
        if widget.focusPolicy() & stops and not widget.accessibleName().strip()
        if not isinstance(widget.parent(), QComboBox | QAbstractItemView)
        if not isinstance(widget, QAbstractButton) or not widget.text().strip()
    ]
    assert not nameless, scene


def test_every_disabled_button_says_why_beside_it(driver: Driver, scene: str) -> None:
    for button in driver.window.findChildren(QAbstractButton):
        if button.isVisible() and not button.isEnabled():
            assert isinstance(button, ActionButton), _described(button)
            assert button.reason.isVisible(), scene
            assert button.reason.text(), scene


def test_no_label_interprets_markup(driver: Driver, scene: str) -> None:
    rich = [
        _described(label)
        for label in driver.window.findChildren(QLabel)
        if label.textFormat() is not Qt.TextFormat.PlainText and label.text()
    ]
    assert not rich, scene


def _cut_off(label: QLabel) -> bool:
    if not label.text() or not label.isVisible():
        return False
    if label.wordWrap():
        return label.heightForWidth(label.width()) > label.height() + 1
    return label.sizeHint().width() > label.width() + 1


def test_no_text_is_cut_off(driver: Driver, scene: str) -> None:
    cut = [
        f"{_described(each)}: {each.text()}" for each in driver.visible(QLabel) if _cut_off(each)
    ]
    assert not cut, scene
    for literal in driver.visible(Literal):
        needed = literal.heightForWidth(literal.viewport().width())
        assert literal.height() >= needed - 1, (scene, literal.toPlainText())


def test_no_button_is_cut_off(driver: Driver, scene: str) -> None:
    for button in driver.visible(ActionButton):
        assert button.width() >= button.sizeHint().width() - 1, (scene, button.text())


def test_every_theme_paints_it(driver: Driver, theme: Theme, scene: str) -> None:
    pictures = set()
    for name in ThemeName:
        theme.choose(name)
        image = driver.window.grab().toImage()
        pictures.add(image.pixelColor(5, image.height() - 5).name())
        assert image.pixelColor(5, image.height() - 5).name() == theme.tokens.sunken.lower()
    assert len(pictures) == len(ThemeName), scene


def test_the_tab_key_reaches_only_what_can_be_used(driver: Driver, scene: str) -> None:
    seen: dict[int, QWidget] = {}
    widget = driver.window.focusWidget() or driver.window.navigation
    for _ in range(5000):
        widget = widget.nextInFocusChain()
        if id(widget) in seen:
            break
        seen[id(widget)] = widget
    stops = [
        each
        for each in seen.values()
        if each.isVisible() and each.isEnabled() and each.focusPolicy() & Qt.FocusPolicy.TabFocus
    ]
    assert stops, scene
    assert not [each for each in stops if isinstance(each, QLabel)]


# ---- hostile names ------------------------------------------------------------------------------


def _evil_script() -> Script:
    evil = EVIL
    inspected = tuple(
        Inspected(
            windowdata.RELEASE / f"{number}{evil}",
            replace(
                each,
                title=evil,
                findings=tuple(
                    replace(one, text=text("{value}", value=evil)) for one in each.findings
                ),
                sections=tuple(
                    replace(
                        section,
                        facts=tuple(replace(fact, value=evil) for fact in section.facts),
                    )
                    for section in each.sections
                ),
                signatures=tuple(
                    replace(one, signer=evil, algorithm=evil) for one in each.signatures
                ),
            ),
        )
        for number, (_, each) in enumerate(windowdata.inspections())
    )
    row, steps = make_job(1, (JobState.DONE, JobState.FAILED), title=evil)
    hostile_steps = tuple(
        replace(
            each,
            path=f"/srv/{evil}",
            title=evil,
            outputs=(f"/srv/signed/{evil}",) if each.outputs else (),
        )
        for each in steps
    )
    return Script(
        verifications=(windowdata.hostile(), replace(windowdata.hostile(), path=f"/srv/b{evil}")),
        unverifiable=(VerifiedPath(Path(f"/srv/c{evil}"), error='{"code": "internal"}'),),
        inspections=inspected,
        keys=tuple(
            replace(each, label=evil, location=f"/home/{evil}") for each in windowdata.key_list()
        ),
        jobs=(replace(row, keys=(f"file:/{evil}",)),),
        steps={1: hostile_steps},
        anchors=windowtrust.hostile(),
        anchor_file=windowtrust.hostile(),
        seen=tuple(
            replace(each, label=evil, reason=text("{value}", value=evil))
            for each in windowtrust.seen()
        ),
    )


def _texts(window: QWidget) -> Iterator[str]:
    """Every text that a widget of the window shows or tells, tables and tooltips included."""
    for widget in window.findChildren(QWidget):
        yield from (widget.toolTip(), widget.accessibleName(), widget.accessibleDescription())
        if isinstance(widget, QLabel | QAbstractButton | QLineEdit):
            yield widget.text()
        elif isinstance(widget, QPlainTextEdit):
            yield widget.toPlainText()
        elif isinstance(widget, QComboBox):
            yield from (widget.itemText(number) for number in range(widget.count()))
        elif isinstance(widget, QAbstractItemView) and widget.model() is not None:
            model = widget.model()
            for row in range(model.rowCount()):
                for column in range(model.columnCount()):
                    for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
                        yield str(model.index(row, column).data(role) or "")


HIDDEN = ("\u202e", "\u200b\u202e", "\x1b", "\x9b", "\u2066")


@pytest.mark.parametrize("walked", SCENES, ids=lambda scene: scene.name.replace(" ", "-"))
@pytest.mark.parametrize("script", [_evil_script()])
def test_hostile_names_are_shown_literally(driver: Driver, walked: Scene) -> None:
    walked.go(driver)
    if walked.name.startswith("verify results"):
        page = driver.window.page(PageName.VERIFY)
        page.findChildren(VerifyList)[0].table.selectRow(1)
    driver.settle()
    driver.window.grab()
    found = list(_texts(driver.window))
    assert not [each for each in found if any(hidden in each for hidden in HIDDEN)]
    if walked.name in {"sign inspect", "verify results", "queue", "keys"}:
        assert any(SHOWN in each for each in found), walked.name


def test_a_chip_shows_its_words_literally(driver: Driver, theme: Theme) -> None:
    chip = Chip(theme, "key", SHOWN, driver.window)
    label = chip.findChildren(QLabel)[-1]
    assert label.textFormat() is Qt.TextFormat.PlainText
    assert label.text() == SHOWN
