"""Pinning in three steps: choose a file, compare its fingerprints, say what it is trusted for."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QRadioButton, QVBoxLayout, QWidget

from signstation.app.api import StationApi
from signstation.gui.bridge import Bridge
from signstation.gui.drop import DropArea
from signstation.gui.fingerprint import grouped
from signstation.gui.literal import Literal
from signstation.gui.parts import ActionButton, Card, IconLabel, Label, clear, line
from signstation.gui.stepper import Step, Stepper
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone
from signstation.gui.trust_compare import CompareStep
from signstation.gui.trust_words import kind_icon, meaning
from signstation.gui.words import tr, trn
from signstation.model.anchors import Anchor, AnchorFile, AnchorKind, PinOrder
from signstation.model.trust import Purpose
from signstation.reports.words import show

_PURPOSES = (Purpose.PACKAGES, Purpose.KERNEL_MODULES, Purpose.FILES)
_WORDS = {
    Purpose.PACKAGES: "Packages: RPM, Debian, and the lists of APT repositories",
    Purpose.KERNEL_MODULES: "Kernel modules: the signature that the kernel asks for",
    Purpose.FILES: "Files: texts, lists of checksums and all others",
}
_EFFECTS = (
    ("verify", "What it signed, and signs from now on, counts as trusted on this station."),
    ("save", "Who pinned it, when, and from which file is kept, and goes into the audit log."),
    ("refresh", "Unpinning on this page ends the trust again, for old signatures too."),
)
_CHOOSE, _COMPARE, _PURPOSE = range(3)
MAX_SHOWN = 8
"""Most chosen anchors that are repeated on the last step; the rest is counted."""


class PurposeStep(QWidget):
    """What the compared anchors are trusted for, and who they are, once more."""

    changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        """Start with everything, as for the station's own keys."""
        super().__init__(parent)
        self._theme = theme
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        card = Card(self, tr("Trusted for what?"))
        row.addWidget(card, 3)
        self.any = QRadioButton(tr("Anything that it can sign"), card)
        self.some = QRadioButton(tr("Only for:"), card)
        self.any.setChecked(True)
        card.body.addWidget(self.any)
        card.body.addWidget(self.some)
        self.boxes = {each: QCheckBox(tr(_WORDS[each]), card) for each in _PURPOSES}
        inside = QVBoxLayout()
        inside.setContentsMargins(26, 0, 0, 0)
        for box in self.boxes.values():
            box.toggled.connect(self._ticked)
            inside.addWidget(box)
        card.body.addLayout(inside)
        self._hint = Label("", card, "reason", wrap=True)
        card.body.addWidget(self._hint)
        card.body.addWidget(line(card))
        words = tr(
            "The narrower, the better: a key that is trusted for kernel modules only cannot vouch "
            "for a package, whoever holds it. You can pin it again with other purposes later."
        )
        card.body.addWidget(Label(words, card, "sub", wrap=True))
        card.body.addWidget(line(card))
        self._effects(theme, card)
        card.body.addStretch(1)
        self._chosen = Card(self, tr("What will be pinned"))
        row.addWidget(self._chosen, 2)
        self._list = QVBoxLayout()
        self._list.setSpacing(10)
        self._chosen.body.addLayout(self._list)
        self._chosen.body.addStretch(1)
        self.any.toggled.connect(self._toggled)

    def _effects(self, theme: Theme, card: Card) -> None:
        card.body.addWidget(Label(tr("What pinning does"), card, "label"))
        for icon, words in _EFFECTS:
            row = QHBoxLayout()
            row.setSpacing(12)
            picture = IconLabel(theme, icon, card, Tone.NEUTRAL, 18)
            row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
            row.addWidget(Label(tr(words), card, wrap=True), 1)
            card.body.addLayout(row)

    def show_anchors(self, anchors: tuple[Anchor, ...]) -> None:
        """Say who is about to be trusted."""
        clear(self._list)
        for each in anchors[:MAX_SHOWN]:
            self._list.addLayout(self._row(each))
        rest = len(anchors) - MAX_SHOWN
        if rest > 0:
            words = tr("and {count} more", count=rest)
            self._list.addWidget(Label(words, self._chosen, "sub"))
        openpgp = bool(anchors) and all(each.kind is AnchorKind.OPENPGP for each in anchors)
        hint = tr("The kernel takes X.509 certificates only; this is OpenPGP.") if openpgp else ""
        self._hint.setText(hint)
        self._hint.setVisible(openpgp)

    def purposes(self) -> tuple[Purpose, ...]:
        """Return the chosen purposes, perhaps none."""
        if self.any.isChecked():
            return (Purpose.ANY,)
        return tuple(each for each, box in self.boxes.items() if box.isChecked())

    def _row(self, anchor: Anchor) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(10)
        icon = IconLabel(self._theme, kind_icon(anchor.kind), self._chosen)
        row.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(2)
        column.addWidget(Label(show(anchor.label), self._chosen, "strong", wrap=True))
        digits = grouped(show(anchor.identity))
        column.addWidget(Literal(digits, tr("Fingerprint"), self._chosen))
        column.addWidget(Label(meaning(anchor.kind), self._chosen, "sub", wrap=True))
        row.addLayout(column, 1)
        return row

    def _ticked(self, checked: bool) -> None:  # noqa: FBT001 - Qt's signal
        if checked:
            self.some.setChecked(True)
        self.changed.emit()

    def _toggled(self) -> None:
        self.changed.emit()


