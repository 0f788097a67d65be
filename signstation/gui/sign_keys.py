"""The third step of the Sign page: which key signs which kind, and where results go."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from signstation.gui.parts import ActionButton, Card, IconLabel, Label, clear, line
from signstation.gui.procedure_scroll import Inner, Scrolled
from signstation.gui.sign_flow import Choice, SignFlow
from signstation.gui.sign_hashes import refusal
from signstation.gui.sign_kind import KindRow
from signstation.gui.sign_profile import ProfileBar
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone
from signstation.gui.words import tr
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import KeyInfo
from signstation.model.options import Existing
from signstation.model.text import Text

ROOMY = 640
"""Least height in px of the step from which the rows tell more."""


class KeysStep(QWidget):
    """Emits ``changed`` whenever a choice changed the flow."""

    changed = Signal()
    key_file = Signal(object)
    """A key file was picked, to be taken into the station's key folder."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        """Build the output card; rows of kinds come with ``show_flow``."""
        super().__init__(parent)
        self._theme = theme
        self._flow = SignFlow()
        self.rows: dict[str, KindRow] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        area = QScrollArea(self)
        area.setAccessibleName(tr("Keys for each kind"))
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._inner = Inner(area)
        self._kinds = QVBoxLayout(self._inner)
        self._kinds.setContentsMargins(0, 0, 0, 0)
        self._kinds.setSpacing(12)
        area.setWidget(self._inner)
        row.addWidget(area, 3)
        row.addWidget(self._output_card(), 2)

    def _output_card(self) -> Card:
        frame = Card(self)
        area = Scrolled(tr("Where results go"), frame)
        frame.body.addWidget(area)
        card, column = area.inner, area.column
        self.profiles = ProfileBar(self._theme, card)
        column.addWidget(self.profiles)
        column.addSpacing(6)
        column.addWidget(line(card))
        column.addWidget(Label(tr("Where results go"), card, "section"))
        column.addWidget(Label(tr("Output folder"), card, "label"))
        row = QHBoxLayout()
        self.output = QLineEdit(card)
        self.output.setAccessibleName(tr("Output folder"))
        self.output.setProperty("role", "mono")
        self.output.textEdited.connect(self._output_edited)
        self._pick = ActionButton(self._theme, tr("Choose…"), card, icon="folder")
        self._pick.clicked.connect(self._pick_output)
        row.addWidget(self.output, 1)
        row.addWidget(self._pick)
        column.addLayout(row)
        self.replace = QCheckBox(tr("Replace files of the same name there"), card)
        self.replace.toggled.connect(self._replace_toggled)
        column.addWidget(self.replace)
        column.addSpacing(10)
        column.addWidget(Label(tr("Signatures that are already there"), card, "label"))
        self.existing = QComboBox(card)
        self.existing.setAccessibleName(tr("Signatures that are already there"))
        for title, value in (
            (tr("As usual for each kind"), None),
            (tr("Replace them"), Existing.REPLACE),
            (tr("Keep them and add mine"), Existing.KEEP),
            (tr("Refuse signed files"), Existing.REFUSE),
        ):
            self.existing.addItem(title, value)
        self.existing.currentIndexChanged.connect(self._existing_changed)
        column.addWidget(self.existing)
        column.addStretch(1)
        return frame

    def _assurance(self) -> QHBoxLayout:
        """What a person may be sure of before anything is signed."""
        row = QHBoxLayout()
        row.setSpacing(10)
        icon = IconLabel(self._theme, "verify", self._inner, Tone.OK, 18)
        row.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
        words = tr(
            "Originals are only read, results appear after they were verified, and an interruption "
            "loses nothing: the job goes on."
        )
        row.addWidget(Label(words, self._inner, "sub", wrap=True), 1)
        return row

    def show_flow(self, flow: SignFlow) -> None:
        """Show a row per kind with the proposed key."""
        self._flow = flow
        clear(self._kinds)
        self.rows.clear()
        for kind in flow.kinds():
            each = KindRow(self._theme, kind, flow, self._inner)
            each.chosen.connect(self._chosen)
            each.hash_chosen.connect(self._hash_chosen)
            self._kinds.addWidget(each)
            each.set_roomy(roomy=self.height() >= ROOMY)
            self.rows[kind] = each
        row = QHBoxLayout()
        row.setSpacing(10)
        add = ActionButton(self._theme, tr("Add a key file…"), self._inner, icon="key")
        add.clicked.connect(self._pick_key)
        row.addWidget(add)
        hint = tr("PEM, PKCS#8 or PKCS#12. A copy is kept in the station's key folder.")
        row.addWidget(Label(hint, self._inner, "reason", wrap=True), 1)
        self._kinds.addLayout(row)
        self._kinds.addLayout(self._assurance())
        self._kinds.addStretch(1)
        self.output.setText(str(flow.output or ""))
        self.replace.blockSignals(True)  # as below
        self.replace.setChecked(flow.replace)
        self.replace.blockSignals(False)
        self.existing.blockSignals(True)  # showing a choice is not making it
        self.existing.setCurrentIndex(self.existing.findData(flow.existing))
        self.existing.blockSignals(False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Tell more where there is room."""
        super().resizeEvent(event)
        for each in self.rows.values():
            each.set_roomy(roomy=self.height() >= ROOMY)

    def keys(self) -> tuple[KeyInfo, ...]:
        """Keys chosen now."""
        chosen = (self._flow.choices[kind].key for kind in self._flow.signing())
        return tuple(key for key in chosen if key is not None)

    def _chosen(self, kind: str, choice: Choice | None) -> None:
        before = self._flow.choices[kind]
        self._flow.choices[kind] = choice or Choice(None, before.signature)
        self._altered()

    def _output_edited(self, value: str) -> None:
        self._flow.output = Path(value) if value else None
        self._altered()

    def _replace_toggled(self, checked: bool) -> None:  # noqa: FBT001 - Qt's signal
        self._flow.replace = checked
        self._altered()

    def _existing_changed(self) -> None:
        self._flow.existing = self.existing.currentData()
        self._altered()

    def _hash_chosen(self, kind: str, named: HashAlgorithm | None) -> None:
        if named is None:
            self._flow.hashes.pop(kind, None)
        else:
            self._flow.hashes[kind] = named
        self.rows[kind].show_hash(self._flow.choices[kind])
        self._altered()

    def refused(self) -> Text | None:
        """Return why the step is not done: a key that cannot sign with the chosen hash."""
        flow = self._flow
        if any(refusal(kind, flow.choices[kind], flow.hashes.get(kind)) for kind in flow.signing()):
            return Text("Choose another hash, or another key.")
        return None

    def _altered(self) -> None:
        """A choice was changed by hand: it is no longer what the profile says."""
        self._flow.profile = ""
        self.profiles.box.setCurrentIndex(0)
        self.changed.emit()

    def _pick_key(self) -> None:
        dialog = QFileDialog(self, tr("Key file"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._key_picked)
        dialog.open()

    def _key_picked(self, name: str) -> None:
        self.key_file.emit(Path(name))

    def _pick_output(self) -> None:
        dialog = QFileDialog(self, tr("Output folder"), self.output.text())
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._output_picked)
        dialog.open()

    def _output_picked(self, name: str) -> None:
        self.output.setText(name)
        self._output_edited(name)
