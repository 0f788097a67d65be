"""Whom to trust, and for which time: the choices before a verification."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QDateTime, Qt, QTimeZone, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDateTimeEdit,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QRadioButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from signstation.gui.parts import ActionButton, Card, IconLabel, Label, clear, line
from signstation.gui.theme import Theme
from signstation.gui.verdicts import moment, verdict_look
from signstation.gui.words import tr
from signstation.model.checks import Verdict
from signstation.reports.words import show

_MEANINGS = (
    (Verdict.TRUSTED, "unchanged, valid, and signed by somebody who is trusted"),
    (Verdict.UNTRUSTED, "the signature is good, but nobody vouches for its key"),
    (Verdict.UNSIGNED, "there is nothing to judge"),
    (Verdict.TAMPERED, "the bytes or the signature contradict one another"),
    (Verdict.INDETERMINATE, "something that must be checked could not be checked"),
)
MAX_TRUST_FILES = 100
"""Most trust files of one verification; a person picks a handful."""


class VerifyOptions(Card):
    """Emits ``changed`` when trust or time were changed."""

    changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        """Start with the station's own trust and the time of now."""
        super().__init__(parent)
        self._theme = theme
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setAccessibleName(tr("Trust and time"))
        self._inner = inner = QWidget(area)
        self._column = column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 6, 0)
        column.setSpacing(8)
        area.setWidget(inner)
        self.body.addWidget(area)
        column.addWidget(Label(tr("Who is trusted?"), inner, "section"))
        self._files: list[Path] = []
        self._trust_part()
        self._part(tr("For which time?"))
        self._time_part()
        self._part(tr("What the answer can be"))
        self._explain()
        column.addStretch(1)
        self.files.toggled.connect(self._trust_changed)
        self.other_time.toggled.connect(self._time_changed)
        self.time.dateTimeChanged.connect(self._moved)

    def _part(self, title: str) -> None:
        self._column.addSpacing(6)
        self._column.addWidget(line(self._inner))
        self._column.addSpacing(2)
        self._column.addWidget(Label(title, self._inner, "section"))

    def _trust_part(self) -> None:
        self.station = QRadioButton(tr("The keys that this station has pinned"), self._inner)
        self.station.setChecked(True)
        self.files = QRadioButton(tr("Only the keys in files that I choose"), self._inner)
        self._column.addWidget(self.station)
        self._column.addWidget(self.files)
        self._box = QWidget(self._inner)
        box = QVBoxLayout(self._box)
        box.setContentsMargins(24, 0, 0, 0)
        box.setSpacing(4)
        self._list = QVBoxLayout()
        self._list.setSpacing(2)
        box.addLayout(self._list)
        self._add = ActionButton(self._theme, tr("Add a trust file…"), self._box, icon="plus")
        self._add.clicked.connect(self._pick)
        row = QHBoxLayout()
        row.addWidget(self._add)
        row.addStretch(1)
        box.addLayout(row)
        hint = tr("OpenPGP certificates, X.509 certificates (PEM or DER).")
        box.addWidget(Label(hint, self._box, "reason", wrap=True))
        self._column.addWidget(self._box)
        self._box.hide()

    def _time_part(self) -> None:
        self.other_time = QCheckBox(tr("Judge for another time than now"), self._inner)
        self._column.addWidget(self.other_time)
        self.time = QDateTimeEdit(QDateTime.currentDateTimeUtc(), self._inner)
        self.time.setTimeZone(QTimeZone(QTimeZone.Initialization.UTC))
        self.time.setDisplayFormat("yyyy-MM-dd HH:mm 'UTC'")
        self.time.setAccessibleName(tr("Reference time"))
        for inner in self.time.findChildren(QLineEdit):
            inner.setAccessibleName(tr("Reference time"))
        self.time.setButtonSymbols(QDateTimeEdit.ButtonSymbols.NoButtons)
        self._column.addWidget(self.time)
        self.time.hide()
        why = tr("Whether a key was expired or revoked depends on it.")
        self._column.addWidget(Label(why, self._inner, "reason", wrap=True))

    def trust(self) -> tuple[Path, ...]:
        """Trust files, or nothing for the station's own trust."""
        return tuple(self._files) if self.files.isChecked() else ()

    def reason(self) -> str:
        """Why a verification cannot begin, or nothing."""
        if self.files.isChecked() and not self._files:
            return tr("Choose at least one trust file, or trust what the station has pinned.")
        return ""

    def at(self) -> int | None:
        """Reference time in Unix seconds, None for now."""
        return self.time.dateTime().toSecsSinceEpoch() if self.other_time.isChecked() else None

    def summary(self) -> str:
        """Return both choices in one line."""
        if self.files.isChecked():
            trusted = tr("Trusted: {count} chosen files", count=len(self._files))
        else:
            trusted = tr("Trusted: keys pinned on this station")
        at = self.at()
        when = tr("judged for now") if at is None else tr("judged for {time}", time=moment(at))
        return f"{trusted} · {when}"

    def add(self, files: tuple[Path, ...]) -> None:
        """Trust these files instead of the station's pins."""
        new = [each for each in files if each not in self._files]
        self._files = (self._files + new)[:MAX_TRUST_FILES]
        self.files.setChecked(True)
        self._show_files()
        self.changed.emit()

    def _explain(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(7)
        grid.setColumnStretch(2, 1)
        for number, (verdict, words) in enumerate(_MEANINGS):
            icon, tone, word = verdict_look(verdict)
            top = Qt.AlignmentFlag.AlignTop
            grid.addWidget(IconLabel(self._theme, icon, self._inner, tone, 18), number, 0, top)
            grid.addWidget(Label(word, self._inner, "strong"), number, 1, top)
            grid.addWidget(Label(tr(words), self._inner, "sub", wrap=True), number, 2, top)
        self._column.addLayout(grid)

    def _pick(self) -> None:
        dialog = QFileDialog(self, tr("Choose trust files"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(self._picked)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _picked(self, names: list[str]) -> None:
        self.add(tuple(Path(name) for name in names))

    def _show_files(self) -> None:
        clear(self._list)
        for number, each in enumerate(self._files):
            row = QHBoxLayout()
            row.addWidget(Label(show(each.name), self._box, "mono", wrap=True), 1)
            remove = ActionButton(self._theme, tr("Remove"), self._box, kind="quiet")
            remove.setAccessibleName(tr("Remove {name}", name=each.name))
            remove.setProperty("number", number)
            remove.clicked.connect(self._remove)
            row.addWidget(remove)
            self._list.addLayout(row)

    def _remove(self) -> None:
        sender = self.sender()
        if sender is not None:
            del self._files[int(sender.property("number"))]
            self._show_files()
            self.changed.emit()

    def _trust_changed(self, checked: bool) -> None:  # noqa: FBT001 - Qt's signal
        self._box.setVisible(checked)
        self.changed.emit()

    def _time_changed(self, checked: bool) -> None:  # noqa: FBT001 - Qt's signal
        self.time.setVisible(checked)
        self.changed.emit()

    def _moved(self) -> None:
        self.changed.emit()
