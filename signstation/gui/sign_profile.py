"""Saved profiles on the Sign page: choose one, or save what is chosen now under a name."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from signstation.errors import UsageError
from signstation.gui.parts import ActionButton, Label
from signstation.gui.sign_flow import Choice, SignFlow
from signstation.gui.theme import Theme
from signstation.gui.words import tr
from signstation.model.hashes import HashAlgorithm
from signstation.model.options import Existing
from signstation.model.profiles import KindChoice, Profile
from signstation.reports.words import show


class ProfileBar(QWidget):
    """Emits ``used`` and ``deleted`` with a Profile, ``saved`` with the name that was typed."""

    used = Signal(object)
    saved = Signal(str)
    deleted = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        """Build an empty list and the field for a name."""
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(Label(tr("Use profile…"), self, "label"))
        self.box = QComboBox(self)
        self.box.setAccessibleName(tr("Profile"))
        self.box.activated.connect(self._chosen)
        self.box.currentIndexChanged.connect(self._picked)
        choice = QHBoxLayout()
        choice.setSpacing(8)
        choice.addWidget(self.box, 1)
        self.delete = ActionButton(theme, tr("Delete"), self, icon="trash")
        self.delete.setAccessibleName(tr("Delete the chosen profile"))
        self.delete.clicked.connect(self._delete)
        choice.addWidget(self.delete)
        column.addLayout(choice)
        row = QHBoxLayout()
        row.setSpacing(8)
        self.name = QLineEdit(self)
        self.name.setAccessibleName(tr("Name of the profile"))
        self.name.setPlaceholderText(tr("Name"))
        self.name.textChanged.connect(self._named)
        self.name.returnPressed.connect(self._save)
        self.save = ActionButton(theme, tr("Save as profile"), self, icon="save")
        self.save.clicked.connect(self._save)
        row.addWidget(self.name, 1)
        row.addWidget(self.save)
        column.addLayout(row)
        column.addWidget(self.save.reason)
        self.note = Label("", self, "reason", wrap=True)
        self.note.hide()
        column.addWidget(self.note)
        self._profiles: tuple[Profile, ...] = ()
        self._picked(0)
        self.show_profiles((), "")
        self._named("")

    def show_profiles(self, profiles: tuple[Profile, ...], current: str) -> None:
        """List the profiles; ``current`` is the name of the one in use."""
        self._profiles = profiles
        self.box.clear()
        self.box.addItem(tr("No profile"))
        for each in profiles:
            self.box.addItem(show(each.name))
            place = Qt.ItemDataRole.ToolTipRole
            self.box.setItemData(self.box.count() - 1, show(each.source), place)
        names = [each.name for each in profiles]
        self.box.setCurrentIndex(names.index(current) + 1 if current in names else 0)

    def say(self, words: str) -> None:
        """Tell something below the field; escaped already."""
        self.note.setText(words)
        self.note.setVisible(bool(words))

    def _chosen(self, index: int) -> None:
        self.say("")
        if index > 0:
            self.used.emit(self._profiles[index - 1])

    def _picked(self, index: int) -> None:
        self.delete.setVisible(index > 0)

    def _delete(self) -> None:
        if self.box.currentIndex() > 0:
            self.deleted.emit(self._profiles[self.box.currentIndex() - 1])

    def _named(self, name: str) -> None:
        self.save.allow(reason="" if name.strip() else tr("Type a name to save these choices."))

    def _save(self) -> None:
        if name := self.name.text().strip():
            self.saved.emit(name)


def make_profile(name: str, flow: SignFlow) -> Profile:
    """Return what is chosen now as a profile."""
    kinds = tuple(
        KindChoice(kind, str(choice.key.key), choice.signature.value, _named(flow.hashes.get(kind)))
        for kind in flow.signing()
        if (choice := flow.choices[kind]).key is not None
    )
    return Profile(
        name,
        "",
        existing=flow.existing.value if flow.existing else "",
        output=str(flow.output) if flow.output else "",
        kinds=kinds,
    )


def apply_profile(profile: Profile, flow: SignFlow) -> tuple[str, ...]:
    """Choose what the profile says; returns the kinds whose key is not here, which stay unsigned.

    Raises UsageError for a value that means nothing.
    """
    try:
        flow.hashes = _hashes(profile, flow.kinds())
        flow.existing = Existing(profile.existing) if profile.existing else None
    except ValueError as error:
        raise UsageError(reason=f"{error} in profile {profile.name}") from error
    if profile.output:
        flow.set_output(profile.output)
    flow.learn_keys(flow.keys)  # so that every kind has a choice to change
    wanted = {each.format: each for each in profile.kinds}
    missing: list[str] = []
    for kind in flow.kinds():
        offers = flow.offer(kind)
        choice = wanted.get(kind)
        found = [
            each
            for each in offers
            if choice is not None
            and each.key is not None
            and str(each.key.key) == choice.key
            and choice.signature in {"", each.signature.value}
        ]
        if choice is None and not profile.kinds:
            continue
        if choice is not None and not found:
            missing.append(kind)
        flow.choices[kind] = found[0] if found else Choice(None, flow.choices[kind].signature)
    flow.profile = profile.name
    return tuple(missing)


def _named(algorithm: HashAlgorithm | None) -> str:
    return algorithm.value if algorithm else ""


def _hashes(profile: Profile, kinds: tuple[str, ...]) -> dict[str, HashAlgorithm]:
    """The hash of each kind: its own, else that of the profile. Raises ValueError."""
    own = {each.format: each.hash for each in profile.kinds}
    named = {kind: own.get(kind) or profile.hash for kind in kinds}
    return {kind: HashAlgorithm(value) for kind, value in named.items() if value}
