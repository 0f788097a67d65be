"""Where the time of a step goes: one phase at a time, in nanoseconds."""

from __future__ import annotations

import time

from signstation.model.jobs import Counter, Phase


class Phases:
    """A stopwatch with one pointer per phase."""

    def __init__(self) -> None:
        """Begin by waiting."""
        self.now = Phase.WAIT
        self._since = time.monotonic_ns()
        self._spent: dict[Phase, int] = {}

    def enter(self, phase: Phase) -> None:
        """End one phase and begin another."""
        at = time.monotonic_ns()
        self._spent[self.now] = self._spent.get(self.now, 0) + at - self._since
        self.now, self._since = phase, at

    def correct(self, phase: Phase, nanoseconds: int) -> None:
        """Take a worker's word for what a phase took; the rest of it was waiting."""
        self.enter(self.now)
        rest = self._spent.get(phase, 0) - nanoseconds
        if rest > 0:
            self._spent[phase] = nanoseconds
            self._spent[Phase.WAIT] = self._spent.get(Phase.WAIT, 0) + rest

    def counters(self) -> tuple[Counter, ...]:
        """Return what was spent so far in each phase."""
        self.enter(self.now)
        return tuple(
            Counter(phase, self._spent[phase]) for phase in Phase if self._spent.get(phase)
        )
