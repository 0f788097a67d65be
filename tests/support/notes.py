"""An audit log in memory for use cases that record what they change."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from signstation.app.recording import Notes
from signstation.jobs.commits import Body
from signstation.model.audit import AuditKind
from signstation.model.station import Caller


@dataclass
class NotedLog:
    """Keeps kind and facts of every record."""

    records: list[tuple[AuditKind, Body]] = field(default_factory=list)

    @property
    def notes(self) -> Notes:
        """What a use case is given."""
        return Notes(self._append, Caller(os.geteuid(), os.getpid(), "window"))

    async def _append(self, kind: AuditKind, _: Caller, facts: Body) -> None:
        self.records.append((kind, facts))
