"""The trust path of one signature: nodes are real widgets, the edges between them are painted.

Side by side where there is room, one below the other where there is not.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from signstation.gui.parts import IconLabel, Label
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone
from signstation.gui.words import say, tr
from signstation.model.checks import NodeKind, TrustNode
from signstation.reports.words import groups, show

EDGE = 104
"""Room for the words of an edge between two nodes side by side, in px."""
DROP = 34
"""Room for the words of an edge between two nodes one below the other, in px."""
SMALLEST_NODE = 168
SHOWN_DIGITS = 16
_ICONS = {
    NodeKind.ANCHOR: "anchor",
    NodeKind.KEY: "key",
    NodeKind.SUBKEY: "key",
    NodeKind.CERTIFICATE: "certificate",
    NodeKind.ARTIFACT: "sign",
}
_KINDS = {
    NodeKind.ANCHOR: "Trusted because",
    NodeKind.KEY: "Primary key",
    NodeKind.SUBKEY: "Signing subkey",
    NodeKind.CERTIFICATE: "Certificate",
    NodeKind.ARTIFACT: "Signature",
}


class _Node(QFrame):
    """One node; focusable, so that a screen reader can walk the path."""

    def __init__(self, theme: Theme, node: TrustNode, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "node")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        kind = tr(_KINDS[node.kind])
        digits = show(node.identifier)
        self.setAccessibleName(f"{kind}: {show(node.title)}")
        self.setAccessibleDescription(f"{say(node.detail)} {groups(digits)}")
        self.setToolTip(groups(digits))
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 10, 12, 10)
        row.setSpacing(10)
        icon = IconLabel(theme, _ICONS[node.kind], self, Tone.ACCENT, 18)
        row.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(Label(kind, self, "caption"))
        words.addWidget(Label(show(node.title), self, "strong", wrap=True))
        words.addWidget(Label(say(node.detail), self, "sub", wrap=True))
        if digits:
            short = digits[-SHOWN_DIGITS:]
            dots = "… " if len(digits) > SHOWN_DIGITS else ""
            words.addWidget(Label(dots + groups(short), self, "mono"))
        words.addStretch(1)
        row.addLayout(words, 1)


class TrustPath(QWidget):
    """Draws one path, the anchor first. Empty paths are not drawn: say so instead."""

    def __init__(self, theme: Theme, nodes: Sequence[TrustNode], parent: QWidget) -> None:
        """Build a widget per node."""
        super().__init__(parent)
        self._theme = theme
        self._nodes = [_Node(theme, each, self) for each in nodes]
        self._edges = [say(each.edge) if each.edge else "" for each in nodes[:-1]]
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName(tr("Trust path"))
        theme.changed.connect(self.update)

    def hasHeightForWidth(self) -> bool:
        """The height depends on whether the nodes fit side by side."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Height of the layout at ``width``."""
        places = self._places(width)
        return places[-1].bottom() + 1 if places else 0

    def sizeHint(self) -> QSize:
        """Prefer the narrow form's width."""
        return QSize(2 * SMALLEST_NODE, self.heightForWidth(2 * SMALLEST_NODE))

    def minimumSizeHint(self) -> QSize:
        """One node wide."""
        return QSize(SMALLEST_NODE, 60)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the nodes where they belong."""
        for node, place in zip(self._nodes, self._places(event.size().width()), strict=True):
            node.setGeometry(place)
        super().resizeEvent(event)

    def _node_width(self, width: int) -> int:
        count = max(len(self._nodes), 1)
        return (width - (count - 1) * EDGE) // count

    def _places(self, width: int) -> list[QRect]:
        wide = self._node_width(width)
        if wide >= SMALLEST_NODE:
            height = max((each.layout().heightForWidth(wide) for each in self._nodes), default=0)
            return [
                QRect(number * (wide + EDGE), 0, wide, height) for number in range(len(self._nodes))
            ]
        places: list[QRect] = []
        top = 0
        for node in self._nodes:
            height = node.layout().heightForWidth(width)
            places.append(QRect(0, top, width, height))
            top += height + DROP
        return places

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw an arrow with its reason between each two nodes."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = QFont(self.font())
        font.setPixelSize(11)
        painter.setFont(font)
        for words, one, two in zip(self._edges, self._nodes, self._nodes[1:], strict=False):
            if one.y() == two.y():
                self._across(painter, words, one.geometry(), two.geometry())
            else:
                self._down(painter, words, one.geometry(), two.geometry())
        painter.end()
        event.accept()

    def _across(self, painter: QPainter, words: str, one: QRect, two: QRect) -> None:
        middle = one.center().y() + 12
        start, end = QPoint(one.right() + 8, middle), QPoint(two.left() - 8, middle)
        self._arrow(painter, start, end)
        room = QRect(start.x() - 4, 0, end.x() - start.x() + 8, middle - 6)
        flags = int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom)
        painter.setPen(QColor(self._theme.tokens.text2))
        painter.drawText(room, flags | int(Qt.TextFlag.TextWordWrap), words)

    def _down(self, painter: QPainter, words: str, one: QRect, two: QRect) -> None:
        x = one.left() + 21
        self._arrow(painter, QPoint(x, one.bottom() + 5), QPoint(x, two.top() - 5))
        room = QRect(x + 16, one.bottom(), one.width() - 40, two.top() - one.bottom())
        painter.setPen(QColor(self._theme.tokens.text2))
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter), words)

    def _arrow(self, painter: QPainter, start: QPoint, end: QPoint) -> None:
        colour = QColor(self._theme.tokens.ok)
        painter.setPen(QPen(colour, 2))
        painter.drawLine(start, end)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        tip = QPointF(end)
        sideways = start.y() == end.y()
        back, side = (
            (QPointF(-7, 0), QPointF(0, 4)) if sideways else (QPointF(0, -7), QPointF(4, 0))
        )
        painter.drawPolygon(QPolygonF([tip, tip + back + side, tip + back - side]))
