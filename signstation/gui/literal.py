"""Text out of files, paths and digests: selectable, and broken anywhere rather than cut off.

A QLabel breaks only at blanks, so the tail of a long name would be out of sight, which is where
a hostile name hides what matters.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QTextLayout, QTextOption, QWheelEvent
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QSizePolicy, QWidget

SMALLEST = 60


class Literal(QPlainTextEdit):
    """Read-only plain text that is as high as it needs to be; the caller has escaped it."""

    def __init__(self, text: str, name: str, parent: QWidget, role: str = "mono") -> None:
        """``name`` is the accessible name: what the text is. ``role`` as for a Label."""
        super().__init__(parent)
        self.setReadOnly(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setProperty("role", role)
        self.setProperty("literal", "true")
        self.setAccessibleName(name)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setTabChangesFocus(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setUndoRedoEnabled(False)
        self.document().setDocumentMargin(0)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.set_text(text)

    def set_text(self, text: str) -> None:
        """Show another text."""
        self.setPlainText(text)
        self.updateGeometry()

    def hasHeightForWidth(self) -> bool:
        """It wraps."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Height of the wrapped text."""
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        height = 0.0
        for text in self.toPlainText().split("\n"):
            layout = QTextLayout(text, self.font())
            layout.setTextOption(option)
            layout.beginLayout()
            while (line := layout.createLine()).isValid():
                line.setLineWidth(max(width, SMALLEST))
                height += line.height()
            layout.endLayout()
        return max(round(height + 0.5), self.fontMetrics().height()) + 1

    def sizeHint(self) -> QSize:
        """Height at the present width."""
        width = max(self.width(), SMALLEST)
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        """One short word wide."""
        return QSize(SMALLEST, self.fontMetrics().height())

    def changeEvent(self, event: QEvent) -> None:
        """A font from the stylesheet changes the height."""
        super().changeEvent(event)
        if event.type() in {QEvent.Type.FontChange, QEvent.Type.StyleChange}:
            self.updateGeometry()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Let what surrounds it scroll."""
        event.ignore()
