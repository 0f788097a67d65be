"""Everything about one anchor: its fingerprint, where it came from, and the state of its keys."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from signstation.gui.copying import CopyButton
from signstation.gui.fingerprint import grouped
from signstation.gui.keys_looks import expiry_words, state_look
from signstation.gui.literal import Literal
from signstation.gui.parts import Card, Chip, IconLabel, Label, clear, line
from signstation.gui.theme import Theme
from signstation.gui.trust_words import (
    day,
    kind_icon,
    kind_words,
    meaning,
    purposes_words,
    since_words,
    source_words,
)
from signstation.gui.words import say, tr, trn
from signstation.model.anchors import Anchor, AnchorKey, AnchorKind
from signstation.reports.words import show

MAX_KEYS = 20
"""Most keys of one anchor that become widgets; the rest is counted."""
MAX_NAMES = 10
"""Most names of one anchor that become widgets; the rest is counted."""
USAGES = {
    "certify": "certifies others",
    "sign": "signs",
    "code-signing": "code signing",
    "kernel-modules": "kernel modules only",
    "email-protection": "mail",
    "any": "any use",
}


class AnchorDetail(Card):
    """Rebuilt for each anchor that is picked."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        """Start empty."""
        super().__init__(parent)
        self._theme = theme
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setAccessibleName(tr("Details of the anchor"))
        self._inner = QWidget(area)
        self._column = QVBoxLayout(self._inner)
        self._column.setContentsMargins(0, 0, 8, 0)
        self._column.setSpacing(5)
        area.setWidget(self._inner)
        self.body.addWidget(area)

    def show_nothing(self) -> None:
        """Say that no anchor is picked."""
        clear(self._column)
        self._column.addWidget(Label(tr("Pick an anchor to see it."), self._inner, "sub"))
        self._column.addStretch(1)

    def show_anchor(self, anchor: Anchor, now: int) -> None:
        """Show an anchor; ``now`` is Unix seconds."""
        clear(self._column)
        inner = self._inner
        self._column.addWidget(Label(show(anchor.label), inner, "section", wrap=True))
        self._chips(anchor)
        self._column.addWidget(Label(meaning(anchor.kind), inner, "sub", wrap=True))
        if anchor.origin.since is not None:
            self._fact(tr("Trusted for"), purposes_words(anchor), "body")
            since = since_words(anchor.origin)
            words = tr("{source}, on {day}", source=source_words(anchor.origin), day=since)
            self._fact(tr("Because"), words, "body")
            self._fingerprint(anchor)
        self._names(anchor)
        self._keys(anchor, now)
        self._column.addStretch(1)

    def _chips(self, anchor: Anchor) -> None:
        row = QHBoxLayout()
        row.setSpacing(6)
        icon, tone, word = state_look(anchor.state)
        row.addWidget(Chip(self._theme, icon, word, self._inner, tone))
        kind = kind_words(anchor.kind)
        row.addWidget(Chip(self._theme, kind_icon(anchor.kind), kind, self._inner))
        row.addStretch(1)
        self._column.addLayout(row)

    def _fingerprint(self, anchor: Anchor) -> None:
        title = tr("Fingerprint to compare")
        if anchor.kind is not AnchorKind.OPENPGP:
            title = tr("Fingerprint to compare (SHA-256)")
        self._fact(title, grouped(show(anchor.identity)))
        copy = CopyButton(
            self._theme, show(anchor.identity), tr("Copy the fingerprint"), self._inner
        )
        self._column.addWidget(copy, 0, Qt.AlignmentFlag.AlignLeft)

    def _names(self, anchor: Anchor) -> None:
        if anchor.kind is AnchorKind.SSH_REVOCATIONS:
            others, title = list(anchor.names), tr("It names")
        elif anchor.kind in {AnchorKind.OPENPGP, AnchorKind.SSH, AnchorKind.SSH_AUTHORITY}:
            others = [each for each in anchor.names if each != anchor.label]
            title = tr("Also named")
        else:
            others, title = list(anchor.names), tr("Subject, and issuer where it is another")
        if others:
            words = [show(each) for each in others[:MAX_NAMES]]
            if len(others) > MAX_NAMES:
                words.append(tr("and {count} more", count=len(others) - MAX_NAMES))
            self._fact(title, "\n".join(words))

    def _keys(self, anchor: Anchor, now: int) -> None:
        if not anchor.keys:
            return
        self._column.addSpacing(8)
        words = trn("Its key", "Its {count} keys", len(anchor.keys))
        self._column.addWidget(Label(words, self._inner, "label"))
        for number, each in enumerate(anchor.keys[:MAX_KEYS]):
            if number:
                self._column.addWidget(line(self._inner))
            self._key(each, now, fingerprint=each.fingerprint != anchor.identity)
        rest = len(anchor.keys) - MAX_KEYS
        if rest > 0:
            words = tr("and {count} more", count=rest)
            self._column.addWidget(Label(words, self._inner, "sub"))

    def _key(self, key: AnchorKey, now: int, *, fingerprint: bool) -> None:
        icon, tone, word = state_look(key.state)
        row = QHBoxLayout()
        row.setSpacing(10)
        picture = IconLabel(self._theme, icon, self._inner, tone, 18)
        row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(2)
        uses = ", ".join(tr(USAGES.get(each, "{use}"), use=each) for each in key.usages)
        headline = tr("{type} · {state}", type=key.type.title, state=word)
        column.addWidget(Label(headline, self._inner, "strong", wrap=True))
        uses, ends = uses or tr("no use that matters here"), expiry_words(key.expires, now)
        lasts = tr("{uses}; {lasts}", uses=uses, lasts=ends)
        if key.created:
            lasts = tr("{uses}; from {day}, {lasts}", uses=uses, day=day(key.created), lasts=ends)
        column.addWidget(Label(lasts, self._inner, "sub", wrap=True))
        for note in key.notes:
            column.addWidget(Label(say(note), self._inner, "body", wrap=True))
        if fingerprint:
            digits = grouped(show(key.fingerprint))
            column.addWidget(Literal(digits, tr("Fingerprint of the key"), self._inner))
        row.addLayout(column, 1)
        self._column.addLayout(row)

    def _fact(self, title: str, value: str, role: str = "mono") -> None:
        self._column.addSpacing(5)
        self._column.addWidget(Label(title, self._inner, "label"))
        self._column.addWidget(Literal(value, title, self._inner, role))
