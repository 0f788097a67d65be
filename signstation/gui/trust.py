"""The Trust page: whom this station believes, for what, since when, and why."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from signstation.app.api import StationApi
from signstation.app.trustcases import losses
from signstation.errors import SignstationError
from signstation.gui.bridge import Bridge
from signstation.gui.errors import error_lines
from signstation.gui.keys_looks import expiry_words, state_look
from signstation.gui.notice import PAGE, Choice, Notice
from signstation.gui.pages import Head, Page, page_column
from signstation.gui.parts import ActionButton, Card, IconLabel, Label
from signstation.gui.rows import Column, RowsModel, table_view
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone
from signstation.gui.trust_detail import AnchorDetail
from signstation.gui.trust_pin import PinSteps
from signstation.gui.trust_purposes import PurposesCard
from signstation.gui.trust_words import (
    kind_icon,
    kind_words,
    purposes_words,
    short,
    since_words,
    source_short,
    source_words,
)
from signstation.gui.words import say, tr, trn
from signstation.model.anchors import Anchor, Unpinned
from signstation.model.keys import KeyInfo, KeyState
from signstation.model.sightings import Seen
from signstation.reports.words import show

_LIST, _EMPTY, _PIN = range(3)
_WHY = (
    (
        "key",
        "Your own keys come by themselves",
        "Whatever is generated or imported on the Keys page is trusted at once.",
    ),
    (
        "fingerprint",
        "Others are compared first",
        "A certificate is worth as much as the way in which its fingerprint reached you.",
    ),
    (
        "shield",
        "Each for its purpose",
        "A key for kernel modules need not vouch for packages: choose when you pin it.",
    ),
)


class TrustPage(Page):
    """A table of anchors with everything about the picked one; pinning in steps in its place."""

    def __init__(self, theme: Theme, station: StationApi, bridge: Bridge, parent: QWidget) -> None:
        """Build it empty; anchors are asked for when the page is shown first."""
        super().__init__(parent)
        self._station, self._bridge = station, bridge
        self._asked = False
        self._anchors: tuple[Anchor, ...] = ()
        self._keys: tuple[KeyInfo, ...] = ()
        self._seen: tuple[Seen, ...] = ()
        self._wanted = ""  # identity to pick when the anchors come
        self._now = int(time.time())
        column = page_column(self)
        self._head = Head(tr("Trust"), tr("Looking at what is trusted…"), self)
        self._buttons(theme)
        column.addWidget(self._head)
        self.notice = Notice(theme, self, PAGE)
        column.addWidget(self.notice)
        self._views = QStackedWidget(self)
        self._views.addWidget(self._list_view(theme))
        self._views.addWidget(self._empty_view(theme))
        self.steps = PinSteps(theme, station, bridge, self._views)
        self.steps.pinned.connect(self._pinned)
        self.steps.failed.connect(self._failed)
        self.steps.left.connect(self._show_list)
        self.steps.stepper.entered.connect(self._say_step)
        self._views.addWidget(self.steps)
        column.addWidget(self._views, 1)
        self._picked()

    def _buttons(self, theme: Theme) -> None:
        self.unpin = ActionButton(theme, tr("Unpin…"), self, icon="trash")
        self.again = ActionButton(theme, tr("Look again"), self, icon="refresh")
        self.pin = ActionButton(theme, tr("Pin…"), self, icon="plus", kind="primary")
        self.unpin.clicked.connect(self._ask_unpin)
        self.again.clicked.connect(self.refresh)
        self.pin.clicked.connect(self._begin)
        for button in (self.unpin, self.again, self.pin):
            self._head.buttons.addWidget(button)

    def _list_view(self, theme: Theme) -> QWidget:
        splitter = QSplitter(Qt.Orientation.Horizontal, self._views)
        splitter.setChildrenCollapsible(False)
        splitter.setHandleWidth(16)
        left = QWidget(splitter)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        self.filter = QLineEdit(left)
        self.filter.setPlaceholderText(
            tr("Filter by name, fingerprint, purpose or origin (Ctrl+F)")
        )
        self.filter.setAccessibleName(tr("Filter the anchors"))
        self.filter.textChanged.connect(self._filter)
        column.addWidget(self.filter)
        columns = self._columns()
        self.model: RowsModel[Anchor] = RowsModel(theme, columns, self)
        self.table = table_view(self.model, tr("Trust anchors"), columns, left)
        self.table.selectionModel().selectionChanged.connect(self._picked)
        column.addWidget(self.table, 1)
        self.purposes = PurposesCard(theme, left)
        self.purposes.hide()  # until it has something to say
        column.addWidget(self.purposes)
        splitter.addWidget(left)
        self.detail = AnchorDetail(theme, splitter)
        self.detail.setMinimumWidth(330)
        splitter.addWidget(self.detail)
        splitter.setStretchFactor(0, 1)
        splitter.setSizes([800, 352])
        return splitter

    def _columns(self) -> tuple[Column[Anchor], ...]:
        return (
            Column(
                tr("Anchor"),
                lambda each: show(each.label),
                key=lambda each: each.label.casefold(),
                icon=lambda each: (kind_icon(each.kind), Tone.NEUTRAL),
                strong=True,
            ),
            Column(tr("Trusted for"), purposes_words, width=124),
            Column(
                tr("Fingerprint"), lambda each: short(show(each.identity)), mono=True, width=114
            ),
            Column(tr("From"), lambda each: source_short(each.origin), width=132),
            Column(tr("Since"), lambda each: since_words(each.origin), width=104),
            Column(
                tr("State"),
                lambda each: state_look(each.state)[2],
                icon=lambda each: state_look(each.state)[:2],
                pill=True,
                width=122,
            ),
        )

    def _empty_view(self, theme: Theme) -> QWidget:
        card = Card(self._views)
        card.body.addStretch(1)
        icon = IconLabel(theme, "anchor", card, Tone.ACCENT, 48)
        card.body.addWidget(icon, 0, Qt.AlignmentFlag.AlignHCenter)
        for words, role in (
            (tr("Nobody is trusted yet"), "section"),
            (tr("Until somebody is, no signature can be called verified."), "sub"),
        ):
            label = Label(words, card, role, wrap=True)
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            card.body.addWidget(label)
        card.body.addSpacing(18)
        row = QHBoxLayout()
        row.setSpacing(16)
        for name, title, words in _WHY:
            one = Card(card, role="node")
            one.body.addWidget(IconLabel(theme, name, one, Tone.ACCENT, 24))
            one.body.addWidget(Label(tr(title), one, "strong", wrap=True))
            one.body.addWidget(Label(tr(words), one, "sub", wrap=True))
            one.body.addStretch(1)
            row.addWidget(one, 1)
        card.body.addLayout(row)
        card.body.addStretch(2)
        return card

    def shown(self) -> None:
        """Ask for the anchors, once."""
        if not self._asked:
            self.refresh()

    def refresh(self) -> None:
        """Ask again; what was half done stays."""
        self._asked = True
        self._bridge.deliver(self._station.anchors(), self._show_anchors, self._unknown)
        self._bridge.deliver(self._station.keys(), self._learn_keys, self._failed)
        self._bridge.deliver(self._station.seen(), self._learn_seen, self._failed)

    def take(self, paths: tuple[Path, ...]) -> None:
        """Begin to pin what a file holds."""
        self._begin()
        self.steps.take(paths)

    def focus_filter(self) -> None:
        """Go into the filter."""
        self.filter.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def leave(self) -> None:
        """Close the notice, then leave the steps, then clear the filter."""
        if self.notice.isVisible():
            self.notice.hide()
        elif self._views.currentIndex() == _PIN:
            self._show_list()
        else:
            self.filter.clear()

    def _show_anchors(self, anchors: tuple[Anchor, ...]) -> None:
        picked = self._current()
        wanted = self._wanted or (picked.identity if picked else "")
        self._wanted = ""
        self._now = int(time.time())
        self._anchors = anchors
        self.model.replace(anchors)
        self.purposes.show_anchors(anchors)
        self.purposes.show()
        number = next((n for n, each in enumerate(anchors) if each.identity == wanted), 0)
        place = self.model.place(number) if anchors else None
        if place is not None:
            self.table.selectRow(place)
        if self._views.currentIndex() != _PIN:
            self._show_list()

    def _learn_keys(self, keys: tuple[KeyInfo, ...]) -> None:
        self._keys = keys

    def _learn_seen(self, seen: tuple[Seen, ...]) -> None:
        self._seen = seen

    def _show_list(self) -> None:
        self._views.setCurrentIndex(_LIST if self._anchors else _EMPTY)
        self._head.say(tr("Trust"), self._summary())
        self.pin.show()
        self.again.show()
        self._picked()

    def _summary(self) -> str:
        if not self._anchors:
            return tr("Whom this station believes, and why.")
        words = trn("1 anchor", "{count} anchors", len(self._anchors))
        poor = sum(each.state is not KeyState.ACTIVE for each in self._anchors)
        if poor:
            words += " · " + trn("1 no longer good", "{count} no longer good", poor)
        ends = [each.expires for each in self._anchors if each.expires and each.expires > self._now]
        if ends:
            lasts = expiry_words(min(ends), self._now)
            words += " · " + tr("the next to end lasts {lasts}", lasts=lasts)
        return words

    def _filter(self, typed: str) -> None:
        wanted = "".join(typed.casefold().split())

        def fits(each: Anchor) -> bool:
            words = (
                f"{each.label}{each.identity}{kind_words(each.kind)}{purposes_words(each)}"
                f"{source_words(each.origin)}{state_look(each.state)[2]}"
            )
            return wanted in "".join(words.casefold().split())

        self.model.filter(fits if wanted else None)

    def _current(self) -> Anchor | None:
        indexes = self.table.selectionModel().selectedRows()
        return self.model.row(indexes[0]) if indexes else None

    def _picked(self) -> None:
        anchor = self._current()
        self.unpin.setVisible(anchor is not None and self._views.currentIndex() == _LIST)
        if anchor is not None:
            self.detail.show_anchor(anchor, self._now)
        else:
            self.detail.show_nothing()

    def _begin(self) -> None:
        self.notice.hide()
        self._views.setCurrentIndex(_PIN)
        for button in (self.unpin, self.again, self.pin):
            button.hide()
        self.steps.begin()

    def _say_step(self) -> None:
        if self._views.currentIndex() == _PIN:
            self._head.say(tr("Pin an anchor"), self.steps.summary())

    def _pinned(self, anchors: tuple[Anchor, ...]) -> None:
        names = ", ".join(show(each.label) for each in anchors)
        words = trn("1 anchor is pinned.", "{count} anchors are pinned.", len(anchors))
        self.notice.say(Tone.OK, words, names)
        self._wanted = anchors[0].identity if anchors else ""
        self._show_list()
        self.refresh()

    def _ask_unpin(self) -> None:
        anchor = self._current()
        if anchor is None:
            return
        words = " ".join(say(each) for each in losses(anchor, self._keys, self._seen))

        def unpin() -> None:
            future = self._station.unpin(anchor.identity)
            self._bridge.deliver(future, self._unpinned, self._failed)

        headline = tr("Unpin {name}?", name=anchor.label)
        self.notice.ask(headline, words, Choice(tr("Unpin"), tr("Keep it"), unpin))

    def _unpinned(self, gone: Unpinned) -> None:
        def undo() -> None:
            self._wanted = gone.identity
            self._bridge.deliver(self._station.restore(gone), self._restored, self._failed)

        headline = tr("{name} is no longer trusted.", name=gone.label)
        words = tr("What it signed is judged anew the next time that it is verified.")
        self.notice.ask(headline, words, Choice(tr("Undo"), tr("Close"), undo))
        self.refresh()

    def _restored(self, _: None) -> None:
        self.notice.say(
            Tone.OK,
            tr("It is trusted again."),
            tr("With the day, the origin and the purposes that it had."),
        )
        self.refresh()

    def _unknown(self, error: SignstationError) -> None:
        """The anchors did not come: what was shown before stays, and nothing is claimed."""
        if not self._anchors:
            self._head.say(tr("Trust"), tr("It is not known what is trusted."))
        self._failed(error)

    def _failed(self, error: SignstationError) -> None:
        first, *rest = error_lines(error)
        self.notice.say(Tone.ERROR, first, " ".join(rest))
