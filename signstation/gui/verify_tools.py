"""The second opinion: what real tools say, loudly where they contradict us; and the commands."""

from __future__ import annotations

import shlex

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from signstation.gui.copying import CopyButton
from signstation.gui.literal import Literal
from signstation.gui.parts import Banner, Card, IconLabel, Label, line
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone
from signstation.gui.verdicts import opinion_look, verdict_look
from signstation.gui.words import say, tr
from signstation.model.checks import Opinion, Verification
from signstation.reports.words import show, show_block
from signstation.verification.verdict import disagreements

LINE = 17
"""Height of a line of monospaced text in px."""


class OpinionsCard(Card):
    """One row per tool, ours and theirs side by side."""

    def __init__(self, theme: Theme, verification: Verification, parent: QWidget) -> None:
        """Build it for one verification."""
        super().__init__(parent, tr("Second opinion"))
        self._theme = theme
        for number, opinion in enumerate(verification.opinions):
            if number:
                self.body.addWidget(line(self))
            if disagreements(verification.verdict, (opinion,)):
                self.body.addWidget(self._contradiction(verification, opinion))
            self._row(opinion)
        if not verification.opinions:
            words = tr("No other tool was asked about this kind of artifact.")
            self.body.addWidget(Label(words, self, "sub", wrap=True))

    def _contradiction(self, verification: Verification, opinion: Opinion) -> Banner:
        banner = Banner(self._theme, self)
        headline = tr(
            "{tool} says: {theirs}. signstation says: {ours}.",
            tool=opinion.tool,
            theirs=opinion_look(opinion.outcome)[2],
            ours=verdict_look(verification.verdict)[2],
        )
        detail = tr("One of the two is wrong, or they answer different questions. Find out which.")
        banner.say(Tone.ERROR, headline, detail, "compare")
        return banner

    def _row(self, opinion: Opinion) -> None:
        icon, tone, words = opinion_look(opinion.outcome)
        row = QHBoxLayout()
        row.setSpacing(10)
        mark = IconLabel(self._theme, icon, self, tone, 18)
        row.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(4)
        title = tr(
            "{tool} {version} {says}", tool=opinion.tool, version=opinion.version, says=words
        )
        column.addWidget(Label(title, self, "strong", wrap=True))
        if opinion.says:
            block = show_block(opinion.says)
            column.addWidget(Literal(block, tr("What {tool} says", tool=opinion.tool), self))
        if opinion.note is not None:
            column.addWidget(Label(say(opinion.note), self, "sub", wrap=True))
        row.addLayout(column, 1)
        self.body.addLayout(row)


def commands(verification: Verification) -> str:
    """Return shell lines that reproduce digest and opinions by hand; names are escaped."""
    path = show(verification.path)
    lines = [f"# {tr('The exact bytes that were looked at')}", f"sha256sum -- {shlex.quote(path)}"]
    lines.append(f"# {verification.sha256.hex()}")
    for opinion in verification.opinions:
        if opinion.command:
            lines.append(f"# {tr('{tool} sees a copy under a harmless name', tool=opinion.tool)}")
            lines.append(shlex.join(show(each) for each in opinion.command))
    lines.append(f"# {tr('The same from the command line')}")
    lines.append(f"signstation verify {shlex.quote(path)}")
    return "\n".join(lines)


class CommandsCard(Card):
    """How to do it by hand."""

    def __init__(self, theme: Theme, verification: Verification, parent: QWidget) -> None:
        """Build it for one verification."""
        super().__init__(parent, tr("By hand"))
        shown = commands(verification)
        block = QPlainTextEdit(shown, self)
        block.setReadOnly(True)
        block.setProperty("role", "mono")
        block.setAccessibleName(tr("Commands that reproduce this"))
        block.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        block.setFixedHeight(LINE * (shown.count("\n") + 1) + 34)
        block.setTabChangesFocus(True)
        self.body.addWidget(block)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(CopyButton(theme, shown, tr("Copy the commands"), self))
        self.body.addLayout(row)
