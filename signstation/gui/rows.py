"""A read-only table of frozen rows: own sort and filter index, fixed row heights.

``QSortFilterProxyModel`` is not used: sorting 100,000 rows through it takes seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from signstation.gui.cells import CellDelegate
from signstation.gui.theme import Theme
from signstation.gui.tokens import COMPACT_ROW_HEIGHT, Tone
from signstation.gui.words import tip

Row = TypeVar("Row")
Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """One column: its title, what it shows of a row, and how it sorts."""

    title: str
    text: Callable[[Row], str]
    key: Callable[[Row], object] | None = None
    icon: Callable[[Row], tuple[str, Tone]] | None = None
    mono: bool = False
    right: bool = False
    width: int = 0  # px; 0 takes the rest
    strong: bool = False
    pill: bool = False  # icon and text on the tint of the icon's tone
    progress: Callable[[Row], float | None] | None = None  # 0 to 1; None while it is unknown


class RowsModel(QAbstractTableModel, Generic[Row]):
    """Rows in the order of ``view``; lives on the GUI thread."""

    def __init__(self, theme: Theme, columns: Sequence[Column[Row]], parent: QObject) -> None:
        """Start empty."""
        super().__init__(parent)
        self.theme = theme
        self._columns = tuple(columns)
        self._rows: list[Row] = []
        self._view: list[int] = []
        self._wanted: Callable[[Row], bool] | None = None
        self._sorted: tuple[int, bool] | None = None
        theme.changed.connect(self._theme_changed)

    def replace(self, rows: Sequence[Row]) -> None:
        """Show other rows, filtered and sorted as before; the selection is lost."""
        self.beginResetModel()
        self._rows = list(rows)
        self._index()
        self.endResetModel()

    def append(self, rows: Sequence[Row]) -> None:
        """Add rows at the end, or where they belong in a sorted view; the selection stays."""
        first = len(self._rows)
        self._rows.extend(rows)
        if self._sorted is not None:
            self._rearrange()
            return
        wanted = self._wanted
        added = [
            number
            for number in range(first, len(self._rows))
            if wanted is None or wanted(self._rows[number])
        ]
        if added:
            start = len(self._view)
            self.beginInsertRows(QModelIndex(), start, start + len(added) - 1)
            self._view.extend(added)
            self.endInsertRows()

    def change(self, changed: Mapping[int, Row]) -> None:
        """Replace rows by their number as given to ``replace``; they keep their place.

        One ``dataChanged`` per contiguous range. ``settle`` sorts and filters again.
        """
        for number, row in changed.items():
            self._rows[number] = row
        if len(self._view) == len(self._rows) and self._sorted is None:
            places = sorted(changed)  # neither filtered nor sorted: number and place are one
        else:
            places = [place for place, number in enumerate(self._view) if number in changed]
        last = len(self._columns) - 1
        for start, end in _ranges(places):
            self.dataChanged.emit(self.index(start, 0), self.index(end, last))

    def settle(self) -> None:
        """Sort and filter again after changes; the selection stays on its row."""
        if self._sorted is not None or self._wanted is not None:
            self._rearrange()

    def filter(self, wanted: Callable[[Row], bool] | None) -> None:
        """Show only rows for which ``wanted`` is true; None shows all."""
        self._wanted = wanted
        self._rearrange()

    def look(
        self, index: Index
    ) -> tuple[str, tuple[str, Tone] | None, Callable[[], float | None] | None]:
        """Return text, icon and progress of a painted cell."""
        column, row = self._columns[index.column()], self.row(index)
        icon = column.icon(row) if column.icon else None
        progress = partial(column.progress, row) if column.progress else None
        return column.text(row), icon, progress

    def number(self, index: Index) -> int:
        """Return a row's number as given to ``replace``."""
        return self._view[index.row()]

    def place(self, number: int) -> int | None:
        """Return where a row of that number is in the view, None where it is filtered out."""
        try:
            return self._view.index(number)
        except ValueError:
            return None

    def row(self, index: Index) -> Row:
        """Return the row behind an index of the view."""
        return self._rows[self._view[index.row()]]

    def rows(self) -> list[Row]:
        """Return the visible rows in order."""
        return [self._rows[number] for number in self._view]

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        """Count visible rows."""
        return 0 if parent.isValid() else len(self._view)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        """Count columns."""
        return 0 if parent.isValid() else len(self._columns)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Titles of the columns; numbers stand at the right."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._columns[section].title
        if role == Qt.ItemDataRole.TextAlignmentRole and self._columns[section].right:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Text, icon, font and alignment of a cell."""
        column, row = self._columns[index.column()], self.row(index)
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.ToolTipRole:
                words = column.text(row)
                return tip(words) if role == Qt.ItemDataRole.ToolTipRole else words
            case Qt.ItemDataRole.DecorationRole if column.icon:
                name, tone = column.icon(row)
                return self.theme.icon(name, self.theme.tokens.tone(tone)[0], 16)
            case Qt.ItemDataRole.FontRole if column.mono:
                return self.theme.mono()
            case Qt.ItemDataRole.FontRole if column.strong:
                return self.theme.strong
            case Qt.ItemDataRole.TextAlignmentRole if column.right:
                return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            case _:
                return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column's key, or its text; column -1 is the order of ``replace``."""
        if column < 0:
            self._sorted = None
        else:
            self._sorted = (column, order is Qt.SortOrder.DescendingOrder)
        self._rearrange()

    def _rearrange(self) -> None:
        self.layoutAboutToBeChanged.emit()
        kept = self.persistentIndexList()
        numbers = [self._view[each.row()] for each in kept]
        self._index()
        wanted = set(numbers)
        places = {number: place for place, number in enumerate(self._view) if number in wanted}
        moved = [
            self.index(places[number], each.column()) if number in places else QModelIndex()
            for each, number in zip(kept, numbers, strict=True)
        ]
        self.changePersistentIndexList(kept, moved)
        self.layoutChanged.emit()

    def _index(self) -> None:
        rows, wanted = self._rows, self._wanted
        self._view = [n for n, row in enumerate(rows) if wanted is None or wanted(row)]
        if self._sorted is not None:
            number, descending = self._sorted
            column = self._columns[number]
            key = column.key or column.text
            self._view.sort(key=lambda n: key(rows[n]), reverse=descending)  # type: ignore[arg-type,return-value]

    def _theme_changed(self) -> None:
        if self._view:
            last = self.index(len(self._view) - 1, len(self._columns) - 1)
            self.dataChanged.emit(self.index(0, 0), last)


