"""A field for a passphrase or PIN: nothing is shown, nothing comes from or goes to a clipboard."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QMouseEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from signstation.gui.words import tr
from signstation.model.secret import Secret

MAX_CHARACTERS = 1000
"""At most four bytes each, so that every secret fits into the 4096 bytes of the socket."""

_REFUSED = (
    QKeySequence.StandardKey.Paste,
    QKeySequence.StandardKey.Copy,
    QKeySequence.StandardKey.Cut,
    QKeySequence.StandardKey.Undo,
    QKeySequence.StandardKey.Redo,
)


class SecretField(QLineEdit):
    """One secret. ``take`` empties it; Qt's own copies are overwritten at best effort only."""

    def __init__(self, name: str, parent: QWidget) -> None:
        """``name`` says what to type; it is the accessible name."""
        super().__init__(parent)
        self.setProperty("role", "secret")
        self.setEchoMode(QLineEdit.EchoMode.NoEcho)
        self.setMaxLength(MAX_CHARACTERS)
        self.setAccessibleName(name)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.setAcceptDrops(False)
        self.setDragEnabled(False)
        hint = Qt.InputMethodHint
        self.setInputMethodHints(
            hint.ImhHiddenText | hint.ImhSensitiveData | hint.ImhNoPredictiveText
        )
        self._name = name
        self.textChanged.connect(self._say)
        self._say()

    def take(self) -> Secret:
        """Return what was typed and empty the field."""
        buffer = bytearray(self.text().encode("utf-8", "surrogatepass"))
        self.forget()
        secret = Secret(buffer)
        buffer[:] = bytes(len(buffer))
        return secret

    def forget(self) -> None:
        """Overwrite and empty the field."""
        self.setText("\0" * len(self.text()))
        self.clear()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take typed characters; refuse the clipboard and undo."""
        if any(event.matches(each) for each in _REFUSED):
            event.accept()
            return
        super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Refuse the primary selection of the middle button."""
        if event.button() is Qt.MouseButton.MiddleButton:
            event.accept()
            return
        super().mouseReleaseEvent(event)

    def _say(self) -> None:
        # The placeholder stays while nothing is echoed: it tells that typing arrives.
        typed = tr("typed; nothing is shown here")
        self.setPlaceholderText(typed if self.text() else tr("{name}: type it", name=self._name))
