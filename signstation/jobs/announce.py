"""Telling that jobs and steps changed: at once where it matters, else at most 20 times a second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from signstation.model.jobs import JobEvent

INTERVAL = 0.05
"""Seconds between two rounds of events (DESIGN.md section 6: 20 Hz)."""
MAX_STEPS = 32
"""Steps that are named one by one in a round; above, the job is: refresh what is shown of it."""


class Announcer:
    """Gathers what changed. Lives on the event loop."""

    def __init__(self, listener: Callable[[JobEvent], None]) -> None:
        """``listener`` is called on the event loop, and must be short and not raise."""
        self._listener = listener
        self._changed: dict[int, set[int]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def changed(self, job: int, step: int | None) -> None:
        """Take note of a change; the listener is told within INTERVAL."""
        steps = self._changed.setdefault(job, set())
        if step is not None:
            steps.add(step)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(INTERVAL, self.flush)

    def flush(self) -> None:
        """Tell everything that is not told yet."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        changed, self._changed = self._changed, {}
        for job, steps in changed.items():
            if len(steps) <= MAX_STEPS:
                for step in sorted(steps):
                    self._listener(JobEvent(job, step))
            self._listener(JobEvent(job))
