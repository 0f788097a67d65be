"""One sentence above the page, with a way to close it: failures, and a question before exit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtWidgets import QVBoxLayout, QWidget

from signstation.gui.parts import ActionButton, Banner
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone
from signstation.gui.words import tr

Margins = tuple[int, int, int, int]
"""Left, top, right and bottom in px."""
FRAME: Margins = (24, 14, 24, 0)
PAGE: Margins = (0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Choice:
    """What can be done, what leaving it is called, and what to call for the first."""

    action: str
    keep: str
    call: Callable[[], None]


class Notice(QWidget):
    """A banner between strip and page; hidden while there is nothing to say."""

    def __init__(self, theme: Theme, parent: QWidget, margins: Margins = FRAME) -> None:
        """Start hidden."""
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(*margins)
        self.banner = Banner(theme, self)
        self.act = ActionButton(theme, "", self.banner)
        self.act.clicked.connect(self._acted)
        self.close_button = ActionButton(theme, tr("Close"), self.banner)
        self.close_button.clicked.connect(self.hide)
        self.banner.buttons.addWidget(self.act)
        self.banner.buttons.addWidget(self.close_button)
        column.addWidget(self.banner)
        self._call: Callable[[], None] | None = None
        self.hide()

    def say(self, tone: Tone, headline: str, detail: str) -> None:
        """Tell something that was escaped already."""
        self._show(tone, headline, detail, tr("Close"))
        self.act.hide()

    def ask(self, headline: str, detail: str, choice: Choice) -> None:
        """Offer one action; the safe way out has the focus."""
        self._call = choice.call
        self._show(Tone.WARNING, headline, detail, choice.keep)
        self.act.set(choice.action, "")
        self.act.show()
        self.close_button.setFocus()

    def _show(self, tone: Tone, headline: str, detail: str, close: str) -> None:
        self.banner.say(tone, headline, detail)
        self.close_button.set(close, "")
        self.show()

    def _acted(self) -> None:
        self.hide()
        if self._call is not None:
            self._call()
