"""A button that copies public text: a fingerprint, a command, a path. Never a secret."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from signstation.gui.parts import ActionButton
from signstation.gui.theme import Theme
from signstation.gui.words import tr

SAID_MS = 1500


class CopyButton(ActionButton):
    """Copies ``content`` and says so for a moment. The caller has escaped the content."""

    def __init__(self, theme: Theme, content: str, name: str, parent: QWidget) -> None:
        """``name`` says what is copied; it is the accessible name."""
        super().__init__(theme, tr("Copy"), parent, icon="copy", kind="quiet")
        self._content, self._spoken = content, name
        self.setAccessibleName(name)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SAID_MS)
        self._timer.timeout.connect(self._again)
        self.clicked.connect(self.copy)

    def set_content(self, content: str) -> None:
        """Copy something else from now on."""
        self._content = content

    def copy(self) -> None:
        """Put the content into the clipboard."""
        QGuiApplication.clipboard().setText(self._content)
        self.set(tr("Copied"), "check")
        self.setAccessibleName(self._spoken)
        self._timer.start()

    def _again(self) -> None:
        self.set(tr("Copy"), "copy")
        self.setAccessibleName(self._spoken)
