"""The strip above every page: the station's health in chips, and the choice of the theme.

A chip says only what a row of ``doctor`` or the list of jobs says; until those have come it says
that nobody has looked yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QSizePolicy, QToolButton, QWidget

from signstation.gui.language import NAMES
from signstation.gui.parts import TONE_ICONS, Chip, restyle
from signstation.gui.theme import Theme
from signstation.gui.tokens import ThemeName, Tone
from signstation.gui.tokens_looks import token_lines, token_look
from signstation.gui.words import say, tip, tr, trn
from signstation.model.jobs import JobRow, JobState
from signstation.model.language import Language
from signstation.model.media import Medium
from signstation.model.station import DoctorRow, Health
from signstation.model.tokens import PinState, TokenInfo

HEALTH_TONES = {Health.GOOD: Tone.OK, Health.WARNING: Tone.WARNING, Health.BAD: Tone.ERROR}
_PIN_ORDER = (PinState.UNSAID, PinState.GOOD, PinState.LOW, PinState.LAST, PinState.BLOCKED)
MAX_NAME = 20
"""Most characters of a medium's name: the strip is one line."""
_THEMES = (
    (None, "Follow the system"),
    (ThemeName.LIGHT, "Light"),
    (ThemeName.DARK, "Dark"),
    (ThemeName.CONTRAST, "High contrast"),
)
_THEME_ICONS = {ThemeName.LIGHT: "moon", ThemeName.DARK: "sun", ThemeName.CONTRAST: "contrast"}


class _DoorChip(QToolButton):
    """A chip that opens something."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._icon, self._tone = "info", Tone.NEUTRAL
        self.setProperty("role", "chip")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self._draw)

    def set(self, icon: str, words: str, tone: Tone, opens: str) -> None:
        """Show something else; ``opens`` says what pressing does."""
        self._icon, self._tone = icon, tone
        self.setText(f" {words}".replace("&", "&&"))  # a button would take it for a mnemonic
        self.setAccessibleName(words)
        self.setAccessibleDescription(opens)
        self.setToolTip(tip(opens))
        restyle(self, tone=tone.value)
        self._draw()

    def _draw(self) -> None:
        self.setIcon(self._theme.icon(self._icon, self._theme.tokens.tone(self._tone)[0], 14))


def medium_words(medium: Medium) -> str:
    """Return a medium's name and whether it can be written to; escaped."""
    name = medium.label or medium.mount.name
    if len(name) > MAX_NAME:
        name = f"{name[: MAX_NAME - 1]}…"
    if medium.read_only:
        return tr("{name}: read-only", name=name)
    return tr("{name}: writable", name=name)


