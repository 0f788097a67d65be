"""Everything about one step of a job, about the job itself, or about a release."""

from __future__ import annotations

import shlex

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QProgressBar, QScrollArea, QVBoxLayout, QWidget

from signstation.app.api import StationApi
from signstation.errors import SignstationError
from signstation.gui.audit_words import happened, when
from signstation.gui.bridge import Bridge
from signstation.gui.copying import CopyButton
from signstation.gui.errors import error_lines, parse_error
from signstation.gui.kinds import kind_words
from signstation.gui.literal import Literal
from signstation.gui.parts import Card, Chip, Label, clear
from signstation.gui.queue_releases import Release, sums
from signstation.gui.queue_story import Story
from signstation.gui.states import job_icon, job_words, state_icon, state_words
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone
from signstation.gui.verdicts import moment
from signstation.gui.words import tr
from signstation.model.audit import AuditRecord
from signstation.model.jobdetail import JobCommands, JobDetail
from signstation.model.jobs import Counter, JobRow, JobState, Phase, StepRow
from signstation.reports.tables import PROTECTIONS
from signstation.reports.words import groups, human_size, show

PHASES = {
    Phase.WAIT: "Waiting for the key",
    Phase.HASH: "Reading and hashing",
    Phase.KEY: "Signing with the key",
    Phase.STAGE: "Writing a private copy",
    Phase.RECHECK: "Verifying the copy",
    Phase.SYNC: "Syncing to the disk",
    Phase.PUBLISH: "Giving it its name",
}


