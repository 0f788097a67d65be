"""A fingerprint in groups, to be compared by eye, by ear or by typing what a sheet says."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from signstation.gui.copying import CopyButton
from signstation.gui.literal import Literal
from signstation.gui.parts import Card, Label, restyle
from signstation.gui.theme import Theme
from signstation.gui.words import tr
from signstation.reports.words import groups, show

_SSH = "SHA256:"
OPENPGP_V4 = 40
"""Hexadecimal digits of a version 4 fingerprint (RFC 9580 section 5.5.4.2)."""
WHOLE = 32
"""Fewest digits that say something about a key: 128 bits; key ids can be made to order."""


def grouped(digits: str) -> str:
    """Return groups of four on two lines where there are two halves worth it."""
    if ":" in digits:  # SHA256: and base64, which nobody groups
        return digits
    if len(digits) == OPENPGP_V4:
        half = len(digits) // 2
        return groups(digits[:half]) + "\n" + groups(digits[half:])
    if len(digits) > OPENPGP_V4:
        step = 16
        lines = [groups(digits[i : i + step]) for i in range(0, len(digits), step)]
        return "\n".join(lines)
    return groups(digits)


def comparable(digits: str, fingerprint: str) -> str:
    """Return digits without blanks and colons, in lower case.

    ``fingerprint`` is the one that they are of: in base64, as SSH writes it, capitals and small
    letters are different digits, and stay.
    """
    bare = "".join(digits.removeprefix(_SSH).replace(":", "").split())
    return bare if fingerprint.startswith(_SSH) else bare.lower()


class FingerprintCard(Card):
    """Shows a fingerprint and compares it with what is typed or pasted."""

    def __init__(self, theme: Theme, fingerprint: str, parent: QWidget) -> None:
        """``fingerprint``: hexadecimal digits, perhaps only a key id."""
        super().__init__(parent, tr("Fingerprint to compare"))
        self._digits = show(fingerprint)
        well = Card(self, role="well")
        well.body.addWidget(Literal(grouped(self._digits), tr("Fingerprint"), well, "digest"))
        self.body.addWidget(well)
        if len(self._digits) < WHOLE:
            words = tr("This is only a key id: it can be imitated, and is not worth comparing.")
            self.body.addWidget(Label(words, self, "reason", wrap=True))
            return
        row = QHBoxLayout()
        row.setSpacing(8)
        self.field = QLineEdit(self)
        self.field.setProperty("role", "mono")
        self.field.setPlaceholderText(tr("Type or paste it"))
        self.field.setAccessibleName(tr("Fingerprint that you were given"))
        self.field.textChanged.connect(self._compare)
        row.addWidget(self.field, 1)
        row.addWidget(CopyButton(theme, self._digits, tr("Copy the fingerprint"), self))
        self.body.addLayout(row)
        self.answer = Label(tr("Not compared."), self, "reason", wrap=True)
        self.body.addWidget(self.answer)

    def _compare(self, typed: str) -> None:
        given, ours = (comparable(each, self._digits) for each in (typed, self._digits))
        if not given:
            words, tone = tr("Not compared."), "neutral"
        elif given == ours:
            words, tone = tr("It is the same fingerprint."), "ok"
        elif ours.startswith(given):
            words = tr("{count} of {all} digits, the same so far", count=len(given), all=len(ours))
            tone = "neutral"
        else:
            words, tone = tr("It is a different fingerprint."), "error"
        self.answer.setText(words)
        restyle(self.answer, tone=tone)
