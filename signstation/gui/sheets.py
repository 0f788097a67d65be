"""Questions of the station to the person: one sheet each, several at once, above every page."""

from __future__ import annotations

from typing import assert_never

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from signstation.gui.parts import ActionButton, IconLabel, Label, restyle
from signstation.gui.secretfield import SecretField
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone
from signstation.gui.words import say, tr
from signstation.model.prompts import Prompt, PromptKind
from signstation.model.secret import Secret

_ICONS = {
    PromptKind.PASSPHRASE: "lock",
    PromptKind.NEW_PASSPHRASE: "lock",
    PromptKind.PIN: "card",
    PromptKind.CONFIRM: "question",
    PromptKind.TOUCH: "fingerprint",
    PromptKind.INSERT: "usb",
}
_ACTIONS = {
    PromptKind.PASSPHRASE: "Unlock",
    PromptKind.NEW_PASSPHRASE: "Set passphrase",
    PromptKind.PIN: "Unlock",
    PromptKind.CONFIRM: "Yes, go on",
}
"""What the button says; a touch or an inserted token answers by itself."""


MARGINS = (24, 14, 24, 0)
LARGEST_HEIGHT = 236
"""Room for two or three questions in px: the page below must stay usable."""
SMALLEST_WIDTH = 600


class PromptSheet(QFrame):
    """One prompt. Emits ``answered`` or ``dismissed`` once per press; the station closes it."""

    answered = Signal(str, object)
    """The prompt's id and a Secret."""

    dismissed = Signal(str)

    def __init__(self, theme: Theme, prompt: Prompt, parent: QWidget) -> None:
        """Show a prompt."""
        super().__init__(parent)
        self.prompt = prompt
        self.setProperty("role", "banner")
        self.setAccessibleName(say(prompt.title))
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 12, 16, 12)
        row.setSpacing(14)
        tone = Tone.WARNING
        icon = IconLabel(theme, _ICONS[prompt.kind], self, tone, 28)
        row.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(self._words(prompt), 3)
        self._fields = self._secret_fields(prompt)
        if self._fields:
            column = QVBoxLayout()
            column.setSpacing(6)
            for field in self._fields:
                column.addWidget(field)
                field.returnPressed.connect(self._answer)
            row.addLayout(column, 2)
        self.cancel = ActionButton(theme, tr("Cancel"), self)
        self.cancel.clicked.connect(self.dismiss)
        row.addWidget(self.cancel)
        self.accept: ActionButton | None = None
        if prompt.kind in _ACTIONS:
            self.accept = ActionButton(theme, tr(_ACTIONS[prompt.kind]), self, kind="primary")
            self.accept.clicked.connect(self._answer)
            row.addWidget(self.accept)
        restyle(self, tone=tone.value)

    def _words(self, prompt: Prompt) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(2)
        title = say(prompt.title)
        if prompt.job is not None:
            title = tr("Job {job}: {title}", job=prompt.job, title=title)
        column.addWidget(Label(title, self, "strong", wrap=True))
        column.addWidget(Label(say(prompt.body), self, "sub", wrap=True))
        self.notice = Label("", self, "strong", wrap=True)
        column.addWidget(self.notice)
        column.addStretch(1)
        self._notify("")
        if prompt.previous_wrong:
            self._notify(_wrong(prompt))
        elif prompt.tries_left is not None:
            self._notify(tr("Tries left: {count}.", count=prompt.tries_left))
        return column

    def _secret_fields(self, prompt: Prompt) -> tuple[SecretField, ...]:
        names: tuple[str, ...]
        match prompt.kind:
            case PromptKind.NEW_PASSPHRASE:
                names = (tr("New passphrase"), tr("The same again"))
            case PromptKind.PASSPHRASE:
                names = (tr("Passphrase"),)
            case PromptKind.PIN:
                names = (tr("PIN"),)
            case PromptKind.CONFIRM | PromptKind.TOUCH | PromptKind.INSERT:
                names = ()
            case _:
                assert_never(prompt.kind)
        return tuple(SecretField(name, self) for name in names)

    def take_focus(self) -> None:
        """Put the focus where the answer begins."""
        target: QWidget = self._fields[0] if self._fields else self.cancel
        target.setFocus(Qt.FocusReason.OtherFocusReason)

    def forget(self) -> None:
        """Empty every field."""
        for field in self._fields:
            field.forget()

    def _answer(self) -> None:
        if any(not field.text() for field in self._fields):
            empty = next(field for field in self._fields if not field.text())
            self._notify(tr("{name}: nothing was typed.", name=empty.accessibleName()))
            empty.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        if len({field.text() for field in self._fields}) > 1:
            self.forget()
            self._notify(tr("The two entries differ. Type it again."))
            self.take_focus()
            return
        secret = self._fields[0].take() if self._fields else Secret(b"")
        self.forget()
        self._notify("")
        self.answered.emit(self.prompt.id, secret)

    def dismiss(self) -> None:
        """Take the safe way out: what asked gets "cancelled" and nothing is signed."""
        self.forget()
        self.dismissed.emit(self.prompt.id)

    def _notify(self, words: str) -> None:
        self.notice.setText(words)
        self.notice.setVisible(bool(words))


