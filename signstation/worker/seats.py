"""A pool of workers: seats that are filled when they are needed, and filled again after a crash."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from signstation.errors import LimitReached, ProtocolViolation, WorkerDied
from signstation.system.sandbox import Protection, WorkerKind
from signstation.worker.desk import HEAVY
from signstation.worker.lane import Bystander, Call, Lane, end_all
from signstation.worker.schedule import WINDOW_TASKS, choose
from signstation.worker.start import Starter

ATTEMPTS = 3
"""Workers that a call is tried in when the ones before ended for another call's sake."""
ANY_SEAT = -1
"""``avoid`` of a call that may run anywhere."""

T = TypeVar("T")


@dataclass(eq=False, slots=True)
class PoolSeat:
    """A place for one worker process (``schedule.Seat``)."""

    number: int
    tasks: int = 0
    load: int = 0
    heavy: int = 0
    lane: Lane | None = None

    @property
    def started(self) -> bool:
        """Whether its process runs."""
        return self.lane is not None


@dataclass(frozen=True, slots=True)
class _Waiter:
    weight: int
    avoid: int
    seat: asyncio.Future[PoolSeat]


@dataclass(eq=False, slots=True)
class Task:
    """A call on its seat."""

    pool: Pool
    seat: PoolSeat
    lane: Lane
    call: Call
    weight: int

    def read(self) -> None:
        """Take note of the first answer: the bytes of the call are read, others may come."""
        if self.weight:
            self.seat.load -= self.weight
            self.weight = 0
            self.pool.wake()


class Pool:
    """Workers of one kind."""

    def __init__(
        self, starter: Starter, kind: WorkerKind, size: int, window: int = WINDOW_TASKS
    ) -> None:
        """``size`` seats with at most ``window`` calls each; nothing is started yet."""
        self._starter = starter
        self._kind = kind
        self._window = window
        self._seats = tuple(PoolSeat(number) for number in range(size))
        self._light: deque[_Waiter] = deque()
        self._heavy: deque[_Waiter] = deque()
        self._alone: set[Lane] = set()
        self._closed = False

    async def run(
        self,
        weight: int,
        work: Callable[[Task], Awaitable[T]],
        *,
        avoid: int = ANY_SEAT,
        alone: Sequence[int] = (),
    ) -> T:
        """Run a call over ``weight`` bytes on a seat, and cancel it there if this is cancelled.

        A call whose worker ended for another's sake is run again in the next one. With files in
        ``alone`` it has a process of its own, which may open these again by path.
        """
        for _ in range(ATTEMPTS):
            seat = await self._seat(weight, avoid)
            task: Task | None = None
            try:
                task = self._task(seat, weight, alone)
                return await work(task)
            except Bystander:
                continue
            except ProtocolViolation as error:
                if task is not None:  # nothing that it says is worth anything now
                    task.lane.kill(error)
                raise
            finally:
                self._leave(seat, weight, task)
                if task is not None and alone:
                    task.lane.hang_up()
        raise WorkerDied(kind=self._kind.value)

    async def _seat(self, weight: int, avoid: int) -> PoolSeat:
        if self._closed:
            raise WorkerDied(kind=self._kind.value)
        waiting = self._heavy if weight > HEAVY else self._light
        seat = None if waiting else self._choose(weight, avoid)
        if seat is not None:
            return seat
        waiter = _Waiter(weight, avoid, asyncio.get_running_loop().create_future())
        waiting.append(waiter)
        try:
            return await waiter.seat
        except asyncio.CancelledError:
            given = waiter.seat
            if given.done() and not given.cancelled() and given.exception() is None:
                self._leave(given.result(), weight, None)
            raise

    def _choose(self, weight: int, avoid: int) -> PoolSeat | None:
        seat = choose(self._seats, weight, avoid, self._window)
        if seat is not None:
            seat.tasks += 1
            seat.load += weight
            seat.heavy += weight > HEAVY
        return seat

    def wake(self) -> None:
        """Give seats to calls that wait, each kind in its order."""
        for waiting in (self._heavy, self._light):
            while waiting:
                first = waiting[0]
                if not first.seat.done():
                    seat = self._choose(first.weight, first.avoid)
                    if seat is None:
                        break
                    first.seat.set_result(seat)
                waiting.popleft()

    def _task(self, seat: PoolSeat, weight: int, alone: Sequence[int]) -> Task:
        if alone:
            lane = self._starter.lane(self._kind, self._alone.discard, alone)
            self._alone.add(lane)
        else:
            lane = self._lane(seat)
        return Task(self, seat, lane, lane.call(heavy=weight > HEAVY), weight)

    def _lane(self, seat: PoolSeat) -> Lane:
        if seat.lane is None:
            seat.lane = self._starter.lane(self._kind, self._gone)
        return seat.lane

    def warm(self, count: int) -> None:
        """Start up to ``count`` workers that will be wanted soon; does not wait for them.

        A system that gives no more processes is met again, and told of, by whoever needs one.
        """
        if self._closed:
            return
        with suppress(LimitReached):
            for seat in self._seats[:count]:
                self._lane(seat)

    def _gone(self, lane: Lane) -> None:
        for seat in self._seats:
            if seat.lane is lane:
                seat.lane = None

    def _leave(self, seat: PoolSeat, weight: int, task: Task | None) -> None:
        seat.tasks -= 1
        seat.heavy -= weight > HEAVY
        seat.load -= task.weight if task else weight
        if task:
            task.call.close()
        self.wake()

    def adopt(self, on_end: Callable[[Lane], None]) -> Lane:
        """Give a worker away that does nothing, or a new one; ``on_end`` hears of its end.

        Raises LimitReached, and WorkerDied when the pool is closed.
        """
        if self._closed:
            raise WorkerDied(kind=self._kind.value)
        for seat in self._seats:
            if seat.lane is not None and not seat.tasks:
                lane, seat.lane = seat.lane, None
                lane.on_end = on_end
                return lane
        return self._starter.lane(self._kind, on_end)

    async def protections(self) -> tuple[Protection, ...]:
        """Start a worker, if none runs, and return what it could give up. Raises HostError."""
        running = [seat for seat in self._seats if seat.started]
        return await self._lane((running or list(self._seats))[0]).hello

    async def close(self) -> None:
        """End every worker; calls that are under way or still come fail with WorkerDied."""
        self._closed = True
        for waiter in (*self._heavy, *self._light):
            if not waiter.seat.done():
                waiter.seat.set_exception(WorkerDied(kind=self._kind.value))
        seated = [seat.lane for seat in self._seats if seat.lane is not None]
        await end_all([*seated, *self._alone])
