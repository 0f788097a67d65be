"""Signing a folder by one list of its checksums: what the list is like, asked on the Inspect step.

The list is written into the folder; then it is inspected and signed like any other file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QHBoxLayout, QWidget

from signstation.codec.checksums import ALGORITHMS
from signstation.gui.kinds import signature_words
from signstation.gui.parts import ActionButton, Card, Label
from signstation.gui.theme import Theme
from signstation.gui.words import tr
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import SignatureType
from signstation.model.lists import ListOrder
from signstation.reports.words import show

MAX_LINKS = 6
"""Most links that a list leaves out and that are named."""


@dataclass(frozen=True, slots=True)
class WantedList:
    """The list, and how it is to be signed afterwards."""

    order: ListOrder
    signature: SignatureType


class ListCard(Card):
    """Emits ``wanted`` with a WantedList. Hidden until ``ask``."""

    wanted = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        """Build the three choices and the buttons."""
        super().__init__(parent, tr("Sign the folder by one list of its checksums"))
        self._folder = Path()
        self._said = Label("", self, "sub", wrap=True)
        self.body.addWidget(self._said)
        self.algorithm = QComboBox(self)
        for algorithm in ALGORITHMS:
            self.algorithm.addItem(algorithm.title, algorithm)
        self.algorithm.currentIndexChanged.connect(self._say)
        self.form = QComboBox(self)
        self.form.addItem(tr("As sha256sum writes it (GNU)"), userData=False)
        self.form.addItem(tr("With the algorithm in each line (BSD)"), userData=True)
        self.signature = QComboBox(self)
        for words, signature in (
            (tr("Beside the list"), SignatureType.OPENPGP),
            (signature_words(SignatureType.CLEARTEXT), SignatureType.CLEARTEXT),
        ):
            self.signature.addItem(words, signature)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        for place, (words, box) in enumerate(
            (
                (tr("Hash of the files"), self.algorithm),
                (tr("Lines"), self.form),
                (tr("Signature"), self.signature),
            )
        ):
            box.setAccessibleName(words)
            grid.addWidget(Label(words, self, "label"), 0, place)
            grid.addWidget(box, 1, place)
            grid.setColumnStretch(place, 1)
        self.body.addLayout(grid)
        self.replace = QCheckBox(tr("Replace a list of this name, and its signature"), self)
        self.cancel = ActionButton(theme, tr("Cancel"), self)
        self.cancel.clicked.connect(self.hide)
        self.make = ActionButton(theme, tr("Make the list"), self, icon="list", kind="primary")
        self.make.clicked.connect(self._make)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.replace)
        row.addStretch(1)
        row.addWidget(self.make.reason)
        row.addWidget(self.cancel)
        row.addWidget(self.make)
        self.body.addLayout(row)
        self.hide()

    def ask(self, folder: Path) -> None:
        """Ask how the list of this folder shall be."""
        self._folder = folder
        self.busy(busy=False)
        self._say()
        self.show()
        self.algorithm.setFocus()

    def busy(self, *, busy: bool) -> None:
        """Show whether the files are being read."""
        self.make.allow(reason=tr("Every file is being read…") if busy else "")

    def _say(self) -> None:
        self._said.setText(
            tr(
                "{name} is written into {folder} with the checksum of every file below it; then "
                "the list is signed, and speaks for every file. Links are left out.",
                name=f"{self._algorithm().value.upper()}SUMS",
                folder=show(self._folder.name),
            )
        )

    def _algorithm(self) -> HashAlgorithm:
        found: HashAlgorithm = self.algorithm.currentData()
        return found

    def _make(self) -> None:
        order = ListOrder(
            self._folder,
            self._algorithm(),
            tagged=bool(self.form.currentData()),
            replace=self.replace.isChecked(),
        )
        self.wanted.emit(WantedList(order, self.signature.currentData()))
