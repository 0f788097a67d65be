"""The table's own sort and filter index, against a model of it in plain Python."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication

from signstation.gui.rows import Column, RowsModel, table_view
from signstation.gui.theme import Theme
from signstation.gui.tokens import Tone

Pair = tuple[int, str]
COLUMNS: tuple[Column[Pair], ...] = (
    Column("Number", lambda row: str(row[0]), key=lambda row: row[0], right=True),
    Column("Word", lambda row: row[1], icon=lambda row: ("key", Tone.OK), pill=True),
    Column("Share", lambda row: f"{row[0]} %", progress=lambda row: row[0] / 100, width=80),
)
PAIRS = st.tuples(st.integers(0, 5), st.sampled_from(["a", "b", "c"]))
ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.lists(PAIRS, max_size=4)),
        st.tuples(st.just("replace"), st.lists(PAIRS, max_size=6)),
        st.tuples(st.just("change"), st.dictionaries(st.integers(0, 9), PAIRS, max_size=4)),
        st.tuples(st.just("sort"), st.integers(-1, 1)),
        st.tuples(st.just("filter"), st.sampled_from(["", "a", "b"])),
        st.tuples(st.just("settle"), st.none()),
    ),
    max_size=12,
)


def _wanted(word: str) -> Callable[[Pair], bool] | None:
    return (lambda row: row[1] == word) if word else None


@settings(max_examples=60)
@given(ACTIONS)
def test_any_sequence_of_changes_keeps_rows_and_selection(
    qapp: QApplication, theme: Theme, actions: list[tuple[str, object]]
) -> None:
    """After ``settle`` the view is what sorting and filtering the rows in Python gives."""
    model: RowsModel[Pair] = RowsModel(theme, COLUMNS, qapp)
    tester = QAbstractItemModelTester(
        model, QAbstractItemModelTester.FailureReportingMode.Fatal, model
    )
    rows: list[Pair] = []
    order, word = -1, ""
    for name, value in actions:
        kept = QPersistentModelIndex(model.index(0, 0)) if model.rowCount() else None
        first = model.number(model.index(0, 0)) if kept else None
        match name, value:
            case "append", list(more):
                rows.extend(more)
                model.append(more)
            case "replace", list(others):
                rows = list(others)
                model.replace(others)
                kept = None
            case "change", dict(changed):
                inside = {number: row for number, row in changed.items() if number < len(rows)}
                for number, row in inside.items():
                    rows[number] = row
                model.change(inside)
            case "sort", int(column):
                order = column
                model.sort(column)
            case "filter", str(typed):
                word = typed
                model.filter(_wanted(typed))
            case _:
                model.settle()
        if kept is not None and kept.isValid():
            assert model.number(QModelIndex(kept)) == first
    model.settle()
    expected = [row for row in rows if not word or row[1] == word]
    if order >= 0:
        expected.sort(key=lambda row: row[order])
    assert model.rows() == expected
    del tester
    model.deleteLater()


def test_painted_cells_and_headers_can_be_drawn(qapp: QApplication, theme: Theme) -> None:
    model: RowsModel[Pair] = RowsModel(theme, COLUMNS, qapp)
    view = table_view(model, "Pairs", COLUMNS, None)  # type: ignore[arg-type]
    model.replace([(0, "a"), (50, "b"), (100, "a very long word that does not fit its pill")])
    view.resize(300, 200)
    view.selectRow(1)
    assert not view.grab().isNull()
    right = model.headerData(0, Qt.Orientation.Horizontal, Qt.ItemDataRole.TextAlignmentRole)
    assert right == int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    view.deleteLater()
