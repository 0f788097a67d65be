"""The Overview page: what needs a person now, and the calm around it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from signstation.app.api import StationApi
from signstation.errors import SignstationError
from signstation.gui.bridge import Bridge
from signstation.gui.errors import error_lines
from signstation.gui.notice import PAGE, Choice, Notice
from signstation.gui.overview_items import Group, Item, Situation, endings, needs, releases
from signstation.gui.overview_list import NeedsCard
from signstation.gui.overview_side import MAX_ROWS, EndingsCard, ReleasesCard
from signstation.gui.overview_tiles import GroupTiles
from signstation.gui.pages import Head, Page, PageName, page_column
from signstation.gui.parts import ActionButton
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone
from signstation.gui.words import tr, trn
from signstation.model.jobs import JobRow
from signstation.model.sightings import Seen
from signstation.model.station import DoctorRow, PromptClosed, PromptOpened, StationEvent


class OverviewPage(Page):
    """Tiles that count, the list of what needs a person, and two cards beside it."""

    def __init__(self, theme: Theme, station: StationApi, bridge: Bridge, parent: QWidget) -> None:
        """Build it empty; it is asked for when the page is shown."""
        super().__init__(parent)
        self._station, self._bridge = station, bridge
        self._situation = Situation(int(time.time()))
        self._missed = False  # whether a part was asked for in vain
        bridge.events.connect(self._hear)
        column = page_column(self)
        self._head = Head(tr("Overview"), tr("Looking around…"), self)
        self.again = ActionButton(theme, tr("Look again"), self, icon="refresh")
        self.again.clicked.connect(self._look_again)
        self._head.buttons.addWidget(self.again)
        column.addWidget(self._head)
        self.notice = Notice(theme, self, PAGE)
        column.addWidget(self.notice)
        self.tiles = GroupTiles(theme, self)
        self.tiles.picked.connect(self._draw)
        column.addWidget(self.tiles)
        row = QHBoxLayout()
        row.setSpacing(14)
        self.needs = NeedsCard(theme, self)
        self.needs.opened.connect(self._open)
        self.needs.forgotten.connect(self._forget)
        row.addWidget(self.needs, 5)
        side = QVBoxLayout()
        side.setSpacing(14)
        self.releases = ReleasesCard(theme, self)
        self.endings = EndingsCard(theme, self)
        for card in (self.releases, self.endings):
            card.opened.connect(self._open)
            side.addWidget(card, 1)
        row.addLayout(side, 3)
        column.addLayout(row, 1)
        self._draw()

    def shown(self) -> None:
        """Ask again for what may have changed on other pages."""
        self.refresh()

    def refresh(self) -> None:
        """Ask for keys, anchors and what was seen; the frame brings jobs and ``doctor``."""
        self._missed = False
        self._ask(self._station.keys(), "keys")
        self._ask(self._station.anchors(), "anchors")
        self._ask(self._station.seen(), "seen")

    def learn_jobs(self, rows: tuple[JobRow, ...]) -> None:
        """Take the jobs."""
        self._learn("jobs", rows)

    def learn_doctor(self, rows: tuple[DoctorRow, ...]) -> None:
        """Take what was found on this machine."""
        self._learn("doctor", rows)

    def leave(self) -> None:
        """Close the notice, then show all groups again."""
        if self.notice.isVisible():
            self.notice.hide()
        else:
            self.tiles.clear()
            self._draw()

    def _ask(self, future: Any, name: str) -> None:  # noqa: ANN401 - a future of any of them
        take: Callable[[Any], None] = partial(self._learn, name)
        self._bridge.deliver(future, take, self._missing)

    def _learn(self, name: str, value: object) -> None:
        told: dict[str, Any] = {name: value}
        self._situation = replace(self._situation, now=int(time.time()), **told)
        self._draw()

    def _hear(self, events: list[StationEvent]) -> None:
        prompts = {each.id: each for each in self._situation.prompts}
        for event in events:
            match event:
                case PromptOpened(prompt):
                    prompts[prompt.id] = prompt
                case PromptClosed(ident):
                    prompts.pop(ident, None)
                case _:
                    pass  # the frame asks for the jobs
        if tuple(prompts.values()) != self._situation.prompts:
            self._learn("prompts", tuple(prompts.values()))

    def _draw(self) -> None:
        situation = self._situation
        items = needs(situation)
        counts = {group: [each for each in items if each.group is group] for group in Group}
        self.tiles.show_counts({group: _count(found) for group, found in counts.items()})
        self.needs.show_items(items, situation, self.tiles.wanted())
        self.releases.show_jobs(releases(situation, MAX_ROWS))
        self.endings.show_endings(endings(situation), situation.now)
        self._head.say(tr("Overview"), self._sentence(items))

    def _sentence(self, items: tuple[Item, ...]) -> str:
        situation = self._situation
        parts = (situation.jobs, situation.seen, situation.keys, situation.doctor)
        if items:
            grave = sum(each.tone is Tone.ERROR for each in items)
            words = trn("1 thing needs you", "{count} things need you", len(items))
            if grave:
                words += " · " + trn("1 of them is grave", "{count} of them are grave", grave)
            return words
        if any(each is None for each in parts):
            missed = tr("Not everything could be looked at.")
            return missed if self._missed else tr("Looking around…")
        return tr("All is well: nothing needs you.")

    def _look_again(self) -> None:
        self.refresh()
        self._bridge.deliver(self._station.doctor(), self.learn_doctor, self._missing)
        self._bridge.deliver(self._station.jobs(), self.learn_jobs, self._missing)

    def _open(self, page: PageName, paths: tuple[Path, ...] = ()) -> None:
        self.open_page.emit(page, paths)

    def _forget(self, digests: tuple[bytes, ...]) -> None:
        gone = tuple(each for each in self._situation.seen or () if each.sha256 in digests)

        def forgotten(_: None) -> None:
            self._offer_back(gone)
            self._ask(self._station.seen(), "seen")

        self._bridge.deliver(self._station.forget(digests), forgotten, self._failed)

    def _offer_back(self, gone: tuple[Seen, ...]) -> None:
        def undo() -> None:
            self._bridge.deliver(self._station.remember(gone), self._remembered, self._failed)

        self.notice.ask(
            trn("1 artifact is forgotten.", "{count} artifacts are forgotten.", len(gone)),
            tr("Only this reminder is gone: the files are as they were."),
            Choice(tr("Undo"), tr("Close"), undo),
        )

    def _remembered(self, _: None) -> None:
        self._ask(self._station.seen(), "seen")

    def _missing(self, error: SignstationError) -> None:
        """A part of the situation did not come: without it, all is not called well."""
        self._missed = True
        self._draw()
        self._failed(error)

    def _failed(self, error: SignstationError) -> None:
        first, *rest = error_lines(error)
        self.notice.say(Tone.ERROR, first, " ".join(rest))


def _count(items: list[Item]) -> tuple[int, Tone]:
    tone = items[0].tone if items else Tone.NEUTRAL
    return len(items), tone
