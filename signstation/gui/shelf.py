"""The pages of the window: each is built when it is first wanted, the others behind the picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from signstation.gui.bridge import Bridge
from signstation.gui.navigation import Navigation
from signstation.gui.pages import Page, PageEntry, PageName
from signstation.gui.parts import Label
from signstation.gui.theme import Theme
from signstation.gui.words import tr
from signstation.model.jobs import JobRow
from signstation.model.station import DoctorRow

if TYPE_CHECKING:  # the engine takes 150 ms to import: the window is painted before
    from signstation.app.api import StationApi


class Shelf(QStackedWidget):
    """Shows one page, or that the station is awaited; lives on the GUI thread."""

    open_page = Signal(PageName, tuple)
    """A page asks for another one, with paths for it."""

    all_built = Signal()
    """The last page was built."""

    seek_page = Signal(PageName, str)
    """A page asks for what a name stands for on another one."""

    def __init__(
        self,
        theme: Theme,
        entries: Sequence[PageEntry],
        navigation: Navigation,
        parent: QWidget,
    ) -> None:
        """Add an entry to the navigation for each page; builds none."""
        super().__init__(parent)
        self._theme = theme
        self.entries = tuple(entries)
        self.current = 0
        """Index of the page that is shown, or will be when there is a station."""
        self._buttons = tuple(navigation.add(each.icon, tr(each.title)) for each in entries)
        self._factory: Callable[[PageEntry], Page] | None = None
        self._made: dict[int, Page] = {}
        self._jobs: tuple[JobRow, ...] | None = None
        self._behind: set[int] = set()  # pages that have not been told of them
        self._doctor: tuple[DoctorRow, ...] | None = None
        waiting = Label(tr("Opening the station"), self, "sub")
        theme.dress(waiting)
        waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.addWidget(waiting)
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._build_next)

    @property
    def whole(self) -> bool:
        """Whether every page has been built."""
        return len(self._made) == len(self.entries)

    def attach(self, theme: Theme, station: StationApi, bridge: Bridge) -> None:
        """Take the station, and show the page that was chosen meanwhile."""
        self._factory = lambda entry: entry.make(theme, station, bridge, self)
        self.show_page(self.current)

    def build_others(self) -> None:
        """Build the pages that are not yet, one at each turn of the event loop."""
        self._timer.start()

    def show_page(self, index: int) -> None:
        """Show a page, or remember the wish until there is a station."""
        self.current = index
        if self._factory is not None:
            page = self.page(index)
            self.setCurrentWidget(page)
            if index in self._behind:
                self._tell_jobs(index, page)
            page.shown()

    def page(self, index: int) -> Page:
        """Return a page, built when it is not yet. Raises KeyError before there is a station."""
        entry = self.entries[index]
        if index in self._made:
            return self._made[index]
        if self._factory is None:
            raise KeyError(entry.name)
        page = self._factory(entry)
        self._theme.dress(page)
        page.open_page.connect(self.open_page)
        page.seek_page.connect(self.seek_page)
        page.badge.connect(self._buttons[index].set_badge)
        self.addWidget(page)
        self._made[index] = page
        self._tell_jobs(index, page)
        if self._doctor is not None:
            page.learn_doctor(self._doctor)
        return page

    def seen(self) -> tuple[Page, ...]:
        """Return the page that is shown; none before there is a station."""
        page = self._made.get(self.current)
        return () if page is None else (page,)

    def take(self, name: PageName, paths: tuple[Path, ...]) -> None:
        """Hand paths to a page."""
        self.page(self.index_of(name)).take(paths)

    def index_of(self, name: PageName) -> int:
        """Return where a page stands. Raises KeyError where it is not part of this window."""
        for index, each in enumerate(self.entries):
            if each.name is name:
                return index
        raise KeyError(name)

    def learn_jobs(self, rows: tuple[JobRow, ...]) -> None:
        """Tell the pages that have to know now, and others when they are shown."""
        self._jobs = rows
        for index, each in self._made.items():
            self._tell_jobs(index, each)

    def _tell_jobs(self, index: int, page: Page) -> None:
        if index != self.current and not page.LEARNS_HIDDEN:
            self._behind.add(index)
        elif self._jobs is not None:
            self._behind.discard(index)
            page.learn_jobs(self._jobs)

    def learn_doctor(self, rows: tuple[DoctorRow, ...]) -> None:
        """Tell every page, and those to come."""
        self._doctor = rows
        for each in self._made.values():
            each.learn_doctor(rows)

    def _build_next(self) -> None:
        if self.whole:
            self._timer.stop()
            self.all_built.emit()
        elif self._factory is not None:
            self.page(next(n for n in range(len(self.entries)) if n not in self._made))
