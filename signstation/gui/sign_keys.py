"""The third step of the Sign page: which key signs which kind, and where results go."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
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

from signstation.gui.kinds import kind_icon, kind_title, signature_words
from signstation.gui.parts import ActionButton, Card, Chip, IconLabel, Label, clear, line, restyle
from signstation.gui.procedure_scroll import Scrolled
from signstation.gui.sign_flow import Choice, SignFlow
from signstation.gui.sign_hash import HashBox, hash_reasons
from signstation.gui.sign_hashes import refusal
from signstation.gui.sign_profile import ProfileBar
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone
from signstation.gui.words import tr, trn
from signstation.model.hashes import HashAlgorithm
from signstation.model.keys import KeyInfo, Protection, SignatureType
from signstation.model.options import Existing
from signstation.model.text import Text
from signstation.reports.tables import PROTECTIONS
from signstation.reports.words import groups, show

_SOFT = {Protection.SOFTWARE, Protection.UNPROTECTED}


class _KindRow(Card):
    """One kind of artifact: how many, which key, how the key is protected."""

    chosen = Signal(str, object)
    hash_chosen = Signal(str, object)

    def __init__(self, theme: Theme, kind: str, flow: SignFlow, parent: QWidget) -> None:
        super().__init__(parent)
        self._kind, self._flow = kind, flow
        self._offers = flow.offer(kind)
        count = len(flow.of_kind(kind))
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(IconLabel(theme, kind_icon(kind), self, Tone.ACCENT, 22))
        head.addWidget(Label(kind_title(kind), self, "section"))
        amount = trn("{count} file", "{count} files", count)
        head.addWidget(Label(amount, self, "sub"))
        head.addStretch(1)
        self._chip = Chip(theme, "lock", "", self)
        head.addWidget(self._chip)
        self.body.addLayout(head)
        self.box = QComboBox(self)
        self.box.setAccessibleName(tr("Key for {kind}", kind=kind_title(kind)))
        for offer in self._offers:
            self.box.addItem(_offer_words(offer))
        self.box.addItem(tr("Do not sign these"))
        self.hash = HashBox(kind, self)
        self.hash.chosen.connect(lambda named: self.hash_chosen.emit(self._kind, named))
        choices = QHBoxLayout()
        choices.setSpacing(8)
        choices.addWidget(self.box, 3)
        choices.addWidget(self.hash, 1)
        self.body.addLayout(choices)
        self._detail = Label("", self, "mono", wrap=True, selectable=True)
        self.body.addWidget(self._detail)
        self._reason = Label("", self, "reason", wrap=True)
        self.body.addWidget(self._reason)
        chosen = flow.choices.get(kind)
        index = self._offers.index(chosen) if chosen in self._offers else len(self._offers)
        self.box.setCurrentIndex(index)
        self._show(index)
        self.box.currentIndexChanged.connect(self._changed)
        if not self._offers:
            missing = tr("No active key here can sign this kind. Generate or import one first.")
            self.body.addWidget(Label(missing, self, "reason", wrap=True))

    def _changed(self, index: int) -> None:
        self._show(index)
        inside = 0 <= index < len(self._offers)
        self.chosen.emit(self._kind, self._offers[index] if inside else None)

    def _show(self, index: int) -> None:
        choice = self._offers[index] if 0 <= index < len(self._offers) else None
        key = choice.key if choice else None
        self._chip.setVisible(key is not None)
        self.show_hash(choice or Choice(None, SignatureType.OPENPGP))
        if key is None:
            self._detail.setText(tr("These files are left as they are."))
            return
        tone = Tone.OK if key.protection not in _SOFT else Tone.NEUTRAL
        if key.protection is Protection.UNPROTECTED:
            tone = Tone.WARNING
        self._chip.set("lock", tr(PROTECTIONS[key.protection]), tone)
        self._detail.setText(groups(show(key.fingerprint)))

    def show_hash(self, choice: Choice) -> None:
        """Show which hashes this choice has, and why others are missing."""
        wanted = self._flow.hashes.get(self._kind)
        self.hash.show_choice(choice, wanted)
        words, refused = hash_reasons(self._kind, choice, wanted)
        self._reason.setText(words)
        self._reason.setVisible(bool(words))
        restyle(self._reason, tone=(Tone.ERROR if refused else Tone.NEUTRAL).value)


def _offer_words(offer: Choice) -> str:
    key = offer.key
    if key is None:
        return ""
    return f"{show(key.label)} · {key.type.title} · {signature_words(offer.signature)}"


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
        self.rows: dict[str, _KindRow] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        area = QScrollArea(self)
        area.setAccessibleName(tr("Keys for each kind"))
        area.setWidgetResizable(True)
        self._inner = QWidget(area)
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
            each = _KindRow(self._theme, kind, flow, self._inner)
            each.chosen.connect(self._chosen)
            each.hash_chosen.connect(self._hash_chosen)
            self._kinds.addWidget(each)
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
