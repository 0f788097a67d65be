"""The command palette: Ctrl+K, some letters, Enter. Pages, actions, keys, jobs and the help."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QFrame, QLineEdit, QVBoxLayout, QWidget

from signstation.gui.palette_match import Command, matching
from signstation.gui.parts import Label
from signstation.gui.rows import Column, RowsModel, table_view
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone
from signstation.gui.words import tr, trn

SIZE = (620, 420)
TOP = 64
MOVES = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)


class Palette(QFrame):
    """Lies over the window. The line keeps the focus; the arrows move in the list below it."""

    closed = Signal()
    """Closed without a choice, or before the chosen command runs."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        """Start hidden and empty."""
        super().__init__(parent)
        self.setProperty("role", "sheet")
        self.setAccessibleName(tr("Commands"))
        self._commands: tuple[Command, ...] = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        self.line = QLineEdit(self)
        self.line.setPlaceholderText(tr("Go to a page, a key, a job; do something; look it up"))
        self.line.setAccessibleName(tr("Search pages, actions, keys, jobs and help"))
        self.line.textChanged.connect(self._match)
        self.line.returnPressed.connect(self._run)
        self.line.installEventFilter(self)
        column.addWidget(self.line)
        columns: tuple[Column[Command], ...] = (
            Column(
                tr("Command"), lambda each: each.title, icon=lambda each: (each.icon, Tone.NEUTRAL)
            ),
            Column(tr("Kind"), lambda each: each.group, width=110),
            Column(tr("Details"), lambda each: each.detail, width=170),
        )
        self.model: RowsModel[Command] = RowsModel(theme, columns, self)
        self.table = table_view(self.model, tr("Commands that fit"), columns, self)
        self.table.horizontalHeader().hide()
        self.table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.table.clicked.connect(self._clicked)
        column.addWidget(self.table, 1)
        self._count = Label("", self, "reason")
        column.addWidget(self._count)
        self.setFixedSize(*SIZE)
        self.hide()

    def open(self, commands: Sequence[Command]) -> None:
        """Show what can be done now; the line has the focus."""
        self._commands = tuple(commands)
        self.line.clear()
        self._match("")
        self.move((self.window().width() - SIZE[0]) // 2, TOP)
        self.show()
        self.raise_()
        self.line.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def add(self, commands: Sequence[Command]) -> None:
        """Add what was learnt after it was opened."""
        self._commands += tuple(commands)
        self._match(self.line.text())

    def close_palette(self) -> None:
        """Hide it and say so."""
        if self.isVisible():
            self.hide()
            self.closed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Send the keys that move to the list; Tab has nowhere to go and closes."""
        if watched is not self.line or not isinstance(event, QKeyEvent):
            return super().eventFilter(watched, event)
        pressed = event.type() is QEvent.Type.KeyPress
        if pressed and Qt.Key(event.key()) in MOVES:
            QApplication.sendEvent(self.table, event)
            return True
        if pressed and event.key() in {Qt.Key.Key_Tab, Qt.Key.Key_Backtab}:
            self.close_palette()
            return True
        return super().eventFilter(watched, event)

    def _match(self, typed: str) -> None:
        found = matching(typed, self._commands)
        self.model.replace(found)
        self._count.setText(
            trn("1 fits; Enter does it", "{count} fit; Enter does the marked one", len(found))
            if found
            else tr("Nothing fits. Esc closes.")
        )
        if found:
            self.table.selectRow(0)

    def _run(self) -> None:
        chosen = self.table.selectionModel().selectedRows()
        if chosen:
            self._do(self.model.row(chosen[0]))

    def _clicked(self, index: QModelIndex) -> None:
        self._do(self.model.row(index))

    def _do(self, command: Command) -> None:
        self.close_palette()
        command.run()
