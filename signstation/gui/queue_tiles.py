"""Counters of a job's steps; each is a switch that shows only those."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from signstation.gui.parts import IconLabel, Label, restyle
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone
from signstation.gui.words import tr
from signstation.model.jobs import JobState

GROUPS: tuple[tuple[str, str, Tone, frozenset[JobState]], ...] = (
    ("Signed", "check-circle", Tone.OK, frozenset({JobState.DONE})),
    (
        "At work",
        "refresh",
        Tone.ACCENT,
        frozenset({JobState.RUNNING, JobState.PUBLISHING, JobState.CANCELLING}),
    ),
    ("Waiting", "clock", Tone.NEUTRAL, frozenset({JobState.QUEUED, JobState.WAITING})),
    ("Failed", "x-circle", Tone.ERROR, frozenset({JobState.FAILED})),
    (
        "Stopped",
        "minus-circle",
        Tone.WARNING,
        frozenset({JobState.CANCELLED, JobState.INTERRUPTED}),
    ),
)


class _Tile(QPushButton):
    """A number, a word and an icon."""

    def __init__(self, theme: Theme, word: str, icon: str, tone: Tone, parent: QWidget) -> None:
        super().__init__(parent)
        self._word, self._tone = word, tone
        self.setProperty("kind", "tile")
        self.setCheckable(True)
        self.setAutoDefault(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 8, 12, 8)
        column.setSpacing(0)
        row = QHBoxLayout()
        self._number = Label("0", self, "counter")
        row.addWidget(self._number, 1)
        row.addWidget(IconLabel(theme, icon, self, tone, 20), 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(row)
        column.addWidget(Label(word, self, "sub"))
        for child in self.findChildren(QWidget):
            child.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.set(0)

    def set(self, count: int) -> None:
        """Show a number."""
        self._number.setText(str(count))
        restyle(self._number, tone=self._tone.value if count else Tone.NEUTRAL.value)
        self.setAccessibleName(
            tr("{count} {state}; show only these", count=count, state=self._word)
        )

    def sizeHint(self) -> QSize:
        """As high as number and word."""
        return QSize(120, 66)

    def minimumSizeHint(self) -> QSize:
        """Never cut the number."""
        return QSize(84, 66)


class Tiles(QWidget):
    """Emits ``picked`` with the states to show; all of them when no tile is on."""

    picked = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        """Start with zeros."""
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        self._tiles: list[_Tile] = []
        for word, icon, tone, _ in GROUPS:
            tile = _Tile(theme, tr(word), icon, tone, self)
            tile.clicked.connect(self._clicked)
            self._tiles.append(tile)
            row.addWidget(tile, 1)

    def show_states(self, states: Mapping[JobState, int]) -> None:
        """Show how many steps are in each group."""
        for tile, (_, _, _, group) in zip(self._tiles, GROUPS, strict=True):
            tile.set(sum(states.get(each, 0) for each in group))

    def clear(self) -> None:
        """Switch every tile off."""
        for tile in self._tiles:
            tile.setChecked(False)

    def wanted(self) -> frozenset[JobState]:
        """Return the states of the tile that is on, or all."""
        for tile, (_, _, _, group) in zip(self._tiles, GROUPS, strict=True):
            if tile.isChecked():
                return group
        return frozenset(JobState)

    def _clicked(self) -> None:
        sender = self.sender()
        for tile in self._tiles:
            if tile is not sender:
                tile.setChecked(False)
        self.picked.emit(self.wanted())
