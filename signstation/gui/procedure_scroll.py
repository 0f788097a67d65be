"""An area that scrolls downwards only, and never for words that would fit."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget


class Inner(QWidget):
    """Asks for the height of its words at their real width.

    The smallest size of a layout counts them at their narrowest, which would scroll for nothing.
    """

    def minimumSizeHint(self) -> QSize:
        """Width alone: the height follows from ``heightForWidth``."""
        return QSize(super().minimumSizeHint().width(), 0)


class Scrolled(QScrollArea):
    """Add to ``column``, with ``inner`` as the parent."""

    def __init__(self, name: str, parent: QWidget) -> None:
        """``name`` is the accessible name."""
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(name)
        self.inner: QWidget = Inner(self)
        self.column = QVBoxLayout(self.inner)
        self.column.setContentsMargins(0, 0, 8, 0)
        self.column.setSpacing(10)
        self.setWidget(self.inner)
