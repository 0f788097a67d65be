"""A card for each removable medium that is mounted: what it is, and a private copy of it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from signstation.app.api import StationApi
from signstation.gui.bridge import Bridge
from signstation.gui.media_watch import MediaWatch
from signstation.gui.parts import ActionButton, Card, IconLabel, Label, clear
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone
from signstation.gui.words import tr, trn
from signstation.model.media import Medium
from signstation.reports.words import human_size, show

_DAY = 86400


class MediaCards(QWidget):
    """Emits ``chosen`` with paths that shall be copied in. Hidden while nothing is mounted."""

    chosen = Signal(tuple)

    def __init__(self, theme: Theme, station: StationApi, bridge: Bridge, parent: QWidget) -> None:
        """Watch the mount table from now on."""
        super().__init__(parent)
        self._theme = theme
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(12)
        self.media: tuple[Medium, ...] = ()
        self._watch = MediaWatch(station, bridge, self)
        self._watch.changed.connect(self.show_media)
        self.hide()

    def look(self) -> None:
        """Ask the station what is mounted now."""
        self._watch.look()

    def show_media(self, media: tuple[Medium, ...]) -> None:
        """Replace the cards."""
        if media == self.media:
            return
        self.media = media
        clear(self._column)
        for medium in media:
            self._column.addWidget(self._card(medium))
        self.setVisible(bool(media))

    def _card(self, medium: Medium) -> Card:
        card = Card(self)
        row = QHBoxLayout()
        row.setSpacing(12)
        picture = IconLabel(self._theme, "usb", card, Tone.ACCENT, 28)
        row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(2)
        title = show(medium.label or medium.mount.name)
        words.addWidget(Label(title, card, "section", wrap=True))
        for text in medium_lines(medium, int(time.time())):
            words.addWidget(Label(text, card, "sub", wrap=True))
        row.addLayout(words, 1)
        buttons = QVBoxLayout()
        buttons.setSpacing(8)
        copy = ActionButton(self._theme, tr("Copy in"), card, icon="copy")
        copy.setAccessibleName(tr("Copy in all of {medium}", medium=title))
        copy.clicked.connect(lambda: self.chosen.emit((medium.mount,)))
        pick = ActionButton(self._theme, tr("A folder of it…"), card, icon="folder")
        pick.setAccessibleName(tr("Copy in a folder of {medium}", medium=title))
        pick.clicked.connect(lambda: self._pick(medium.mount))
        buttons.addWidget(copy)
        buttons.addWidget(pick)
        buttons.addStretch(1)
        row.addLayout(buttons)
        card.body.addLayout(row)
        return card

    def _pick(self, mount: Path) -> None:
        dialog = QFileDialog(self, tr("Choose a folder"), str(mount))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._picked)
        dialog.open()

    def _picked(self, name: str) -> None:
        self.chosen.emit((Path(name),))


def medium_lines(medium: Medium, now: int) -> tuple[str, ...]:
    """Return what stands under a medium's name; everything from the medium is escaped."""
    device = " · ".join(show(each) for each in (medium.model, medium.serial) if each)
    access = tr("read-only") if medium.read_only else tr("writable")
    guards = f", {', '.join(medium.guards)}" if medium.guards else ""
    space = tr("{free} of {size} free", free=human_size(medium.free), size=human_size(medium.size))
    lines = [f"{show(medium.file_system)} · {access}{guards} · {space}"]
    if device:
        lines.insert(0, device)
    if medium.newest is not None:
        day = datetime.fromtimestamp(medium.newest, UTC).strftime("%Y-%m-%d")
        days = (now - medium.newest) // _DAY
        if days < 0:
            lines.append(tr("Youngest change on {day}: later than this clock", day=day))
        elif days == 0:
            lines.append(tr("Youngest change today"))
        else:
            lines.append(
                trn(
                    "Youngest change on {day}, {count} day ago",
                    "Youngest change on {day}, {count} days ago",
                    days,
                    day=day,
                )
            )
    return tuple(lines)
