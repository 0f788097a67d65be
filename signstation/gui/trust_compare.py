"""Comparing fingerprints before anything is trusted: by typing the end, or by saying so."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLineEdit, QSplitter, QVBoxLayout, QWidget

from signstation.gui.fingerprint import comparable, grouped
from signstation.gui.literal import Literal
from signstation.gui.parts import Card, IconLabel, Label, line, restyle
from signstation.gui.procedure_scroll import Scrolled
from signstation.gui.rows import Column, RowsModel, table_view
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone
from signstation.gui.trust_detail import AnchorDetail
from signstation.gui.trust_words import kind_icon
from signstation.gui.words import tr
from signstation.model.anchors import Anchor
from signstation.reports.words import show

COMPARED = 8
"""Digits at the end of a fingerprint that a person types (DESIGN.md section 9)."""


_WAYS = (
    ("file", Tone.NEUTRAL, "On paper: a sheet that came with the machine, or in a letter."),
    (
        "bell",
        Tone.NEUTRAL,
        "By voice: call a number that you knew before, and have the last digits read out.",
    ),
    (
        "network",
        Tone.NEUTRAL,
        "From the maker's own page, opened on another machine than the file came from.",
    ),
    (
        "warning",
        Tone.WARNING,
        "If one digit is different: do not pin it. Ask the maker, on the other way, what is wrong.",
    ),
)


class TailField(QLineEdit):
    """Takes typed digits only: what arrives all at once was pasted, and compares nothing."""

    typed = Signal()
    """Other digits stand in the field now."""

    pasted = Signal()
    """Something was refused, and the field emptied."""

    def __init__(self, parent: QWidget) -> None:
        """Start empty."""
        super().__init__(parent)
        self._before = ""
        self.setProperty("role", "mono")
        self.setMaxLength(2 * COMPARED)
        self.setAcceptDrops(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.setAccessibleName(tr("Last {count} digits of the fingerprint", count=COMPARED))
        self.setPlaceholderText(tr("Last {count} digits, typed", count=COMPARED))
        self.textChanged.connect(self._changed)

    def _changed(self, text: str) -> None:
        if len(text) > len(self._before) + 1:
            self._before = ""
            self.clear()
            self.pasted.emit()
        else:
            self._before = text
            self.typed.emit()


class CompareCard(Card):
    """The fingerprint of one anchor, and the two ways to say that it is the right one."""

    changed = Signal(bool)
    """Whether the anchor that is shown counts as compared now."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        """Start without an anchor."""
        super().__init__(parent, tr("Is it the right one?"))
        self._identity = ""
        area = Scrolled(tr("Is it the right one?"), self)
        self.body.addWidget(area)
        self._inner, self._column = area.inner, area.column
        words = tr(
            "Compare the fingerprint with one that reached you on another way than the file."
        )
        self._column.addWidget(Label(words, self._inner, "sub", wrap=True))
        well = Card(self._inner, role="well")
        self._digest = Literal("", tr("Fingerprint"), well, "compare")
        well.body.addWidget(self._digest)
        self._column.addWidget(well)
        self._column.addSpacing(4)
        title = tr("Type the last {count} digits from there", count=COMPARED)
        self._column.addWidget(Label(title, self._inner, "label"))
        self.field = TailField(self._inner)
        self.field.typed.connect(self._typed)
        self.field.pasted.connect(self._pasted)
        self._column.addWidget(self.field)
        self.answer = Label("", self._inner, "reason", wrap=True)
        self._column.addWidget(self.answer)
        self.tick = QCheckBox(tr("Or: I have compared every digit"), self._inner)
        self.tick.toggled.connect(self._ticked)
        self._column.addWidget(self.tick)
        self._column.addSpacing(8)
        self._column.addWidget(line(self._inner))
        self._ways(theme)
        self._column.addStretch(1)

    def _ways(self, theme: Theme) -> None:
        """Where a fingerprint to compare with comes from, and what to do when it is another."""
        self._column.addWidget(Label(tr("Where to have it from"), self._inner, "label"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        for row, (icon, tone, words) in enumerate(_WAYS):
            picture = IconLabel(theme, icon, self._inner, tone, 18)
            grid.addWidget(picture, row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(Label(tr(words), self._inner, wrap=True), row, 1)
        self._column.addLayout(grid)

    def show_anchor(self, anchor: Anchor, *, compared: bool) -> None:
        """Show another anchor; ``compared``: it was compared before."""
        self._identity = ""  # what the fields tell now is about no anchor
        self.field.clear()
        self.tick.setChecked(compared)
        self._identity = anchor.identity
        self._digest.set_text(grouped(show(anchor.identity)))
        self._say(tr("Compared.") if compared else tr("Not compared yet."), compared=compared)

    def _typed(self) -> None:
        if not self._identity:
            return
        given, ours = (
            comparable(each, self._identity) for each in (self.field.text(), self._identity)
        )
        if given == ours[-COMPARED:]:
            self._say(tr("The digits are the same."), compared=True)
            self.changed.emit(True)
            return
        if not given:
            self._say(tr("Not compared yet."))
        elif len(given) < COMPARED:
            self._say(tr("{count} of {all} digits", count=len(given), all=COMPARED))
        else:
            self.answer.setText(tr("These digits are different: do not trust this file."))
            restyle(self.answer, tone=Tone.ERROR.value)
        self.changed.emit(self.tick.isChecked())

    def _pasted(self) -> None:
        self._say(tr("Pasting compares nothing: type the digits from the other source."))

    def _ticked(self, checked: bool) -> None:  # noqa: FBT001 - Qt's signal
        if not self._identity:
            return
        self._say(tr("Compared.") if checked else tr("Not compared yet."), compared=checked)
        self.changed.emit(checked)

    def _say(self, words: str, *, compared: bool = False) -> None:
        self.answer.setText(words)
        restyle(self.answer, tone=(Tone.OK if compared else Tone.NEUTRAL).value)


class CompareStep(QWidget):
    """The anchors of a file: facts of the picked one, and whether it was compared."""

    changed = Signal()
    """Other anchors count as compared now."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        """Start without a file."""
        super().__init__(parent)
        self._compared: set[str] = set()
        self._now = 0
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        splitter = QSplitter(Qt.Orientation.Horizontal, self)
        splitter.setChildrenCollapsible(False)
        splitter.setHandleWidth(16)
        side = QSplitter(Qt.Orientation.Vertical, splitter)
        side.setChildrenCollapsible(False)
        side.setHandleWidth(16)
        self._build_table(theme, side)
        self._detail = AnchorDetail(theme, side)
        side.addWidget(self.table)
        side.addWidget(self._detail)
        side.setSizes([200, 400])
        side.setMinimumWidth(320)
        self.card = CompareCard(theme, splitter)
        self.card.setMinimumWidth(420)
        self.card.changed.connect(self._compare)
        splitter.addWidget(side)
        splitter.addWidget(self.card)
        splitter.setStretchFactor(0, 2)
        splitter.setStretchFactor(1, 3)
        splitter.setSizes([400, 600])
        column.addWidget(splitter, 1)

    def _build_table(self, theme: Theme, parent: QWidget) -> None:
        columns: tuple[Column[Anchor], ...] = (
            Column(
                tr("Anchor"),
                lambda each: show(each.label),
                icon=lambda each: (kind_icon(each.kind), Tone.NEUTRAL),
                strong=True,
            ),
            Column(tr("Compared"), self._word, icon=self._look, pill=True, width=120),
        )
        self.model: RowsModel[Anchor] = RowsModel(theme, columns, self)
        self.table = table_view(self.model, tr("Anchors in the file"), columns, parent)
        self.table.setMinimumWidth(240)
        self.table.selectionModel().selectionChanged.connect(self._picked)

    def show_anchors(self, anchors: Sequence[Anchor], now: int) -> None:
        """Show the anchors of a file; nothing counts as compared."""
        self._compared.clear()
        self._now = now
        self.model.replace(anchors)
        self.table.setVisible(len(anchors) > 1)
        if anchors:
            self.table.selectRow(0)
        self.changed.emit()

    def compared(self) -> tuple[Anchor, ...]:
        """Return the anchors that were compared."""
        return tuple(each for each in self.model.rows() if each.identity in self._compared)

    def take_focus(self) -> None:
        """Begin to type."""
        self.card.field.setFocus(Qt.FocusReason.OtherFocusReason)

    def _word(self, anchor: Anchor) -> str:
        return tr("compared") if anchor.identity in self._compared else tr("not yet")

    def _look(self, anchor: Anchor) -> tuple[str, Tone]:
        done = anchor.identity in self._compared
        return ("check-circle", Tone.OK) if done else ("question", Tone.NEUTRAL)

    def _current(self) -> Anchor | None:
        indexes = self.table.selectionModel().selectedRows()
        return self.model.row(indexes[0]) if indexes else None

    def _picked(self) -> None:
        anchor = self._current()
        if anchor is not None:
            self._detail.show_anchor(anchor, self._now)
            self.card.show_anchor(anchor, compared=anchor.identity in self._compared)

    def _compare(self, same: bool) -> None:  # noqa: FBT001 - Qt's signal
        anchor = self._current()
        if anchor is None:
            return
        if same:
            self._compared.add(anchor.identity)
        else:
            self._compared.discard(anchor.identity)
        self.table.viewport().update()
        self.changed.emit()
