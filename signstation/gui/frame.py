"""The window: navigation, strip, open questions and the pages; it owns theme and bridge."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING

import shiboken6
from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from signstation.errors import Cancelled, SignstationError
from signstation.gui.bridge import Bridge
from signstation.gui.errors import error_lines
from signstation.gui.health import HealthPanel
from signstation.gui.help_panel import HelpPanel
from signstation.gui.help_topics import Help
from signstation.gui.joblist import JobList
from signstation.gui.language import spoken
from signstation.gui.navigation import Navigation
from signstation.gui.notice import Choice, Notice
from signstation.gui.pages import Page, PageArea, PageEntry, PageName
from signstation.gui.palette import Palette
from signstation.gui.palette_commands import (
    action_commands,
    help_commands,
    job_commands,
    key_commands,
    look_commands,
    page_commands,
)
from signstation.gui.sheets import PromptSheets
from signstation.gui.shelf import Shelf
from signstation.gui.strip import StatusStrip
from signstation.gui.theme import Theme
from signstation.gui.tokens import COLLAPSE_BELOW, ThemeName, Tone
from signstation.gui.watches import watch
from signstation.gui.words import tr
from signstation.model.jobs import JobEvent, JobRow
from signstation.model.keys import KeyInfo
from signstation.model.secret import Secret
from signstation.model.station import DoctorRow, PromptClosed, PromptOpened, StationEvent

if TYPE_CHECKING:  # the engine takes 150 ms to import: the window is painted before
    from signstation.app.api import StationApi

SMALLEST = (1120, 620)
"""Smallest size of the window in px; it is laid out for 1280 by 720."""


class Window(QWidget):
    """The one window of a process. Everything here happens on the GUI thread."""

    theme_chosen = Signal(object)
    """The person chose a ThemeName, or None for the system's."""

    painted = Signal()
    """The window is about to be seen for the first time."""

    station_came = Signal()
    """There is a station to ask, and the first page is built."""

    all_built = Signal()
    """Every page is built: what there is now stays until the end."""

    broken = Signal(SignstationError)
    """The station that was waited for cannot be had."""

    def __init__(
        self,
        theme: Theme,
        station: StationApi | Future[StationApi],
        entries: Sequence[PageEntry],
    ) -> None:
        """The caller shows it and closes the station, which may come later.

        A page is built when it is first wanted, the others one by one after the first picture.
        """
        super().__init__()
        self.setObjectName("root")
        self.setWindowTitle("signstation")
        self.setMinimumSize(*SMALLEST)
        self._theme = theme
        self.bridge = Bridge(self)
        self.navigation = Navigation(theme, self)
        self.navigation.set_foot(getpass.getuser())
        self.navigation.chosen.connect(self.go)
        self.strip = StatusStrip(theme, self)
        self.strip.theme_chosen.connect(self._choose_theme)
        self.health = HealthPanel(theme, self)
        self.strip.health.connect(self.health.open_at)
        self._topics = Help(spoken().value)
        self.help = HelpPanel(theme, self._topics, self)
        self.help.closed.connect(self._give_focus_back)
        self.strip.help.connect(self._toggle_help)
        self.strip.medium.connect(lambda: self.open(PageName.SIGN))
        self.strip.token.connect(lambda: self.open(PageName.KEYS))
        self.commands = Palette(theme, self)
        self.commands.closed.connect(self._give_focus_back)
        self._focused: QWidget | None = None
        self.notice = Notice(theme, self)
        self.sheets = PromptSheets(theme, self)
        self.sheets.answered.connect(self._answer)
        self.sheets.dismissed.connect(self._dismiss)
        self._shelf = Shelf(theme, entries, self.navigation, self)
        self._shelf.open_page.connect(self.open)
        self._shelf.all_built.connect(self.all_built)
        self._shelf.seek_page.connect(self._find)
        self._lay_out()
        above = (self.health, self.help, self.commands)
        for part in (self.navigation, self.strip, self.notice, self.sheets, *above):
            theme.dress(part)
        self._shortcuts()
        self._closing = False
        self._job_list = JobList(self.bridge, self)
        self._job_list.changed.connect(self._show_jobs)
        self._job_list.failed.connect(self.tell)
        self._jobs: tuple[JobRow, ...] = ()
        self._station: StationApi | None = None
        self._unsubscribe: Callable[[], None] = _nothing_heard
        self.bridge.events.connect(self._take_events)
        self.navigation.installEventFilter(self)
        self.go(0)
        self.navigation.take_focus()
        if isinstance(station, Future):
            self.bridge.deliver(station, self._attach, self.broken.emit)
        else:
            self._attach(station)

    def page(self, name: PageName) -> Page:
        """Return a page by name. Raises KeyError where it is not part of this window."""
        return self._shelf.page(self._shelf.index_of(name))

    def names(self) -> tuple[PageName, ...]:
        """Return the names of the pages in order."""
        return tuple(each.name for each in self._shelf.entries)

    @property
    def current(self) -> int:
        """Index of the page that is shown."""
        return self._shelf.current

    @property
    def whole(self) -> bool:
        """Whether every page has been built."""
        return self._shelf.whole

    def go(self, index: int) -> None:
        """Show a page by its index, or when the station is there; an index outside is ignored."""
        if 0 <= index < len(self._shelf.entries):
            self.health.hide()
            self.navigation.select(index)
            self._shelf.show_page(index)

    def open(self, name: PageName, paths: tuple[Path, ...] = ()) -> None:
        """Show a page by name and hand it paths."""
        self.go(self._shelf.index_of(name))
        if paths:
            self._shelf.take(name, paths)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show icons alone when there is little room."""
        self.navigation.collapse(collapsed=event.size().width() < COLLAPSE_BELOW)
        if self.help.isVisible():
            self.help.place()
        super().resizeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Work less while nobody can see the window."""
        if event.type() is QEvent.Type.WindowStateChange:
            self.bridge.set_idle(idle=self.isMinimized())
        super().changeEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask once when jobs are at work: closing interrupts them in order."""
        running = sum(not each.state.final for each in self._jobs)
        if running and not self._closing:
            event.ignore()
            self.notice.ask(
                tr("Jobs at work: {count}. Close the window?", count=running),
                tr("They stop between two steps and go on when signstation is opened again."),
                Choice(tr("Close and go on later"), tr("Keep it open"), self._close_now),
            )
            return
        self.end()
        event.accept()

    def end(self) -> None:
        """Stop listening to the station; afterwards nothing is shown any more."""
        self._unsubscribe()
        self.bridge.stop()
        for each in self.findChildren(QTimer):
            each.stop()  # no page asks a station that is about to close

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Notice the first picture: what it does not need begins behind it."""
        if watched is self.navigation and event.type() is QEvent.Type.Paint:
            self.navigation.removeEventFilter(self)
            self.painted.emit()
            self._shelf.build_others()
        return super().eventFilter(watched, event)

    def _attach(self, station: StationApi) -> None:
        self._station = station
        self._job_list.attach(station)
        self._unsubscribe = station.subscribe(self.bridge.put)
        self._look_around()
        self._shelf.attach(self._theme, station, self.bridge)
        watch(station, self.bridge, self.strip, self)
        self.station_came.emit()

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.navigation)
        column = QVBoxLayout()
        column.setSpacing(0)
        column.addWidget(self.strip)
        column.addWidget(self.notice)
        column.addWidget(self.sheets)
        # Open questions take their room: the page scrolls then, nothing is squeezed or cut off.
        column.addWidget(PageArea(self._theme, self._shelf, self), 1)
        row.addLayout(column, 1)

    def _shortcuts(self) -> None:
        self._digits = [
            self._shortcut(f"Ctrl+{number + 1}", self._digit)
            for number in range(min(len(self._shelf.entries), 9))
        ]
        self._shortcut("Ctrl+F", self._focus_filter)
        self._shortcut("Ctrl+K", self._open_palette)
        self._shortcut("F1", self._toggle_help)
        self._shortcut("F5", self._refresh)
        self._shortcut("Esc", self._leave)

    def _shortcut(self, keys: str, slot: Callable[[], None]) -> QShortcut:
        shortcut = QShortcut(QKeySequence(keys), self)
        shortcut.activated.connect(slot)
        return shortcut

    def _digit(self) -> None:
        sender = self.sender()
        self.go(next(n for n, each in enumerate(self._digits) if each is sender))

    def _focus_filter(self) -> None:
        for each in self._shelf.seen():
            each.focus_filter()

    def _refresh(self) -> None:
        self._look_around()
        for each in self._shelf.seen():
            each.refresh()

    def _leave(self) -> None:
        sheet = self.sheets.focused()
        if self.commands.isVisible():
            self.commands.close_palette()
        elif sheet is not None:
            sheet.dismiss()
        elif self.help.isVisible():
            self.help.close_panel()
        elif self.health.isVisible():
            self.health.hide()
        elif self.notice.isVisible():
            self.notice.hide()
        else:
            for each in self._shelf.seen():
                each.leave()

    def _toggle_help(self) -> None:
        if self.help.isVisible():
            self.help.close_panel()
        else:
            self._read(self._shelf.entries[self.current].name.value)

    def _read(self, topic: str) -> None:
        self._keep_focus()
        self.help.open_topic(topic)

    def _open_palette(self) -> None:
        if self.commands.isVisible():
            self.commands.close_palette()
            return
        if self._station is None:
            return
        self._keep_focus()
        self.commands.open(
            (
                *page_commands(self._shelf.entries, self.go),
                *action_commands(self._shelf.page(self.current)),
                *job_commands(self._jobs, self._find),
                *look_commands(self._choose_theme),
                *help_commands(self._topics, self._read),
            )
        )
        self.bridge.deliver(self._station.keys(), self._offer_keys, self.tell)

    def _offer_keys(self, keys: tuple[KeyInfo, ...]) -> None:
        self.commands.add(tuple(key_commands(keys, self._find)))

    def _find(self, page: PageName, name: str) -> None:
        self.open(page)
        self.page(page).seek(name)

    def _keep_focus(self) -> None:
        self._focused = QApplication.focusWidget()

    def _give_focus_back(self) -> None:
        focused, self._focused = self._focused, None
        if focused is not None and shiboken6.isValid(focused) and focused.isVisible():
            focused.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.navigation.take_focus()

    def look_again(self) -> None:
        """Ask another station what the last one said."""
        self._look_around()
        for each in self._shelf.seen():
            each.shown()

    def _look_around(self) -> None:
        if self._station is not None:
            self.bridge.deliver(self._station.doctor(), self._show_doctor, self.tell)
            self._job_list.ask()

    def _show_doctor(self, rows: tuple[DoctorRow, ...]) -> None:
        self.strip.show_doctor(rows)
        self.health.show_doctor(rows)
        self._shelf.learn_doctor(rows)

    def _show_jobs(self, rows: tuple[JobRow, ...]) -> None:
        self._jobs = rows
        self.strip.show_jobs(rows)
        self._shelf.learn_jobs(rows)

    def _choose_theme(self, name: ThemeName | None) -> None:
        self._theme.choose(name)
        self.strip.show_theme(name)
        self.theme_chosen.emit(name)

    def _take_events(self, events: list[StationEvent]) -> None:
        for event in events:
            match event:
                case PromptOpened(prompt):
                    busy = isinstance(QApplication.focusWidget(), QLineEdit | QPlainTextEdit)
                    self.sheets.open(prompt, focus=not busy)
                    QApplication.alert(self)
                case PromptClosed(prompt_id):
                    self.sheets.close_prompt(prompt_id)
                case JobEvent():
                    self._job_list.hear(event)

    def _answer(self, prompt_id: str, secret: Secret) -> None:
        if self._station is not None:
            self.bridge.deliver(self._station.answer(prompt_id, secret), _nothing, self.tell)

    def _dismiss(self, prompt_id: str) -> None:
        if self._station is not None:
            self.bridge.deliver(self._station.dismiss(prompt_id), _nothing, self.tell)

    def tell(self, error: SignstationError) -> None:
        """Show an error above the page; a cancellation is not one."""
        if isinstance(error, Cancelled):
            return
        first, *rest = error_lines(error)
        self.notice.say(Tone.ERROR, first, " ".join(rest))

    def _close_now(self) -> None:
        self._closing = True
        self.close()


def _nothing_heard() -> None:
    """Stop listening to a station that has not come yet."""


def _nothing(_value: None) -> None:
    """Take the result of a call that returns nothing."""
