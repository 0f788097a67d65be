"""The fields of a guided procedure: choices as tiles, lines with what is wrong at them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from signstation.ceremonies.answers import MAX_ANSWER, Answers, Choice, Field, FieldKind, Problem
from signstation.gui.parts import ActionButton, Chip, IconLabel, Label, restyle
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone
from signstation.gui.words import say, tr

LINE_WIDTH = 620
"""Widest input line in px: a longer one is harder to read, not easier to fill."""


class FieldBox(QWidget):
    """One field. ``answered`` tells its name and what was typed; ``show_answers`` follows."""

    answered = Signal(str, str)

    def __init__(self, field: Field[Any], parent: QWidget) -> None:
        """Subclasses build the widgets."""
        super().__init__(parent)
        self.field = field

    def show_answers(self, answers: Answers) -> None:
        """Show the answer as it is, and what is wrong with it."""
        raise NotImplementedError

    def take_focus(self) -> None:
        """Put the focus where the answer is given."""
        raise NotImplementedError


class _Tile(QFrame):
    """One choice: the radio button with its title, the plain words below; a click anywhere."""

    def __init__(self, theme: Theme, choice: Choice, parent: QWidget) -> None:
        super().__init__(parent)
        self.value = choice.value
        self.setProperty("role", "node")
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 10, 14, 12)
        column.setSpacing(2)
        row = QHBoxLayout()
        row.setSpacing(10)
        self.button = QRadioButton(say(choice.title), self)
        self.button.setFont(theme.strong)
        self.button.setAccessibleName(say(choice.title))
        self.button.setAccessibleDescription(say(choice.words))
        row.addWidget(self.button)
        if choice.recommended:
            row.addWidget(Chip(theme, "check", tr("Recommended"), self, Tone.OK))
        row.addStretch(1)
        column.addLayout(row)
        words = QHBoxLayout()
        words.setContentsMargins(26, 0, 0, 0)
        words.addWidget(Label(say(choice.words), self, "sub", wrap=True))
        column.addLayout(words)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Choose it."""
        if self.rect().contains(event.position().toPoint()):
            self.button.click()
            self.button.setFocus(Qt.FocusReason.MouseFocusReason)

    def mark(self) -> None:
        """Look chosen or not."""
        chosen = self.button.isChecked()
        restyle(self, role="banner" if chosen else "node", tone="accent" if chosen else "")


