"""The Keys page: every key of every store, how it is protected, how long it lasts, and new ones."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from signstation.app.api import StationApi
from signstation.app.places import places
from signstation.ceremonies.key_export import ExportOrder, key_export
from signstation.ceremonies.key_generation import key_generation
from signstation.ceremonies.key_import import FILE, ImportOrder, key_import
from signstation.ceremonies.procedure import Result
from signstation.errors import SignstationError
from signstation.gui.bridge import Bridge
from signstation.gui.errors import error_lines
from signstation.gui.keys_devices import Devices
from signstation.gui.keys_empty import NoKeys
from signstation.gui.keys_family import Use, uses
from signstation.gui.keys_list import KeyList
from signstation.gui.notice import PAGE, Notice
from signstation.gui.pages import Head, Page, page_column
from signstation.gui.parts import ActionButton
from signstation.gui.procedure import Further, ProcedureView, Task, task
from signstation.gui.rows import RowsModel
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone
from signstation.gui.words import tr, trn
from signstation.model.jobs import JobRow
from signstation.model.keys import KeyInfo, KeyRef, KeyState, Protection


class KeysPage(Page):
    """The list, the empty state, or one guided procedure in their place."""

    def __init__(self, theme: Theme, station: StationApi, bridge: Bridge, parent: QWidget) -> None:
        """Build it empty; keys are asked for when the page is shown first."""
        super().__init__(parent)
        self._theme, self._station, self._bridge = theme, station, bridge
        self._asked = False
        self._keys: tuple[KeyInfo, ...] = ()
        self._wanted: KeyRef | None = None
        self._uses: Mapping[str, Use] = {}
        self._procedure: ProcedureView | None = None
        column = page_column(self)
        self._stack = QStackedWidget(self)
        column.addWidget(self._stack, 1)
        self._main = QWidget(self._stack)
        self._stack.addWidget(self._main)
        self._build_main()
        shortcut = QShortcut(QKeySequence("Ctrl+Shift+C"), self)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(self._copy_fingerprint)

    def _build_main(self) -> None:
        column = QVBoxLayout(self._main)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(14)
        self._head = Head(tr("Keys"), tr("Looking into the key stores…"), self._main)
        self.again = ActionButton(self._theme, tr("Look again"), self._main, icon="refresh")
        self.take_in = ActionButton(self._theme, tr("Import a key…"), self._main, icon="open")
        self.make = ActionButton(
            self._theme, tr("Make a key…"), self._main, icon="plus", kind="primary"
        )
        self.again.clicked.connect(self.refresh)
        self.take_in.clicked.connect(self.begin_import)
        self.make.clicked.connect(self.begin_making)
        for each in (self.again, self.take_in, self.make):
            self._head.buttons.addWidget(each)
        column.addWidget(self._head)
        self.notice = Notice(self._theme, self._main, PAGE)
        column.addWidget(self.notice)
        self.devices = Devices(self._theme, self._main)
        column.addWidget(self.devices)
        self._body = QStackedWidget(self._main)
        self.list = KeyList(self._theme, self._body)
        self.list.detail.save.connect(self.begin_export)
        self.empty = NoKeys(self._theme, self._body)
        self.empty.make.connect(self.begin_making)
        self.empty.take_in.connect(self.begin_import)
        self._body.addWidget(self.list)
        self._body.addWidget(self.empty)
        column.addWidget(self._body, 1)

    @property
    def procedure(self) -> ProcedureView | None:
        """The procedure that is under way, None where the list is shown."""
        return self._procedure

    @property
    def model(self) -> RowsModel[KeyInfo]:
        """The rows of the list."""
        return self.list.model

    def shown(self) -> None:
        """Ask for the keys, once."""
        if not self._asked:
            self.refresh()

    def refresh(self) -> None:
        """Look into the key stores again; nobody is asked for anything."""
        self._asked = True
        self.notice.hide()
        self._bridge.deliver(self._station.keys(), self._show_keys, self._unknown)
        self._bridge.deliver(self._station.tokens(), self.devices.show_tokens, _nothing)

    def focus_filter(self) -> None:
        """Go into the filter."""
        if self._procedure is None:
            self.list.focus_filter()

    def leave(self) -> None:
        """One step back in a procedure; else clear the notice, then the filter."""
        if self._procedure is not None:
            self._procedure.step_back()
        elif self.notice.isVisible():
            self.notice.hide()
        else:
            self.list.clear_filter()

    def take(self, paths: tuple[Path, ...]) -> None:
        """Begin to import the first of these files."""
        if self._procedure is None:
            self._begin_import(paths[0])

    def seek(self, name: str) -> None:
        """Pick a key by its reference; a procedure that is under way stays."""
        if self._procedure is None:
            self._wanted = KeyRef.parse(name)
            self.list.clear_filter()
            self.refresh()

    def learn_jobs(self, rows: tuple[JobRow, ...]) -> None:
        """Count what was signed with which key."""
        self._uses = uses(rows)
        self.list.show_uses(self._uses)

    def begin_making(self) -> None:
        """Make a key, step by step."""
        procedure = key_generation(places(os.environ, self._keys))
        save = Further(tr("Save the public half…"), "save", self._save_made)
        self._begin(task(procedure, self._station.generate, save))

    def begin_import(self) -> None:
        """Take a key in, step by step."""
        self._begin_import(None)

    def begin_export(self) -> None:
        """Save the public half of the picked key, step by step."""
        key = self.list.current()
        if key is not None:
            self._begin_export(key)

    def _begin_import(self, path: Path | None) -> None:
        def carry_out(order: ImportOrder) -> Future[tuple[KeyInfo, ...]]:
            return self._station.import_key(order.store, order.path)

        work = task(key_import(), carry_out)
        if path is not None:
            work = replace(work, course=work.course.answer(FILE, str(path)))
        self._begin(work)

    def _begin_export(self, key: KeyInfo) -> None:
        def carry_out(order: ExportOrder) -> Future[tuple[Path, ...]]:
            return self._station.export_key(order.key, order.directory, replace=order.replace)

        self._begin(task(key_export(key), carry_out))

    def _begin(self, work: Task) -> None:
        """Put a procedure in the place of the list."""
        self._end_procedure()
        view = ProcedureView(self._theme, self._bridge, work, self._stack)
        view.closed.connect(self._closed)
        self._procedure = view
        self._stack.addWidget(view)
        self._stack.setCurrentWidget(view)
        view.take_focus()

    def _end_procedure(self) -> None:
        view, self._procedure = self._procedure, None
        if view is not None:
            self._stack.removeWidget(view)
            view.hide()
            view.deleteLater()

    def _closed(self, result: Result | None) -> None:
        self._end_procedure()
        self._stack.setCurrentWidget(self._main)
        if result is not None:
            self._wanted = result.key
            self.refresh()
        self._take_focus()

    def _save_made(self, result: Result) -> None:
        """Go from the key that was just made to its public half."""
        self._wanted = result.key

        def found(keys: tuple[KeyInfo, ...]) -> None:
            self._show_keys(keys)
            self.begin_export()

        self._bridge.deliver(self._station.keys(), found, self._failed)

    def _take_focus(self) -> None:
        # Qt moves the focus when the stack has changed; afterwards it is ours.
        QTimer.singleShot(0, self._focus_body)

    def _focus_body(self) -> None:
        if self._procedure is None and self.isVisible():
            target = self.list.table if self._keys else self.empty.make_button
            target.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_keys(self, keys: tuple[KeyInfo, ...]) -> None:
        self._keys = keys
        wanted, self._wanted = self._wanted, None
        self.list.show_keys(keys, int(time.time()), wanted)
        self._body.setCurrentWidget(self.list if keys else self.empty)
        self.make.setVisible(bool(keys))
        self.take_in.setVisible(bool(keys))
        self._head.say(tr("Keys"), _summary(keys))

    def _copy_fingerprint(self) -> None:
        if self._procedure is None and self.list.detail.copy is not None:
            self.list.detail.copy.copy()

    def _unknown(self, error: SignstationError) -> None:
        """The keys did not come: what was shown before stays, and nothing is claimed."""
        if not self._keys:
            self._head.say(tr("Keys"), tr("It is not known which keys there are."))
        self._failed(error)

    def _failed(self, error: SignstationError) -> None:
        first, *rest = error_lines(error)
        self.notice.say(Tone.ERROR, first, " ".join(rest))


def _summary(keys: tuple[KeyInfo, ...]) -> str:
    if not keys:
        return tr("Every key of every store would be listed here.")
    usable = sum(each.state is KeyState.ACTIVE for each in keys)
    bare = sum(each.protection is Protection.UNPROTECTED for each in keys)
    words = trn("1 key", "{count} keys", len(keys)) + " · "
    words += tr("{count} active", count=usable)
    if bare:
        words += " · " + trn("1 without a passphrase", "{count} without a passphrase", bare)
    return words


def _nothing(_: SignstationError) -> None:
    """Devices that cannot be listed are not shown; the keys say what is wrong with a store."""
