"""Which worker takes the next item: pure, by weight (DESIGN.md section 6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from signstation.worker.desk import HEAVY

WINDOW_TASKS = 128
"""Items in one worker at once, most of them waiting for a key: the runner's whole window, because
bytes are what keeps a worker busy."""
WINDOW_BYTES = 64 * 1024 * 1024
"""Bytes that wait to be read by one worker; one item is taken however large it is."""


class Seat(Protocol):
    """What the choice needs to know of a worker."""

    @property
    def number(self) -> int:
        """Identity, for ``avoid``."""
        ...

    @property
    def tasks(self) -> int:
        """Calls that have begun and not ended."""
        ...

    @property
    def load(self) -> int:
        """Bytes that calls have still to read."""
        ...

    @property
    def heavy(self) -> int:
        """Calls above HEAVY: zero or one."""
        ...

    @property
    def started(self) -> bool:
        """Whether its process runs already."""
        ...


S = TypeVar("S", bound=Seat)


def choose(seats: Sequence[S], weight: int, avoid: int, window: int = WINDOW_TASKS) -> S | None:
    """Return the seat for a call over ``weight`` bytes, None where it has to wait.

    A heavy call takes a seat that has no other heavy one, and never the last such. A light call
    goes to the least loaded seat without a heavy call. What must avoid a seat goes beside a heavy
    call (it is run at a checkpoint there) rather than back to its signer; where there is one seat
    only, nothing is avoided.
    """
    others = [seat for seat in seats if seat.number != avoid] or seats
    free = [seat for seat in others if not seat.heavy]
    if weight > HEAVY:
        last = len(seats) > 1 and sum(not seat.heavy for seat in seats) == 1
        return None if last else _least(free)
    return _least([seat for seat in free or others if _fits(seat, weight, window)])


def _fits(seat: Seat, weight: int, window: int) -> bool:
    """Say whether there is room; bytes do not count beside a heavy call: nothing waits for it."""
    room = seat.load == 0 or seat.heavy > 0 or seat.load + weight <= WINDOW_BYTES
    return seat.tasks < window and room


def _least(seats: Sequence[S]) -> S | None:
    return min(seats, key=lambda seat: (seat.load, seat.tasks, not seat.started), default=None)
