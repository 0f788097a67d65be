"""A release as one unit: what does not fit in it first, then the order in which it is signed."""

from __future__ import annotations

import shlex
from collections import Counter

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from signstation.gui.facts import SEVERITIES
from signstation.gui.literal import Literal
from signstation.gui.parts import Chip, IconLabel, Label, clear, line
from signstation.gui.procedure_scroll import Scrolled
from signstation.gui.sign_flow import SignFlow
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone
from signstation.gui.words import say, tr, trn
from signstation.jobs.stages import stage_of
from signstation.model.artifacts import Severity
from signstation.model.releases import ReleaseFinding, Stage
from signstation.model.text import Text
from signstation.reports.words import show

MAX_LISTED = 50
"""Most findings that become widgets; the rest is counted."""
MAX_BY = 3
"""Most Release files that are named as covering packages."""
_STAGES = {
    Stage.PACKAGES: ("package", Text("Packages, modules and files"), Text("signed first")),
    Stage.METADATA: (
        "folder",
        Text("Metadata of repositories"),
        Text("states digests of packages, and is signed after them"),
    ),
    Stage.CHECKSUMS: (
        "list",
        Text("Lists of checksums"),
        Text("state digests of everything else, and are signed last"),
    ),
}


class ReleaseView(Scrolled):
    """Shows the survey of the chosen folder."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        """Build it empty; ``show_flow`` fills it."""
        super().__init__(tr("The release"), parent)
        self._theme = theme

    def show_flow(self, flow: SignFlow) -> None:
        """Show what is known of the release now."""
        clear(self.column)
        findings = flow.survey.findings
        title = trn("{count} thing does not fit", "{count} things do not fit", len(findings))
        if findings:
            self.column.addWidget(Label(title, self.inner, "label"))
            for each in findings[:MAX_LISTED]:
                self._finding(each)
            if len(findings) > MAX_LISTED:
                words = tr("… and {count} more", count=len(findings) - MAX_LISTED)
                self.column.addWidget(Label(words, self.inner, "sub"))
            self.column.addWidget(line(self.inner))
        else:
            row = QHBoxLayout()
            row.addWidget(IconLabel(self._theme, "check-circle", self.inner, Tone.OK, 18))
            row.addWidget(Label(tr("Everything fits together."), self.inner, "strong"), 1)
            self.column.addLayout(row)
        self.column.addWidget(Label(tr("Order of signing"), self.inner, "label"))
        counts = Counter(stage_of(kind) for kind in flow.kinds() for _ in flow.of_kind(kind))
        for number, stage in enumerate(Stage, start=1):
            self._stage(number, stage, counts[stage], flow)
        self.column.addStretch(1)

    def _finding(self, each: ReleaseFinding) -> None:
        icon, tone = SEVERITIES[each.finding.severity]
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addWidget(
            IconLabel(self._theme, icon, self.inner, tone, 18), 0, Qt.AlignmentFlag.AlignTop
        )
        words = QVBoxLayout()
        words.setSpacing(2)
        strong = "strong" if each.finding.severity is Severity.BLOCKER else "text"
        words.addWidget(Label(say(each.finding.text), self.inner, strong, wrap=True))
        words.addWidget(Literal(show(str(each.path)), tr("Where"), self.inner))
        if each.remedy:
            words.addWidget(Label(tr("This mends it:"), self.inner, "sub"))
            command = show(shlex.join(each.remedy))
            words.addWidget(Literal(command, tr("Command"), self.inner))
        row.addLayout(words, 1)
        self.column.addLayout(row)

    def _stage(self, number: int, stage: Stage, count: int, flow: SignFlow) -> None:
        icon, title, why = _STAGES[stage]
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addWidget(
            IconLabel(self._theme, icon, self.inner, None, 20), 0, Qt.AlignmentFlag.AlignTop
        )
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(Label(f"{number}. {say(title)}", self.inner, "strong", wrap=True))
        words.addWidget(Label(say(why), self.inner, "sub", wrap=True))
        if stage is Stage.PACKAGES and flow.survey.left:
            words.addWidget(Label(_covered(flow), self.inner, "sub", wrap=True))
        row.addLayout(words, 1)
        amount = tr("{count} to sign", count=count) if count else tr("nothing")
        tone = Tone.ACCENT if count else Tone.NEUTRAL
        chip = Chip(self._theme, "sign" if count else "minus-circle", amount, self.inner, tone)
        row.addWidget(chip, 0, Qt.AlignmentFlag.AlignTop)
        self.column.addLayout(row)


def _covered(flow: SignFlow) -> str:
    """Say which packages need no signature of their own, and why."""
    survey = flow.survey
    by = list(dict.fromkeys(show(each.by.name) for each in survey.covered))
    names = ", ".join(by[:MAX_BY])
    words = []
    if survey.covered:
        words.append(
            trn(
                "{count} package is covered by {names}, and is not signed by itself.",
                "{count} packages are covered by {names}, and are not signed one by one.",
                len(survey.covered),
                names=names,
            )
        )
    if rest := len(survey.left) - len(survey.covered):
        words.append(
            trn(
                "{count} package of the repository is not covered, and is left out.",
                "{count} packages of the repository are not covered, and are left out.",
                rest,
            )
        )
    return " ".join(words)
