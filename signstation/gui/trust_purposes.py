"""Who counts for what: for each kind of artifact, the anchors that can make it verified."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from signstation.gui.parts import Card, IconLabel, Label, clear
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone
from signstation.gui.words import tr
from signstation.model.anchors import Anchor, AnchorKind
from signstation.model.keys import KeyState
from signstation.model.trust import Purpose
from signstation.reports.words import show

MAX_NAMED = 4
"""Most anchors of one purpose that are named; the rest is counted."""
_X509 = frozenset({AnchorKind.AUTHORITY, AnchorKind.CERTIFICATE})
_SSH = frozenset({AnchorKind.SSH, AnchorKind.SSH_AUTHORITY})
_OPENPGP = frozenset({AnchorKind.OPENPGP})
_ROWS = (
    (Purpose.PACKAGES, _OPENPGP, "package", "Packages"),
    (Purpose.KERNEL_MODULES, _X509, "module", "Kernel modules"),
    (Purpose.FILES, _OPENPGP | _X509 | _SSH, "file", "Files"),
)
"""Purposes, and the kinds of anchors whose signatures artifacts of that kind carry."""


def counted(
    anchors: Sequence[Anchor], purpose: Purpose, kinds: frozenset[AnchorKind]
) -> tuple[Anchor, ...]:
    """Return the anchors that are good now and count for a purpose."""
    return tuple(
        each
        for each in anchors
        if each.kind in kinds
        and each.state is KeyState.ACTIVE
        and {purpose, Purpose.ANY} & set(each.purposes)
    )


class PurposesCard(Card):
    """Stands below the table of anchors; the same anchors, asked the other way round."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        """Start without anchors."""
        super().__init__(parent, tr("Who counts for what"))
        self._theme = theme
        self._rows = QVBoxLayout()
        self.body.addLayout(self._rows)

    def show_anchors(self, anchors: Sequence[Anchor]) -> None:
        """Name the anchors of each purpose, or say that there is none."""
        clear(self._rows)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(2, 1)
        for row, (purpose, kinds, icon, title) in enumerate(_ROWS):
            found = counted(anchors, purpose, kinds)
            tone = Tone.NEUTRAL if found else Tone.WARNING
            picture = IconLabel(self._theme, icon if found else "warning", self, tone, 18)
            grid.addWidget(picture, row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(Label(tr(title), self, "strong"), row, 1, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(Label(_names(found), self, "sub", wrap=True), row, 2)
        self._rows.addLayout(grid)


def _names(anchors: tuple[Anchor, ...]) -> str:
    if not anchors:
        return tr("Nobody: nothing of this kind can be called verified here.")
    names = ", ".join(show(each.label) for each in anchors[:MAX_NAMED])
    rest = len(anchors) - MAX_NAMED
    return tr("{names}, and {count} more", names=names, count=rest) if rest > 0 else names
