"""The trust path of one signature: nodes are real widgets, the edges between them are painted.

Side by side where there is room, one below the other where there is not.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from signstation.gui.parts import IconLabel, Label
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone
from signstation.gui.words import say, tr
from signstation.model.checks import NodeKind, TrustNode
from signstation.reports.words import groups, show

EDGE = 100
"""Room for the words of an edge between two nodes side by side, in px."""
DROP = 30
"""Room for the words of an edge between two nodes one below the other, in px."""
SMALLEST_NODE = 200
PAD = 12
ICON = 18
SHOWN_DIGITS = 16
_ICONS = {
    NodeKind.ANCHOR: "anchor",
    NodeKind.KEY: "key",
    NodeKind.SUBKEY: "key",
    NodeKind.CERTIFICATE: "certificate",
    NodeKind.ARTIFACT: "sign",
}
_KINDS = {
    NodeKind.ANCHOR: "Trust anchor",
    NodeKind.KEY: "Primary key",
    NodeKind.SUBKEY: "Signing subkey",
    NodeKind.CERTIFICATE: "Certificate",
    NodeKind.ARTIFACT: "Signature",
}


class _Node(QFrame):
    """One node; focusable, so that a screen reader can walk the path.

    It places its words itself: asking for a height must not lay anything out.
    """

    def __init__(self, theme: Theme, node: TrustNode, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "node")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        kind = tr(_KINDS[node.kind])
        digits = show(node.identifier)
        detail = say(node.detail)
        self.setAccessibleName(f"{kind}: {show(node.title)}")
        self.setAccessibleDescription(f"{detail} {groups(digits)}")
        self.setToolTip(groups(digits))
        self._icon = IconLabel(theme, _ICONS[node.kind], self, Tone.ACCENT, ICON)
        self._words = (
            Label(show(node.title), self, "strong", wrap=True),
            Label(f"{kind} · {detail}", self, "sub", wrap=True),
        )
        short = digits[-SHOWN_DIGITS:]
        dots = "… " if len(digits) > SHOWN_DIGITS else ""
        self._digits = Label(dots + groups(short), self, "mono")

    def height_at(self, width: int, *, narrow: bool) -> int:
        """Return the height that the words need; ``narrow`` puts the digits below them."""
        return self._arrange(width, narrow=narrow, apply=False)

    def put(self, place: QRect, *, narrow: bool) -> None:
        """Take a place and lay the words out in it."""
        self.setGeometry(place)
        self._arrange(place.width(), narrow=narrow, apply=True)

    def _arrange(self, width: int, *, narrow: bool, apply: bool) -> int:
        left = PAD + ICON + 10
        digits = self._digits.sizeHint() if self._digits.text() else QSize(0, 0)
        beside = digits.width() + 12 if digits.width() and not narrow else 0
        room = max(width - left - PAD - beside, 1)
        top = PAD - 2
        for label in self._words:
            height = label.heightForWidth(room)
            if apply:
                label.setGeometry(left, top, room, height)
            top += height + 2
        if apply:
            self._icon.move(PAD, PAD)
            place = QPoint(left, top + 2) if narrow else QPoint(left + room + 12, PAD)
            self._digits.setGeometry(QRect(place, digits))
        if narrow and digits.width():
            top += digits.height() + 4
        return top + PAD - 4


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
        width = event.size().width()
        narrow = self._side_by_side(width)
        for node, place in zip(self._nodes, self._places(width), strict=True):
            node.put(place, narrow=narrow)
        super().resizeEvent(event)

    def _node_width(self, width: int) -> int:
        count = max(len(self._nodes), 1)
        return (width - (count - 1) * EDGE) // count

    def _side_by_side(self, width: int) -> bool:
        return self._node_width(width) >= SMALLEST_NODE

    def _places(self, width: int) -> list[QRect]:
        wide = self._node_width(width)
        if self._side_by_side(width):
            heights = [each.height_at(wide, narrow=True) for each in self._nodes]
            height = max(heights, default=0)
            return [
                QRect(number * (wide + EDGE), 0, wide, height) for number in range(len(self._nodes))
            ]
        places: list[QRect] = []
        top = 0
        for node in self._nodes:
            height = node.height_at(width, narrow=False)
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
