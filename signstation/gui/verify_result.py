"""Everything about one verified artifact: verdict, three answers, signatures, checks, opinions."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from signstation.gui.bytemap import ByteMap
from signstation.gui.fingerprint import FingerprintCard
from signstation.gui.kinds import kind_words, signature_words
from signstation.gui.literal import Literal
from signstation.gui.parts import Banner, Card, Chip, IconLabel, Label
from signstation.gui.procedure_scroll import Inner
from signstation.gui.theme import Theme
from signstation.gui.trustpath import TrustPath
from signstation.gui.verdicts import moment, outcome_look, state_look, verdict_look
from signstation.gui.verify_checks import ChecksView
from signstation.gui.verify_compare import ComparisonCard
from signstation.gui.verify_tools import CommandsCard, OpinionsCard
from signstation.gui.words import say, tr
from signstation.model.checks import SignatureFacts, Verification
from signstation.reports.answers import Answer, answers
from signstation.reports.words import groups, human_size, show

GAP = 14
MAX_SIGNATURES = 20
"""Most signatures that become widgets; more are counted and stand in the report."""


class _AnswerCard(Card):
    """One of the three questions with its answer and the reason."""

    def __init__(self, theme: Theme, answer: Answer, parent: QWidget) -> None:
        super().__init__(parent)
        icon, tone, word = outcome_look(answer.outcome)
        self.body.addWidget(Label(say(answer.question), self, "label", wrap=True))
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(IconLabel(theme, icon, self, tone, 20))
        verdict = Label(word, self, "section")
        verdict.setProperty("tone", tone.value)
        row.addWidget(verdict, 1)
        self.body.addLayout(row)
        self.body.addWidget(Label(say(answer.because), self, "sub", wrap=True))
        self.body.addStretch(1)
        self.setAccessibleName(f"{say(answer.question)} {word}. {say(answer.because)}")


class _SignatureCard(Card):
    """One signature: what it is worth and because of whom."""

    def __init__(self, theme: Theme, facts: SignatureFacts, parent: QWidget) -> None:
        super().__init__(parent)
        icon, tone, word = state_look(facts.state)
        head = QHBoxLayout()
        head.setSpacing(10)
        title = tr("Signature {number}", number=facts.index + 1)
        head.addWidget(Label(title, self, "section"))
        head.addWidget(Label(say(facts.place), self, "sub"), 1)
        head.addWidget(Chip(theme, icon, word, self, tone))
        self.body.addLayout(head)
        self.body.addWidget(Label(show(facts.signer), self, "strong", wrap=True))
        parts = [facts.algorithm, facts.hash, signature_words(facts.kind), moment(facts.made_at)]
        words = " · ".join(show(each) for each in parts if each)
        self.body.addWidget(Label(words, self, "sub", wrap=True))
        for reason in facts.reasons:
            self.body.addWidget(Label(say(reason), self, wrap=True))
        if facts.path:
            self.body.addSpacing(4)
            self.body.addWidget(TrustPath(theme, facts.path, self))
        else:
            missing = tr("There is no path from this key to anything that is trusted here.")
            self.body.addWidget(Label(missing, self, "reason", wrap=True))


class ResultView(QScrollArea):
    """One verification, rebuilt for each artifact that is picked."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        """Start empty."""
        super().__init__(parent)
        self._theme = theme
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(tr("Result"))
        self._commands: CommandsCard | None = None
        self.comparison: ComparisonCard | None = None

    def clear(self, words: str = "") -> None:
        """Show a sentence instead of a result."""
        inner = QWidget(self)
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        if words:
            column.addWidget(Label(words, inner, "sub", wrap=True))
        column.addStretch(1)
        self._commands = None
        self.comparison = None
        self.setWidget(inner)

    def show_verification(self, verification: Verification) -> None:
        """Replace what is shown."""
        theme = self._theme
        inner = Inner(self)
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 10, 0)
        column.setSpacing(GAP)
        column.addWidget(self._verdict(verification, inner))
        self.comparison = ComparisonCard(theme, inner)
        self.comparison.hide()
        column.addWidget(self.comparison)
        column.addLayout(self._answers(verification, inner))
        for facts in verification.signatures[:MAX_SIGNATURES]:
            column.addWidget(_SignatureCard(theme, facts, inner))
        if (more := len(verification.signatures) - MAX_SIGNATURES) > 0:
            rest = tr("… and {count} more signatures in the report", count=more)
            column.addWidget(Label(rest, inner, "sub"))
        lower = QHBoxLayout()
        lower.setSpacing(GAP)
        main = QVBoxLayout()
        main.setSpacing(GAP)
        checks = Card(inner, tr("Checks"))
        checks.body.addWidget(ChecksView(theme, verification.checks, checks))
        main.addWidget(checks)
        main.addWidget(_file_card(verification, inner))
        main.addStretch(1)
        lower.addLayout(main, 3)
        lower.addLayout(self._side(verification, inner), 2)
        column.addLayout(lower)
        self._commands = CommandsCard(theme, verification, inner)
        column.addWidget(self._commands)
        self._commands.hide()
        column.addStretch(1)
        self.setWidget(inner)

    def show_commands(self, *, shown: bool) -> None:
        """Show or hide the commands, and scroll to them."""
        if self._commands is not None:
            self._commands.setVisible(shown)
            inner = self.widget()
            if shown and inner is not None:
                inner.adjustSize()
                self.ensureWidgetVisible(self._commands)

    def _verdict(self, verification: Verification, inner: QWidget) -> Banner:
        icon, tone, word = verdict_look(verification.verdict)
        banner = Banner(self._theme, inner)
        reasons = "\n".join(say(each) for each in verification.reasons)
        banner.say(tone, f"{word}: {show(Path(verification.path).name)}", reasons, icon)
        return banner

    def _answers(self, verification: Verification, inner: QWidget) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(GAP)
        for each in answers(verification):
            row.addWidget(_AnswerCard(self._theme, each, inner), 1)
        return row

    def _side(self, verification: Verification, inner: QWidget) -> QVBoxLayout:
        theme = self._theme
        column = QVBoxLayout()
        column.setSpacing(GAP)
        column.addWidget(OpinionsCard(theme, verification, inner))
        if verification.signatures:
            covered = Card(inner, tr("What the signatures cover"))
            covered.body.addWidget(ByteMap(theme, verification, covered))
            column.addWidget(covered)
            fingerprint = verification.signatures[0].fingerprint
            if fingerprint:
                column.addWidget(FingerprintCard(theme, fingerprint, inner))
        column.addStretch(1)
        return column


def _file_card(verification: Verification, parent: QWidget) -> Card:
    card = Card(parent, tr("The file"))
    digest = verification.sha256.hex()
    half = len(digest) // 2
    for title, value, role in (
        (tr("Path"), show(verification.path), "mono"),
        (tr("What it calls itself"), show(verification.title), "mono"),
        (
            tr("Kind and size"),
            f"{kind_words(verification.format, 1)} · {human_size(verification.size)}",
            "body",
        ),
        ("SHA-256", groups(digest[:half]) + "\n" + groups(digest[half:]), "mono"),
        (tr("Judged for the time"), moment(verification.at), "body"),
    ):
        card.body.addWidget(Label(title, card, "label"))
        card.body.addWidget(Literal(value, title, card, role))
    return card
