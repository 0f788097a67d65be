"""Finds words of the window that do not have the room they need."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtWidgets import QAbstractButton, QLabel, QTableView, QToolButton, QWidget

from signstation.gui.cells import CellDelegate
from signstation.gui.literal import Literal
from tests.support.windowscenes import described


def cut_texts(window: QWidget) -> Iterator[str]:
    """Yield what is cut off: labels, buttons, literal text, and states in tables."""
    for label in window.findChildren(QLabel):
        if label.isVisible() and _cut_off(label):
            yield f"{described(label)}: {label.text()}"
    for button in window.findChildren(QAbstractButton):
        wanted = button.sizeHint().width() - 1
        worded = button.isVisible() and button.text() and not _is_narrow(button)
        if worded and button.width() < wanted:
            yield f"{described(button)}: {button.text()}"
    for literal in window.findChildren(Literal):
        wanted = literal.heightForWidth(literal.viewport().width()) - 1
        if literal.isVisible() and literal.height() < wanted:
            yield f"{described(literal)}: {literal.toPlainText()}"
    for view in window.findChildren(QTableView):
        if view.isVisible():
            yield from _elided_pills(view)


def _cut_off(label: QLabel) -> bool:
    if not label.text():
        return False
    if label.wordWrap():
        return label.heightForWidth(label.width()) > label.height() + 1
    return label.sizeHint().width() > label.width() + 1


def _elided_pills(view: QTableView) -> Iterator[str]:
    """States that do not fit into their column; names may be elided, states may not."""
    model = view.model()
    for column in range(model.columnCount()):
        delegate = view.itemDelegateForColumn(column)
        if not isinstance(delegate, CellDelegate):
            continue
        for row in range(min(model.rowCount(), 100)):
            text, _, progress = delegate._model.look(model.index(row, column))
            needed = delegate._metrics.horizontalAdvance(text) + 52
            if progress is None and needed > view.columnWidth(column):
                yield f"{view.accessibleName()}: {text}: {needed} > {view.columnWidth(column)}"


def _is_narrow(button: QAbstractButton) -> bool:
    """Whether it shows its icon alone: then its words are its name."""
    return isinstance(button, QToolButton) and button.property("narrow") == "true"
