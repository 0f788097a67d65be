"""How many things of each kind need a person; each tile is a switch that shows only those."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from signstation.gui.overview_items import Group
from signstation.gui.parts import IconLabel, Label, restyle
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone
from signstation.gui.words import tr

_WORDS = {
    Group.PROMPTS: ("hand", "Questions"),
    Group.JOBS: ("queue", "Jobs"),
    Group.ARTIFACTS: ("verify", "Artifacts"),
    Group.KEYS: ("key", "Keys and trust"),
    Group.STATION: ("settings", "Station"),
}


class _Tile(QPushButton):
    """A number, a word and an icon."""

    def __init__(self, theme: Theme, group: Group, parent: QWidget) -> None:
        super().__init__(parent)
        self.about = group
        name, word = _WORDS[group]
        self._word = tr(word)
        self.setProperty("kind", "tile")
        self.setCheckable(True)
        self.setAutoDefault(False)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 12, 8)
        column = QVBoxLayout()
        column.setSpacing(0)
        self._number = Label("0", self, "counter")
        column.addWidget(self._number)
        column.addWidget(Label(self._word, self, "sub"))
        row.addLayout(column, 1)
        self._icon = IconLabel(theme, name, self, Tone.NEUTRAL, 20)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        for child in self.findChildren(QWidget):
            child.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.set(0, Tone.NEUTRAL)

    def set(self, count: int, tone: Tone) -> None:
        """Show a number in the tone of the gravest thing that it counts."""
        self._number.setText(str(count))
        restyle(self._number, tone=tone.value)
        self._icon.set_icon(_WORDS[self.about][0], tone)
        self.setAccessibleName(
            tr("{word}: {count} need you; show only these", word=self._word, count=count)
        )

    def sizeHint(self) -> QSize:
        """As high as number and word."""
        return QSize(140, 66)

    def minimumSizeHint(self) -> QSize:
        """Never cut number and word."""
        return QSize(130, 66)


class GroupTiles(QWidget):
    """Emits ``picked`` with the group to show, or None for all."""

    picked = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        """Start with zeros."""
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        self._tiles = [_Tile(theme, group, self) for group in Group]
        for tile in self._tiles:
            tile.clicked.connect(self._clicked)
            row.addWidget(tile, 1)

    def show_counts(self, counts: Mapping[Group, tuple[int, Tone]]) -> None:
        """Show how many things of each group there are, and how grave the gravest is."""
        for tile in self._tiles:
            tile.set(*counts.get(tile.about, (0, Tone.NEUTRAL)))

    def clear(self) -> None:
        """Switch every tile off."""
        for tile in self._tiles:
            tile.setChecked(False)

    def wanted(self) -> Group | None:
        """Return the group of the tile that is on."""
        return next((tile.about for tile in self._tiles if tile.isChecked()), None)

    def _clicked(self) -> None:
        sender = self.sender()
        for tile in self._tiles:
            if tile is not sender:
                tile.setChecked(False)
        self.picked.emit(self.wanted())
