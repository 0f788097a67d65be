"""The family of a key as focusable nodes: primary key and subkeys, authority and certificates."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from signstation.gui.keys_family import Placed
from signstation.gui.keys_looks import kind_words, state_look
from signstation.gui.parts import Chip, IconLabel, Label, clear, restyle
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone
from signstation.gui.words import tip, tr
from signstation.model.keys import KeyInfo, KeyRef, SignatureType
from signstation.reports.words import groups, show

INDENT = 34
"""How far a child stands to the right of its parent, in px."""
SHOWN_DIGITS = 16
MAX_NODES = 40
"""Most nodes that become widgets; an authority may have issued thousands."""
MAX_DEPTH = 6


class KeyNode(QFrame):
    """One key of the family; Enter, Space and a click pick it, the arrows walk."""

    picked = Signal(object)

    def __init__(self, theme: Theme, key: KeyInfo, parent: QWidget) -> None:
        """Build it."""
        super().__init__(parent)
        self.key = key
        self.setProperty("role", "node")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        icon, tone, state = state_look(key.state)
        kind, digits = kind_words(key), show(key.fingerprint)
        self.setAccessibleName(f"{kind}: {show(key.label)}, {state}")
        self.setAccessibleDescription(f"{key.type.title}, {groups(digits)}")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 7, 12, 7)
        row.setSpacing(10)
        picture = "certificate" if SignatureType.CMS in key.signature_types else "key"
        row.addWidget(IconLabel(theme, picture, self, Tone.ACCENT, 18))
        words = QVBoxLayout()
        words.setSpacing(0)
        self._title = Label(kind, self, "strong")
        words.addWidget(self._title)
        words.addWidget(Label(f"{key.type.title} · {show(key.label)}", self, "sub", wrap=True))
        row.addLayout(words, 1)
        row.addWidget(Label("… " + groups(digits[-SHOWN_DIGITS:]), self, "mono"))
        row.addWidget(Chip(theme, icon, state, self, tone))

    def mark(self, *, current: bool) -> None:
        """Tell whether this is the key that is shown beside the list."""
        restyle(self._title, tone="accent" if current else "")
        words = tr("Shown beside the list") if current else ""
        self.setToolTip(tip(words))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Pick it."""
        if self.rect().contains(event.position().toPoint()):
            self.picked.emit(self.key.key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and Space pick, up and down go to the neighbour."""
        match event.key():
            case Qt.Key.Key_Return | Qt.Key.Key_Enter | Qt.Key.Key_Space:
                self.picked.emit(self.key.key)
            case Qt.Key.Key_Down:
                self.focusNextChild()
            case Qt.Key.Key_Up:
                self.focusPreviousChild()
            case _:
                super().keyPressEvent(event)


class KeyTree(QWidget):
    """Draws one family, its root first, and the lines from each parent to its children."""

    picked = Signal(object)
    """The KeyRef of a node."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        """Start empty."""
        super().__init__(parent)
        self._theme = theme
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self._nodes: list[tuple[KeyNode, int]] = []
        self._shown: tuple[Placed, ...] = ()
        self.setAccessibleName(tr("Family of the key"))
        theme.changed.connect(self.update)

    def show_family(self, family: Sequence[Placed], current: KeyRef) -> None:
        """Show a family; nodes are kept while it stays the same, and with them the focus."""
        if tuple(family) != self._shown:
            self._shown = tuple(family)
            self._build(self._shown)
        for node, _ in self._nodes:
            node.mark(current=node.key.key == current)

    def _build(self, family: Sequence[Placed]) -> None:
        clear(self._column)
        self._nodes = []
        for each in family[:MAX_NODES]:
            depth = min(each.depth, MAX_DEPTH)
            node = KeyNode(self._theme, each.key, self)
            node.picked.connect(self.picked)
            row = QHBoxLayout()
            row.setContentsMargins(depth * INDENT, 0, 0, 0)
            row.addWidget(node)
            self._column.addLayout(row)
            self._nodes.append((node, depth))
        if len(family) > MAX_NODES:
            words = tr("… and {count} more", count=len(family) - MAX_NODES)
            self._column.addWidget(Label(words, self, "sub"))
        self.updateGeometry()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw an elbow from each parent to each of its children."""
        painter = QPainter(self)
        painter.setPen(QPen(QColor(self._theme.tokens.border), 1.5))
        for number, (node, depth) in enumerate(self._nodes):
            parent = next(
                (one for one, other in reversed(self._nodes[:number]) if other == depth - 1), None
            )
            if parent is None:
                continue
            place = node.geometry()
            x, y = place.left() - INDENT + 20, place.center().y()
            painter.drawLine(QPoint(x, parent.geometry().bottom() + 1), QPoint(x, y))
            painter.drawLine(QPoint(x, y), QPoint(place.left() - 2, y))
        painter.end()
        event.accept()