class ChoiceBox(FieldBox):
    """All values of a choice at once, with the reasons for each."""

    def __init__(
        self, theme: Theme, field: Field[Any], answers: Answers, *, titled: bool, parent: QWidget
    ) -> None:
        """``titled`` shows the field's title: needed where a step has more than one field."""
        super().__init__(field, parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        if titled:
            column.addWidget(Label(say(field.title), self, "label"))
        self._group = QButtonGroup(self)
        self._tiles: list[_Tile] = []
        for choice in field.choices(answers):
            tile = _Tile(theme, choice, self)
            self._group.addButton(tile.button, len(self._tiles))
            self._tiles.append(tile)
            column.addWidget(tile)
        self._group.idToggled.connect(self._toggled)
        self.setAccessibleName(say(field.title))
        self.show_answers(answers)

    def show_answers(self, answers: Answers) -> None:
        """Check the tile of the answer."""
        typed = answers.typed(self.field)
        self._group.blockSignals(True)
        for tile in self._tiles:
            tile.button.setChecked(tile.value == typed)
            tile.mark()
        self._group.blockSignals(False)

    def take_focus(self) -> None:
        """Go to the chosen tile."""
        for tile in self._tiles:
            if tile.button.isChecked():
                tile.button.setFocus(Qt.FocusReason.TabFocusReason)

    def _toggled(self, number: int, on: bool) -> None:  # noqa: FBT001 - Qt's signal
        if on:
            self.answered.emit(self.field.name, self._tiles[number].value)


class LineBox(FieldBox):
    """A line to type into; what is wrong is told below it once something was typed or left."""

    def __init__(self, theme: Theme, field: Field[Any], answers: Answers, parent: QWidget) -> None:
        """Build the line with its label, its explanation and, for paths, a way to choose."""
        super().__init__(field, parent)
        self._touched = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        title = Label(say(field.title), self, "label")
        column.addWidget(title)
        self.line = QLineEdit(self)
        self.line.setMaxLength(MAX_ANSWER)
        self.line.setAccessibleName(say(field.title))
        self.line.setMaximumWidth(LINE_WIDTH)
        title.setBuddy(self.line)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.line, 1)
        if pick := _PICKERS.get(field.kind):
            self.line.setProperty("role", "mono")
            button = ActionButton(theme, tr("Choose…"), self, icon="folder")
            button.setAccessibleName(tr("Choose: {field}", field=say(field.title)))
            button.clicked.connect(lambda: pick(self))
            row.addWidget(button)
        row.addStretch(0)
        column.addLayout(row)
        self._words = Label(say(field.words), self, "reason", wrap=True)
        self._words.setVisible(bool(self._words.text()))
        column.addWidget(self._words)
        wrong = QHBoxLayout()
        wrong.setSpacing(6)
        self._icon = IconLabel(theme, "x-circle", self, Tone.ERROR, 16)
        self.problem = Label("", self, "reason", wrap=True)
        restyle(self.problem, tone="error")
        wrong.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        wrong.addWidget(self.problem, 1)
        column.addLayout(wrong)
        self.line.textEdited.connect(self._edited)
        self.line.editingFinished.connect(self._left)
        self.show_answers(answers)

    def show_answers(self, answers: Answers) -> None:
        """Show what was typed, and what is wrong with it once the person has begun."""
        typed = answers.typed(self.field)
        if self.line.text() != typed:
            self.line.setText(typed)
        value = answers.read(self.field)
        told = isinstance(value, Problem) and (self._touched or bool(typed))
        words = say(value.text) if isinstance(value, Problem) and told else ""
        self.problem.setText(words)
        self.problem.setVisible(bool(words))
        self._icon.setVisible(bool(words))
        self.line.setAccessibleDescription(words or self._words.text())

    def take_focus(self) -> None:
        """Go into the line."""
        self.line.setFocus(Qt.FocusReason.TabFocusReason)

    def take_path(self, name: str) -> None:
        """Take what a dialog gave."""
        self._touched = True
        self.answered.emit(self.field.name, name)

    def _edited(self, typed: str) -> None:
        self.answered.emit(self.field.name, typed)

    def _left(self) -> None:
        if not self._touched and self.line.isModified():
            self._touched = True
            self.answered.emit(self.field.name, self.line.text())


def _pick(box: LineBox, mode: QFileDialog.FileMode) -> None:
    dialog = QFileDialog(box, say(box.field.title))
    dialog.setFileMode(mode)
    here = Path(box.line.text()).expanduser()
    if here.is_absolute():
        dialog.setDirectory(str(here if mode is QFileDialog.FileMode.Directory else here.parent))
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(box.take_path)
    dialog.open()


def _pick_directory(box: LineBox) -> None:
    _pick(box, QFileDialog.FileMode.Directory)


def _pick_file(box: LineBox) -> None:
    _pick(box, QFileDialog.FileMode.ExistingFile)


_PICKERS: dict[FieldKind, Callable[[LineBox], None]] = {
    FieldKind.DIRECTORY: _pick_directory,
    FieldKind.FILE: _pick_file,
}


def field_box(
    theme: Theme, field: Field[Any], answers: Answers, *, titled: bool, parent: QWidget
) -> FieldBox:
    """Return the widget of a field."""
    if field.kind is FieldKind.CHOICE:
        return ChoiceBox(theme, field, answers, titled=titled, parent=parent)
    return LineBox(theme, field, answers, parent)
