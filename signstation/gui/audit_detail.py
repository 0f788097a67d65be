"""Everything about one record of the audit log."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from signstation.gui.audit_words import detail_word, happened, kind_look, when, who
from signstation.gui.copying import CopyButton
from signstation.gui.literal import Literal
from signstation.gui.parts import ActionButton, Card, Chip, Label, clear
from signstation.gui.theme import Theme
from signstation.gui.words import tr
from signstation.model.audit import AuditRecord
from signstation.reports.words import groups, show


class RecordDetail(Card):
    """Rebuilt for each record that is picked: to ``prove`` it, or see its job in the ``queue``."""

    prove = Signal(object)
    queue = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        """Start empty."""
        super().__init__(parent)
        self._theme = theme
        self._record: AuditRecord | None = None
        area = QScrollArea(self)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setAccessibleName(tr("Details of the record"))
        self._inner = QWidget(area)
        self._column = QVBoxLayout(self._inner)
        self._column.setContentsMargins(0, 0, 8, 0)
        self._column.setSpacing(5)
        area.setWidget(self._inner)
        self.body.addWidget(area, 1)
        row = QHBoxLayout()
        row.setSpacing(8)
        self.proof = ActionButton(theme, tr("Prove inclusion…"), self, icon="certificate")
        self.proof.clicked.connect(self._prove)
        row.addWidget(self.proof)
        self.job = ActionButton(theme, tr("Show in queue"), self, icon="queue")
        self.job.clicked.connect(self._show_job)
        row.addWidget(self.job)
        row.addStretch(1)
        self.body.addLayout(row)
        self.show_nothing()

    def show_nothing(self) -> None:
        """Say that no record is picked."""
        self._record = None
        clear(self._column)
        self._column.addWidget(Label(tr("Pick a record to see it."), self._inner, "sub"))
        self._column.addStretch(1)
        self.proof.hide()
        self.job.hide()

    def show_record(self, record: AuditRecord) -> None:
        """Show a record."""
        self._record = record
        clear(self._column)
        inner = self._inner
        icon, tone, word = kind_look(record.kind)
        self._column.addWidget(Label(happened(record), inner, "section", wrap=True))
        row = QHBoxLayout()
        row.addWidget(Chip(self._theme, icon, word, inner, tone))
        row.addStretch(1)
        self._column.addLayout(row)
        self._fact(tr("Number in the log"), str(record.index))
        self._fact(tr("When"), when(record))
        self._fact(tr("Who"), who(record), "body")
        self._fact(tr("Key"), show(record.key))
        self._fact(tr("Artifact"), show(record.artifact))
        self._fact("SHA-256", groups(record.sha256.hex()) if record.sha256 else "")
        self._fact(tr("Job"), str(record.job) if record.job is not None else "")
        for name, value in record.details:
            self._fact(detail_word(name), show(value))
        self._fact(tr("Hash of the record (leaf of the tree)"), groups(record.leaf.hex()))
        copy = CopyButton(self._theme, record.leaf.hex(), tr("Copy the hash"), inner)
        self._column.addWidget(copy, 0, Qt.AlignmentFlag.AlignLeft)
        self._column.addStretch(1)
        self.proof.show()
        self.job.setVisible(record.job is not None)

    def _fact(self, title: str, value: str, role: str = "mono") -> None:
        if value:
            self._column.addSpacing(5)
            self._column.addWidget(Label(title, self._inner, "label"))
            self._column.addWidget(Literal(value, title, self._inner, role))

    def _show_job(self) -> None:
        if self._record is not None and self._record.job is not None:
            self.queue.emit(self._record.job)

    def _prove(self) -> None:
        if self._record is not None:
            self.prove.emit(self._record)
