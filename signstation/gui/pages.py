"""What the frame knows of a page, and what pages know of one another: a name and some paths."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from signstation.gui.bridge import Bridge
from signstation.gui.parts import Label
from signstation.gui.theme import Theme
from signstation.gui.words import tr
from signstation.model.jobs import JobRow
from signstation.model.station import DoctorRow

if TYPE_CHECKING:  # the engine takes 150 ms to import: the window is painted before
    from signstation.app.api import StationApi

PAGE_MARGINS = (24, 18, 24, 20)
"""Left, top, right and bottom margin of a page in px."""


class PageName(Enum):
    """Names of pages, as ``open_page`` and the screenshot program use them."""

    OVERVIEW = "overview"
    SIGN = "sign"
    VERIFY = "verify"
    QUEUE = "queue"
    KEYS = "keys"
    TRUST = "trust"
    AUDIT = "audit"


class Page(QWidget):
    """Base of every page. All calls come on the GUI thread; none may block.

    A page's constructor takes ``(theme, station, bridge, parent)``.
    """

    LEARNS_HIDDEN: ClassVar[bool] = False
    """Whether it is told of jobs while another page is shown; else when it is shown again."""

    open_page = Signal(PageName, tuple)
    """Ask the frame to show another page; the tuple holds absolute paths for it, or nothing."""

    seek_page = Signal(PageName, str)
    """Ask the frame to show another page and to pick there what a name stands for (``seek``)."""

    badge = Signal(int)
    """How many things on this page need a person; shown beside its name when above 0."""

    def shown(self) -> None:
        """The page became the current one."""

    def refresh(self) -> None:
        """F5: look again."""

    def take(self, paths: tuple[Path, ...]) -> None:
        """Begin with these paths: another page or a drop on the window handed them over."""

    def focus_filter(self) -> None:
        """Ctrl+F: put the focus into the page's filter, where it has one."""

    def seek(self, name: str) -> None:
        """Pick what a name stands for: a job's number, a key; the command palette asks for it."""

    def learn_jobs(self, rows: tuple[JobRow, ...]) -> None:
        """All jobs as they are now, newest first: the frame asks once for everybody."""

    def learn_doctor(self, rows: tuple[DoctorRow, ...]) -> None:
        """What ``doctor`` found on this machine: the frame asks once for everybody."""

    def leave(self) -> None:
        """Esc: the safe way out of what is half done; never destroys work."""


PageFactory: TypeAlias = "Callable[[Theme, StationApi, Bridge, QWidget], Page]"


def lazy(place: str) -> PageFactory:
    """Return a factory that imports a page's module, ``module:Class``, when it is first wanted."""

    def make(theme: Theme, station: StationApi, bridge: Bridge, parent: QWidget) -> Page:
        module, _, name = place.partition(":")
        page: Page = getattr(importlib.import_module(module), name)(theme, station, bridge, parent)
        return page

    return make


@dataclass(frozen=True, slots=True)
class PageEntry:
    """One page of the frame: its name, icon and title in the navigation, and how it is made."""

    name: PageName
    icon: str
    title: str
    make: PageFactory


class PageArea(QScrollArea):
    """Room for the page: where it is lower than the page can be, the page scrolls."""

    def __init__(self, theme: Theme, pages: QWidget, parent: QWidget) -> None:
        """Take the pages in; each of them is dressed by itself, this only scrolls."""
        super().__init__(parent)
        self._pages = pages
        theme.dress(self.verticalScrollBar())
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(tr("The page"))
        self.setWidget(pages)
        pages.installEventFilter(self)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the page all room, or its least height."""
        super().resizeEvent(event)
        self._fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow a page whose least height changed."""
        if watched is self._pages and event.type() is QEvent.Type.LayoutRequest:
            self._fit()
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        # Not setWidgetResizable: that takes the height that the page would like for the least.
        room = self.viewport().size()
        self._pages.resize(room.expandedTo(QSize(0, self._pages.minimumSizeHint().height())))


class Head(QWidget):
    """The top of a page: title, one sentence, and room for actions at the right."""

    def __init__(self, title: str, sentence: str, parent: QWidget) -> None:
        """Add what belongs at the right to ``buttons``."""
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        words = QVBoxLayout()
        words.setSpacing(2)
        self._title = Label(title, self, "title", wrap=True)
        self._sentence = Label(sentence, self, "sub", wrap=True)
        words.addWidget(self._title)
        words.addWidget(self._sentence)
        row.addLayout(words, 1)
        self.buttons: QBoxLayout = QHBoxLayout()
        self.buttons.setSpacing(8)
        self.buttons.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight)
        row.addLayout(self.buttons)

    def say(self, title: str, sentence: str) -> None:
        """Change both lines; the caller has escaped them."""
        self._title.setText(title)
        self._sentence.setText(sentence)


def page_column(page: QWidget) -> QVBoxLayout:
    """Give a page its one column with the margins and gaps that all pages share."""
    column = QVBoxLayout(page)
    column.setContentsMargins(*PAGE_MARGINS)
    column.setSpacing(14)
    return column
