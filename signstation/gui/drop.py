"""The place where files and folders are dropped or picked; keyboard alone is enough."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from signstation.gui.parts import ActionButton, IconLabel, Label, restyle
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone
from signstation.gui.words import tr


class DropArea(QFrame):
    """Emits ``chosen`` with a tuple of absolute paths. Only local files are taken."""

    chosen = Signal(tuple)

    def __init__(self, theme: Theme, headline: str, detail: str, parent: QWidget) -> None:
        """``headline`` says what to drop, ``detail`` what will happen then."""
        super().__init__(parent)
        self.setProperty("role", "drop")
        self.setAcceptDrops(True)
        self.setMinimumHeight(220)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(10)
        column.addStretch(1)
        icon = IconLabel(theme, "package", self, Tone.ACCENT, 48)
        column.addWidget(icon, 0, Qt.AlignmentFlag.AlignHCenter)
        for words, role in ((headline, "section"), (detail, "sub")):
            label = Label(words, self, role, wrap=True)
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(label)
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addStretch(1)
        self.files = ActionButton(theme, tr("Choose files…"), self, icon="file", kind="primary")
        self.folder = ActionButton(theme, tr("Choose a folder…"), self, icon="folder")
        self.files.clicked.connect(self._pick_files)
        self.folder.clicked.connect(self._pick_folder)
        row.addWidget(self.files)
        row.addWidget(self.folder)
        row.addStretch(1)
        column.addSpacing(8)
        column.addLayout(row)
        column.addStretch(1)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept local files and folders."""
        if _local(event):
            restyle(self, active="true")
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Look as before."""
        restyle(self, active="false")
        event.accept()

    def dropEvent(self, event: QDropEvent) -> None:
        """Take the paths; nothing is opened here."""
        restyle(self, active="false")
        if paths := _local(event):
            event.acceptProposedAction()
            self.chosen.emit(paths)

    def _pick_files(self) -> None:
        self._pick(QFileDialog.FileMode.ExistingFiles, tr("Choose files"))

    def _pick_folder(self) -> None:
        self._pick(QFileDialog.FileMode.Directory, tr("Choose a folder"))

    def _pick(self, mode: QFileDialog.FileMode, title: str) -> None:
        dialog = QFileDialog(self, title)
        dialog.setFileMode(mode)
        dialog.setOption(QFileDialog.Option.DontResolveSymlinks)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.filesSelected.connect(self._picked)
        dialog.open()

    def _picked(self, names: list[str]) -> None:
        if names:
            self.chosen.emit(tuple(Path(name) for name in names))


class DropButton(ActionButton):
    """A button that takes one dropped file too; emits ``dropped`` with its path as text."""

    dropped = Signal(str)

    def __init__(self, theme: Theme, text: str, parent: QWidget, *, icon: str) -> None:
        """Take drops from the start; ``clicked`` is for the keyboard and the mouse."""
        super().__init__(theme, text, parent, icon=icon)
        self.setAcceptDrops(True)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept one local file, and look pressed."""
        if len(_local(event)) == 1:
            self.setDown(True)
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Look as before."""
        self.setDown(False)
        event.accept()

    def dropEvent(self, event: QDropEvent) -> None:
        """Take the path; nothing is opened here."""
        self.setDown(False)
        if paths := _local(event):
            event.acceptProposedAction()
            self.dropped.emit(str(paths[0]))


def _local(event: QDropEvent) -> tuple[Path, ...]:
    return tuple(Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile())
