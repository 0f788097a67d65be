"""Everything about one key: protection, life time as a line, fingerprint, and how to name it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from signstation.gui.copying import CopyButton
from signstation.gui.fingerprint import grouped
from signstation.gui.literal import Literal
from signstation.gui.parts import Banner, Card, Chip, Label, clear
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone
from signstation.gui.verdicts import Look, moment
from signstation.gui.words import tr, trn
from signstation.model.keys import KeyInfo, KeyState, Protection
from signstation.reports.tables import KEY_STATES, PROTECTIONS
from signstation.reports.words import show

DAY = 86400
SOON = 30
"""Days before the end from which on a key is marked."""
_PROTECTIONS = {
    Protection.SOFTWARE: ("lock", Tone.NEUTRAL),
    Protection.UNPROTECTED: ("unlock", Tone.WARNING),
    Protection.TOKEN: ("usb", Tone.OK),
    Protection.HSM: ("chip", Tone.OK),
    Protection.REMOTE: ("network", Tone.NEUTRAL),
    Protection.EPHEMERAL: ("clock", Tone.NEUTRAL),
}
_MEANINGS = {
    Protection.SOFTWARE: "A file under a passphrase: whoever has both can sign.",
    Protection.UNPROTECTED: "A file without a passphrase: whoever copies the file can sign.",
    Protection.TOKEN: "Inside a token: it signs, but never gives the key away.",
    Protection.HSM: "Inside a hardware module: it signs, but never gives the key away.",
    Protection.REMOTE: "In a service on the network.",
    Protection.EPHEMERAL: "Made for one signature and gone afterwards.",
}
_STATES = {
    KeyState.ACTIVE: ("check-circle", Tone.OK),
    KeyState.NOT_YET: ("clock", Tone.WARNING),
    KeyState.EXPIRED: ("x-circle", Tone.ERROR),
    KeyState.REVOKED: ("x-circle", Tone.ERROR),
    KeyState.DISABLED: ("minus-circle", Tone.WARNING),
    KeyState.LOCKED: ("lock", Tone.NEUTRAL),
    KeyState.PUBLIC_ONLY: ("info", Tone.NEUTRAL),
}


def protection_look(protection: Protection) -> Look:
    """Return icon, tone and word of a protection."""
    return (*_PROTECTIONS[protection], tr(PROTECTIONS[protection]))


def state_look(state: KeyState) -> Look:
    """Return icon, tone and word of a key's state."""
    return (*_STATES[state], tr(KEY_STATES[state]))


def expiry_words(expires: int | None, now: int) -> str:
    """Return ``for 25 days`` or ``ended 40 days ago``; times are Unix seconds."""
    if expires is None:
        return tr("without an end")
    days = abs(expires - now) // DAY
    if expires <= now:
        return trn("ended 1 day ago", "ended {count} days ago", days)
    return trn("for 1 day", "for {count} days", days)


class _LifeLine(QWidget):
    """From creation to the end, with today on it."""

    def __init__(self, theme: Theme, created: int, expires: int, now: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        whole = max(expires - created, 1)
        self._now = min(max((now - created) / whole, 0.0), 1.0)
        left = (expires - now) // DAY
        self._tone = Tone.ERROR if left < 0 else Tone.WARNING if left < SOON else Tone.OK
        self.setFixedHeight(14)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(120, 14)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw what has passed and what is left."""
        tokens = self._theme.tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        track = QRectF(0, 4, self.width(), 6)
        painter.setBrush(QColor(tokens.tone(self._tone)[0]))
        painter.drawRoundedRect(track, 3, 3)
        passed = QRectF(track)
        passed.setWidth(track.width() * self._now)
        painter.setBrush(QColor(tokens.hairline))
        painter.drawRoundedRect(passed, 3, 3)
        painter.setBrush(QColor(tokens.text))
        at = min(max(track.width() * self._now - 2, 0), track.width() - 4)
        painter.drawRoundedRect(QRectF(at, 0, 4, 14), 2, 2)
        painter.end()
        event.accept()


class KeyDetail(Card):
    """Rebuilt for each key that is picked."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        """Start empty."""
        super().__init__(parent)
        self._theme = theme
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setAccessibleName(tr("Details of the key"))
        self._inner = QWidget(area)
        self._column = QVBoxLayout(self._inner)
        self._column.setContentsMargins(0, 0, 8, 0)
        self._column.setSpacing(5)
        area.setWidget(self._inner)
        self.body.addWidget(area)

    def show_nothing(self) -> None:
        """Say that no key is picked."""
        clear(self._column)
        self._column.addWidget(Label(tr("Pick a key to see it."), self._inner, "sub"))
        self._column.addStretch(1)

    def show_key(self, key: KeyInfo, now: int) -> None:
        """Show a key; ``now`` is Unix seconds."""
        clear(self._column)
        inner = self._inner
        self._column.addWidget(Label(show(key.label), inner, "section", wrap=True))
        self._chips(key)
        if key.protection is Protection.UNPROTECTED:
            banner = Banner(self._theme, inner)
            banner.say(Tone.WARNING, tr("No passphrase"), tr(_MEANINGS[key.protection]))
            self._column.addWidget(banner)
        else:
            words = tr(_MEANINGS[key.protection])
            self._column.addWidget(Label(words, inner, "sub", wrap=True))
        self._life(key, now)
        self._fact(tr("Fingerprint"), grouped(show(key.fingerprint)))
        copy = CopyButton(
            self._theme, show(key.fingerprint), tr("Copy the fingerprint"), self._inner
        )
        self._column.addWidget(copy, 0, Qt.AlignmentFlag.AlignLeft)
        signatures = ", ".join(each.value for each in key.signature_types)
        self._fact(tr("Makes signatures of type"), signatures or tr("none"), "body")
        usages = ", ".join(show(each) for each in key.usages)
        self._fact(tr("May be used to"), usages or tr("anything"), "body")
        if key.parent is not None:
            self._fact(tr("Belongs to"), show(str(key.parent)))
        if key.location:
            self._fact(tr("Found in"), show(key.location))
        self._fact(tr("On the command line"), f"--key {show(str(key.key))}")
        self._column.addStretch(1)

    def _chips(self, key: KeyInfo) -> None:
        row = QHBoxLayout()
        row.setSpacing(6)
        for icon, tone, word in (state_look(key.state), protection_look(key.protection)):
            row.addWidget(Chip(self._theme, icon, word, self._inner, tone))
        row.addWidget(Chip(self._theme, "key", key.type.title, self._inner))
        row.addStretch(1)
        self._column.addLayout(row)

    def _life(self, key: KeyInfo, now: int) -> None:
        self._column.addSpacing(6)
        self._column.addWidget(Label(tr("Life time"), self._inner, "label"))
        words = expiry_words(key.expires, now)
        if key.created is not None:
            made = moment(key.created)
            words = tr("made {made}, {lasts}", made=made, lasts=words)
            if key.expires is not None:
                line = _LifeLine(self._theme, key.created, key.expires, now, self._inner)
                self._column.addWidget(line)
        self._column.addWidget(Label(words, self._inner, "sub", wrap=True))

    def _fact(self, title: str, value: str, role: str = "mono") -> None:
        self._column.addSpacing(5)
        self._column.addWidget(Label(title, self._inner, "label"))
        self._column.addWidget(Literal(value, title, self._inner, role))
