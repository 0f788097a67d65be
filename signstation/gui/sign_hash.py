"""Choosing the hash of a release's signatures, and what each kind makes of the choice."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from signstation.gui.kinds import kind_title
from signstation.gui.parts import Label, clear, restyle
from signstation.gui.sign_flow import SignFlow
from signstation.gui.sign_hashes import HASHES, hash_of, refusal
from signstation.gui.tokens import Tone
from signstation.gui.words import say, tr
from signstation.model.hashes import HashAlgorithm
from signstation.model.text import Text


class HashChooser(QWidget):
    """Emits ``chosen`` with a HashAlgorithm, or None for what is usual for each kind."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        """Build the list; what follows from it comes with ``show_flow``."""
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(Label(tr("Hash of the signatures"), self, "label"))
        self.box = QComboBox(self)
        self.box.setAccessibleName(tr("Hash of the signatures"))
        self.box.addItem(tr("As usual for each kind"), None)
        for each in HASHES:
            self.box.addItem(each.title, each)
        self.box.activated.connect(self._activated)
        column.addWidget(self.box)
        self._lines = QVBoxLayout()
        self._lines.setSpacing(2)
        column.addLayout(self._lines)

    def show_flow(self, flow: SignFlow) -> None:
        """Show the choice, and for each kind that is signed its hash, or why it is refused."""
        self.box.setCurrentIndex(self.box.findData(flow.hash))
        clear(self._lines)
        kinds: dict[tuple[str, Tone], list[str]] = {}
        for kind in flow.signing():
            choice = flow.choices[kind]
            used, refused = hash_of(kind, choice, flow.hash), refusal(kind, choice, flow.hash)
            if used is not None:
                said = (used.title, Tone.NEUTRAL)
            else:
                said = (say(refused) if refused else "", Tone.ERROR)
            kinds.setdefault(said, []).append(kind_title(kind))
        for (words, tone), titles in kinds.items():
            line = tr("{kinds}: {words}", kinds=", ".join(titles), words=words)
            label = Label(line, self, "reason", wrap=True)
            restyle(label, tone=tone.value)
            self._lines.addWidget(label)

    def refused(self, flow: SignFlow) -> Text | None:
        """Return why the step is not done: a key that cannot sign with the chosen hash."""
        if any(refusal(kind, flow.choices[kind], flow.hash) for kind in flow.signing()):
            return Text("Choose another hash, or another key.")
        return None

    def _activated(self) -> None:
        named: HashAlgorithm | None = self.box.currentData()
        self.chosen.emit(named)
