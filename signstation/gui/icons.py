"""Our SVG icons in the colours of a theme: recoloured, rendered and cached."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from signstation.system.resources import resource

ICON_SIZE = 20
"""Default edge of an icon in px."""
MAX_CACHED = 1000
"""Most pixmaps kept: three themes, some sizes, some sixty icons."""


class Icons:
    """Renders icons by name and colour; owned by the window's theme, used on the GUI thread."""

    def __init__(self) -> None:
        """Start with an empty cache."""
        self._sources: dict[str, str] = {}
        self._pixmaps: dict[tuple[str, str, int, float], QPixmap] = {}

    def pixmap(self, name: str, colour: str, size: int = ICON_SIZE, ratio: float = 2.0) -> QPixmap:
        """Return the icon ``name`` in ``colour`` (#RRGGBB), ``size`` px at device pixel ratio."""
        key = (name, colour, size, ratio)
        if key not in self._pixmaps:
            if len(self._pixmaps) >= MAX_CACHED:
                self._pixmaps.clear()
            self._pixmaps[key] = self._render(name, colour, size, ratio)
        return self._pixmaps[key]

    def icon(self, name: str, colour: str, disabled: str, size: int = ICON_SIZE) -> QIcon:
        """Return a QIcon with a colour for the disabled state."""
        icon = QIcon(self.pixmap(name, colour, size))
        icon.addPixmap(self.pixmap(name, disabled, size), QIcon.Mode.Disabled)
        return icon

    def _render(self, name: str, colour: str, size: int, ratio: float) -> QPixmap:
        if name not in self._sources:
            self._sources[name] = resource("icons", f"{name}.svg").read_text("utf-8")
        svg = self._sources[name].replace("currentColor", colour)
        pixmap = QPixmap(QSize(round(size * ratio), round(size * ratio)))
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        edge = size * ratio
        QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(0, 0, edge, edge))
        painter.end()
        pixmap.setDevicePixelRatio(ratio)
        return pixmap
