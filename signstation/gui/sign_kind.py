"""One kind of artifact on the third step of the Sign page: its key, its hash, what both mean."""

from __future__ import annotations

import time

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from signstation.gui.keys_looks import PROTECTION_MEANINGS, expiry_words
from signstation.gui.kinds import kind_icon, kind_title, signature_words
from signstation.gui.parts import Card, Chip, IconLabel, Label, restyle
from signstation.gui.sign_flow import Choice, SignFlow
from signstation.gui.sign_hash import HashBox, hash_reasons
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone
from signstation.gui.words import tr, trn
from signstation.model.keys import Protection, SignatureType
from signstation.reports.tables import PROTECTIONS
from signstation.reports.words import groups, show

MAX_NAMED = 8
"""Most files of a kind that are named."""
_SOFT = {Protection.SOFTWARE, Protection.UNPROTECTED}


class KindRow(Card):
    """One kind of artifact: how many, which key, how the key is protected."""

    chosen = Signal(str, object)
    hash_chosen = Signal(str, object)

    def __init__(self, theme: Theme, kind: str, flow: SignFlow, parent: QWidget) -> None:
        super().__init__(parent)
        self._kind, self._flow = kind, flow
        self._offers = flow.offer(kind)
        count = len(flow.of_kind(kind))
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(IconLabel(theme, kind_icon(kind), self, Tone.ACCENT, 22))
        head.addWidget(Label(kind_title(kind), self, "section"))
        amount = trn("{count} file", "{count} files", count)
        head.addWidget(Label(amount, self, "sub"))
        head.addStretch(1)
        self._chip = Chip(theme, "lock", "", self)
        head.addWidget(self._chip)
        self.body.addLayout(head)
        self.box = QComboBox(self)
        self.box.setAccessibleName(tr("Key for {kind}", kind=kind_title(kind)))
        for offer in self._offers:
            self.box.addItem(_offer_words(offer))
        self.box.addItem(tr("Do not sign these"))
        self.hash = HashBox(kind, self)
        self.hash.chosen.connect(lambda named: self.hash_chosen.emit(self._kind, named))
        self.body.addWidget(self.box)
        self._detail = Label("", self, "mono", wrap=True, selectable=True)
        second = QHBoxLayout()
        second.setSpacing(12)
        second.addWidget(self._detail, 1)
        second.addWidget(self.hash, 0, Qt.AlignmentFlag.AlignTop)
        self.body.addLayout(second)
        self._reason = Label("", self, "reason", wrap=True)
        self.body.addWidget(self._reason)
        self._life = Label("", self, "sub", wrap=True)
        self.body.addWidget(self._life)
        self._files = QWidget(self)
        column = QVBoxLayout(self._files)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(2)
        column.addWidget(Label(tr("Files"), self._files, "label"))
        column.addWidget(Label(_names(flow, kind), self._files, "mono", wrap=True))
        self.body.addWidget(self._files)
        chosen = flow.choices.get(kind)
        index = self._offers.index(chosen) if chosen in self._offers else len(self._offers)
        self.box.setCurrentIndex(index)
        self._show(index)
        self.box.currentIndexChanged.connect(self._changed)
        if not self._offers:
            missing = tr("No active key here can sign this kind. Generate or import one first.")
            self.body.addWidget(Label(missing, self, "reason", wrap=True))

    def _changed(self, index: int) -> None:
        self._show(index)
        inside = 0 <= index < len(self._offers)
        self.chosen.emit(self._kind, self._offers[index] if inside else None)

    def _show(self, index: int) -> None:
        choice = self._offers[index] if 0 <= index < len(self._offers) else None
        key = choice.key if choice else None
        self._chip.setVisible(key is not None)
        self.show_hash(choice or Choice(None, SignatureType.OPENPGP))
        self._life.setVisible(key is not None)
        if key is None:
            self._detail.setText(tr("These files are left as they are."))
            return
        tone = Tone.OK if key.protection not in _SOFT else Tone.NEUTRAL
        if key.protection is Protection.UNPROTECTED:
            tone = Tone.WARNING
        self._chip.set("lock", tr(PROTECTIONS[key.protection]), tone)
        self._detail.setText(groups(show(key.fingerprint)))
        lasts = expiry_words(key.expires, int(time.time()))
        protected = tr(PROTECTION_MEANINGS[key.protection])
        self._life.setText(tr("Lasts {lasts}. {protection}", lasts=lasts, protection=protected))

    def set_roomy(self, *, roomy: bool) -> None:
        """Show which files are signed, where there is room for it."""
        self._files.setVisible(roomy)

    def show_hash(self, choice: Choice) -> None:
        """Show which hashes this choice has, and why others are missing."""
        wanted = self._flow.hashes.get(self._kind)
        self.hash.show_choice(choice, wanted)
        words, refused = hash_reasons(self._kind, choice, wanted)
        self._reason.setText(words)
        self._reason.setVisible(bool(words))
        restyle(self._reason, tone=(Tone.ERROR if refused else Tone.NEUTRAL).value)


def _offer_words(offer: Choice) -> str:
    key = offer.key
    if key is None:
        return ""
    return f"{show(key.label)} · {key.type.title} · {signature_words(offer.signature)}"


def _names(flow: SignFlow, kind: str) -> str:
    names = [show(each.path.name) for each in flow.of_kind(kind)]
    rest = len(names) - MAX_NAMED
    more = [tr("… and {count} more", count=rest)] if rest > 0 else []
    return "\n".join(names[:MAX_NAMED] + more)