def _wrong(prompt: Prompt) -> str:
    if prompt.kind is PromptKind.PIN:
        wrong = tr("That was not the right PIN.")
    else:
        wrong = tr("That was not the right passphrase.")
    if prompt.tries_left is None:
        return wrong
    return wrong + " " + tr("Tries left: {count}.", count=prompt.tries_left)


class PromptSheets(QScrollArea):
    """All open prompts, oldest first; more than fit are reached by scrolling."""

    answered = Signal(str, object)
    dismissed = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        """Start empty and hidden."""
        super().__init__(parent)
        self._theme = theme
        self._sheets: dict[str, PromptSheet] = {}
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(tr("Questions to you"))
        self._inner = QWidget(self)
        self._inner.installEventFilter(self)
        self._column = QVBoxLayout(self._inner)
        self._column.setContentsMargins(*MARGINS)
        self._column.setSpacing(8)
        self.setWidget(self._inner)
        self.hide()

    def open(self, prompt: Prompt, *, focus: bool) -> None:
        """Show a prompt; ``focus`` moves the focus into it."""
        self.close_prompt(prompt.id)
        sheet = PromptSheet(self._theme, prompt, self._inner)
        sheet.answered.connect(self.answered)
        sheet.dismissed.connect(self.dismissed)
        self._sheets[prompt.id] = sheet
        self._column.addWidget(sheet)
        self._fit()
        if focus:
            sheet.take_focus()

    def close_prompt(self, prompt_id: str) -> None:
        """Take a prompt away; an unknown id is ignored."""
        sheet = self._sheets.pop(prompt_id, None)
        if sheet is not None:
            sheet.forget()
            sheet.hide()
            self._column.removeWidget(sheet)
            sheet.deleteLater()
            self._fit()

    def focused(self) -> PromptSheet | None:
        """Return the sheet that has the focus."""
        focus: QWidget | None = self.window().focusWidget()
        for sheet in self._sheets.values():
            if focus is not None and sheet.isAncestorOf(focus):
                return sheet
        return None

    def sheets(self) -> tuple[PromptSheet, ...]:
        """Return the open sheets, oldest first."""
        return tuple(self._sheets.values())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow sheets that were laid out for the first time, or whose words changed."""
        if event.type() is QEvent.Type.LayoutRequest and watched is self._inner:
            self._fit()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wrapped words need another height at another width."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self.setVisible(bool(self._sheets))
        if not self._sheets:
            return
        needed = self._column.totalHeightForWidth(max(self.viewport().width(), SMALLEST_WIDTH))
        self._inner.setMinimumHeight(needed)
        self.setFixedHeight(min(needed, LARGEST_HEIGHT))