def _ranges(places: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First and last of each run of neighbours in an ascending sequence."""
    start = 0
    for at in range(1, len(places) + 1):
        if at == len(places) or places[at] != places[at - 1] + 1:
            yield places[start], places[at - 1]
            start = at


def table_view(
    model: RowsModel[Row], name: str, columns: Sequence[Column[Row]], parent: QWidget
) -> QTableView:
    """Return a view with our manners: whole rows, fixed heights, smooth, one stretching column."""
    view = QTableView(parent)
    view.setModel(model)
    view.setAccessibleName(name)
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setTextElideMode(Qt.TextElideMode.ElideMiddle)
    view.setShowGrid(False)
    view.setWordWrap(False)
    view.setTabKeyNavigation(False)
    view.setSortingEnabled(True)
    view.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    view.verticalHeader().setDefaultSectionSize(COMPACT_ROW_HEIGHT)
    view.verticalHeader().hide()
    header = view.horizontalHeader()
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    header.setHighlightSections(False)
    header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
    painted = CellDelegate(model.theme, model, view)
    for number, column in enumerate(columns):
        if column.pill or column.progress:
            view.setItemDelegateForColumn(number, painted)
        if column.width:
            header.setSectionResizeMode(number, QHeaderView.ResizeMode.Interactive)
            header.resizeSection(number, column.width)
        else:
            header.setSectionResizeMode(number, QHeaderView.ResizeMode.Stretch)
    return view
