"""A read-only table of frozen rows: own sort and filter index, fixed row heights.

``QSortFilterProxyModel`` is not used: sorting 100,000 rows through it takes seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from signstation.gui.theme import Theme
from signstation.gui.tokens import COMPACT_ROW_HEIGHT, Tone

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


class RowsModel(QAbstractTableModel, Generic[Row]):
    """Rows in the order of ``view``; lives on the GUI thread."""

    def __init__(self, theme: Theme, columns: Sequence[Column[Row]], parent: QObject) -> None:
        """Start empty."""
        super().__init__(parent)
        self._theme = theme
        self._columns = tuple(columns)
        self._rows: list[Row] = []
        self._view: list[int] = []
        self._wanted: Callable[[Row], bool] | None = None
        self._sorted: tuple[int, bool] | None = None
        theme.changed.connect(self._theme_changed)

    def replace(self, rows: Sequence[Row]) -> None:
        """Show other rows, filtered and sorted as before."""
        self.beginResetModel()
        self._rows = list(rows)
        self._index()
        self.endResetModel()

    def filter(self, wanted: Callable[[Row], bool] | None) -> None:
        """Show only rows for which ``wanted`` is true; None shows all."""
        self.beginResetModel()
        self._wanted = wanted
        self._index()
        self.endResetModel()

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
        """Titles of the columns."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._columns[section].title
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Text, icon, font and alignment of a cell."""
        column, row = self._columns[index.column()], self.row(index)
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.ToolTipRole:
                return column.text(row)
            case Qt.ItemDataRole.DecorationRole if column.icon:
                name, tone = column.icon(row)
                return self._theme.icon(name, self._theme.tokens.tone(tone)[0], 16)
            case Qt.ItemDataRole.FontRole if column.mono:
                return self._theme.mono()
            case Qt.ItemDataRole.TextAlignmentRole if column.right:
                return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            case _:
                return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column's key, or its text."""
        self.layoutAboutToBeChanged.emit()
        self._sorted = (column, order is Qt.SortOrder.DescendingOrder)
        self._index()
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
    for number, column in enumerate(columns):
        if column.width:
            header.setSectionResizeMode(number, QHeaderView.ResizeMode.Interactive)
            header.resizeSection(number, column.width)
        else:
            header.setSectionResizeMode(number, QHeaderView.ResizeMode.Stretch)
    return view
