"""Checkpoints of the audit log in folders of results: left after jobs, passed over by walks.

They are recognised by name and content, so that nothing else can hide behind the name.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from pathlib import Path

from signstation.audit.checkpoint import CHECKPOINT, MAX_CHECKPOINT, is_station_checkpoint
from signstation.errors import SignstationError
from signstation.jobs.journal import Journal
from signstation.system.files import open_regular

_LOG = logging.getLogger(__name__)

Leave = Callable[[Path], None]
"""Leaves a checkpoint in a directory; blocks; raises SignstationError where it cannot."""


def leave_none(_directory: Path) -> None:
    """Leave nothing: for runners without a key of the log."""


class Vouching:
    """Leaves the checkpoints that ended jobs owe. Lives on the event loop."""

    def __init__(self, journal: Journal, leave: Leave) -> None:
        """``leave`` is called in a thread, once at a time: an older one never comes last."""
        self._journal = journal
        self._leave = leave
        self._one_at_a_time = asyncio.Lock()

    async def settle(self, job: int | None = None) -> None:
        """Leave the checkpoint of a job, for None all that were still owed when a station ended.

        One that cannot be left is told in the log: the results are good without it.
        """
        async with self._one_at_a_time:
            for each, directory in self._journal.rows.owing(job):
                try:
                    await asyncio.to_thread(self._leave, directory)
                except SignstationError as error:
                    _LOG.warning("no checkpoint for job %d: %s", each, error)
                await self._journal.vouched(each)


def is_checkpoint(root: int, name: str, path: Path) -> bool:
    """Return whether the file ``name`` below the open directory is such a checkpoint. Blocks.

    ``path`` is for messages; what cannot be read is none.
    """
    if name.rpartition("/")[2] != CHECKPOINT:
        return False
    try:
        descriptor = open_regular(root, name, path)
    except SignstationError:
        return False
    with os.fdopen(descriptor, "rb") as file:
        try:
            return is_station_checkpoint(file.read(MAX_CHECKPOINT + 1))
        except OSError:
            return False
