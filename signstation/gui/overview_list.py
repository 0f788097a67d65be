"""The list of what needs a person, each with the way to where something is done about it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from signstation.gui.overview_good import good_words
from signstation.gui.overview_items import Group, Item, Situation
from signstation.gui.pages import PageName
from signstation.gui.parts import ActionButton, Card, IconLabel, Label, clear, line
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone
from signstation.gui.words import tr

SHOWN_OF_ALL = 5
"""Rows of each group while all groups are shown, so that none hides the others."""
SHOWN_OF_ONE = 50
"""Rows of a group that is shown alone; the rest is counted."""
_TITLES = {
    Group.PROMPTS: "Questions to you",
    Group.JOBS: "Jobs",
    Group.ARTIFACTS: "Artifacts seen lately",
    Group.KEYS: "Keys and trust",
    Group.STATION: "This station",
}
_NEXT = (
    (PageName.SIGN, "sign", "Sign something"),
    (PageName.VERIFY, "verify", "Verify something"),
)


class NeedsCard(Card):
    """Emits ``opened`` with a row's page and paths, ``forgotten`` with digests of artifacts."""

    opened = Signal(object, tuple)
    forgotten = Signal(tuple)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        """Start empty."""
        super().__init__(parent, tr("What needs you now"))
        self._theme = theme
        self._shown: tuple[dict[Group, tuple[Item, ...]], dict[Group, str]] = ({}, {})
        self._rows: dict[int, Item] = {}
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setAccessibleName(tr("What needs you now"))
        self._inner = QWidget(area)
        self._column = QVBoxLayout(self._inner)
        self._column.setContentsMargins(0, 0, 10, 0)
        self._column.setSpacing(8)
        area.setWidget(self._inner)
        self._area = area
        self.body.addWidget(area)

    def show_items(self, items: Sequence[Item], situation: Situation, only: Group | None) -> None:
        """Show the items of one group or of all; built anew only when something is different."""
        groups = tuple(Group) if only is None else (only,)
        parts = {group: tuple(each for each in items if each.group is group) for group in groups}
        good = {
            group: words
            for group, found in parts.items()
            if not found and (words := good_words(group, situation)) is not None
        }
        if (parts, good) == self._shown:
            return
        self._shown = (parts, good)
        focus: QWidget | None = self.window().focusWidget()
        had_focus = focus is not None and self._inner.isAncestorOf(focus)
        clear(self._column)
        self._rows.clear()
        limit = SHOWN_OF_ALL if only is None else SHOWN_OF_ONE
        for group in sorted(parts, key=lambda group: _urgency(group, parts[group])):
            if parts[group]:
                self._add_group(group, parts[group], limit)
        if only is None and not items and len(good) == len(Group):
            self._add_calm(good)
        else:
            self._add_good(good)
            self._column.addStretch(1)
        if had_focus:
            self._area.setFocus(Qt.FocusReason.OtherFocusReason)

    def _add_group(self, group: Group, items: tuple[Item, ...], limit: int) -> None:
        self._heading(tr(_TITLES[group]), items)
        for each in items[:limit]:
            self._column.addLayout(self._row(each))
        rest = len(items) - limit
        if rest > 0:
            words = tr("and {count} more: press the tile above to see them", count=rest)
            self._column.addWidget(Label(words, self._inner, "sub", wrap=True))

    def _heading(self, title: str, items: tuple[Item, ...]) -> None:
        if self._column.count():
            self._column.addWidget(line(self._inner))
        row = QHBoxLayout()
        row.addWidget(Label(title, self._inner, "label"), 1)
        digests = [each for each in items if each.forget is not None]
        if len(digests) > 1:
            button = ActionButton(self._theme, tr("Forget all"), self._inner, kind="quiet")
            button.setAccessibleName(tr("Forget all artifacts seen lately"))
            button.clicked.connect(self._forget_all)
            row.addWidget(button)
        self._column.addLayout(row)

    def _row(self, item: Item) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(12)
        icon = IconLabel(self._theme, item.icon, self._inner, item.tone, 20)
        row.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(Label(item.headline, self._inner, "strong", wrap=True))
        words.addWidget(Label(item.detail, self._inner, "sub", wrap=True))
        row.addLayout(words, 1)
        number = len(self._rows)
        self._rows[number] = item
        if item.forget is not None:
            forget = ActionButton(self._theme, tr("Forget"), self._inner, kind="quiet")
            forget.setAccessibleName(tr("Forget: {what}", what=item.headline))
            forget.setProperty("number", number)
            forget.clicked.connect(self._forget)
            row.addWidget(forget, 0, Qt.AlignmentFlag.AlignTop)
        if item.page is not None:
            button = ActionButton(self._theme, item.action, self._inner)
            name = tr("{action}: {what}", action=item.action, what=item.headline)
            button.setAccessibleName(name)
            button.setProperty("number", number)
            button.clicked.connect(self._open)
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        return row

    def _add_calm(self, good: dict[Group, str]) -> None:
        """All is well: say so in the middle, with what was looked at and what can be done next."""
        self._column.addStretch(1)
        icon = IconLabel(self._theme, "verify", self._inner, Tone.OK, 48)
        self._column.addWidget(icon, 0, Qt.AlignmentFlag.AlignHCenter)
        headline = Label(tr("All is well"), self._inner, "title", wrap=True)
        headline.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._column.addWidget(headline)
        self._column.addSpacing(10)
        rows = QVBoxLayout()
        rows.setSpacing(12)
        rows.setContentsMargins(24, 0, 24, 0)
        for words in good.values():
            rows.addLayout(self._good_row(words))
        self._column.addLayout(rows)
        self._column.addSpacing(14)
        buttons = QHBoxLayout()
        buttons.setSpacing(10)
        buttons.addStretch(1)
        for page, name, words in _NEXT:
            button = ActionButton(self._theme, tr(words), self._inner, icon=name)
            button.setProperty("page", page.value)
            button.clicked.connect(self._go_on)
            buttons.addWidget(button)
        buttons.addStretch(1)
        self._column.addLayout(buttons)
        self._column.addStretch(1)

    def _go_on(self) -> None:
        self.opened.emit(PageName(self.sender().property("page")), ())

    def _good_row(self, words: str) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(12)
        icon = IconLabel(self._theme, "check-circle", self._inner, Tone.OK, 20)
        row.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(Label(words, self._inner, wrap=True), 1)
        return row

    def _add_good(self, good: dict[Group, str]) -> None:
        if good:
            self._heading(tr("Looked at and good"), ())
        for words in good.values():
            self._column.addLayout(self._good_row(words))

    def _sent(self) -> Item:
        return self._rows[int(self.sender().property("number"))]

    def _open(self) -> None:
        item = self._sent()
        self.opened.emit(item.page, item.paths)

    def _forget(self) -> None:
        self.forgotten.emit((self._sent().forget,))

    def _forget_all(self) -> None:
        items = self._shown[0].get(Group.ARTIFACTS, ())
        self.forgotten.emit(tuple(each.forget for each in items))


def _urgency(group: Group, items: tuple[Item, ...]) -> int:
    """Questions first, because somebody waits; then the gravest group."""
    order = (Tone.ERROR, Tone.WARNING, Tone.ACCENT)
    if group is Group.PROMPTS:
        return -1
    return min((order.index(each.tone) for each in items), default=len(order))
