"""The Verify page: drop anything, get a verdict in words with every reason."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from signstation.app.api import StationApi
from signstation.app.difference import Difference
from signstation.errors import SignstationError
from signstation.gui.bridge import Bridge
from signstation.gui.drop import DropArea
from signstation.gui.errors import error_lines, parse_error
from signstation.gui.notice import PAGE, Choice, Notice
from signstation.gui.pages import Head, Page, page_column
from signstation.gui.parts import ActionButton, Banner
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone
from signstation.gui.verify_compare import Comparison
from signstation.gui.verify_list import VerifyList, counts
from signstation.gui.verify_options import VerifyOptions
from signstation.gui.verify_result import ResultView
from signstation.gui.verify_save import ReportSaver
from signstation.gui.words import tr, trn
from signstation.model.orders import VerifyOrder
from signstation.model.station import VerifiedPath
from signstation.model.versions import Earlier
from signstation.reports.words import show

BATCH_MS = 100
"""Results come one by one: they are shown together this often."""


class VerifyPage(Page):
    """Two views: what to verify and whom to trust; then the results."""

    def __init__(self, theme: Theme, station: StationApi, bridge: Bridge, parent: QWidget) -> None:
        """Build both views; nothing is asked of the station yet."""
        super().__init__(parent)
        self._station, self._bridge = station, bridge
        self._paths: tuple[Path, ...] = ()
        self._results: list[VerifiedPath] = []
        self._fresh: list[VerifiedPath] = []
        self._run = 0  # number of the running verification, so that an older one is ignored
        self._shown: VerifiedPath | None = None
        self._wanted = ""
        self._saver = ReportSaver(bridge, self)
        self._saver.saved.connect(self._saved)
        self._saver.failed.connect(self._failed)
        self._comparison = Comparison(station, bridge, self)
        self._comparison.compared.connect(self._compared)
        self._comparison.failed.connect(self._incomparable)
        self._batch = QTimer(self)
        self._batch.setSingleShot(True)
        self._batch.setInterval(BATCH_MS)
        self._batch.timeout.connect(self._show_fresh)
        column = page_column(self)
        self._head = Head("", "", self)
        self._buttons(theme)
        column.addWidget(self._head)
        self._banner = Banner(theme, self)
        column.addWidget(self._banner)
        self.notice = Notice(theme, self, PAGE)
        column.addWidget(self.notice)
        self._views = QStackedWidget(self)
        self._views.addWidget(self._start_view(theme))
        self._views.addWidget(self._result_view(theme))
        column.addWidget(self._views, 1)
        self._show_start()

    def _buttons(self, theme: Theme) -> None:
        self._other = ActionButton(theme, tr("Choose again"), self, icon="chevron-left")
        self._other.clicked.connect(self.leave)
        self._compare = ActionButton(theme, tr("Compare"), self, icon="compare")
        self._compare.setCheckable(True)
        self._compare.setToolTip(tr("What changed since an earlier version"))
        self._compare.toggled.connect(self._toggle_comparison)
        self._commands = ActionButton(theme, tr("Commands"), self, icon="terminal")
        self._commands.setCheckable(True)
        self._commands.toggled.connect(self._toggle_commands)
        self._save = ActionButton(theme, tr("Save report…"), self, icon="save")
        self._save.clicked.connect(self._save_report)
        self._again = ActionButton(theme, tr("Verify again"), self, icon="refresh")
        self._again.clicked.connect(self.refresh)
        self._result_buttons = (
            self._other,
            self._compare,
            self._commands,
            self._save,
            self._again,
        )
        for button in self._result_buttons:
            self._head.buttons.addWidget(button)

    def _start_view(self, theme: Theme) -> QWidget:
        view = QWidget(self._views)
        row = QHBoxLayout(view)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        left = QVBoxLayout()
        left.setSpacing(12)
        self._drop = DropArea(
            theme,
            tr("Drop files or folders here"),
            tr("Packages, kernel modules, archives and their signatures. A folder is searched."),
            view,
        )
        self._drop.chosen.connect(self.take)
        left.addWidget(self._drop, 1)
        foot = QHBoxLayout()
        foot.setSpacing(12)
        self._resume = ActionButton(theme, "", view, icon="verify", kind="primary")
        self._resume.clicked.connect(self.refresh)
        foot.addWidget(self._resume)
        foot.addWidget(self._resume.reason, 1)
        foot.addStretch(0)
        left.addLayout(foot)
        row.addLayout(left, 3)
        self._options = VerifyOptions(theme, view)
        self._options.changed.connect(self._options_changed)
        row.addWidget(self._options, 2)
        return view

    def _result_view(self, theme: Theme) -> QWidget:
        self._splitter = QSplitter(Qt.Orientation.Horizontal, self._views)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.setHandleWidth(16)
        self._list = VerifyList(theme, self._splitter)
        self._list.picked.connect(self._picked)
        self._list.taken_out.connect(self._take_out)
        self._view = ResultView(theme, self._splitter)
        self._splitter.addWidget(self._list)
        self._splitter.addWidget(self._view)
        self._splitter.setStretchFactor(0, 1)
        self._splitter.setStretchFactor(1, 3)
        self._splitter.setSizes([330, 870])
        return self._splitter

    def take(self, paths: tuple[Path, ...]) -> None:
        """Verify these paths with the trust and time that are chosen."""
        self._paths = paths
        self._options_changed()
        if not self._options.reason():
            self._begin()

    def refresh(self) -> None:
        """Verify the same paths again."""
        if self._paths and not self._options.reason():
            self._begin()

    def show_results(self, results: tuple[VerifiedPath, ...]) -> None:
        """Show results that were made elsewhere; ``refresh`` verifies their paths again."""
        self._run += 1
        self._paths = tuple(each.path for each in results)
        self._clear_results()
        self._fresh.extend(results)
        self._finish()

    def select(self, name: str) -> None:
        """Show the result of the file of that name as soon as all have come."""
        self._wanted = name

    def focus_filter(self) -> None:
        """Go into the filter of the list."""
        if self._views.currentIndex() == 1:
            self._list.filter.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def leave(self) -> None:
        """Close the notice, else return to the choice of files; results to come are dropped."""
        if self.notice.isVisible():
            self.notice.hide()
            return
        self._run += 1
        self._show_start()

    def _begin(self) -> None:
        self._run += 1
        self._clear_results()
        self._say(done=False)
        number = self._run

        def result(verified: VerifiedPath) -> None:
            if number == self._run:
                self._fresh.append(verified)
                if not self._batch.isActive():
                    self._batch.start()

        def done(_: None) -> None:
            if number == self._run:
                self._finish()

        def failed(error: SignstationError) -> None:
            if number == self._run:
                self._failed(error)
                self._finish()

        order = VerifyOrder(self._paths, self._options.trust(), self._options.at())
        future = self._station.verify(order, self._bridge.streaming(result))
        self._bridge.deliver(future, done, failed)

    def _clear_results(self) -> None:
        self._results.clear()
        self._fresh.clear()
        self._shown = None
        self._list.replace(())
        self._list.hide()
        self._view.clear(tr("Verifying…"))
        self._banner.hide()
        self.notice.hide()
        self._views.setCurrentIndex(1)
        self._show_buttons(results=True)

    def _show_fresh(self) -> None:
        self._results.extend(self._fresh)
        self._list.append(self._fresh)
        self._fresh = []
        self._list.setVisible(len(self._results) > 1)
        self._say(done=False)

    def _finish(self) -> None:
        self._batch.stop()
        self._show_fresh()
        wanted = [each.path for each in self._results if each.path.name == self._wanted]
        if not wanted or not self._list.select_path(wanted[0]):
            self._list.select_first()
        if not self._results:
            self._view.clear(tr("Nothing was found that could be verified."))
        self._show_buttons(results=True)
        self._say(done=True)

    def _say(self, *, done: bool) -> None:
        found = len(self._results)
        if not done:
            title = tr("Verifying… {count} so far", count=found)
        elif found == 1:
            title = tr("Verification of one artifact")
        else:
            title = tr("Verification of {count} artifacts", count=found)
        summary = self._options.summary()
        self._head.say(title, counts(self._results) if found > 1 else summary)
        self._list.explain(summary)

    def _show_start(self) -> None:
        self._views.setCurrentIndex(0)
        self._banner.hide()
        self._head.say(
            tr("Verify"),
            tr("See, not guess: is it unchanged, is the signature valid, and who says so?"),
        )
        self._show_buttons(results=False)
        self._options_changed()

    def _show_buttons(self, *, results: bool) -> None:
        for button in self._result_buttons:
            button.setVisible(results)
        if results:
            any_result = bool(self._results)
            self._save.setVisible(any_result)
            self._commands.setVisible(any_result)
            self._compare.setVisible(any_result)

    def _options_changed(self) -> None:
        self._resume.setVisible(bool(self._paths))
        reason = self._options.reason() if self._paths else ""
        self._resume.set(
            trn("Verify the chosen path", "Verify {count} chosen paths", len(self._paths)), "verify"
        )
        self._resume.allow(reason=reason)

    def _picked(self, result: VerifiedPath) -> None:
        if result is self._shown:
            return
        self._shown = result
        self._banner.hide()
        if result.verification is not None:
            self._view.show_verification(result.verification)
            self._view.show_commands(shown=self._commands.isChecked())
            if self._view.comparison is not None:
                self._view.comparison.chosen.connect(self._compare_with)
            self._toggle_comparison(self._compare.isChecked())
            return
        self._view.clear()
        error = parse_error(result.error or "")
        first, *rest = error_lines(error)
        self._banner.say(Tone.ERROR, f"{show(result.path.name)}: {first}", " ".join(rest))

    def _take_out(self, result: VerifiedPath) -> None:
        number, run = self._results.index(result), self._run
        self._results.remove(result)
        self._show_list(self._results[min(number, len(self._results) - 1)])

        def undo() -> None:
            if run == self._run:  # else the list is another one
                self._results.insert(number, result)
                self._show_list(result)

        self.notice.ask(
            tr("{name} is out of the list.", name=result.path.name),
            tr("A report leaves it out too. The file is as it was."),
            Choice(tr("Undo"), tr("Close"), undo),
        )

    def _show_list(self, picked: VerifiedPath) -> None:
        self._list.replace(self._results)
        self._list.setVisible(len(self._results) > 1)
        self._say(done=True)
        self._list.select_path(picked.path)

    def _toggle_commands(self, checked: bool) -> None:  # noqa: FBT001 - Qt's signal
        self._view.show_commands(shown=checked)

    def _toggle_comparison(self, checked: bool) -> None:  # noqa: FBT001 - Qt's signal
        card = self._view.comparison
        shown = self._shown.verification if self._shown is not None else None
        self._comparison.stop()
        if card is None or shown is None:
            return
        card.setVisible(checked)
        if checked:
            self._view.ensureWidgetVisible(card)
            self._comparison.start(shown)

    def _compare_with(self, earlier: Path) -> None:
        if self._shown is not None and self._shown.verification is not None:
            self._comparison.start(self._shown.verification, earlier)

    def _compared(self, difference: Difference | None, earlier: Earlier | None) -> None:
        if self._view.comparison is not None:
            self._view.comparison.show_difference(difference, earlier)

    def _save_report(self) -> None:
        self._saver.ask(self._results)

    def _saved(self, target: Path) -> None:
        self._banner.say(Tone.OK, tr("The report was saved."), show(str(target)))

    def _incomparable(self, error: SignstationError) -> None:
        self._compare.setChecked(False)
        self._failed(error)

    def _failed(self, error: SignstationError) -> None:
        first, *rest = error_lines(error)
        self._banner.say(Tone.ERROR, first, " ".join(rest))