class DetailPane(Card):
    """Rebuilt when something else is picked, or when what is shown changed."""

    def __init__(self, theme: Theme, station: StationApi, bridge: Bridge, parent: QWidget) -> None:
        """Start empty; what the rows do not hold is asked of the station."""
        super().__init__(parent)
        self._story = Story(station, bridge, self)
        self._story.log_told.connect(self._tell_log)
        self._story.order_told.connect(self._tell_order)
        self._story.failed.connect(self._tell_failure)
        self._theme = theme
        self._shown: object = None
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setAccessibleName(tr("Details"))
        self._inner = QWidget(area)
        self._column = QVBoxLayout(self._inner)
        self._column.setContentsMargins(0, 0, 8, 0)
        self._column.setSpacing(4)
        area.setWidget(self._inner)
        self.body.addWidget(area)

    def show_step(self, step: StepRow) -> None:
        """Show a step."""
        if not self._begin(step, show(step.title or step.path)):
            return
        self._state(step.state)
        if step.error:
            for number, words in enumerate(error_lines(parse_error(step.error))):
                role = "strong" if number == 0 else "body"
                self._column.addWidget(Label(words, self._inner, role, wrap=True))
            self._column.addSpacing(4)
        if step.phase is not None and not step.state.final:
            self._fact(tr("Doing now"), tr(PHASES[step.phase]), "body")
        self._fact(tr("File"), show(step.path))
        if step.total_bytes is not None:
            amount = tr(
                "{done} of {total}",
                done=human_size(step.done_bytes),
                total=human_size(step.total_bytes),
            )
        else:
            amount = human_size(step.done_bytes)
        self._fact(tr("Processed"), amount, "body")
        for name in step.outputs:
            self._fact(tr("Result"), show(name))
        if step.output_sha256:
            digits = step.output_sha256.hex()
            self._fact(tr("SHA-256 of the result"), groups(digits))
            copy = CopyButton(self._theme, digits, tr("Copy the SHA-256"), self._inner)
            self._column.addWidget(copy, 0, Qt.AlignmentFlag.AlignLeft)
        self._fact(tr("Attempts"), str(step.attempts), "body")
        if step.counters:
            self._counters(step.counters)
        self._more = self._box()
        self._column.addStretch(1)
        self._story.want(step if step.state.final else None)

    def show_job(self, job: JobRow) -> None:
        """Show a job."""
        shown = (job.id, job.state, job.paused, job.finished)
        if not self._begin(shown, tr("Job {number}", number=job.id)):
            return
        self._chip(*job_icon(job), job_words(job))
        self._fact(tr("Release"), show(job.title) or tr("without a name"), "body")
        self._fact(tr("Ordered"), moment(job.created), "body")
        if job.finished is not None:
            self._fact(tr("Finished"), moment(job.finished), "body")
        for key in job.keys:
            self._fact(tr("Key"), show(key))
        self._fact(tr("Sealed request (SHA-256)"), groups(job.request_sha256.hex()))
        hint = tr("Pick an artifact to see its hashes, times and errors.")
        self._column.addSpacing(8)
        self._column.addWidget(Label(hint, self._inner, "reason", wrap=True))
        self._more = self._box()
        self._column.addStretch(1)
        self._story.want(job.id)

    def show_release(self, release: Release) -> None:
        """Show the jobs of one directory together."""
        if not self._begin(release, show(release.name)):
            return
        self._fact(tr("Directory"), show(release.directory))
        self._fact(tr("Jobs"), ", ".join(str(each) for each in release.jobs), "body")
        self._fact(tr("Artifacts"), sums(release), "body")
        self._column.addStretch(1)
        self._story.want(None)

    def show_nothing(self) -> None:
        """Show nothing."""
        self._shown = None
        self._story.want(None)
        clear(self._column)

    def _begin(self, value: object, title: str) -> bool:
        if value == self._shown:
            return False
        self._shown = value
        clear(self._column)
        self._column.addWidget(Label(title, self._inner, "section", wrap=True))
        return True

    def _state(self, state: JobState) -> None:
        self._chip(*state_icon(state), state_words(state))

    def _chip(self, icon: str, tone: Tone, words: str) -> None:
        chip = Chip(self._theme, icon, words, self._inner, tone)
        self._column.addWidget(chip, 0, Qt.AlignmentFlag.AlignLeft)

    def _fact(self, title: str, value: str, role: str = "mono") -> None:
        self._add(self._column, title, value, role)

    def _add(self, column: QVBoxLayout, title: str, value: str, role: str = "mono") -> None:
        column.addSpacing(4)
        column.addWidget(Label(title, self._inner, "label", wrap=True))
        column.addWidget(Literal(value, title, self._inner, role))

    def _box(self) -> QVBoxLayout:
        """Add room for what the station will tell."""
        box = QVBoxLayout()
        box.setSpacing(4)
        self._column.addLayout(box)
        return box

    def _tell_log(self, step: StepRow, records: list[AuditRecord]) -> None:
        if self._shown == step and records:
            lines = "\n".join(f"{when(each)}  {happened(each)}" for each in records)
            self._add(self._more, tr("What happened"), lines, "body")

    def _tell_order(self, detail: JobDetail) -> None:
        if not isinstance(self._shown, tuple) or self._shown[0] != detail.job:
            return
        clear(self._more)
        for signer in detail.signers:
            words = ", ".join(
                (show(signer.label), show(signer.algorithm), tr(PROTECTIONS[signer.protection]))
            )
            self._add(self._more, tr("Signer"), words, "body")
        for group in detail.commands:
            self._commands(group)

    def _commands(self, group: JobCommands) -> None:
        kind = f"{group.artifacts} {kind_words(group.format, group.artifacts)}"
        signatures = "\n".join(map(show, group.signatures))
        self._add(self._more, tr("Signed: {kind}", kind=kind), signatures, "body")
        if not group.commands:
            return
        commands = "\n".join(show(shlex.join(each)) for each in group.commands)
        self._add(self._more, tr("The same by hand, for each FILE"), commands)
        copy = CopyButton(
            self._theme, commands, tr("Copy the commands: {kind}", kind=kind), self._inner
        )
        self._more.addWidget(copy, 0, Qt.AlignmentFlag.AlignLeft)

    def _tell_failure(self, asked: object, error: SignstationError) -> None:
        shown = self._shown[0] if isinstance(self._shown, tuple) else self._shown
        if shown == asked:
            self._more.addWidget(Label(error_lines(error)[0], self._inner, "reason", wrap=True))

    def _counters(self, counters: tuple[Counter, ...]) -> None:
        self._column.addSpacing(4)
        self._column.addWidget(Label(tr("Where the time went"), self._inner, "label"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(5)
        grid.setColumnStretch(1, 1)
        longest = max(each.nanoseconds for each in counters) or 1
        for row, each in enumerate(counters):
            grid.addWidget(Label(tr(PHASES[each.phase]), self._inner, "sub"), row, 0)
            bar = QProgressBar(self._inner)
            bar.setTextVisible(False)
            bar.setMinimumWidth(24)
            bar.setRange(0, 1000)
            bar.setValue(each.nanoseconds * 1000 // longest)
            bar.setAccessibleName(tr(PHASES[each.phase]))
            grid.addWidget(bar, row, 1)
            time = Label(f"{each.nanoseconds / 1e6:.1f} ms", self._inner, "mono")
            time.setAlignment(Qt.AlignmentFlag.AlignRight)
            grid.addWidget(time, row, 2)
        self._column.addLayout(grid)
