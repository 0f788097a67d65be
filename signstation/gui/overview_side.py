"""Beside the list: what was signed last, and what ends next."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from signstation.gui.keys_looks import DAY, expiry_words
from signstation.gui.overview_items import SOON, Ending
from signstation.gui.pages import PageName
from signstation.gui.parts import ActionButton, Card, Chip, IconLabel, Label, clear
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone
from signstation.gui.verdicts import moment
from signstation.gui.words import tr, trn
from signstation.model.jobs import JobRow
from signstation.reports.words import show

MAX_ROWS = 12
"""Most rows of a card: more than fit at 1600 by 1000."""


class _SideCard(Card):
    """A title with the way to a page, and rows below."""

    opened = Signal(object)

    def __init__(
        self, theme: Theme, title: str, page: PageName, action: str, parent: QWidget
    ) -> None:
        """``action`` is the accessible name of the way to ``page``."""
        super().__init__(parent)
        self._theme, self._page = theme, page
        self._shown: object = None
        self.body.setContentsMargins(16, 5, 8, 12)  # the button is higher than the title
        head = QHBoxLayout()
        head.addWidget(Label(title, self, "section"), 1)
        button = ActionButton(theme, tr("Open"), self, icon="arrow-right", kind="quiet")
        button.setAccessibleName(action)
        button.clicked.connect(self._open)
        head.addWidget(button)
        self.body.addLayout(head)
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setAccessibleName(title)
        self.inner = QWidget(area)
        self.column = QVBoxLayout(self.inner)
        self.column.setContentsMargins(0, 0, 8, 0)
        self.column.setSpacing(10)
        area.setWidget(self.inner)
        self.body.addWidget(area)

    def begin(self, shown: object) -> bool:
        """Empty it for other rows; False where they are the same as before."""
        if shown == self._shown:
            return False
        self._shown = shown
        clear(self.column)
        return True

    def say(self, words: str) -> None:
        """Add a sentence in place of rows."""
        self.column.addWidget(Label(words, self.inner, "sub", wrap=True))

    def row(self, icon: str, tone: Tone, title: str, words: str) -> QHBoxLayout:
        """Add a row of icon and two lines; the caller has escaped them."""
        row = QHBoxLayout()
        row.setSpacing(10)
        picture = IconLabel(self._theme, icon, self.inner, tone, 18)
        row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(1)
        column.addWidget(Label(title, self.inner, "strong", wrap=True))
        column.addWidget(Label(words, self.inner, "sub", wrap=True))
        row.addLayout(column, 1)
        self.column.addLayout(row)
        return row

    def chip(self, icon: str, tone: Tone, words: str) -> Chip:
        """Return a chip for the end of a row."""
        return Chip(self._theme, icon, words, self.inner, tone)

    def _open(self) -> None:
        self.opened.emit(self._page)


class ReleasesCard(_SideCard):
    """The last jobs that signed everything."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        """Start empty."""
        super().__init__(theme, tr("Last signed"), PageName.QUEUE, tr("Open the queue"), parent)

    def show_jobs(self, jobs: Sequence[JobRow]) -> None:
        """Show jobs, newest first."""
        jobs = tuple(jobs[:MAX_ROWS])
        if not self.begin(jobs):
            return
        for each in jobs:
            count = trn("1 artifact", "{count} artifacts", each.steps)
            words = f"{count} · {moment(each.finished or each.created)}"
            self.row("check-circle", Tone.OK, show(each.title), words)
        if not jobs:
            self.say(tr("Nothing was signed here yet. The Sign page begins with a drop of files."))
        self.column.addStretch(1)


class EndingsCard(_SideCard):
    """Keys and anchors in the order of their ends."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        """Start empty."""
        super().__init__(theme, tr("Ends next"), PageName.KEYS, tr("Open the keys"), parent)

    def show_endings(self, endings: Sequence[Ending], now: int) -> None:
        """Show what ends; ``now`` is Unix seconds."""
        endings = tuple(endings[:MAX_ROWS])
        if not self.begin((endings, now // DAY)):
            return
        for each in endings:
            name = "key" if each.own else "anchor"
            soon = each.expires - now < SOON * DAY
            row = self.row(name, Tone.NEUTRAL, show(each.label), each.kind)
            tone = Tone.WARNING if soon else Tone.NEUTRAL
            chip = self.chip("clock", tone, expiry_words(each.expires, now))
            row.addWidget(chip, 0, Qt.AlignmentFlag.AlignTop)
        if not endings:
            self.say(tr("Here is no key and no anchor that ends one day."))
        self.column.addStretch(1)
