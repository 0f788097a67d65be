"""The list of keys on one time axis, the family of the picked key, and its details beside it."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSplitter, QVBoxLayout, QWidget

from signstation.gui.hierarchy import KeyTree
from signstation.gui.keys_axis import Axis, put_axis
from signstation.gui.keys_detail import KeyDetail
from signstation.gui.keys_family import Placed, Use, family_of, family_order, use_of
from signstation.gui.keys_looks import (
    expiry_words,
    is_subkey,
    kind_words,
    protection_look,
    state_look,
)
from signstation.gui.parts import Card, Label
from signstation.gui.procedure_scroll import Scrolled
from signstation.gui.rows import Column, RowsModel, table_view
from signstation.gui.theme import Theme
from signstation.gui.tokens import ROW_HEIGHT
from signstation.gui.words import tr
from signstation.model.keys import KeyInfo, KeyRef
from signstation.reports.words import show

NEVER = 2**62
"""Where keys without an end sort."""
NODE_ROOM = 62
"""Height of a node of the family with its gap in px."""
NODES_SEEN = 4
"""Most nodes that are seen without scrolling."""


def _title(key: KeyInfo) -> str:
    return f"    └ {kind_words(key)}" if is_subkey(key) else show(key.label)


class KeyList(QWidget):
    """Everything that is seen while no procedure is under way."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        """Build it empty."""
        super().__init__(parent)
        self._theme = theme
        self._now = 0
        self._ordered: tuple[Placed, ...] = ()
        self._uses: Mapping[str, Use] = {}
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        splitter = QSplitter(Qt.Orientation.Horizontal, self)
        splitter.setChildrenCollapsible(False)
        splitter.setHandleWidth(16)
        splitter.addWidget(self._build_left(splitter))
        self.detail = KeyDetail(theme, splitter)
        self.detail.setMinimumWidth(300)
        splitter.addWidget(self.detail)
        splitter.setStretchFactor(0, 1)
        splitter.setSizes([830, 336])
        outer.addWidget(splitter)
        self._picked()

    def _build_left(self, parent: QWidget) -> QWidget:
        left = QWidget(parent)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        self.filter = QLineEdit(left)
        self.filter.setPlaceholderText(tr("Filter by name, fingerprint, type or state (Ctrl+F)"))
        self.filter.setAccessibleName(tr("Filter the keys"))
        self.filter.textChanged.connect(self._filter)
        column.addWidget(self.filter)
        columns = self._columns()
        self.model: RowsModel[KeyInfo] = RowsModel(self._theme, columns, self)
        self.table = table_view(self.model, tr("Keys"), columns, left)
        self.table.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        self._life, self._header = put_axis(self._theme, self.table, self.model, columns)
        self.table.selectionModel().selectionChanged.connect(self._picked)
        column.addWidget(self.table, 1)
        self._family = Card(left, tr("Family"))
        self._family_words = Label("", self._family, "sub", wrap=True)
        self._family.body.addWidget(self._family_words)
        area = Scrolled(tr("Family of the key"), self._family)
        self.tree = KeyTree(self._theme, area.inner)
        self.tree.picked.connect(self.pick)
        area.column.addWidget(self.tree)
        area.column.addStretch(1)
        self._area = area
        self._family.body.addWidget(area, 1)
        column.addWidget(self._family)
        return left

    def _columns(self) -> tuple[Column[KeyInfo], ...]:
        return (
            Column(tr("Key"), _title, key=lambda key: show(key.label).casefold(), strong=True),
            Column(tr("Type"), lambda key: key.type.title, width=92),
            Column(
                tr("Protection"),
                lambda key: protection_look(key.protection)[2],
                icon=lambda key: protection_look(key.protection)[:2],
                pill=True,
                width=174,
            ),
            Column(
                tr("State"),
                lambda key: state_look(key.state)[2],
                icon=lambda key: state_look(key.state)[:2],
                pill=True,
                width=150,
            ),
            Column(
                tr("Life time"),
                lambda key: expiry_words(key.expires, self._now),
                key=lambda key: NEVER if key.expires is None else key.expires,
            ),
        )

    def show_keys(self, keys: tuple[KeyInfo, ...], now: int, wanted: KeyRef | None) -> None:
        """Show a listing; ``wanted`` is picked, else what was picked before, else the first."""
        self._now = now
        picked = self.current()
        wanted = wanted or (picked.key if picked is not None else None)
        self._ordered = family_order(keys)
        axis = Axis.of(keys, now)
        self._life.set_axis(axis)
        self._header.set_axis(axis)
        self.model.replace([each.key for each in self._ordered])
        refs = [each.key.key for each in self._ordered]
        place = self.model.place(refs.index(wanted) if wanted in refs else 0) if refs else None
        if place is not None:
            self.table.selectRow(place)
        self._picked()

    def show_uses(self, uses: Mapping[str, Use]) -> None:
        """Take what jobs have signed; only another count rebuilds the details."""
        if uses != self._uses:
            self._uses = uses
            self._picked()

    def current(self) -> KeyInfo | None:
        """Return the picked key."""
        indexes = self.table.selectionModel().selectedRows()
        return self.model.row(indexes[0]) if indexes else None

    def pick(self, key: KeyRef) -> None:
        """Pick a key in the table, where the filter lets it be."""
        for number, each in enumerate(self._ordered):
            place = self.model.place(number)
            if each.key.key == key and place is not None:
                self.table.selectRow(place)

    def focus_filter(self) -> None:
        """Go into the filter."""
        self.filter.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def clear_filter(self) -> None:
        """Show every key."""
        self.filter.clear()

    def _filter(self, typed: str) -> None:
        wanted = "".join(typed.casefold().split())
        if not wanted:
            self.model.filter(None)
            return

        def fits(key: KeyInfo) -> bool:
            words = (
                f"{key.label}{key.key}{key.fingerprint}{key.type.title}"
                f"{state_look(key.state)[2]}{protection_look(key.protection)[2]}"
            )
            return wanted in "".join(words.casefold().split())

        self.model.filter(fits)

    def _picked(self) -> None:
        key = self.current()
        self._family.setVisible(key is not None)
        if key is None:
            self.detail.show_nothing()
            return
        family = family_of(self._ordered, key)
        self.detail.show_key(key, use_of(family, self._uses), self._now)
        self.tree.show_family(family, key.key)
        alone = len(family) == 1
        self._family_words.setText(
            tr("It stands alone: no subkeys, and no authority that is known here.")
            if alone
            else tr("Users trust the root; what hangs below it can be replaced.")
        )
        self._area.setFixedHeight(min(len(family), NODES_SEEN) * NODE_ROOM)
