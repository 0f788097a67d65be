"""Everything about one key: protection, state, fingerprint, life, use, and how to name it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from signstation.gui.copying import CopyButton
from signstation.gui.fingerprint import grouped
from signstation.gui.keys_family import Use
from signstation.gui.keys_looks import (
    PROTECTION_MEANINGS,
    STATE_MEANINGS,
    expiry_words,
    kind_words,
    protection_look,
    state_look,
)
from signstation.gui.kinds import signature_words, usage_words
from signstation.gui.literal import Literal
from signstation.gui.parts import ActionButton, Banner, Card, Chip, Label, clear
from signstation.gui.procedure_scroll import Scrolled
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone
from signstation.gui.verdicts import moment
from signstation.gui.words import tip, tr, trn
from signstation.model.keys import KeyInfo, KeyState, Protection
from signstation.reports.words import show


class KeyDetail(Card):
    """Rebuilt for each key that is picked."""

    save = Signal()
    """The public half is wanted."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        """Start empty."""
        super().__init__(parent)
        self._theme = theme
        self.copy: CopyButton | None = None
        """Copies the fingerprint of the key that is shown."""
        area = Scrolled(tr("Details of the key"), self)
        self._inner, self._column = area.inner, area.column
        self._column.setSpacing(5)
        self.body.addWidget(area)

    def show_nothing(self) -> None:
        """Say that no key is picked."""
        self.copy = None
        clear(self._column)
        self._column.addWidget(Label(tr("Pick a key to see it."), self._inner, "sub"))
        self._column.addStretch(1)

    def show_key(self, key: KeyInfo, use: Use | None, now: int) -> None:
        """Show a key; ``now`` is Unix seconds, ``use`` what jobs did with its family."""
        clear(self._column)
        inner = self._inner
        kind = f"{kind_words(key)} · {key.type.title}"
        self._column.addWidget(Label(kind, inner, "label", wrap=True))
        self._column.addWidget(Label(show(key.label), inner, "section", wrap=True))
        self._chips(key)
        self._protection(key)
        if key.state is not KeyState.ACTIVE:
            self._column.addWidget(Label(tr(STATE_MEANINGS[key.state]), inner, wrap=True))
        self._fingerprint(key)
        self._actions()
        self._life(key, now)
        self._use(use)
        signatures = ", ".join(map(signature_words, key.signature_types))
        self._fact(tr("Makes signatures of type"), signatures or tr("none"), "body")
        usages = ", ".join(map(usage_words, key.usages))
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
        row.addStretch(1)
        self._column.addLayout(row)

    def _protection(self, key: KeyInfo) -> None:
        words = tr(PROTECTION_MEANINGS[key.protection])
        if key.protection is Protection.UNPROTECTED:
            banner = Banner(self._theme, self._inner)
            banner.say(Tone.WARNING, tr("No passphrase"), words)
            self._column.addWidget(banner)
        elif key.state is not KeyState.PUBLIC_ONLY:  # then there is nothing here to protect
            self._column.addWidget(Label(words, self._inner, "sub", wrap=True))

    def _fingerprint(self, key: KeyInfo) -> None:
        self._column.addSpacing(6)
        row = QHBoxLayout()
        row.addWidget(Label(tr("Fingerprint"), self._inner, "label"))
        row.addStretch(1)
        words = tr("Copy the fingerprint (Ctrl+Shift+C)")
        self.copy = CopyButton(self._theme, show(key.fingerprint), words, self._inner)
        self.copy.setToolTip(tip(words))
        row.addWidget(self.copy)
        self._column.addLayout(row)
        digits = grouped(show(key.fingerprint))
        self._column.addWidget(Literal(digits, tr("Fingerprint"), self._inner))

    def _actions(self) -> None:
        self._column.addSpacing(6)
        save = ActionButton(self._theme, tr("Save the public half…"), self._inner, icon="save")
        save.clicked.connect(self.save)
        self._column.addWidget(save, 0, Qt.AlignmentFlag.AlignLeft)

    def _life(self, key: KeyInfo, now: int) -> None:
        lines: list[str] = []
        if key.created is not None:
            lines.append(tr("made {moment}", moment=moment(key.created)))
        lasts = expiry_words(key.expires, now)
        if key.expires is None:
            lines.append(lasts)
        elif key.expires > now:
            lines.append(tr("{lasts}, until {moment}", lasts=lasts, moment=moment(key.expires)))
        else:
            lines.append(tr("{lasts}, {moment}", lasts=lasts, moment=moment(key.expires)))
        self._fact(tr("Life time"), "\n".join(lines), "body")

    def _use(self, use: Use | None) -> None:
        if use is None:
            self._fact(tr("Used"), tr("Nothing was signed with it on this station yet."), "body")
            return
        if use.exact:
            signed = trn("1 artifact", "{count} artifacts", use.artifacts)
        else:
            signed = trn("at most 1 artifact", "at most {count} artifacts", use.artifacts)
        jobs = trn("in 1 job", "in {count} jobs", use.jobs)
        last = tr("last on {moment}", moment=moment(use.last))
        self._fact(tr("Used"), f"{signed} {jobs}\n{last}", "body")

    def _fact(self, title: str, value: str, role: str = "mono") -> None:
        self._column.addSpacing(5)
        self._column.addWidget(Label(title, self._inner, "label"))
        self._column.addWidget(Literal(value, title, self._inner, role))
