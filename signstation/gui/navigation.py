"""The navigation on the left: one button per page, icons alone when the window is narrow."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from signstation.gui.parts import IconLabel, Label, restyle
from signstation.gui.theme import Theme
from signstation.gui.tokens import NAV_COLLAPSED, NAV_WIDTH, Tone
from signstation.gui.words import tr

MAX_COUNT = 99
"""Largest number in a pill; more is shown as 99+."""

MOVES = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End)


class PageButton(QToolButton):
    """One entry; the checked one is the only Tab stop, arrows reach the others."""

    def __init__(self, theme: Theme, icon: str, title: str, key: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self._name, self.title = theme, icon, title
        self._count = 0
        self.setProperty("role", "nav")
        self.setText("  " + title)
        self.setAccessibleName(title)
        self.setToolTip(f"{title} ({key})")
        self.setCheckable(True)
        self.setAutoExclusive(False)
        self.setIconSize(QSize(20, 20))
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.draw)
        self.toggled.connect(self.draw)
        self.draw()

    def draw(self) -> None:
        """Take the icon in the colours of now."""
        tokens = self._theme.tokens
        colour = tokens.accent if self.isChecked() else tokens.text2
        self.setIcon(self._theme.icon(self._name, colour))

    def set_badge(self, count: int) -> None:
        """Show how many things need a person, as a pill; nothing for 0."""
        self._count = count
        name = tr("{title}, {count} need you", title=self.title, count=count)
        self.setAccessibleName(name if count else self.title)
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave the keys that move among pages to the navigation."""
        if Qt.Key(event.key()) in MOVES:
            event.ignore()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the button, and the pill above it."""
        super().paintEvent(event)
        if not self._count:
            return
        tokens = self._theme.tokens
        words = str(self._count) if self._count <= MAX_COUNT else f"{MAX_COUNT}+"
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = QFont(self.font())
        font.setPixelSize(11)
        painter.setFont(font)
        narrow = self.toolButtonStyle() is Qt.ToolButtonStyle.ToolButtonIconOnly
        wide = max(18, painter.fontMetrics().horizontalAdvance(words) + 10)
        top = 1 if narrow else (self.height() - 18) // 2
        pill = QRect(self.width() - wide - (0 if narrow else 10), top, wide, 18)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens.accent))
        painter.drawRoundedRect(pill, 9, 9)
        painter.setPen(QColor(tokens.on_accent))
        painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, words)
        painter.end()


class Navigation(QFrame):
    """Emits ``chosen`` with the page's index when the user picks one."""

    chosen = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        """Start without pages."""
        super().__init__(parent)
        self.setObjectName("nav")
        self._theme = theme
        self._buttons: list[PageButton] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 14, 12, 14)
        column.setSpacing(4)
        brand = QHBoxLayout()
        brand.setContentsMargins(8, 0, 0, 10)
        brand.setSpacing(8)
        brand.addWidget(IconLabel(theme, "logo", self, Tone.ACCENT, 24))
        self._brand = Label("signstation", self, "section")
        brand.addWidget(self._brand)
        brand.addStretch(1)
        column.addLayout(brand)
        self._pages = QVBoxLayout()
        self._pages.setSpacing(4)
        column.addLayout(self._pages)
        column.addStretch(1)
        self._foot = Label("", self, "sub", wrap=True)
        column.addWidget(self._foot)
        self.setFixedWidth(NAV_WIDTH)
        self.setAccessibleName(tr("Pages"))

    def add(self, icon: str, title: str) -> PageButton:
        """Append a page's entry and return it."""
        index = len(self._buttons)
        button = PageButton(self._theme, icon, title, f"Ctrl+{index + 1}", self)
        button.clicked.connect(self._clicked)
        self._buttons.append(button)
        self._pages.addWidget(button)
        return button

    def select(self, index: int) -> None:
        """Mark a page as the current one; it becomes the Tab stop."""
        focused = self.window().focusWidget()
        for number, button in enumerate(self._buttons):
            current = number == index
            had_focus = button is focused
            button.setChecked(current)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus if current else Qt.FocusPolicy.NoFocus)
            if had_focus and not current:
                self._buttons[index].setFocus(Qt.FocusReason.OtherFocusReason)

    def take_focus(self) -> None:
        """Put the focus on the current page's entry."""
        for button in self._buttons:
            if button.isChecked():
                button.setFocus(Qt.FocusReason.OtherFocusReason)

    def set_foot(self, words: str) -> None:
        """Show who works here, below the pages."""
        self._foot.setText(words)

    def collapse(self, *, collapsed: bool) -> None:
        """Show icons alone, or icons and words."""
        self.setFixedWidth(NAV_COLLAPSED if collapsed else NAV_WIDTH)
        narrow = "true" if collapsed else "false"
        style = Qt.ToolButtonStyle
        for button in self._buttons:
            button.setToolButtonStyle(
                style.ToolButtonIconOnly if collapsed else style.ToolButtonTextBesideIcon
            )
            restyle(button, narrow=narrow)
        for label in (self._brand, self._foot):
            label.setVisible(not collapsed)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows, Home and End choose another page."""
        index = next((i for i, each in enumerate(self._buttons) if each.isChecked()), 0)
        last = len(self._buttons) - 1
        wanted = {
            Qt.Key.Key_Down: min(index + 1, last),
            Qt.Key.Key_Up: max(index - 1, 0),
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }.get(Qt.Key(event.key()))
        if wanted is None:
            super().keyPressEvent(event)
            return
        self.chosen.emit(wanted)
        self._buttons[wanted].setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _clicked(self) -> None:
        sender = self.sender()
        for index, button in enumerate(self._buttons):
            if button is sender:
                self.chosen.emit(index)
