"""The first two steps of the Sign page: choose what to sign, and look inside."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QItemSelection, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QTabWidget, QVBoxLayout, QWidget

from signstation.app.api import StationApi
from signstation.gui.bridge import Bridge
from signstation.gui.difference import DifferenceView
from signstation.gui.drop import DropArea
from signstation.gui.errors import error_sentence, parse_error
from signstation.gui.facts import SEVERITIES, FactsView
from signstation.gui.kinds import PLACES, kind_title, kind_words
from signstation.gui.parts import ActionButton, Banner, Card, IconLabel, Label, line
from signstation.gui.procedure_scroll import Scrolled
from signstation.gui.release import ReleaseView
from signstation.gui.rows import Column, RowsModel, table_view
from signstation.gui.sign_flow import Artifact, SignFlow
from signstation.gui.sign_list import ListCard
from signstation.gui.sign_media import MediaCards
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone
from signstation.gui.words import tr, trn
from signstation.model.artifacts import Severity
from signstation.model.copies import CopyNews
from signstation.model.station import Inspected
from signstation.reports.words import human_size, show

RELEASE_TAB = 2
"""Place of the tab about the folder as a whole."""
MAX_REASONS = 6
"""Most files that are left out whose reasons are told at once."""


class ChooseStep(QWidget):
    """Drop or pick files and folders, or copy in a medium; says beside it what will happen."""

    chosen = Signal(tuple)

    def __init__(self, theme: Theme, station: StationApi, bridge: Bridge, parent: QWidget) -> None:
        """Build the drop area, the cards of media and the explanation."""
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        self.drop = DropArea(
            theme,
            tr("Drop the files or the folder of a release here"),
            tr("Packages, kernel modules and any other files. Nothing is signed yet."),
            self,
        )
        self.drop.chosen.connect(self.chosen)
        self.media = MediaCards(theme, station, bridge, self)
        left = QVBoxLayout()
        left.setSpacing(12)
        left.addWidget(self.media)
        left.addWidget(self.drop, 1)
        row.addLayout(left, 3)
        row.addWidget(self._explanation(theme), 2)

    def _explanation(self, theme: Theme) -> Card:
        frame = Card(self, tr("What will happen"))
        area = Scrolled(tr("What will happen"), frame)
        frame.body.addWidget(area)
        card, column = area.inner, area.column
        for icon, title, detail in (
            (
                "search",
                tr("Look inside"),
                tr("A process without keys reads every file and shows what it contains."),
            ),
            (
                "key",
                tr("Choose keys"),
                tr("Each kind of file gets a key and a signature type that its users accept."),
            ),
            (
                "compare",
                tr("Review"),
                tr("You see what will be signed and can compare its digest with the build."),
            ),
            (
                "verify",
                tr("Sign and verify"),
                tr("Signed copies are read back and verified before they get their names."),
            ),
        ):
            column.addSpacing(6)
            column.addLayout(_entry(theme, icon, title, detail, card))
        column.addSpacing(10)
        column.addWidget(line(card))
        column.addSpacing(4)
        column.addWidget(Label(tr("What can be signed"), card, "section"))
        for icon, place, kinds in PLACES:
            column.addSpacing(6)
            titles = " · ".join(map(kind_title, kinds))
            column.addLayout(_entry(theme, icon, tr(place), titles, card))
        column.addStretch(1)
        column.addWidget(
            Label(
                tr("The originals are never changed: signed copies go to a folder of their own."),
                card,
                "reason",
                wrap=True,
            )
        )
        return frame

    def choose(self, paths: tuple[Path, ...]) -> None:
        """Act as if the paths had been dropped."""
        self.chosen.emit(paths)


def _entry(theme: Theme, icon: str, title: str, detail: str, card: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(12)
    row.addWidget(IconLabel(theme, icon, card, Tone.ACCENT, 20), 0, Qt.AlignmentFlag.AlignTop)
    words = QVBoxLayout()
    words.setSpacing(1)
    words.addWidget(Label(title, card, "strong"))
    words.addWidget(Label(detail, card, "sub", wrap=True))
    row.addLayout(words, 1)
    return row


def _worst(artifact: Artifact) -> tuple[str, Tone]:
    order = (Severity.BLOCKER, Severity.WARNING, Severity.NOTE)
    for severity in order:
        if any(each.severity is severity for each in artifact.findings()):
            return SEVERITIES[severity]
    return ("check-circle", Tone.OK)


def _finding_words(artifact: Artifact) -> str:
    count = len(artifact.findings())
    return tr("none") if count == 0 else tr("{count} to look at", count=count)


def _signers(artifact: Artifact) -> str:
    names = [show(each.signer) for each in artifact.inspection.signatures]
    return ", ".join(names) if names else tr("unsigned")


class InspectStep(QWidget):
    """Every artifact with what was found in it, and the facts of the selected one.

    Emits ``compare`` with an artifact and the Path of an earlier version that a person chose.
    """

    compare = Signal(object, object)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        """Build an empty table and an empty facts view."""
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        self.banner = Banner(theme, self)
        column.addWidget(self.banner)
        self.offer = ActionButton(theme, tr("Sign a list of checksums…"), self, icon="list")
        self.offer.clicked.connect(self._ask_list)
        self.banner.buttons.addWidget(self.offer)
        self.listing = ListCard(theme, self)
        column.addWidget(self.listing)
        columns: tuple[Column[Artifact], ...] = (
            Column(tr("Artifact"), lambda each: show(each.path.name)),
            Column(
                tr("Kind"),
                lambda each: kind_words(each.inspection.format, 1),
                width=150,
            ),
            Column(
                tr("Size"),
                lambda each: human_size(each.inspection.size),
                key=lambda each: each.inspection.size,
                right=True,
                width=90,
            ),
            Column(tr("Signed by"), _signers, width=150),
            Column(tr("Findings"), _finding_words, icon=_worst, width=120),
        )
        self.model: RowsModel[Artifact] = RowsModel(theme, columns, self)
        self.table = table_view(self.model, tr("Artifacts"), columns, self)
        self.table.selectionModel().selectionChanged.connect(self._selected)
        card = Card(self)
        self.facts = FactsView(theme, card)
        self.changes = DifferenceView(theme, card)
        self.changes.chosen.connect(self._compare_with)
        self.tabs = QTabWidget(card)
        self.tabs.setAccessibleName(tr("About the artifact"))
        self.tabs.tabBar().setAccessibleName(tr("About the artifact"))
        self.tabs.addTab(self.facts, tr("What is inside"))
        self.tabs.addTab(self.changes, tr("What changed"))
        self.release = ReleaseView(theme, card)
        self.tabs.addTab(self.release, tr("The release"))
        self.tabs.setTabVisible(RELEASE_TAB, False)
        card.body.addWidget(self.tabs)
        splitter = QSplitter(Qt.Orientation.Horizontal, self)
        splitter.setChildrenCollapsible(False)
        splitter.setHandleWidth(16)
        splitter.addWidget(self.table)
        splitter.addWidget(card)
        splitter.setStretchFactor(0, 3)
        splitter.setStretchFactor(1, 2)
        splitter.setSizes([640, 420])
        column.addWidget(splitter, 1)
        self._shown: Artifact | None = None
        self._folder: Path | None = None

    def show_flow(self, flow: SignFlow, *, done: bool) -> None:
        """Show what has been inspected so far; ``done`` when nothing more comes."""
        if self._folder != flow.folder():
            self._folder = flow.folder()
            self.listing.hide()
            self.tabs.setCurrentIndex(0)
            self.tabs.setTabVisible(RELEASE_TAB, False)
        self.offer.setVisible(self._folder is not None)
        had = self.table.currentIndex().row() if self.table.selectionModel().hasSelection() else -1
        rows = sorted(flow.artifacts, key=lambda each: str(each.path))
        self.model.replace(rows)
        if rows and (had < 0 or done):
            self.table.selectRow(min(had, len(rows) - 1) if had >= 0 else 0)
            self._show(self.model.row(self.table.currentIndex()))
        self._say(flow, done=done)

    def show_release(self, flow: SignFlow) -> None:
        """Show what the folder is as a whole; it comes to the front where something is to say."""
        self.release.show_flow(flow)
        self.tabs.setTabVisible(RELEASE_TAB, True)
        if flow.survey.findings or flow.survey.left:
            self.tabs.setCurrentIndex(RELEASE_TAB)

    def show_copying(self, news: CopyNews, seconds: float) -> None:
        """Tell how far the private copy is."""
        speed = human_size(round(news.done / seconds)) if seconds > 0 else ""
        words = tr(
            "Copying in: {done} of {total}, {speed} per second",
            done=human_size(news.done),
            total=human_size(news.total),
            speed=speed,
        )
        self.banner.say(Tone.ACCENT, words, show(news.name), icon="copy")

    def _say(self, flow: SignFlow, *, done: bool) -> None:
        if not done:
            words = tr("Looking inside… {count} so far", count=len(flow.artifacts))
            self.banner.say(Tone.ACCENT, words, icon="search")
            return
        count = len(flow.findings())
        refused = len(flow.failures)
        total = trn("{count} artifact", "{count} artifacts", len(flow.artifacts))
        if reason := flow.not_inspected():
            self.banner.say(Tone.ERROR, tr(reason.template, **dict(reason.values)))
        elif refused:
            self.banner.say(
                Tone.WARNING,
                tr("{total}; {refused} are left out", total=total, refused=refused),
                "\n".join(_reason(each) for each in flow.failures[:MAX_REASONS]),
            )
        elif count:
            words = trn(
                "{total} with {count} finding. Look at it before you go on.",
                "{total} with {count} findings. Look at them before you go on.",
                count,
                total=total,
            )
            self.banner.say(Tone.WARNING, words)
        else:
            self.banner.say(Tone.OK, tr("{total}, nothing unusual found", total=total))

    def _ask_list(self) -> None:
        if self._folder is not None:
            self.listing.ask(self._folder)

    def _selected(self, selection: QItemSelection) -> None:
        if indexes := selection.indexes():
            self._show(self.model.row(indexes[0]))

    def _show(self, artifact: Artifact) -> None:
        self._shown = artifact
        self.facts.show_inspection(artifact.inspection)
        self.changes.show_difference(artifact.difference, artifact.earlier)
        changed = artifact.difference is not None and bool(artifact.difference.changes)
        self.tabs.setTabText(1, tr("What changed (!)") if changed else tr("What changed"))

    def _compare_with(self, earlier: Path) -> None:
        if self._shown is not None:
            self.compare.emit(self._shown, earlier)


def _reason(failure: Inspected) -> str:
    error = error_sentence(parse_error(failure.error or ""))
    name = show(failure.path.name)
    return error if name in error else f"{name}: {error}"
