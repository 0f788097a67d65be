"""Where the time of a step goes: one phase at a time, in nanoseconds."""

from __future__ import annotations

import time

from signstation.model.jobs import Counter, Phase

_PHASES = tuple(Phase)
_NUMBER = {phase.value: number for number, phase in enumerate(_PHASES)}


class Phases:
    """A stopwatch with one pointer per phase."""

    def __init__(self) -> None:
        """Begin by waiting."""
        self.now = Phase.WAIT
        self._since = time.monotonic_ns()
        self._spent = [0] * len(_PHASES)

    def enter(self, phase: Phase) -> None:
        """End one phase and begin another."""
        at = time.monotonic_ns()
        # by value: hashing an enum costs more than the clock does
        self._spent[_NUMBER[self.now._value_]] += at - self._since
        self.now, self._since = phase, at

    def correct(self, phase: Phase, nanoseconds: int) -> None:
        """Take a worker's word for what a phase took; the rest of it was waiting."""
        self.enter(self.now)
        number = _NUMBER[phase.value]
        rest = self._spent[number] - nanoseconds
        if rest > 0:
            self._spent[number] = nanoseconds
            self._spent[_NUMBER[Phase.WAIT.value]] += rest

    def counters(self) -> tuple[Counter, ...]:
        """Return what was spent so far in each phase."""
        self.enter(self.now)
        return tuple(
            Counter(phase, spent)
            for phase, spent in zip(_PHASES, self._spent, strict=True)
            if spent
        )