class PinSteps(QWidget):
    """Emits ``pinned`` with the anchors, ``failed`` with an error, ``left`` without either."""

    pinned = Signal(tuple)
    failed = Signal(object)
    left = Signal()

    def __init__(self, theme: Theme, station: StationApi, bridge: Bridge, parent: QWidget) -> None:
        """Build all steps; nothing is read yet."""
        super().__init__(parent)
        self._station, self._bridge = station, bridge
        self._file: AnchorFile | None = None
        self._asked = 0  # number of the last preview, so that an older one is ignored
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self.stepper = Stepper(theme, self)
        column.addWidget(self.stepper)
        self._drop = DropArea(
            theme,
            tr("Drop a certificate here"),
            tr(
                "An OpenPGP certificate or keyring, or X.509 certificates in PEM or DER. Looking "
                "at a file trusts nothing."
            ),
            self,
        )
        self._drop.folder.hide()
        self._drop.chosen.connect(self.take)
        self._compare = CompareStep(theme, self)
        self._compare.changed.connect(self._allow)
        self._purpose = PurposeStep(theme, self)
        self._purpose.changed.connect(self._allow)
        self.stepper.add(Step(tr("Choose"), self._drop, ""))
        self.stepper.add(Step(tr("Compare"), self._compare, tr("These are the right ones")))
        self.stepper.add(Step(tr("Purpose"), self._purpose, tr("Pin"), "check"))
        self.stepper.wanted.connect(self._wanted)
        self.stepper.entered.connect(self._entered)
        self.cancel = ActionButton(theme, tr("Cancel"), self)
        self.cancel.clicked.connect(self.left)
        self.stepper.extra.addWidget(self.cancel)

    def begin(self) -> None:
        """Start over at the first step."""
        self._asked += 1
        self._file = None
        self._purpose.any.setChecked(True)
        for box in self._purpose.boxes.values():
            box.setChecked(False)
        self.stepper.go(_CHOOSE)
        self._drop.files.setFocus()

    def take(self, paths: tuple[Path, ...]) -> None:
        """Look into a file; of several only the first is taken."""
        self._asked += 1
        number = self._asked

        def done(found: AnchorFile) -> None:
            if number == self._asked:
                self._show(found)

        self._bridge.deliver(self._station.preview_anchors(paths[0]), done, self.failed.emit)

    def summary(self) -> str:
        """Return which file this is about, for the head of the page."""
        if self._file is None:
            return tr("Nothing is trusted before the last step.")
        words = trn("1 certificate", "{count} certificates", len(self._file.anchors))
        known = len(self._file.pinned)
        if known:
            words += " · " + trn("1 pinned already", "{count} pinned already", known)
        return tr("{file}: {words}", file=self._file.path.name, words=words)

    def _show(self, found: AnchorFile) -> None:
        self._file = found
        self._compare.show_anchors(found.anchors, int(time.time()))
        self.stepper.go(_COMPARE)
        self._compare.take_focus()

    def _entered(self, index: int) -> None:
        if index == _PURPOSE:
            self._purpose.show_anchors(self._compare.compared())
        self._allow()

    def _allow(self) -> None:
        reason = ""
        if self.stepper.current == _COMPARE and not self._compare.compared():
            reason = tr("Compare a fingerprint first.")
        elif self.stepper.current == _PURPOSE and not self._purpose.purposes():
            reason = tr("Choose at least one purpose.")
        self.stepper.allow_next(reason=reason)

    def _wanted(self, index: int) -> None:
        if index == _COMPARE:
            self.stepper.go(_PURPOSE)
        elif self._file is not None:
            chosen = tuple(each.identity for each in self._compare.compared())
            order = PinOrder(self._file.path, self._file.sha256, chosen, self._purpose.purposes())
            self._bridge.deliver(self._station.pin(order), self.pinned.emit, self.failed.emit)
