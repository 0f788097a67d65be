"""The Keys page: every key of every store, how it is protected, and how long it lasts."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QLineEdit, QSplitter, QVBoxLayout, QWidget

from signstation.app.api import StationApi
from signstation.errors import SignstationError
from signstation.gui.bridge import Bridge
from signstation.gui.errors import error_lines
from signstation.gui.keys_detail import KeyDetail, expiry_words, protection_look, state_look
from signstation.gui.notice import PAGE, Notice
from signstation.gui.pages import Head, Page, page_column
from signstation.gui.parts import ActionButton
from signstation.gui.rows import Column, RowsModel, table_view
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone
from signstation.gui.words import tr, trn
from signstation.model.keys import KeyInfo, KeyState, Protection
from signstation.reports.words import show

NEVER = 2**62
"""Where keys without an end sort."""


def family_order(keys: tuple[KeyInfo, ...]) -> tuple[KeyInfo, ...]:
    """Return keys so that each one follows its parent; other order stays."""
    children: dict[str, list[KeyInfo]] = {}
    known = {str(each.key) for each in keys}
    for each in keys:
        if each.parent is not None and str(each.parent) in known and each.parent != each.key:
            children.setdefault(str(each.parent), []).append(each)
    inside = {str(child.key) for family in children.values() for child in family}
    ordered: list[KeyInfo] = []
    for each in keys:
        if str(each.key) not in inside:
            ordered.append(each)
            ordered.extend(children.get(str(each.key), ()))
    placed = {str(each.key) for each in ordered}
    # Keys whose parents name one another in a circle are not lost.
    ordered.extend(each for each in keys if str(each.key) not in placed)
    return tuple(ordered)


def _title(key: KeyInfo) -> str:
    if key.parent is not None and "certify" not in key.usages:
        usage = ", ".join(key.usages) or tr("subkey")
        return "    └ " + show(usage)
    return show(key.label)


class KeysPage(Page):
    """A table of keys and everything about the picked one."""

    def __init__(self, theme: Theme, station: StationApi, bridge: Bridge, parent: QWidget) -> None:
        """Build it empty; keys are asked for when the page is shown first."""
        super().__init__(parent)
        self._station, self._bridge = station, bridge
        self._asked = False
        self._now = int(time.time())
        column = page_column(self)
        self._head = Head(tr("Keys"), tr("Looking into the key stores…"), self)
        self.export = ActionButton(theme, tr("Save the public half…"), self, icon="save")
        self.again = ActionButton(theme, tr("Look again"), self, icon="refresh")
        self.export.clicked.connect(self._pick_directory)
        self.again.clicked.connect(self.refresh)
        self._head.buttons.addWidget(self.export)
        self._head.buttons.addWidget(self.again)
        column.addWidget(self._head)
        self.notice = Notice(theme, self, PAGE)
        column.addWidget(self.notice)
        splitter = QSplitter(Qt.Orientation.Horizontal, self)
        splitter.setChildrenCollapsible(False)
        splitter.setHandleWidth(16)
        splitter.addWidget(self._build_table(theme, splitter))
        self.detail = KeyDetail(theme, splitter)
        self.detail.setMinimumWidth(300)
        splitter.addWidget(self.detail)
        splitter.setStretchFactor(0, 1)
        splitter.setSizes([800, 370])
        column.addWidget(splitter, 1)
        self._picked()

    def _build_table(self, theme: Theme, parent: QWidget) -> QWidget:
        left = QWidget(parent)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        self.filter = QLineEdit(left)
        self.filter.setPlaceholderText(tr("Filter by name, fingerprint, type or state (Ctrl+F)"))
        self.filter.setAccessibleName(tr("Filter the keys"))
        self.filter.textChanged.connect(self._filter)
        column.addWidget(self.filter)
        columns: tuple[Column[KeyInfo], ...] = (
            Column(tr("Key"), _title, key=lambda key: show(key.label).casefold(), strong=True),
            Column(tr("Type"), lambda key: key.type.title, width=92),
            Column(
                tr("Protection"),
                lambda key: protection_look(key.protection)[2],
                icon=lambda key: protection_look(key.protection)[:2],
                pill=True,
                width=172,
            ),
            Column(
                tr("State"),
                lambda key: state_look(key.state)[2],
                icon=lambda key: state_look(key.state)[:2],
                pill=True,
                width=146,
            ),
            Column(
                tr("Lasts"),
                self._lasts,
                key=lambda key: NEVER if key.expires is None else key.expires,
                width=142,
            ),
        )
        self.model: RowsModel[KeyInfo] = RowsModel(theme, columns, self)
        self.table = table_view(self.model, tr("Keys"), columns, left)
        self.table.selectionModel().selectionChanged.connect(self._picked)
        column.addWidget(self.table, 1)
        return left

    def shown(self) -> None:
        """Ask for the keys, once."""
        if not self._asked:
            self.refresh()

    def refresh(self) -> None:
        """Look into the key stores again; nobody is asked for anything."""
        self._asked = True
        self.notice.hide()
        self._bridge.deliver(self._station.keys(), self._show_keys, self._failed)

    def focus_filter(self) -> None:
        """Go into the filter."""
        self.filter.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def leave(self) -> None:
        """Clear the notice, then the filter."""
        if self.notice.isVisible():
            self.notice.hide()
        else:
            self.filter.clear()

    def _show_keys(self, keys: tuple[KeyInfo, ...]) -> None:
        self._now = int(time.time())
        picked = self._current()
        rows = family_order(keys)
        self.model.replace(rows)
        number = next(
            (n for n, each in enumerate(rows) if picked is not None and each.key == picked.key), 0
        )
        place = self.model.place(number)
        if rows and place is not None:
            self.table.selectRow(place)
        usable = sum(each.state is KeyState.ACTIVE for each in keys)
        bare = sum(each.protection is Protection.UNPROTECTED for each in keys)
        words = trn("1 key", "{count} keys", len(keys)) + " · "
        words += tr("{count} active", count=usable)
        if bare:
            words += " · " + trn("1 without a passphrase", "{count} without a passphrase", bare)
        if not keys:
            words = tr("No key was found. Make one: signstation key generate openpgp --help")
        self._head.say(tr("Keys"), words)
        self._picked()

    def _lasts(self, key: KeyInfo) -> str:
        return expiry_words(key.expires, self._now)

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

    def _current(self) -> KeyInfo | None:
        indexes = self.table.selectionModel().selectedRows()
        return self.model.row(indexes[0]) if indexes else None

    def _picked(self) -> None:
        key = self._current()
        self.export.setVisible(key is not None)
        if key is not None:
            self.detail.show_key(key, self._now)
        else:
            self.detail.show_nothing()

    def _pick_directory(self) -> None:
        dialog = QFileDialog(self, tr("Save the public half into a folder"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(self._export)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _export(self, name: str) -> None:
        key = self._current()
        if key is not None:
            future = self._station.export_key(key.key, Path(name), replace=False)
            self._bridge.deliver(future, self._exported, self._failed)

    def _exported(self, paths: tuple[Path, ...]) -> None:
        names = ", ".join(show(str(each)) for each in paths)
        self.notice.say(Tone.OK, tr("The public half was written and read back."), names)

    def _failed(self, error: SignstationError) -> None:
        first, *rest = error_lines(error)
        self.notice.say(Tone.ERROR, first, " ".join(rest))
