"""The help inside the window: one page of text at the right, with a search over all of them."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt, QUrl, Signal
from PySide6.QtGui import QTextCursor, QTextDocument
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QStackedWidget,
    QTextBrowser,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from signstation.gui.help_dress import dress
from signstation.gui.help_topics import START, Found, Help, Topic
from signstation.gui.parts import ActionButton, Label
from signstation.gui.rows import Column, RowsModel, table_view
from signstation.gui.theme import Theme
from signstation.gui.words import tr

WIDTH = 500
MARGIN = 12
_PAGE, _FOUND = range(2)


class _Browser(QTextBrowser):
    """Shows our own markdown: no markup, no pictures, no files, no network."""

    def loadResource(self, _kind: int, _name: QUrl | str) -> object:
        """Load nothing, wherever it is said to be."""
        return None


class HelpPanel(QFrame):
    """Lies over the right side of the window. F1 opens and closes it, Esc closes it."""

    closed = Signal()
    """The person closed it; the frame gives the focus back."""

    def __init__(self, theme: Theme, pages: Help, parent: QWidget) -> None:
        """Start hidden."""
        super().__init__(parent)
        self._theme, self._help = theme, pages
        self.topic = START
        self._before: list[str] = []
        self.setProperty("role", "sheet")
        self.setAccessibleName(tr("Help"))
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 12, 14)
        column.setSpacing(10)
        column.addLayout(self._head())
        self.search = QLineEdit(self)
        self.search.setPlaceholderText(tr("Search the help"))
        self.search.setAccessibleName(tr("Search the help"))
        self.search.textChanged.connect(self._search)
        self.search.returnPressed.connect(self._open_first)
        column.addWidget(self.search)
        self._note = Label("", self, "reason", wrap=True)
        column.addWidget(self._note)
        self._views = QStackedWidget(self)
        self.browser = self._make_browser()
        self._views.addWidget(self.browser)
        self._views.addWidget(self._make_found())
        column.addWidget(self._views, 1)
        theme.changed.connect(self._draw)
        self.hide()

    def _head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        self.back = ActionButton(self._theme, tr("Back"), self, icon="chevron-left", kind="quiet")
        self.back.clicked.connect(self.go_back)
        self.contents = ActionButton(self._theme, tr("Contents"), self, icon="list", kind="quiet")
        self.contents.clicked.connect(self._open_contents)
        self._close = QToolButton(self)
        self._close.setAccessibleName(tr("Close the help"))
        self._close.clicked.connect(self.close_panel)
        row.addWidget(Label(tr("Help"), self, "section"), 1)
        row.addWidget(self.back)
        row.addWidget(self.contents)
        row.addWidget(self._close)
        self.back.hide()
        self._draw()
        return row

    def _make_browser(self) -> QTextBrowser:
        browser = _Browser(self._views)
        browser.setAccessibleName(tr("Help page"))
        browser.setOpenLinks(False)
        browser.setFrameShape(QFrame.Shape.NoFrame)
        browser.setTabChangesFocus(True)
        browser.anchorClicked.connect(self._follow)
        return browser

    def _make_found(self) -> QWidget:
        columns: tuple[Column[Found], ...] = (
            Column(tr("Page"), lambda each: each.topic.title, strong=True, width=150),
            Column(tr("Found"), lambda each: each.excerpt),
        )
        self._model: RowsModel[Found] = RowsModel(self._theme, columns, self)
        self.found = table_view(self._model, tr("Pages that were found"), columns, self._views)
        self.found.activated.connect(self._open_found)
        self.found.clicked.connect(self._open_found)
        return self.found

    def open_topic(self, name: str) -> None:
        """Show a page; an unknown name shows the list of all."""
        self._before.clear()
        self._show(name)
        self.place()
        self.show()
        self.raise_()
        self.browser.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def close_panel(self) -> None:
        """Hide it and say so."""
        self.hide()
        self.closed.emit()

    def place(self) -> None:
        """Fill the right side of the window."""
        window = self.window()
        width = min(WIDTH, window.width() - 2 * MARGIN)
        self.setGeometry(
            window.width() - width - MARGIN, MARGIN, width, window.height() - 2 * MARGIN
        )

    def go_back(self) -> None:
        """Show the page before this one."""
        if self._before:
            self._show(self._before.pop())
            self.browser.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show(self, name: str) -> None:
        topic = self._help.topics.get(name, self._help.topics[START])
        self.topic = topic.id
        self.search.clear()
        self._views.setCurrentIndex(_PAGE)
        features = (
            QTextDocument.MarkdownFeature.MarkdownNoHTML
            | QTextDocument.MarkdownFeature.MarkdownDialectGitHub
        )
        document = self.browser.document()
        document.setMarkdown(topic.markdown, features)
        dress(document, self._theme.tokens)
        self.browser.setAccessibleDescription(topic.title)
        self.browser.moveCursor(QTextCursor.MoveOperation.Start)
        self.browser.verticalScrollBar().setValue(0)
        self.back.setVisible(bool(self._before))
        self._say_language(topic)

    def _say_language(self, topic: Topic) -> None:
        translated = topic.language == self._help.topics[START].language
        self._note.setText("" if translated else tr("This page is written in English only."))
        self._note.setVisible(not translated)

    def _follow(self, link: QUrl) -> None:
        """Open another page of the help; every other link leads nowhere."""
        name = link.toString().removesuffix(".md")
        if name in self._help.topics:
            self._before.append(self.topic)
            self._show(name)

    def _open_contents(self) -> None:
        if self.topic != START:
            self._before.append(self.topic)
        self._show(START)

    def _search(self, typed: str) -> None:
        if not typed.strip():
            self._views.setCurrentIndex(_PAGE)
            return
        self._model.replace(self._help.search(typed))
        self._views.setCurrentIndex(_FOUND)

    def _open_first(self) -> None:
        if self._model.rowCount():
            self._open_found(self._model.index(0, 0))

    def _open_found(self, index: QModelIndex) -> None:
        found = self._model.row(index)
        self._before.append(self.topic)
        self._show(found.topic.id)
        self.browser.setFocus(Qt.FocusReason.OtherFocusReason)

    def _draw(self) -> None:
        if self.isVisible():
            dress(self.browser.document(), self._theme.tokens)
        self._close.setIcon(self._theme.icon("x", size=16))