class StatusStrip(QFrame):
    """Emits ``health`` with a place in the window when the health chip is pressed."""

    health = Signal(QPoint)
    medium = Signal()
    """The person wants to copy something in from a medium."""
    token = Signal()
    """The person wants to see the devices."""
    help = Signal()
    """The person wants to read about the page that is shown."""
    language_chosen = Signal(object)
    """A Language, or None to follow the system; for the next start."""
    theme_chosen = Signal(object)
    """A ThemeName, or None to follow the system."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        """Build chips that know nothing yet."""
        super().__init__(parent)
        self.setObjectName("strip")
        self._theme = theme
        self._spare: dict[Chip, bool] = {}
        """Chips that may give way where the line is full, and whether they say that all is well."""
        self.setFixedHeight(47)
        row = QHBoxLayout(self)
        row.setContentsMargins(24, 0, 20, 0)
        row.setSpacing(10)
        self.network = Chip(theme, "air-gap", "", self)
        self.agent = Chip(theme, "key", "", self)
        self.jobs = Chip(theme, "queue", "", self)
        self.media = _DoorChip(theme, self)
        self.media.clicked.connect(self.medium)
        self.media.hide()
        self.tokens = _DoorChip(theme, self)
        self.tokens.clicked.connect(self.token)
        self.tokens.hide()
        self.station = _DoorChip(theme, self)
        self.station.clicked.connect(self._health_pressed)
        self._say_health("info", tr("Station: not looked at yet"), Tone.NEUTRAL)
        for chip in (self.network, self.agent, self.jobs):
            row.addWidget(chip)
            chip.hide()
        row.addWidget(self.media)
        row.addWidget(self.tokens)
        row.addStretch(1)
        row.addWidget(self.station)
        self._help = QToolButton(self)
        self._help.setAccessibleName(tr("Help"))
        self._help.setToolTip(tr("Help for this page (F1)"))
        self._help.clicked.connect(self.help)
        row.addWidget(self._help)
        self._build_switch()
        row.addWidget(self._switch)
        theme.changed.connect(self._draw)
        self._draw()

    def _build_switch(self) -> None:
        self._switch = QToolButton(self)
        self._switch.setAccessibleName(tr("Appearance and language"))
        self._switch.setToolTip(tr("Appearance and language"))
        self._switch.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu = QMenu(self._switch)
        self._group = QActionGroup(self._menu)
        for name, title in _THEMES:
            action = QAction(tr(title), self._group)
            action.setCheckable(True)
            action.setData(name.value if name else "")
            action.setChecked(name is None)
            self._menu.addAction(action)
        self._group.triggered.connect(self._theme_picked)
        self._menu.addSection(tr("Language, from the next start on"))
        self._languages = QActionGroup(self._menu)
        for language in (None, *Language):
            title = NAMES[language] if language else tr("Language of the system")
            action = QAction(title, self._languages)
            action.setCheckable(True)
            action.setData(language.value if language else "")
            action.setChecked(language is None)
            self._menu.addAction(action)
        self._languages.triggered.connect(self._language_picked)
        self._switch.setMenu(self._menu)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More or less fits now."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Let chips that say that all is well give way to devices, media and what is wrong."""
        for chip in self._spare:
            chip.show()
        for chip in (self.agent, self.jobs, self.network):
            if self._spare.get(chip, False) and self.sizeHint().width() > self.width():
                chip.hide()

    def show_theme(self, name: ThemeName | None) -> None:
        """Check the entry of a choice that was made elsewhere."""
        for action in self._group.actions():
            action.setChecked(action.data() == (name.value if name else ""))

    def show_language(self, language: Language | None) -> None:
        """Check the entry of a choice that was made before."""
        for action in self._languages.actions():
            action.setChecked(action.data() == (language.value if language else ""))

    def show_doctor(self, rows: Sequence[DoctorRow]) -> None:
        """Say what ``doctor`` found."""
        by_id = {each.id: each for each in rows}
        self._show_row(self.network, "air-gap", by_id.get("network"))
        self._show_row(self.agent, "key", by_id.get("agent"))
        bad = sum(each.health is Health.BAD for each in rows)
        warned = sum(each.health is Health.WARNING for each in rows)
        if bad:
            tone = Tone.ERROR
            words = trn("Station: 1 thing is broken", "Station: {count} things are broken", bad)
        elif warned:
            tone = Tone.WARNING
            words = trn("Station: 1 thing to look at", "Station: {count} things to look at", warned)
        else:
            tone, words = Tone.OK, tr("Station: all {count} checks good", count=len(rows))
        self._say_health(TONE_ICONS[tone], words, tone)

    def show_media(self, media: Sequence[Medium]) -> None:
        """Say which removable media are inserted; nothing where there is none."""
        self.media.setVisible(bool(media))
        if not media:
            self._fit()
            return
        told = [medium_words(each) for each in media]
        words = told[0] if len(told) == 1 else tr("Media inserted: {count}", count=len(told))
        lines = (*told, tr("Open the Sign page to copy something in"))
        self.media.set("usb", words, Tone.NEUTRAL, "\n".join(lines))
        self._fit()

    def show_tokens(self, tokens: Sequence[TokenInfo]) -> None:
        """Say which devices are there and how their PINs stand; the worst one first."""
        self.tokens.setVisible(bool(tokens))
        if not tokens:
            self._fit()
            return
        worst = max(tokens, key=lambda each: _PIN_ORDER.index(each.pin))
        icon, tone, words = token_look(worst)
        if len(tokens) > 1:
            words = tr("{first}, {count} more", first=words, count=len(tokens) - 1)
        lines = [line for each in tokens for line in token_lines(each)]
        self.tokens.set(icon, words, tone, "\n".join((*lines, tr("Open the Keys page"))))
        self._fit()

    def _say_health(self, icon: str, words: str, tone: Tone) -> None:
        self.station.set(icon, words, tone, tr("Show what was looked at on this machine"))

    def show_jobs(self, rows: Sequence[JobRow]) -> None:
        """Say what the queue is doing."""
        states = list(map(attrgetter("state"), rows))  # of 100,000 jobs, with each event
        running = len(states) - sum(states.count(each) for each in JobState if each.final)
        stopped = states.count(JobState.INTERRUPTED)
        paused = sum(map(attrgetter("paused"), rows))
        if stopped:
            words, tone = tr("Interrupted jobs: {count}", count=stopped), Tone.WARNING
        elif paused:
            words, tone = tr("Paused jobs: {count}", count=paused), Tone.WARNING
        elif running:
            words, tone = tr("Jobs at work: {count}", count=running), Tone.ACCENT
        else:
            words, tone = tr("No job at work"), Tone.NEUTRAL
        detail = tr("Every step is written to the journal before a key is used.")
        self.jobs.set("pause" if paused and not stopped else "queue", words, tone, detail)
        self._spare[self.jobs] = tone is Tone.NEUTRAL
        self._fit()

    def _show_row(self, chip: Chip, icon: str, row: DoctorRow | None) -> None:
        chip.setVisible(row is not None)
        if row is not None:
            chip.set(icon, say(row.title), HEALTH_TONES[row.health], say(row.detail))
            self._spare[chip] = row.health is Health.GOOD
            self._fit()

    def _draw(self) -> None:
        tokens = self._theme.tokens
        self._help.setIcon(self._theme.icon("help"))
        self._switch.setIcon(self._theme.icon(_THEME_ICONS[tokens.name]))

    def _theme_picked(self, action: QAction) -> None:
        value = action.data()
        self.theme_chosen.emit(ThemeName(value) if value else None)

    def _language_picked(self, action: QAction) -> None:
        value = action.data()
        self.language_chosen.emit(Language(value) if value else None)

    def _health_pressed(self) -> None:
        corner = self.station.rect().bottomRight()
        self.health.emit(self.station.mapTo(self.window(), corner))
