"""The look of a help page: Qt's own for markdown has huge titles, no gaps and empty table heads."""

from __future__ import annotations

from PySide6.QtGui import (
    QColor,
    QFont,
    QTextBlock,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFrameFormat,
    QTextTable,
)

from signstation.gui.tokens import Tokens

TITLE_PX = {1: 20, 2: 15}
"""Sizes of titles by level; deeper ones are as large as text."""
TEXT_PX = 13
GAP = 9
CELL = 6


def dress(document: QTextDocument, tokens: Tokens) -> None:
    """Give titles, paragraphs and tables of a page the window's measures and colours."""
    block = document.begin()
    while block.isValid():
        _dress_block(block)
        block = block.next()
    frames = document.rootFrame().childFrames()
    for table in [each for each in frames if isinstance(each, QTextTable)]:
        _dress_table(table, tokens)


def _dress_block(block: QTextBlock) -> None:
    cursor = QTextCursor(block)
    shape = block.blockFormat()
    level = shape.headingLevel()
    inside = cursor.currentTable() is not None
    if level:
        cursor.select(QTextCursor.SelectionType.BlockUnderCursor)
        looks = QTextCharFormat()
        looks.setProperty(QTextCharFormat.Property.FontSizeAdjustment, 0)
        looks.setFontWeight(QFont.Weight.DemiBold)
        font = QFont(cursor.charFormat().font())
        font.setPixelSize(TITLE_PX.get(level, TEXT_PX))
        font.setWeight(QFont.Weight.DemiBold)
        looks.setFont(font)
        cursor.mergeCharFormat(looks)
        cursor = QTextCursor(block)
    if not inside:
        shape.setTopMargin(GAP if level > 1 else 0)
        shape.setBottomMargin(3 if block.textList() is not None else GAP)
        cursor.setBlockFormat(shape)


def _dress_table(table: QTextTable, tokens: Tokens) -> None:
    empty = all(
        not table.cellAt(0, column).firstCursorPosition().block().text().strip()
        for column in range(table.columns())
    )
    if empty and table.rows() > 1:
        table.removeRows(0, 1)
    shape = table.format()
    shape.setCellPadding(CELL)
    shape.setCellSpacing(0)
    shape.setBorder(1)
    shape.setBorderCollapse(True)
    shape.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
    shape.setBorderBrush(QColor(tokens.hairline))
    shape.setBottomMargin(GAP)
    table.setFormat(shape)
