"""Choosing the hash of the signatures of one kind; what its key cannot make is not offered."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QWidget

from signstation.gui.kinds import kind_title
from signstation.gui.sign_flow import Choice
from signstation.gui.sign_hashes import HASHES, hash_of, refusal
from signstation.gui.words import say, tr
from signstation.model.hashes import HashAlgorithm


class HashBox(QComboBox):
    """Emits ``chosen`` with a HashAlgorithm, or None for what is usual for the kind."""

    chosen = Signal(object)

    def __init__(self, kind: str, parent: QWidget) -> None:
        """Build an empty list; ``show_choice`` fills it."""
        super().__init__(parent)
        self._kind = kind
        self.setAccessibleName(tr("Hash for {kind}", kind=kind_title(kind)))
        self.activated.connect(self._activated)

    def show_choice(self, choice: Choice, wanted: HashAlgorithm | None) -> None:
        """Offer what the key can make; ``wanted`` stays in the list though it cannot be."""
        self.clear()
        usual = hash_of(self._kind, choice, None)
        self.addItem(tr("{hash}, as usual", hash=usual.title) if usual else tr("As usual"), None)
        for each in HASHES:
            if each is wanted or refusal(self._kind, choice, each) is None:
                self.addItem(each.title, each)
        self.setCurrentIndex(self.findData(wanted))
        self.setVisible(choice.key is not None)

    def _activated(self) -> None:
        named: HashAlgorithm | None = self.currentData()
        self.chosen.emit(named)


def hash_reasons(kind: str, choice: Choice, wanted: HashAlgorithm | None) -> tuple[str, bool]:
    """Return why hashes are not offered, once each, and whether the wanted one is among them."""
    reasons: dict[str, list[str]] = {}
    for each in HASHES:
        why = refusal(kind, choice, each)
        if why is not None:
            reasons.setdefault(say(why), []).append(each.title)
    words = " ".join(
        tr("Not {hashes}: {reason}", hashes=", ".join(titles), reason=reason)
        for reason, titles in reasons.items()
    )
    return words, wanted is not None and refusal(kind, choice, wanted) is not None
